#include "journal/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "state/sql.h"
#include "state/store.h"

#define COLUMNS                                                                \
	"SELECT number, time, client, connection, unit, function, kind, "      \
	"address, quantity, before, after, crc FROM journal "

#define OVERLAID_REGISTERS 4096

struct rows {
	sqlite3_stmt *statement; /* owned */
};

int
rows_fail_sql(int rc, struct store_error *why)
{
	return store_fail(why, sql_exit_status(rc, 0),
	    "the state file cannot be read: %s", sqlite3_errstr(rc));
}

static int
fail_row(int64_t number, struct store_error *why)
{
	return store_fail(
	    why, EX_DATAERR, "the journal is damaged: write %" PRId64, number);
}

static int
prepare(struct store *s, const char *sql, sqlite3_stmt **statement,
    struct store_error *why)
{
	int rc =
	    sqlite3_prepare_v2(store_database(s), sql, -1, statement, NULL);

	return rc == SQLITE_OK ? 0 : rows_fail_sql(rc, why);
}

struct rows *
rows_open(struct store *s, enum rows_order order, struct store_error *why)
{
	struct rows *rows = calloc(1, sizeof(*rows));

	if (rows == NULL) {
		store_fail(why, EX_OSERR, "out of memory");
		return NULL;
	}
	if (prepare(s,
		order == ROWS_OLDEST_FIRST ? COLUMNS "ORDER BY number" :
					     COLUMNS "ORDER BY number DESC",
		&rows->statement, why) == 0)
		return rows;
	free(rows);
	return NULL;
}

void
rows_close(struct rows *rows)
{
	if (rows == NULL)
		return;
	sqlite3_finalize(rows->statement);
	free(rows);
}

/* Read a number that must be in 0..max. */
static bool
take_number(sqlite3_stmt *row, int column, int64_t max, int64_t *value)
{
	*value = sqlite3_column_int64(row, column);
	return *value >= 0 && *value <= max;
}

static bool
take_client(sqlite3_stmt *row, struct record_journal *record)
{
	const unsigned char *text = sqlite3_column_text(row, 2);

	if (text == NULL ||
	    (size_t)sqlite3_column_bytes(row, 2) >= sizeof(record->client))
		return false;
	snprintf(
	    record->client, sizeof(record->client), "%s", (const char *)text);
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

/* Read all columns but the checksum. */
static bool
take_record(sqlite3_stmt *row, struct record_journal *record)
{
	int64_t unit, function, kind, address, quantity;

	memset(record, 0, sizeof(*record));
	record->number = sqlite3_column_int64(row, 0);
	record->time = sqlite3_column_int64(row, 1);
	record->connection = (uint64_t)sqlite3_column_int64(row, 3);
	if (!take_client(row, record) ||
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
	    take_values(row, 10, record, record->after);
}

static int
take(sqlite3_stmt *row, struct row *out, struct store_error *why)
{
	struct record_journal *record = &out->record;

	if (!take_record(row, record) ||
	    sqlite3_column_int64(row, 11) != record_journal_crc(record))
		return fail_row(record->number, why);
	out->kind = (enum datatable_kind)record->kind;
	record_unpack(out->kind, record->quantity, record->before, out->before);
	record_unpack(out->kind, record->quantity, record->after, out->after);
	return 0;
}

enum rows_result
rows_next(struct rows *rows, struct row *out, struct store_error *why)
{
	int rc = sqlite3_step(rows->statement);

	if (rc == SQLITE_DONE)
		return ROWS_END;
	if (rc == SQLITE_ROW)
		return take(rows->statement, out, why) == 0 ? ROWS_ONE :
							      ROWS_FAIL;
	rows_fail_sql(rc, why);
	return ROWS_FAIL;
}

int
rows_get(
    struct store *s, int64_t number, struct row *out, struct store_error *why)
{
	sqlite3_stmt *statement;
	int rc, result;

	if (prepare(s, COLUMNS "WHERE number = ?", &statement, why) != 0)
		return -1;
	sqlite3_bind_int64(statement, 1, number);
	rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		result = take(statement, out, why);
	else if (rc == SQLITE_DONE)
		result = fail_row(number, why);
	else
		result = rows_fail_sql(rc, why);
	sqlite3_finalize(statement);
	return result;
}

static uint16_t
item(const struct row *r, const uint16_t *words, unsigned i)
{
	if (r->kind == DATATABLE_REGISTERS)
		return words[i];
	return words[i / 16] >> i % 16 & 1;
}

uint16_t
row_before(const struct row *r, unsigned i)
{
	return item(r, r->before, i);
}

uint16_t
row_after(const struct row *r, unsigned i)
{
	return item(r, r->after, i);
}

void
row_each_change(const struct row *r, enum datatable_overlay overlay,
    void (*changed)(void *arg, enum datatable_kind kind, uint16_t address),
    void *arg)
{
	for (unsigned i = 0; i < r->record.quantity; i++) {
		unsigned address = r->record.address + i;
		unsigned bits = row_before(r, i) ^ row_after(r, i);

		if (bits == 0)
			continue;
		changed(arg, r->kind, (uint16_t)address);
		if (overlay != DATATABLE_OVERLAID)
			continue;
		if (r->kind == DATATABLE_COILS)
			changed(
			    arg, DATATABLE_REGISTERS, (uint16_t)(address / 16));
		else if (address < OVERLAID_REGISTERS)
			for (; bits != 0; bits &= bits - 1)
				changed(arg, DATATABLE_COILS,
				    (uint16_t)(address * 16 +
					(unsigned)__builtin_ctz(bits)));
	}
}
