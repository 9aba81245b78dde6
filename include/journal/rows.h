/*
 * The rows of a state file's journal. Each is verified: its checksum, and the
 * range of its columns.
 */
#ifndef JOURNAL_ROWS_H
#define JOURNAL_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "state/record.h"

struct rows;
struct store;
struct store_error;

/* A write. Values are in the form of the data table: words, or coils packed
 * into words. */
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
	ROWS_ONE,  /* a row was read */
	ROWS_END,  /* there are no more rows */
	ROWS_FAIL, /* why is set */
};

/* Returns NULL with why. s is borrowed, and must stay open. */
struct rows *
rows_open(struct store *s, enum rows_order order, struct store_error *why);

void rows_close(struct rows *rows); /* accepts NULL */

enum rows_result
rows_next(struct rows *rows, struct row *out, struct store_error *why);

/* Read the row of a number, which must exist. Returns 0, or -1 with why. */
int rows_get(
    struct store *s, int64_t number, struct row *out, struct store_error *why);

/* Set why from SQLite's result. Returns -1. */
int rows_fail_sql(int rc, struct store_error *why);

/*
 * The value of item i of a write before and after it; i is below its quantity.
 */
uint16_t row_before(const struct row *r, unsigned i);
uint16_t row_after(const struct row *r, unsigned i);

/*
 * Call changed for each address whose value a write changed. In the overlaid
 * mode that is also the register of a changed coil, and each changed coil of a
 * register.
 */
void row_each_change(const struct row *r, enum datatable_overlay overlay,
    void (*changed)(void *arg, enum datatable_kind kind, uint16_t address),
    void *arg);

#endif
