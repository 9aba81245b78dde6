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
struct query;
struct store;
struct store_error;

/*
 * Reconstruct the table at the moment of a query, QUERY_AT or QUERY_RESTORE.
 * The values after each write that is undone must be those in the table, which
 * verifies table and journal.
 *
 * For QUERY_AT also determine since when each address that the query asks for
 * has had its value. The journal is read until the last of them is known: older
 * rows are not read, and not verified.
 *
 * Returns NULL with why: EX_DATAERR when they differ or the journal is damaged,
 * EX_UNAVAILABLE when the journal does not reach back to the moment, EX_IOERR,
 * EX_OSERR.
 */
struct past *
past_find(struct store *s, const struct query *q, struct store_error *why);

void past_free(struct past *p); /* accepts NULL */

const struct datatable *past_table(const struct past *p);

/* The number of the last write before the moment; 0 when there was none. */
int64_t past_last(const struct past *p);

/* The numbers of the write that set the value of an address, if the query asks
 * for it, and of the first later one that changed it; 0 when the journal has
 * none. */
int64_t
past_since(const struct past *p, enum datatable_kind kind, uint16_t address);
int64_t
past_until(const struct past *p, enum datatable_kind kind, uint16_t address);

/* Since when the journal is complete, and whether that is since the file was
 * created with all zeros. */
int64_t past_begins(const struct past *p);
bool past_is_complete(const struct past *p);

#endif
