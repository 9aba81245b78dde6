/*
 * The blocks of the data table as the state file keeps them (state/schema.h).
 */
#ifndef STATE_BLOCK_H
#define STATE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "state/schema.h"
#include "table/datatable.h"

/* The coils of a block that has coils. */
#define BLOCK_COILS (SCHEMA_BLOCK_WORDS * 16)

/* The number of blocks of a table. */
unsigned block_count(enum datatable_overlay overlay);

/* Write a block of t, number < block_count, to bytes, which has room for
 * SCHEMA_BLOCK_SIZE. */
void block_encode(const struct datatable *t, unsigned number, uint8_t *bytes);

/* Set those of the SCHEMA_BLOCKS elements of dirty whose blocks a range
 * touches. */
void block_mark(bool *dirty, enum datatable_overlay overlay,
    enum datatable_kind kind, uint16_t address, unsigned quantity);

/* Likewise those in which two tables of the same mode differ. */
void block_mark_differences(bool *dirty, enum datatable_overlay overlay,
    const struct datatable *a, const struct datatable *b);

/* Write the SCHEMA_BLOCK_SIZE bytes of a block to t, which has no observers. */
void block_decode(struct datatable *t, unsigned number, const uint8_t *bytes);

#endif
