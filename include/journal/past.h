/*
 * The data table at an earlier moment: starting with the table of the state
 * file, the writes of the journal are undone, the newest first.
 *
 * The writes that stay are those up to the last one that is not later than the
 * moment. So if the system's clock was set back, the moment is the last one at
 * which the clock showed that time.
 */
#ifndef JOURNAL_PAST_H
#define JOURNAL_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "table/datatable.h"

struct past;
struct store;
struct store_error;

/* What past_find determines. */
enum past_depth {
	PAST_TABLE, /* the table */
	PAST_SINCE, /* also since when each address has had its value */
};

/*
 * Reconstruct the table at a moment. The values after each write that is undone
 * must be those in the table, which verifies table and journal.
 *
 * Returns NULL with why: EX_DATAERR when they differ or the journal is damaged,
 * EX_UNAVAILABLE when the journal does not reach back to the moment, EX_IOERR,
 * EX_OSERR.
 */
struct past *past_find(struct store *s, int64_t moment, enum past_depth depth,
    struct store_error *why);

void past_free(struct past *p); /* accepts NULL */

const struct datatable *past_table(const struct past *p);

/* The number of the last write before the moment; 0 when there was none. */
int64_t past_last(const struct past *p);

/* The numbers of the write that set the value of an address (PAST_SINCE only),
 * and of the first later one that changed it; 0 when the journal has none. */
int64_t
past_since(const struct past *p, enum datatable_kind kind, uint16_t address);
int64_t
past_until(const struct past *p, enum datatable_kind kind, uint16_t address);

/* Since when the journal is complete, and whether that is since the file was
 * created with all zeros. */
int64_t past_begins(const struct past *p);
bool past_is_complete(const struct past *p);

#endif
