/* Reading a row of the journal from a statement. */
#ifndef STATE_ROW_H
#define STATE_ROW_H

#include <sqlite3.h>
#include <stdbool.h>

#include "state/record.h"

/* The columns that a statement must have, in this order. */
#define ROW_COLUMNS                                                            \
	"number, time, client, connection, unit, function, kind, address, "    \
	"quantity, before, after, crc"

/* Read the present row of a statement. Returns whether it is valid: the types
 * and ranges of its columns, and its checksum. record->number is set even if
 * not. */
bool row_take(sqlite3_stmt *row, struct record_journal *record);

/* Step a statement and read its row. Returns SQLITE_OK; SQLITE_EMPTY at the
 * end; SQLITE_CORRUPT when the row is not valid; or another result of SQLite.
 */
int row_next(sqlite3_stmt *rows, struct record_journal *record);

#endif
