#include "journal/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/exit_status.h"
#include "state/row.h"
#include "state/sql.h"
#include "state/store.h"

#define OVERLAID_REGISTERS 4096

struct rows {
	struct row_query query; /* owned */
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
prepare(struct store *s, const char *rest, struct row_query *query,
    struct store_error *why)
{
	int rc =
	    row_query_prepare(query, store_database(s), store_version(s), rest);

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
		order == ROWS_OLDEST_FIRST ? "ORDER BY number" :
					     "ORDER BY number DESC",
		&rows->query, why) == 0)
		return rows;
	free(rows);
	return NULL;
}

void
rows_close(struct rows *rows)
{
	if (rows == NULL)
		return;
	row_query_end(&rows->query);
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
	int rc = sqlite3_step(rows->query.statement);

	if (rc == SQLITE_DONE)
		return ROWS_END;
	if (rc == SQLITE_ROW)
		return take(rows->query.statement, out, why) == 0 ? ROWS_ONE :
								    ROWS_FAIL;
	rows_fail_sql(rc, why);
	return ROWS_FAIL;
}

int
rows_get(
    struct store *s, int64_t number, struct row *out, struct store_error *why)
{
	struct row_query query = { .statement = NULL };
	int rc, result;

	if (prepare(s, "WHERE number = ?", &query, why) != 0)
		return -1;
	sqlite3_bind_int64(query.statement, 1, number);
	rc = sqlite3_step(query.statement);
	if (rc == SQLITE_ROW)
		result = take(query.statement, out, why);
	else if (rc == SQLITE_DONE)
		result = fail_row(number, why);
	else
		result = rows_fail_sql(rc, why);
	row_query_end(&query);
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
