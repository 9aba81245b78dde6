/*
 * Linked lists whose links are members of the elements: the macros of BSD's
 * sys/queue.h that are used here, as queue(3) describes them, for systems that
 * lack that header. No call allocates or fails. An element is in one list per
 * link; it stays where it is while it is in the list.
 *
 *   LIST    doubly linked, with one pointer as its head
 *   STAILQ  singly linked, adds at the end, removes at the front
 *   TAILQ   doubly linked, adds at the end
 */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <stddef.h>

/* --- LIST --------------------------------------------------------------- */

#define LIST_HEAD(name, type)                                                  \
	struct name {                                                          \
		struct type *lh_first;                                         \
	}

#define LIST_ENTRY(type)                                                       \
	struct {                                                               \
		struct type *le_next;                                          \
		struct type **le_prev; /* the link that leads to it */         \
	}

#define LIST_INIT(head)        ((head)->lh_first = NULL)
#define LIST_EMPTY(head)       ((head)->lh_first == NULL)
#define LIST_FIRST(head)       ((head)->lh_first)
#define LIST_NEXT(item, field) ((item)->field.le_next)

#define LIST_FOREACH(item, head, field)                                        \
	for ((item) = LIST_FIRST(head); (item) != NULL;                        \
	     (item) = LIST_NEXT(item, field))

#define LIST_INSERT_HEAD(head, item, field)                                    \
	do {                                                                   \
		(item)->field.le_next = (head)->lh_first;                      \
		if ((item)->field.le_next != NULL)                             \
			(head)->lh_first->field.le_prev =                      \
			    &(item)->field.le_next;                            \
		(head)->lh_first = (item);                                     \
		(item)->field.le_prev = &(head)->lh_first;                     \
	} while (0)

#define LIST_REMOVE(item, field)                                               \
	do {                                                                   \
		if ((item)->field.le_next != NULL)                             \
			(item)->field.le_next->field.le_prev =                 \
			    (item)->field.le_prev;                             \
		*(item)->field.le_prev = (item)->field.le_next;                \
	} while (0)

/* --- STAILQ ------------------------------------------------------------- */

#define STAILQ_HEAD(name, type)                                                \
	struct name {                                                          \
		struct type *stqh_first;                                       \
		struct type **stqh_last; /* the last link */                   \
	}

#define STAILQ_ENTRY(type)                                                     \
	struct {                                                               \
		struct type *stqe_next;                                        \
	}

#define STAILQ_INIT(head)                                                      \
	do {                                                                   \
		(head)->stqh_first = NULL;                                     \
		(head)->stqh_last = &(head)->stqh_first;                       \
	} while (0)

#define STAILQ_EMPTY(head) ((head)->stqh_first == NULL)
#define STAILQ_FIRST(head) ((head)->stqh_first)

#define STAILQ_INSERT_TAIL(head, item, field)                                  \
	do {                                                                   \
		(item)->field.stqe_next = NULL;                                \
		*(head)->stqh_last = (item);                                   \
		(head)->stqh_last = &(item)->field.stqe_next;                  \
	} while (0)

#define STAILQ_REMOVE_HEAD(head, field)                                        \
	do {                                                                   \
		(head)->stqh_first = (head)->stqh_first->field.stqe_next;      \
		if ((head)->stqh_first == NULL)                                \
			(head)->stqh_last = &(head)->stqh_first;               \
	} while (0)

/* --- TAILQ -------------------------------------------------------------- */

#define TAILQ_HEAD(name, type)                                                 \
	struct name {                                                          \
		struct type *tqh_first;                                        \
		struct type **tqh_last; /* the last link */                    \
	}

#define TAILQ_HEAD_INITIALIZER(head)                                           \
	{                                                                      \
		NULL, &(head).tqh_first                                        \
	}

#define TAILQ_ENTRY(type)                                                      \
	struct {                                                               \
		struct type *tqe_next;                                         \
		struct type **tqe_prev; /* the link that leads to it */        \
	}

#define TAILQ_INIT(head)                                                       \
	do {                                                                   \
		(head)->tqh_first = NULL;                                      \
		(head)->tqh_last = &(head)->tqh_first;                         \
	} while (0)

#define TAILQ_EMPTY(head)       ((head)->tqh_first == NULL)
#define TAILQ_FIRST(head)       ((head)->tqh_first)
#define TAILQ_NEXT(item, field) ((item)->field.tqe_next)

/* A head and an entry begin with the same two members. */
#define TAILQ_LAST(head, name)                                                 \
	(*(((struct name *)(void *)((head)->tqh_last))->tqh_last))

#define TAILQ_FOREACH(item, head, field)                                       \
	for ((item) = TAILQ_FIRST(head); (item) != NULL;                       \
	     (item) = TAILQ_NEXT(item, field))

#define TAILQ_INSERT_TAIL(head, item, field)                                   \
	do {                                                                   \
		(item)->field.tqe_next = NULL;                                 \
		(item)->field.tqe_prev = (head)->tqh_last;                     \
		*(head)->tqh_last = (item);                                    \
		(head)->tqh_last = &(item)->field.tqe_next;                    \
	} while (0)

/* There is a first one. */
#define TAILQ_REMOVE_HEAD(head, field)                                         \
	do {                                                                   \
		(head)->tqh_first = (head)->tqh_first->field.tqe_next;         \
		if ((head)->tqh_first != NULL)                                 \
			(head)->tqh_first->field.tqe_prev =                    \
			    &(head)->tqh_first;                                \
		else                                                           \
			(head)->tqh_last = &(head)->tqh_first;                 \
	} while (0)

#define TAILQ_REMOVE(head, item, field)                                        \
	do {                                                                   \
		if ((item)->field.tqe_next != NULL)                            \
			(item)->field.tqe_next->field.tqe_prev =               \
			    (item)->field.tqe_prev;                            \
		else                                                           \
			(head)->tqh_last = (item)->field.tqe_prev;             \
		*(item)->field.tqe_prev = (item)->field.tqe_next;              \
	} while (0)

/* Move all of the second list to the end of the first. */
#define TAILQ_CONCAT(head, more, field)                                        \
	do {                                                                   \
		if (!TAILQ_EMPTY(more)) {                                      \
			*(head)->tqh_last = (more)->tqh_first;                 \
			(more)->tqh_first->field.tqe_prev = (head)->tqh_last;  \
			(head)->tqh_last = (more)->tqh_last;                   \
			TAILQ_INIT(more);                                      \
		}                                                              \
	} while (0)

#endif
