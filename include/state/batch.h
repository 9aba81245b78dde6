/*
 * A batch: changes that are committed together. The event loop fills it; the
 * commit reads it. As identities of clients are counted, only the event loop's
 * thread may add, clear and free.
 */
#ifndef STATE_BATCH_H
#define STATE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/client.h"
#include "table/datatable.h"

struct batch;

/* One write, for a row of the journal. */
struct batch_change {
	int64_t time;         /* microseconds since 1970 */
	struct client client; /* its identity is held by the batch */
	uint8_t unit;
	uint8_t function;
	enum datatable_kind kind;
	uint16_t address;
	uint16_t quantity;
	uint16_t words[]; /* before, then after; as in struct
			     datatable_change */
};

/* An empty batch, or NULL when memory is exhausted. */
struct batch *batch_new(void);
void batch_free(struct batch *b); /* accepts NULL */

/* Allocate memory for so many more changes, each of at most so many words
 * before and after. Returns 0, or -1 when memory is exhausted: the batch is
 * unchanged.
 */
int batch_reserve(struct batch *b, size_t changes, size_t words);

/* Add a change; memory for it must have been reserved. */
void
batch_add(struct batch *b, const struct datatable_change *change, int64_t time);

/* Set the table as it is after the changes, which has others, too, that have no
 * row. Borrowed until batch_clear. */
void batch_set_table(struct batch *b, const struct datatable *table);

/* The table that was set, or NULL: each change has a row. */
const struct datatable *batch_table(const struct batch *b);

/* Remove all changes, and forget the table. */
void batch_clear(struct batch *b);

/* Whether it has neither changes nor a table. */
bool batch_is_empty(const struct batch *b);

/* Whether one of its clients has an identity. */
bool batch_has_identities(const struct batch *b);

/* The number of changes. */
unsigned batch_count(const struct batch *b);

/* The bytes of memory that its changes take. */
size_t batch_size(const struct batch *b);

/* The changes in order: the first, and the one after c; NULL at the end. */
const struct batch_change *batch_first(const struct batch *b);
const struct batch_change *
batch_next(const struct batch *b, const struct batch_change *c);

/* The values of a change. */
const uint16_t *batch_before(const struct batch_change *c);
const uint16_t *batch_after(const struct batch_change *c);

#endif
