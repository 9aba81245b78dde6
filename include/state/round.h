/*
 * A round: writes that are settled together, and the batch of what they have
 * changed. A change that needs no row in the journal is only counted.
 */
#ifndef STATE_ROUND_H
#define STATE_ROUND_H

#include <stdbool.h>
#include <stddef.h>

#include "service/order.h"
#include "table/datatable.h"

struct batch;

struct round {
	struct batch *batch; /* owned */
	struct order_writes writes;
	size_t unchanged; /* how many changes have no row in the batch */
};

/* Initialize an empty round. Returns 0, or -1 when memory is exhausted. */
int round_begin(struct round *r);

/* Free what it owns, but no writes; also one of zeros. */
void round_end(struct round *r);

/* Add a write. Returns 0; or -1, with the round unchanged, when memory for its
 * changes cannot be reserved. */
int round_add_write(struct round *r, struct order_write *write);

/* Add a change of a write that was added: to the batch if it is to be recorded.
 */
void round_add_change(
    struct round *r, const struct datatable_change *change, bool recorded);

/* The memory that its rows take, and about what the requests without one do. */
size_t round_size(const struct round *r);

/* Move its writes to the end of a list. Its batch stays. */
void round_take_writes(struct round *r, struct order_writes *writes);

/* Settle its writes. It is emptied first, as their owners may submit more. */
void round_settle(
    struct round *r, const struct order *order, enum order_outcome outcome);

#endif
