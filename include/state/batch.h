/*
 * A batch: changes that are to be committed together, with the blocks of the
 * table that they changed.
 *
 * The event loop fills it and seals it, the commit reads it.
 */
#ifndef STATE_BATCH_H
#define STATE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/client.h"
#include "table/datatable.h"

struct batch;

/* One write, as the journal will have it. */
struct batch_change {
	int64_t time; /* microseconds since 1970 */
	struct client client;
	uint8_t unit;
	uint8_t function;
	enum datatable_kind kind;
	uint16_t address;
	uint16_t quantity;
	uint16_t words[]; /* before, then after, as the table tells them */
};

/* An empty batch, or NULL when there is no memory. The blocks of overlaid
 * coils are those of the registers. */
struct batch *batch_new(enum datatable_overlay overlay);
void batch_free(struct batch *b); /* NULL is fine */

/* Make room for so many more changes, each of at most so many words before, and
 * after. Returns 0, or -1 when there is no memory: then the batch is as it was.
 */
int batch_reserve(struct batch *b, size_t changes, size_t words);

/* Add a change, for which there must be room. */
void
batch_add(struct batch *b, const struct datatable_change *change, int64_t time);

/* Copy the blocks that have changed; to be called before the batch is
 * committed, while the table has no later changes. */
void batch_seal(struct batch *b, const struct datatable *t);

/* Make it empty again. */
void batch_clear(struct batch *b);

bool batch_is_empty(const struct batch *b);

/* How many changes it has. */
unsigned batch_count(const struct batch *b);

/* The memory that its changes take. */
size_t batch_size(const struct batch *b);

/* Its changes in order: the first, and the one after c; NULL at the end. */
const struct batch_change *batch_first(const struct batch *b);
const struct batch_change *
batch_next(const struct batch *b, const struct batch_change *c);

/* Where the values of a change are. */
const uint16_t *batch_before(const struct batch_change *c);
const uint16_t *batch_after(const struct batch_change *c);

/* The SCHEMA_BLOCK_SIZE bytes of a sealed batch's block, or NULL when it has
 * not changed; number < SCHEMA_BLOCKS. */
const uint8_t *batch_block(const struct batch *b, unsigned number);

#endif
