/* Reading rows of the journal, from files of all versions. */
#ifndef STATE_ROW_H
#define STATE_ROW_H

#include <sqlite3.h>
#include <stdbool.h>

#include "state/record.h"

/* The columns that a statement must have, in this order. Those of an earlier
 * version have empty texts for the last two. */
#define ROW_COLUMNS                                                            \
	"number, time, client, connection, unit, function, kind, address, "    \
	"quantity, before, after, crc, subject, role"

#define ROW_COLUMNS_BEFORE_3                                                   \
	"number, time, client, connection, unit, function, kind, address, "    \
	"quantity, before, after, crc, '', ''"

/* A statement that reads rows; zero: not compiled yet. */
struct row_query {
	sqlite3_stmt *statement; /* owned */
	int version;             /* of the schema that it is for */
};

/* Compile it for a version of the schema, unless it is already: an upgrade may
 * come while it is in use. Then it must not be in a row. rest is its SQL behind
 * "FROM journal". Returns SQLite's result. */
int row_query_prepare(
    struct row_query *q, sqlite3 *db, int version, const char *rest);

void row_query_end(struct row_query *q);

/* Read the present row of a statement. Returns whether it is valid: the types
 * and ranges of its columns, and its checksum. record->number is set even if
 * not. */
bool row_take(sqlite3_stmt *row, struct record_journal *record);

/* Step a statement and read its row. Returns SQLITE_OK; SQLITE_EMPTY at the
 * end; SQLITE_CORRUPT when the row is not valid; or another result of SQLite.
 */
int row_next(sqlite3_stmt *rows, struct record_journal *record);

#endif
