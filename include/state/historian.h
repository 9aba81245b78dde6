/*
 * Searches of the journal (state/history.h) that wait, are being done, or have
 * ended: they are asked for on the event loop's thread, and done, one after the
 * other, on the thread that uses the store, gently: a step now and then, and
 * less often while there are commits.
 */
#ifndef STATE_HISTORIAN_H
#define STATE_HISTORIAN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/queue.h"
#include "state/history.h"

struct search;

/* Called when a search has ended. h becomes the callee's. */
typedef void (*search_ended_fn)(void *arg, struct history *h);

TAILQ_HEAD(search_list, search);

struct historian {
	pthread_mutex_t lock;       /* protects the next three */
	struct search_list waiting; /* the first one is being done */
	struct search_list ended;
	bool stepping; /* the first one is the thread's */
	struct history_reader reader;
	uint64_t from;      /* when the pause ends; clock_ns */
	uint64_t worked_at; /* a commit ended */
};

void historian_init(struct historian *o, struct store *s);

/* When no thread uses it any more. Frees the searches, without telling. */
void historian_free(struct historian *o);

/* For the event loop's thread ----------------------------------------------*/

/* Ask for a search. Returns NULL when memory is exhausted. */
struct search *historian_search(struct historian *o,
    const struct history_query *q, search_ended_fn ended, void *arg);

/* Forget a search whose end was not told yet. */
void historian_forget(struct historian *o, struct search *s);

/* Tell of the searches that have ended. */
void historian_tell(struct historian *o);

/* For the thread that uses the store ---------------------------------------*/

/* A commit has just ended. */
void historian_worked(struct historian *o);

/* Do a step, if one is due. Returns when the next one is, by clock_ns, or
 * UINT64_MAX: when there is another search. ended becomes whether one has
 * ended. */
uint64_t historian_step(struct historian *o, bool *ended);

/* Before the store is closed. */
void historian_end(struct historian *o);

#endif
