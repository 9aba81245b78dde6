#include "journal/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "state/row.h"
#include "state/sql.h"
#include "state/store.h"

#define SELECT "SELECT " ROW_COLUMNS " FROM journal "

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
		order == ROWS_OLDEST_FIRST ? SELECT "ORDER BY number" :
					     SELECT "ORDER BY number DESC",
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

static int
take(sqlite3_stmt *row, struct row *out, struct store_error *why)
{
	struct record_journal *record = &out->record;

	if (!row_take(row, record))
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

	if (prepare(s, SELECT "WHERE number = ?", &statement, why) != 0)
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
