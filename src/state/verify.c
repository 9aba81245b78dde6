#include "state/verify.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/exit_status.h"
#include "state/block.h"
#include "state/record.h"
#include "state/row.h"
#include "state/schema.h"
#include "state/sql.h"
#include "store_private.h"

static int
fail_sql(sqlite3 *db, const char *path, int rc, struct store_error *why)
{
	return store_fail_sql(
	    path, rc, sql_file_error(db), "cannot be read", why);
}

/* The tables of a version; the rest of the schema is the same in all. */
static int
check_schema(
    sqlite3 *db, const char *path, int version, struct store_error *why)
{
	const bool old = version == SCHEMA_OLDEST_VERSION;
	const struct {
		const char *query, *expected;
	} parts[] = {
		{ "SELECT sql FROM sqlite_schema WHERE name = 'meta'",
		    SCHEMA_META },
		{ "SELECT sql FROM sqlite_schema WHERE name = 'block'",
		    SCHEMA_BLOCK },
		{ "SELECT sql FROM sqlite_schema WHERE name = 'journal'",
		    version < 3 ? SCHEMA_JOURNAL_BEFORE_3 : SCHEMA_JOURNAL },
		{ "SELECT sql FROM sqlite_schema "
		  "WHERE name IN ('age', 'journal_by_address')",
		    old ? SCHEMA_JOURNAL_INDEX : SCHEMA_AGE },
		{ "SELECT count(*) FROM sqlite_schema", "4" },
		{ "PRAGMA page_size", "512" },
	};
	char got[600];

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		int rc = sql_text(db, parts[i].query, got, sizeof(got));

		if (rc != SQLITE_OK)
			return fail_sql(db, path, rc, why);
		if (strcmp(got, parts[i].expected) != 0)
			return store_fail(why, EX_DATAERR,
			    "%s: damaged: unexpected schema", path);
	}
	return 0;
}

static int
check_structure(
    sqlite3 *db, const char *path, const char *pragma, struct store_error *why)
{
	char got[200];
	int rc = sql_text(db, pragma, got, sizeof(got));

	if (rc != SQLITE_OK)
		return fail_sql(db, path, rc, why);
	if (strcmp(got, "ok") == 0)
		return 0;
	for (char *c = got; *c != '\0'; c++)
		if (*c == '\n')
			*c = ' ';
	return store_fail(why, EX_DATAERR, "%s: damaged: %s", path, got);
}

/* The present row of a statement must be this block. */
static bool
take_block(sqlite3_stmt *row, unsigned number, struct datatable *t)
{
	const uint8_t *data = sqlite3_column_blob(row, 1);

	if (sqlite3_column_int64(row, 0) != number ||
	    sqlite3_column_bytes(row, 1) != SCHEMA_BLOCK_SIZE || data == NULL ||
	    sqlite3_column_int64(row, 2) != record_block_crc(number, data))
		return false;
	block_decode(t, number, data);
	return true;
}

int
verify_blocks(sqlite3 *db, const char *path, enum datatable_overlay overlay,
    struct datatable *t, struct store_error *why)
{
	const unsigned blocks = block_count(overlay);
	sqlite3_stmt *rows = NULL;
	unsigned n = 0;
	int rc = sqlite3_prepare_v2(db,
	    "SELECT number, data, crc FROM block ORDER BY number", -1, &rows,
	    NULL);

	while (rc == SQLITE_OK && sqlite3_step(rows) == SQLITE_ROW &&
	    n < blocks && take_block(rows, n, t))
		n++;
	/* The last step has reached the end, another row, or an error. */
	if (rc == SQLITE_OK && n == blocks && sqlite3_data_count(rows) != 0)
		n++;
	if (rc == SQLITE_OK)
		rc = sqlite3_finalize(rows);
	if (rc != SQLITE_OK)
		return fail_sql(db, path, rc, why);
	if (n == blocks)
		return 0;
	return store_fail(why, EX_DATAERR,
	    "%s: damaged: block %u is missing or has a wrong checksum", path,
	    n);
}

int
verify_all(sqlite3 *db, const char *path, struct store_error *why)
{
	return check_structure(db, path, "PRAGMA integrity_check(1)", why);
}

int
verify_database(
    sqlite3 *db, const char *path, int version, struct store_error *why)
{
	if (check_schema(db, path, version, why) != 0 ||
	    check_structure(db, path, "PRAGMA integrity_check(meta)", why) !=
		0 ||
	    check_structure(db, path, "PRAGMA integrity_check(block)", why) !=
		0)
		return -1;
	return 0;
}

/* The number of the last row is where the next one goes on, and from where rows
 * are counted. */
static int
check_last_row(sqlite3 *db, int version, int64_t last)
{
	struct record_journal row;
	struct row_query query = { .statement = NULL };
	int rc = row_query_prepare(&query, db, version, "WHERE number = ?");

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(query.statement, 1, last);
	if (rc == SQLITE_OK)
		rc = row_next(query.statement, &row);
	row_query_end(&query);
	return rc;
}

int
verify_journal(sqlite3 *db, const char *path, int version, int64_t *first,
    int64_t *last, struct store_error *why)
{
	int rc = sql_number(
	    db, "SELECT coalesce(min(number), 1) FROM journal", first);

	if (rc == SQLITE_OK)
		rc = sql_number(
		    db, "SELECT coalesce(max(number), 0) FROM journal", last);
	if (rc == SQLITE_OK && *last != 0)
		rc = check_last_row(db, version, *last);
	if (rc == SQLITE_OK && *first >= 1)
		return 0;
	if (rc == SQLITE_OK || rc == SQLITE_CORRUPT)
		return store_fail(why, EX_DATAERR,
		    "%s: damaged: an end of the journal", path);
	return fail_sql(db, path, rc, why);
}
