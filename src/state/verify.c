#include "state/verify.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/client.h"
#include "state/record.h"
#include "state/schema.h"
#include "state/sql.h"
#include "store_private.h"

#define COILS_PER_BLOCK (SCHEMA_BLOCK_WORDS * 16)

static int
fail_sql(sqlite3 *db, const char *path, int rc, struct store_error *why)
{
	return store_fail_sql(
	    path, rc, sql_file_error(db), "cannot be read", why);
}

static int
check_schema(sqlite3 *db, const char *path, struct store_error *why)
{
	static const struct {
		const char *query, *expected;
	} parts[] = {
		{ "SELECT sql FROM sqlite_schema WHERE name = 'meta'",
		    SCHEMA_META },
		{ "SELECT sql FROM sqlite_schema WHERE name = 'block'",
		    SCHEMA_BLOCK },
		{ "SELECT sql FROM sqlite_schema WHERE name = 'journal'",
		    SCHEMA_JOURNAL },
		{ "SELECT sql FROM sqlite_schema "
		  "WHERE name = 'journal_by_address'",
		    SCHEMA_JOURNAL_INDEX },
		{ "SELECT count(*) FROM sqlite_schema", "4" },
		{ "PRAGMA page_size", "512" },
	};
	char got[500];

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
check_structure(sqlite3 *db, const char *path, struct store_error *why)
{
	char got[200];
	int rc = sql_text(db, "PRAGMA integrity_check(1)", got, sizeof(got));

	if (rc != SQLITE_OK)
		return fail_sql(db, path, rc, why);
	if (strcmp(got, "ok") == 0)
		return 0;
	for (char *c = got; *c != '\0'; c++)
		if (*c == '\n')
			*c = ' ';
	return store_fail(why, EX_DATAERR, "%s: damaged: %s", path, got);
}

/* The writer of what is loaded. The table has no observers yet. */
static const struct client nobody = { .id = 0 };
static const struct datatable_writer loader = { .client = &nobody };

static void
put_block(struct datatable *t, unsigned number, const uint8_t *data)
{
	uint16_t words[SCHEMA_BLOCK_WORDS];
	unsigned first = number * SCHEMA_BLOCK_WORDS;

	record_unpack(DATATABLE_REGISTERS, SCHEMA_BLOCK_WORDS, data, words);
	if (number < SCHEMA_REGISTER_BLOCKS) {
		datatable_write_registers(
		    t, &loader, (uint16_t)first, SCHEMA_BLOCK_WORDS, words);
		return;
	}
	first = (number - SCHEMA_REGISTER_BLOCKS) * COILS_PER_BLOCK;
	for (unsigned half = 0; half < 2; half++) /* the most of one write */
		datatable_write_coils(t, &loader,
		    (uint16_t)(first + half * (COILS_PER_BLOCK / 2)),
		    COILS_PER_BLOCK / 2,
		    words + half * (SCHEMA_BLOCK_WORDS / 2));
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
	if (t != NULL)
		put_block(t, number, data);
	return true;
}

int
verify_blocks(sqlite3 *db, const char *path, enum datatable_overlay overlay,
    struct datatable *t, struct store_error *why)
{
	const unsigned blocks = overlay == DATATABLE_OVERLAID ?
	    SCHEMA_REGISTER_BLOCKS :
	    SCHEMA_BLOCKS;
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
verify_database(sqlite3 *db, const char *path, enum datatable_overlay overlay,
    struct store_error *why)
{
	if (check_structure(db, path, why) != 0 ||
	    check_schema(db, path, why) != 0)
		return -1;
	return verify_blocks(db, path, overlay, NULL, why);
}

int
verify_journal(sqlite3 *db, const char *path, int64_t *first, int64_t *last,
    struct store_error *why)
{
	int64_t count = 0;
	int rc = sql_number(db, "SELECT count(*) FROM journal", &count);

	if (rc == SQLITE_OK)
		rc = sql_number(
		    db, "SELECT coalesce(min(number), 1) FROM journal", first);
	if (rc == SQLITE_OK)
		rc = sql_number(
		    db, "SELECT coalesce(max(number), 0) FROM journal", last);
	if (rc != SQLITE_OK)
		return fail_sql(db, path, rc, why);
	if (*first >= 1 && count == *last - *first + 1)
		return 0;
	return store_fail(
	    why, EX_DATAERR, "%s: damaged: the journal has gaps", path);
}
