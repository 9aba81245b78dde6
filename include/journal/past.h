/*
 * The data table as it was: from what the state file holds, the writes of its
 * journal are undone, the newest first, back to a moment.
 *
 * That is the moment after the last of the writes whose time is not later; if
 * the system's clock was set back, the last time that it showed the moment.
 */
#ifndef JOURNAL_PAST_H
#define JOURNAL_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "table/datatable.h"

struct past;
struct store;
struct store_error;

/* How much past_find finds out. */
enum past_depth {
	PAST_TABLE, /* the table */
	PAST_SINCE, /* also since when each address had its value */
};

/*
 * Find the table as of a moment. Each write that is undone must have left what
 * is there: that proves journal and table against one another.
 *
 * Returns NULL with why: EX_DATAERR when they disagree or the journal is
 * damaged, EX_UNAVAILABLE when the journal does not reach back so far,
 * EX_IOERR, EX_OSERR.
 */
struct past *past_find(struct store *s, int64_t moment, enum past_depth depth,
    struct store_error *why);

void past_free(struct past *p); /* NULL is fine */

const struct datatable *past_table(const struct past *p);

/* The number of the last write that had been done; 0 when there was none. */
int64_t past_last(const struct past *p);

/* The numbers of the write that gave an address its value, with PAST_SINCE, and
 * of the first later one that changed it; 0 when the journal has none. */
int64_t
past_since(const struct past *p, enum datatable_kind kind, uint16_t address);
int64_t
past_until(const struct past *p, enum datatable_kind kind, uint16_t address);

/* From when on the journal tells of every write, and whether that is since the
 * file was made, all zero. */
int64_t past_begins(const struct past *p);
bool past_is_complete(const struct past *p);

#endif
