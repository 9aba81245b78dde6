/*
 * What goes to a client later: replies behind a delay, the rest of a reply that
 * was split, and all that comes behind these; in the order in which it goes.
 *
 * A member of its owner, initialised by held_init.
 */
#ifndef FAULT_HELD_H
#define FAULT_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/queue.h"

struct held_piece {
	STAILQ_ENTRY(held_piece) link;
	uint64_t due;    /* ms of the owner's clock; 0: at once in its turn */
	uint16_t length; /* of bytes */
	uint16_t cut;    /* only so many, the others later; 0: all */
	uint16_t gone;   /* bytes that went before */
	bool closes;     /* the connection ends here */
	uint8_t bytes[];
};

struct held {
	STAILQ_HEAD(, held_piece) pieces;
	size_t memory; /* that all of them take, in bytes */
};

void held_init(struct held *h);
void held_free(struct held *h);

static inline bool
held_is_empty(const struct held *h)
{
	return STAILQ_EMPTY(&h->pieces);
}

/* Add a piece with room for length bytes, at most 65535, behind all others. The
 * owner fills it. NULL when there is no memory. */
struct held_piece *held_add(struct held *h, size_t length);

/* The first piece; NULL: none. */
static inline struct held_piece *
held_first(const struct held *h)
{
	return STAILQ_FIRST(&h->pieces);
}

/* Free the first piece. */
void held_drop(struct held *h);

#endif
