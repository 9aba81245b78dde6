/*
 * The past of some addresses: the rows of an open store's journal that changed
 * them, the oldest first, and the values before and after each.
 *
 * A search is done in short steps by the thread that uses the store, and ends
 * when all rows were looked at, or at a limit; it can be gone on with behind
 * the last row that it has looked at. Each row that it reads is verified
 * (state/row.h), and none may be missing.
 *
 * Not all rows are read for a time. Between two points of table age
 * (state/age.h), about an hour, times rise with the numbers of rows where the
 * system's clock agrees with the steady one at both: such a period is passed
 * over, or halved to find its beginning. Any other is read. So it does not
 * matter whether the clock was set, unless it was set back again in that hour.
 */
#ifndef STATE_HISTORY_H
#define STATE_HISTORY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "state/row.h"
#include "state/store.h"
#include "table/datatable.h"

/* The most rows of a result, and the most bytes that they take. */
#define HISTORY_ROWS_MAX  10000
#define HISTORY_BYTES_MAX (512 * 1024)

/* The most that may be asked for. */
#define HISTORY_REGISTERS_MAX 125
#define HISTORY_COILS_MAX     DATATABLE_WRITE_MAX

/* Room for these as words; coils need not begin at a whole word. */
#define HISTORY_WORDS (DATATABLE_PACKED_WORDS(HISTORY_COILS_MAX) + 1)

/* A search ends when it has taken so long. */
#define HISTORY_TIME_NS UINT64_C(2000000000)

#define HISTORY_NO_BIT (-1)

struct history_query {
	enum datatable_kind kind;
	uint16_t address;
	uint16_t quantity; /* in range, and within the limits above */
	int bit;           /* of one register, or HISTORY_NO_BIT: all */
	int64_t since;     /* microseconds since 1970; both included */
	int64_t until;
	int64_t after;  /* only rows behind the row of this number; 0: all */
	unsigned limit; /* 1 to HISTORY_ROWS_MAX rows */
};

/* One row. Values have the form of the data table, from the address of the
 * query on: words, or packed coils. */
struct history_row {
	int64_t number;
	int64_t time;
	char client[ADDRESS_TEXT_MAX];
	char subject[IDENTITY_NAME_SIZE]; /* empty: no certificate */
	char role[IDENTITY_ROLE_SIZE];
	uint8_t unit;
	uint8_t function;
	uint16_t address; /* what was written of what is asked for */
	uint16_t quantity;
	uint16_t before[HISTORY_WORDS]; /* all that is asked for: what this row
					   found, of the rest what rows left */
	uint16_t after[HISTORY_WORDS];
	uint16_t known[HISTORY_WORDS]; /* bits that the search has seen */
};

struct history;

/* NULL when memory is exhausted. */
struct history *history_new(const struct history_query *q);

void history_free(struct history *h); /* accepts NULL */

/* What the thread that uses the store needs for all searches. */
struct history_reader {
	struct store *store;   /* borrowed */
	struct row_query rows; /* owned */
	sqlite3_stmt *periods; /* owned, or NULL: not needed yet */
};

/* Before the store is closed. */
void history_reader_end(struct history_reader *r);

/* Search for 0.25 ms, or for one row if that takes longer. Returns whether the
 * search has ended. No transaction stays open. */
bool history_step(struct history *h, struct history_reader *r);

/* The rest is for a search that has ended. */

/* Why it has failed, or NULL. */
const struct store_error *history_error(const struct history *h);

/* The number to go on behind, or 0: all rows were looked at. */
int64_t history_next(const struct history *h);

/* Take the next row of the result. Returns false at its end. */
bool history_take(struct history *h, struct history_row *row);

#endif
