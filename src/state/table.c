#include <inttypes.h>
#include <string.h>

#include "base/client.h"
#include "base/exit_status.h"
#include "state/block.h"
#include "state/row.h"
#include "state/schema.h"
#include "state/verify.h"
#include "store_private.h"

/* Nobody observes the table of a store. */
static const struct client nobody = { .id = 0 };
static const struct datatable_writer store_writer = { .client = &nobody };

void
store_write_table(struct store *s, enum datatable_kind kind, uint16_t address,
    uint16_t quantity, const uint16_t *words)
{
	if (kind == DATATABLE_COILS)
		datatable_write_coils(
		    s->table, &store_writer, address, quantity, words);
	else
		datatable_write_registers(
		    s->table, &store_writer, address, quantity, words);
	block_mark(s->changed, s->overlay, kind, address, quantity);
}

/* Whether the table holds the values that a row has found. */
static bool
matches(const struct store *s, const struct record_journal *row)
{
	const enum datatable_kind kind = (enum datatable_kind)row->kind;
	uint16_t now[SCHEMA_QUANTITY_MAX];
	uint8_t bytes[SCHEMA_VALUES_MAX];

	if (kind == DATATABLE_COILS)
		datatable_read_coils(
		    s->table, row->address, row->quantity, now);
	else
		datatable_read_registers(
		    s->table, row->address, row->quantity, now);
	record_pack(kind, row->quantity, now, bytes);
	return memcmp(bytes, row->before, record_size(kind, row->quantity)) ==
	    0;
}

static bool
apply(struct store *s, const struct record_journal *row)
{
	const enum datatable_kind kind = (enum datatable_kind)row->kind;
	uint16_t words[SCHEMA_QUANTITY_MAX];

	if (!matches(s, row))
		return false;
	record_unpack(kind, row->quantity, row->after, words);
	store_write_table(s, kind, row->address, row->quantity, words);
	return true;
}

/* Apply the rows from next on, one by one, up to the last. */
static int
apply_rows(struct store *s, sqlite3_stmt *rows, int64_t *next)
{
	int rc = SQLITE_OK;

	for (; *next <= s->last; ++*next) {
		struct record_journal row;

		rc = row_next(rows, &row);
		if (rc == SQLITE_OK && (row.number != *next || !apply(s, &row)))
			rc = SQLITE_CORRUPT;
		if (rc != SQLITE_OK)
			break;
	}
	return rc;
}

static int
apply_newer_rows(struct store *s, struct store_error *why)
{
	int64_t next = s->included + 1;
	struct row_query query = { .statement = NULL };
	int rc = row_query_prepare(
	    &query, s->db, s->version, "WHERE number >= ? ORDER BY number");

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(query.statement, 1, next);
	if (rc == SQLITE_OK)
		rc = apply_rows(s, query.statement, &next);
	row_query_end(&query);
	if (rc == SQLITE_OK)
		return 0;
	if (sql_classify(rc, 0) == SQL_DAMAGED)
		return store_fail(why, EX_DATAERR,
		    "%s: damaged: write %" PRId64
		    " of the journal, one of the newest",
		    s->path, next);
	return store_fail_sql(
	    s->path, rc, sql_file_error(s->db), "cannot be read", why);
}

/* Which row the blocks are as of, and up to which some values have no row. */
static int
read_included(struct store *s)
{
	int rc = store_read_row(s->db, "unrecorded", &s->unrecorded);

	if (rc != SQLITE_OK && rc != SQLITE_EMPTY)
		return rc;
	s->included = s->last;
	rc = store_read_row(s->db, "blocks", &s->included);
	if (rc == SQLITE_EMPTY && s->version == SCHEMA_OLDEST_VERSION)
		return SQLITE_OK;
	if (rc != SQLITE_OK)
		return rc;
	return s->included <= s->last ? SQLITE_OK : SQLITE_CORRUPT;
}

int
store_read_table(struct store *s, struct store_error *why)
{
	int rc = read_included(s);

	if (rc != SQLITE_OK)
		return store_fail_sql(
		    s->path, rc, sql_file_error(s->db), "cannot be read", why);
	s->table = datatable_new(s->overlay);
	if (s->table == NULL)
		return store_fail_system(s->path, "cannot be read", why);
	if (verify_blocks(s->db, s->path, s->overlay, s->table, why) != 0)
		return -1;
	return apply_newer_rows(s, why);
}

int
store_put_table(struct store *s)
{
	return store_put_blocks(
	    s->db, s->overlay, s->table, s->changed, s->last);
}

void
store_table_is_put(struct store *s)
{
	s->included = s->last;
	memset(s->changed, 0, sizeof(s->changed));
}

int
store_put_unrecorded(
    struct store *s, const struct datatable *table, int64_t row)
{
	bool changed[SCHEMA_BLOCKS];
	int rc;

	memcpy(changed, s->changed, sizeof(changed));
	block_mark_differences(changed, s->overlay, s->table, table);
	rc = store_put_blocks(s->db, s->overlay, table, changed, row);
	return rc == SQLITE_OK ? store_put_row(s->db, "unrecorded", row) : rc;
}

void
store_unrecorded_is_put(
    struct store *s, const struct datatable *table, int64_t row)
{
	datatable_copy(s->table, table);
	memset(s->changed, 0, sizeof(s->changed));
	s->included = row;
	s->unrecorded = row;
}
