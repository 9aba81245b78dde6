#include "state/row.h"

#include <stdio.h>
#include <string.h>

#define ROW_SQL_MAX 400

int
row_query_prepare(
    struct row_query *q, sqlite3 *db, int version, const char *rest)
{
	char sql[ROW_SQL_MAX];

	if (q->statement != NULL && q->version == version)
		return SQLITE_OK;
	row_query_end(q);
	snprintf(sql, sizeof(sql), "SELECT %s FROM journal %s",
	    version < 3 ? ROW_COLUMNS_BEFORE_3 : ROW_COLUMNS, rest);
	q->version = version;
	return sqlite3_prepare_v3(
	    db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q->statement, NULL);
}

void
row_query_end(struct row_query *q)
{
	sqlite3_finalize(q->statement);
	q->statement = NULL;
}

/* Whether each column has the type that it was written with. SQLite would
 * convert another one: an empty blob is the number 0, whose checksum is right.
 */
static bool
has_types(sqlite3_stmt *row)
{
	static const int types[] = {
		SQLITE_INTEGER, /* number */
		SQLITE_INTEGER, /* time */
		SQLITE_TEXT,    /* client */
		SQLITE_INTEGER, /* connection */
		SQLITE_INTEGER, /* unit */
		SQLITE_INTEGER, /* function */
		SQLITE_INTEGER, /* kind */
		SQLITE_INTEGER, /* address */
		SQLITE_INTEGER, /* quantity */
		SQLITE_BLOB,    /* before */
		SQLITE_BLOB,    /* after */
		SQLITE_INTEGER, /* crc */
		SQLITE_TEXT,    /* subject */
		SQLITE_TEXT,    /* role */
	};

	for (int i = 0; i < (int)(sizeof(types) / sizeof(*types)); i++)
		if (sqlite3_column_type(row, i) != types[i])
			return false;
	return true;
}

/* Read a number that must be in 0..max. */
static bool
take_number(sqlite3_stmt *row, int column, int64_t max, int64_t *value)
{
	*value = sqlite3_column_int64(row, column);
	return *value >= 0 && *value <= max;
}

static bool
take_text(sqlite3_stmt *row, int column, char *to, size_t size)
{
	const unsigned char *text = sqlite3_column_text(row, column);

	if (text == NULL || (size_t)sqlite3_column_bytes(row, column) >= size)
		return false;
	snprintf(to, size, "%s", (const char *)text);
	return true;
}

static bool
take_values(sqlite3_stmt *row, int column, const struct record_journal *record,
    uint8_t *values)
{
	unsigned size =
	    record_size((enum datatable_kind)record->kind, record->quantity);
	const void *blob = sqlite3_column_blob(row, column);

	if (blob == NULL || sqlite3_column_bytes(row, column) != (int)size)
		return false;
	memcpy(values, blob, size);
	return true;
}

bool
row_take(sqlite3_stmt *row, struct record_journal *record)
{
	int64_t unit, function, kind, address, quantity;

	memset(record, 0, sizeof(*record));
	record->number = sqlite3_column_int64(row, 0);
	record->time = sqlite3_column_int64(row, 1);
	record->connection = (uint64_t)sqlite3_column_int64(row, 3);
	if (!has_types(row) ||
	    !take_text(row, 2, record->client, sizeof(record->client)) ||
	    !take_text(row, 12, record->subject, sizeof(record->subject)) ||
	    !take_text(row, 13, record->role, sizeof(record->role)) ||
	    !take_number(row, 4, UINT8_MAX, &unit) ||
	    !take_number(row, 5, UINT8_MAX, &function) ||
	    !take_number(row, 6, UINT8_MAX, &kind) ||
	    !take_number(row, 7, UINT16_MAX, &address) ||
	    !take_number(row, 8, UINT16_MAX, &quantity))
		return false;
	record->unit = (uint8_t)unit;
	record->function = (uint8_t)function;
	record->kind = (uint8_t)kind;
	record->address = (uint16_t)address;
	record->quantity = (uint16_t)quantity;
	return record_journal_is_valid(record) &&
	    take_values(row, 9, record, record->before) &&
	    take_values(row, 10, record, record->after) &&
	    sqlite3_column_int64(row, 11) == record_journal_crc(record);
}

int
row_next(sqlite3_stmt *rows, struct record_journal *record)
{
	int rc = sqlite3_step(rows);

	if (rc == SQLITE_DONE)
		return SQLITE_EMPTY;
	if (rc != SQLITE_ROW)
		return rc;
	if (row_take(rows, record))
		return SQLITE_OK;
	/* Columns may also be missing because memory is. */
	rc = sqlite3_errcode(sqlite3_db_handle(rows));
	return (rc & 0xFF) == SQLITE_NOMEM ? rc : SQLITE_CORRUPT;
}
