/*
 * The rows of a state file's journal, each verified: its checksum, and that it
 * makes sense.
 */
#ifndef JOURNAL_ROWS_H
#define JOURNAL_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "state/record.h"

struct rows;
struct store;
struct store_error;

/* A write. Values are as the data table tells them: words, or coils packed into
 * words. */
struct row {
	struct record_journal record;
	enum datatable_kind kind;
	uint16_t before[SCHEMA_QUANTITY_MAX];
	uint16_t after[SCHEMA_QUANTITY_MAX];
};

enum rows_order {
	ROWS_OLDEST_FIRST,
	ROWS_NEWEST_FIRST,
};

enum rows_result {
	ROWS_ONE,  /* here is one */
	ROWS_END,  /* there are no more */
	ROWS_FAIL, /* and why */
};

/* Returns NULL with why. s, borrowed, must stay open. */
struct rows *
rows_open(struct store *s, enum rows_order order, struct store_error *why);

void rows_close(struct rows *rows); /* NULL is fine */

enum rows_result
rows_next(struct rows *rows, struct row *out, struct store_error *why);

/* The row of a number; it is there. Returns 0, or -1 with why. */
int rows_get(
    struct store *s, int64_t number, struct row *out, struct store_error *why);

/* Say why by SQLite's result. Returns -1. */
int rows_fail_sql(int rc, struct store_error *why);

/*
 * The items of a write, i below its quantity: what was and what came, and
 * whether these differ.
 */
uint16_t row_before(const struct row *r, unsigned i);
uint16_t row_after(const struct row *r, unsigned i);

/*
 * Tell of each address that a write changed. In the overlaid mode, a coil that
 * changed has changed its register, and a register those of its coils whose
 * bits did: told is then either side.
 */
void row_each_change(const struct row *r, enum datatable_overlay overlay,
    void (*changed)(void *arg, enum datatable_kind kind, uint16_t address),
    void *arg);

#endif
