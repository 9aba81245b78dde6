#include "state/scrub.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/client.h"
#include "base/exit_status.h"
#include "scratch.h"
#include "state/batch.h"
#include "state/row.h"
#include "state/schema.h"
#include "state/sql.h"
#include "state/store.h"
#include "suite.h"

#define ROWS 1000

/* A state file whose journal has ROWS rows, all of them in FILE. */
static struct store *store;
static struct datatable *table;
static struct batch *batch;
static struct store_error why;

static void
gather(void *arg, const struct datatable_change *change)
{
	(void)arg;
	ck_assert_int_eq(batch_reserve(batch, 1, DATATABLE_WRITE_MAX), 0);
	batch_add(batch, change, 1000000);
}

static struct datatable_observer observer = { .changed = gather };

static void
add_rows(unsigned count)
{
	static const struct client client = { .id = 1 };
	static const struct datatable_writer writer = { &client, 1, 16 };
	uint16_t values[120];

	for (unsigned i = 0; i < count; i++) {
		for (size_t k = 0; k < 120; k++)
			values[k] = (uint16_t)rand();
		/* Some rows have overflow pages, some share a page. */
		datatable_write_registers(table, &writer,
		    (uint16_t)(rand() % 60000), i % 3 == 0 ? 120 : 1, values);
	}
	ck_assert_int_eq(store_commit(store, batch, &why), STORE_DONE);
	batch_clear(batch);
}

/* What follows is read from the file. */
static void
empty_the_cache(void)
{
	ck_assert_int_eq(sqlite3_wal_checkpoint_v2(store_database(store), NULL,
			     SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(
	    sql_run(store_database(store), "PRAGMA shrink_memory"), SQLITE_OK);
}

static void
setup(void)
{
	scratch_begin();
	srand(20261126);
	ck_assert_int_eq(
	    store_create(scratch_path("s"), DATATABLE_SEPARATE, &why), 0);
	store = store_open(scratch_path("s"), STORE_WRITE, NULL, &why);
	ck_assert_msg(store != NULL, "%s", why.text);
	table = datatable_new(DATATABLE_SEPARATE);
	batch = batch_new();
	datatable_observe(table, &observer);
	add_rows(ROWS);
	empty_the_cache();
}

static void
teardown(void)
{
	store_close(store, &why);
	datatable_free(table);
	batch_free(batch);
	scratch_end();
}

static void
run(const char *sql)
{
	ck_assert_int_eq(sql_run(store_database(store), sql), SQLITE_OK);
}

static int64_t
number(const char *sql)
{
	int64_t value;

	ck_assert_int_eq(
	    sql_number(store_database(store), sql, &value), SQLITE_OK);
	return value;
}

/* Step to the end; what it found. */
static struct scrub_figures
finish(struct scrub *c)
{
	const struct scrub_figures *f = scrub_figures(store);
	const enum scrub_result before = f->result;

	while (scrub_step(c, &why) == SCRUB_IN_PROGRESS) {
		ck_assert(f->checking);
		ck_assert(f->result == SCRUB_DAMAGED || f->result == before);
		ck_assert_int_lt(f->checked, f->rows);
		ck_assert_int_eq(sqlite3_txn_state(store_database(store), NULL),
		    SQLITE_TXN_NONE);
	}
	scrub_end(c);
	ck_assert(!f->checking);
	ck_assert_int_eq(f->checked, f->rows);
	ck_assert_int_eq(
	    f->result, f->damage.rows == 0 ? SCRUB_SOUND : SCRUB_DAMAGED);
	return *f;
}

static struct scrub_figures
scrub(void)
{
	struct scrub *c = scrub_begin(store);

	ck_assert_ptr_nonnull(c);
	return finish(c);
}

/* The damaged rows are these, and recorded. */
static void
assert_damage(const char *expected)
{
	struct scrub_figures f = scrub();
	char text[DAMAGE_TEXT_MAX], recorded[DAMAGE_TEXT_MAX];

	ck_assert_int_eq(f.result, SCRUB_DAMAGED);
	ck_assert_str_eq(damage_format(&f.damage, text), expected);
	ck_assert_int_eq(sql_text(store_database(store),
			     "SELECT value FROM meta WHERE key = 'damage'",
			     recorded, sizeof(recorded)),
	    SQLITE_OK);
	ck_assert_str_eq(recorded, expected);
}

START_TEST(a_sound_journal)
{
	struct scrub_figures f;

	ck_assert(scrub_is_due(store));
	f = scrub();
	ck_assert(!scrub_is_due(store));

	ck_assert_int_eq(f.result, SCRUB_SOUND);
	ck_assert_int_eq(f.rows, ROWS);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM meta WHERE key = 'damage'"), 0);
}
END_TEST

START_TEST(a_journal_without_rows)
{
	struct scrub *c;

	store_close(store, &why);
	unlink(scratch_path("s"));
	unlink(scratch_path("s-lock"));
	ck_assert_int_eq(
	    store_create(scratch_path("s"), DATATABLE_SEPARATE, &why), 0);
	store = store_open(scratch_path("s"), STORE_WRITE, NULL, &why);
	c = scrub_begin(store);
	ck_assert_int_eq(scrub_step(c, &why), SCRUB_ENDED);
	ck_assert_int_eq(scrub_figures(store)->result, SCRUB_SOUND);
	ck_assert_int_eq(scrub_figures(store)->rows, 0);
	scrub_end(c);
}
END_TEST

/* Damage, and the rows that are then damaged. */
static const struct {
	const char *sql, *rows;
} damages[] = {
	{ "UPDATE journal SET unit = unit + 1 WHERE number = 500", "500" },
	{ "UPDATE journal SET unit = 256 WHERE number = 500", "500" },
	{ "UPDATE journal SET time = time + 1 WHERE number = 1", "1" },
	{ "UPDATE journal SET kind = 7 WHERE number = 1000", "1000" },
	{ "UPDATE journal SET before = x'' WHERE number = 500", "500" },
	{ "UPDATE journal SET crc = crc + 1 WHERE number BETWEEN 9 AND 600",
	    "9-600" },
	{ "UPDATE journal SET crc = 0", "1-1000" },
	{ "UPDATE journal SET crc = 0 WHERE number % 100 = 7 AND number < 500",
	    "7, 107, 207, 307, 407" },
	{ "UPDATE journal SET crc = 0 WHERE number % 50 = 7",
	    "7, 57, 107, 157, 207, 257, 307, 357, 407, 457, 507, 557, 607, "
	    "657, 707, 757 and 4 more" },
	{ "DELETE FROM journal WHERE number BETWEEN 301 AND 333", "301-333" },
	{ "DELETE FROM journal WHERE number = 999", "999" },
	{ "DELETE FROM journal WHERE number = 1", "1" },
	{ "DELETE FROM journal WHERE number = 1000", "1000" },
	{ "UPDATE journal SET number = number + 10000000 WHERE number = 90",
	    "90" },
};

START_TEST(damaged_and_missing_rows_are_found)
{
	run(damages[_i].sql);
	assert_damage(damages[_i].rows);
}
END_TEST

/* Change a byte of FILE by XOR, behind the store's back. */
static void
flip(int64_t offset, uint8_t bits)
{
	int fd = open(scratch_path("s"), O_RDWR);
	uint8_t byte;

	ck_assert_int_eq(pread(fd, &byte, 1, offset), 1);
	byte ^= bits;
	ck_assert_int_eq(pwrite(fd, &byte, 1, offset), 1);
	close(fd);
	run("PRAGMA shrink_memory");
}

/* The offset of some page of the journal; type: leaf or internal. */
static int64_t
page_of_journal(const char *type, unsigned which)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "SELECT (pageno - 1) * %d FROM dbstat WHERE name = 'journal' AND "
	    "pagetype LIKE '%s' ORDER BY path LIMIT 1 OFFSET %u",
	    SCHEMA_PAGE_SIZE, type, which);
	return number(sql);
}

static bool
is_readable(int64_t row)
{
	char sql[80];
	int64_t length;

	snprintf(sql, sizeof(sql),
	    "SELECT length(hex(after)) FROM journal WHERE number = %" PRId64,
	    row);
	return sql_number(store_database(store), sql, &length) == SQLITE_OK;
}

/* A page whose type is none of SQLite's: exactly the rows on it are damaged. Of
 * a page with a part of a row's values, that row. */
START_TEST(unreadable_pages_are_skipped)
{
	static const struct {
		const char *type;
		unsigned which;
		int64_t offset;
	} pages[] = { { "leaf", 0, 0 }, { "leaf", 50, 0 }, { "internal", 1, 0 },
		{ "overflow", 77, 9 } };
	struct scrub_figures f;

	flip(
	    page_of_journal(pages[_i].type, pages[_i].which) + pages[_i].offset,
	    0x40);
	f = scrub();
	ck_assert_int_eq(f.result, SCRUB_DAMAGED);
	ck_assert_uint_eq(f.damage.range_count, 1);
	ck_assert_int_lt(f.damage.rows, ROWS / 2);
	if (strcmp(pages[_i].type, "overflow") == 0)
		ck_assert_int_eq(f.damage.rows, 1);
	else
		for (int64_t i = 1; i <= ROWS; i++)
			ck_assert_int_ne(is_readable(i),
			    i >= f.damage.ranges[0].first &&
				i <= f.damage.ranges[0].last);
}
END_TEST

/* The root: nothing can be read. */
START_TEST(a_journal_that_cannot_be_read)
{
	flip(page_of_journal("internal", 0), 0x40);
	assert_damage("1-1000");
}
END_TEST

/* The columns of ROW_COLUMNS, and the same value with another type, from which
 * SQLite converts it back. */
static const struct {
	const char *name, *other;
} columns[] = {
	{ "number", "CAST(number AS TEXT)" },
	{ "time", "CAST(time AS REAL)" },
	{ "client", "CAST(client AS BLOB)" },
	{ "connection", "CAST(connection AS TEXT)" },
	{ "unit", "CAST(unit AS BLOB)" },
	{ "function", "CAST(function AS REAL)" },
	{ "kind", "CAST(kind AS TEXT)" },
	{ "address", "CAST(address AS REAL)" },
	{ "quantity", "CAST(quantity AS TEXT)" },
	{ "before", "CAST(before AS TEXT)" },
	{ "after", "CAST(after AS TEXT)" },
	{ "crc", "CAST(crc AS REAL)" },
	{ "subject", "CAST(subject AS BLOB)" },
	{ "role", "CAST(role AS BLOB)" },
};

#define COLUMNS (sizeof(columns) / sizeof(*columns))

/* Whether a row is valid, one column of which has its other type; COLUMNS:
 * none. */
static bool
is_valid_row(size_t changed)
{
	char sql[400] = "SELECT ";
	struct record_journal row;
	sqlite3_stmt *rows;
	int rc;

	for (size_t i = 0; i < COLUMNS; i++) {
		strcat(sql, i == 0 ? "" : ", ");
		strcat(sql, i == changed ? columns[i].other : columns[i].name);
	}
	strcat(sql, " FROM journal");
	ck_assert_int_eq(
	    sqlite3_prepare_v2(store_database(store), sql, -1, &rows, NULL),
	    SQLITE_OK);
	rc = row_next(rows, &row);
	ck_assert_int_eq(row.number, 1);
	sqlite3_finalize(rows);
	return rc == SQLITE_OK;
}

/* A flipped bit can change the type of a column: then SQLite converts, and the
 * checksum is right. */
START_TEST(a_row_of_other_types_is_damaged)
{
	ck_assert(is_valid_row(COLUMNS));
	for (size_t i = 0; i < COLUMNS; i++)
		ck_assert_msg(!is_valid_row(i), "%s", columns[i].name);
}
END_TEST

/* Whatever bit of the journal has flipped: it ends, and what it calls sound is
 * as it was. */
START_TEST(any_flipped_bit_is_found_or_harmless)
{
	static const char all[] =
	    "SELECT sum(crc) + sum(number) + count(*) FROM journal";
	const int64_t sum = number(all);
	const int64_t pages =
	    number("SELECT count(*) FROM dbstat WHERE name = 'journal'");
	unsigned found = 0;

	for (unsigned i = 0; i < 200; i++) {
		int64_t offset =
		    page_of_journal("%", (unsigned)(rand() % pages)) +
		    rand() % SCHEMA_PAGE_SIZE;
		uint8_t bit = (uint8_t)(1 << rand() % 8);
		struct scrub_figures f;

		flip(offset, bit);
		f = scrub();
		if (f.result == SCRUB_SOUND)
			ck_assert_int_eq(number(all), sum);
		found += f.result == SCRUB_DAMAGED;
		flip(offset, bit);
	}
	ck_assert_uint_gt(found, 100);
	ck_assert_int_eq(scrub().result, SCRUB_SOUND);
}
END_TEST

START_TEST(rows_may_be_added_and_removed_meanwhile)
{
	struct scrub *c = scrub_begin(store);
	struct scrub_figures f;

	ck_assert_int_eq(scrub_step(c, &why), SCRUB_IN_PROGRESS);
	store_keep_journal(store, (struct store_keep){ .rows = 600 });
	while (number("SELECT min(number) FROM journal") < 450) {
		add_rows(10);
		empty_the_cache();
	}
	f = finish(c);
	ck_assert_int_eq(f.result, SCRUB_SOUND);
	ck_assert_int_eq(f.rows, ROWS);
}
END_TEST

START_TEST(every_row_may_be_removed_meanwhile)
{
	struct scrub *c = scrub_begin(store);

	ck_assert_int_eq(scrub_step(c, &why), SCRUB_IN_PROGRESS);
	store_keep_journal(store, (struct store_keep){ .rows = 5 });
	while (number("SELECT min(number) FROM journal") <= ROWS)
		add_rows(10);
	ck_assert_int_eq(finish(c).result, SCRUB_SOUND);
}
END_TEST

/* What is known stays known until there is something else to tell. */
START_TEST(checking_again_keeps_the_last_result)
{
	struct scrub *c;

	run("UPDATE journal SET crc = crc + 1 WHERE number = 900");
	scrub();
	c = scrub_begin(store);
	ck_assert_int_eq(scrub_step(c, &why), SCRUB_IN_PROGRESS);
	ck_assert(scrub_figures(store)->checking);
	ck_assert_int_eq(scrub_figures(store)->result, SCRUB_DAMAGED);
	ck_assert_int_eq(scrub_figures(store)->damage.ranges[0].first, 900);
	run("UPDATE journal SET crc = crc - 1 WHERE number = 900");
	ck_assert_int_eq(finish(c).result, SCRUB_SOUND);
}
END_TEST

START_TEST(damage_is_recorded_when_the_first_is_found)
{
	struct scrub *c;

	run("UPDATE journal SET crc = 0 WHERE number IN (3, 900)");
	c = scrub_begin(store);
	while (scrub_figures(store)->damage.rows == 0)
		ck_assert_int_eq(scrub_step(c, &why), SCRUB_IN_PROGRESS);
	ck_assert_int_eq(
	    number("SELECT value = '3' FROM meta WHERE key = 'damage'"), 1);
	ck_assert_int_eq(scrub_figures(store)->damage.rows, 1);
	finish(c);
	ck_assert_int_eq(
	    number("SELECT value = '3, 900' FROM meta WHERE key = 'damage'"),
	    1);
}
END_TEST

/* Commit while there are more rows than are wanted. */
static void
prune(void)
{
	int64_t last = number("SELECT max(number) FROM journal");

	store_keep_journal(store, (struct store_keep){ .rows = 100 });
	for (unsigned i = 0; i < 20; i++)
		add_rows(10);
	ck_assert_int_eq(number("SELECT max(number) FROM journal"), last + 200);
}

/* Damaged rows stay, as deleting them may do more damage; writes go on. */
START_TEST(damage_to_the_age_of_rows_keeps_them)
{
	int64_t offset;

	offset = number("SELECT (pageno - 1) * 512 FROM dbstat "
			"WHERE name = 'age'");
	flip(offset, 0x40);
	scrub();
	ck_assert(!scrub_is_due(store));
	store_keep_journal(store, (struct store_keep){ .microseconds = 1 });
	add_rows(1);
	ck_assert_int_eq(number("SELECT count(*) FROM journal"), ROWS + 1);
	ck_assert(scrub_is_due(store));
	ck_assert_int_eq(store_close(store, &why), 0);
	store = store_open(scratch_path("s"), STORE_WRITE, NULL, &why);
	ck_assert_msg(store != NULL, "%s", why.text);
	add_rows(1);
}
END_TEST

/* A page that says where others are linked from. */
START_TEST(damage_ends_the_shrinking_and_nothing_else)
{
	int64_t pages;
	bool more = true;

	for (unsigned i = 0; i < 6; i++)
		add_rows(ROWS);
	run("DELETE FROM journal WHERE number < 6990");
	empty_the_cache();
	pages = number("PRAGMA page_count");
	flip(
	    (2 + (pages - 2) / 103 * 103 - 1) * 512 + (pages - 2) % 103 * 5 - 5,
	    0x40);
	ck_assert_int_eq(store_shrink(store, &more, &why), STORE_DONE);
	ck_assert(!more);
	ck_assert_int_eq(number("PRAGMA page_count"), pages);
	add_rows(1);
	ck_assert_int_eq(store_shrink(store, &more, &why), STORE_DONE);
	ck_assert(!more);
}
END_TEST

START_TEST(damage_ends_the_removal_of_rows_and_nothing_else)
{
	int64_t first;

	run("UPDATE journal SET crc = crc + 1 WHERE number = 150");
	scrub();
	ck_assert(!scrub_is_due(store));
	prune();
	first = number("SELECT min(number) FROM journal");
	ck_assert(first > 100 && first <= 150);
	ck_assert(scrub_is_due(store));
	ck_assert_int_eq(scrub().result, SCRUB_DAMAGED);
	prune();
	ck_assert_int_eq(number("SELECT min(number) FROM journal"), first);
	ck_assert(!scrub_is_due(store));
}
END_TEST

START_TEST(an_unreadable_page_ends_the_removal_of_rows)
{
	scrub();
	flip(page_of_journal("leaf", 0), 0x40);
	ck_assert(!scrub_is_due(store));
	prune();
	ck_assert(scrub_is_due(store));
	ck_assert_int_eq(scrub().damage.ranges[0].first, 1);
}
END_TEST

/* The page number at an offset of FILE. */
static int64_t
page_at(const char *bytes, int64_t offset)
{
	const uint8_t *b = (const uint8_t *)bytes + offset;

	return (int64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

/* A row whose values continue on a page of the table: to delete it would free
 * that page. */
START_TEST(rows_that_lead_to_the_table_are_not_removed)
{
	const int64_t leaf = page_of_journal("leaf", 0);
	const int64_t next = page_of_journal("overflow", 0);
	const int64_t block =
	    number("SELECT max(pageno) FROM dbstat WHERE name = 'block'");
	const int64_t page = next / SCHEMA_PAGE_SIZE + 1;
	int64_t at = leaf + SCHEMA_PAGE_SIZE - 4;
	size_t size;
	char *bytes = scratch_read("s", &size);

	while (at > leaf && page_at(bytes, at) != page)
		at--;
	free(bytes);
	ck_assert_int_gt(at, leaf);
	for (int i = 0; i < 4; i++)
		flip(at + i, (uint8_t)((page ^ block) >> 8 * (3 - i)));
	prune();
	ck_assert_int_eq(number("SELECT integrity_check = 'ok' FROM "
				"pragma_integrity_check('block')"),
	    1);
	ck_assert_int_eq(scrub().damage.rows, 1);
}
END_TEST

static struct store *
reopen(void)
{
	ck_assert_int_eq(store_close(store, &why), 0);
	store = store_open(scratch_path("s"), STORE_WRITE, NULL, &why);
	return store;
}

/* A start after damage was found checks everything. Then the structure is known
 * to be sound, and the damaged row may go; with it goes the damage. */
START_TEST(the_next_start_checks_all)
{
	run("UPDATE journal SET crc = crc + 1 WHERE number = 150");
	ck_assert_ptr_nonnull(reopen());
	ck_assert_int_eq(scrub_figures(store)->result, SCRUB_UNKNOWN);
	assert_damage("150");
	run("UPDATE journal SET crc = crc + 1 WHERE number = 151");
	ck_assert_ptr_nonnull(reopen());
	ck_assert(!scrub_is_due(store));
	ck_assert_int_eq(scrub_figures(store)->result, SCRUB_DAMAGED);
	ck_assert_int_eq(scrub_figures(store)->damage.rows, 2);
	ck_assert_int_eq(
	    number("SELECT value = '150-151' FROM meta WHERE key = 'damage'"),
	    1);
	prune();
	ck_assert_int_gt(number("SELECT min(number) FROM journal"), 151);
	ck_assert_ptr_nonnull(reopen());
	ck_assert_int_eq(scrub_figures(store)->result, SCRUB_SOUND);
	ck_assert_int_eq(
	    number("SELECT count(*) FROM meta WHERE key = 'damage'"), 0);
}
END_TEST

/* Change the file while no store is open. */
static void
change(const char *sql)
{
	sqlite3 *db;

	ck_assert_int_eq(store_close(store, &why), 0);
	store = NULL;
	ck_assert_int_eq(sqlite3_open(scratch_path("s"), &db), SQLITE_OK);
	ck_assert_msg(sql_run(db, sql) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
	store = store_open(scratch_path("s"), STORE_WRITE, NULL, &why);
	ck_assert_msg(store != NULL, "%s", why.text);
}

/* They are not taken for old rows that were deleted. */
START_TEST(the_first_rows_are_missed_after_a_start)
{
	change("DELETE FROM journal WHERE number <= 117");
	assert_damage("1-117");
	ck_assert_ptr_nonnull(reopen());
	assert_damage("1-117");
}
END_TEST

START_TEST(rows_behind_those_that_were_deleted_are_missed)
{
	char sql[80], expected[40];
	int64_t first;

	prune();
	first = number("SELECT min(number) FROM journal");
	ck_assert_ptr_nonnull(reopen());
	ck_assert_int_eq(scrub().result, SCRUB_SOUND);
	snprintf(sql, sizeof(sql),
	    "DELETE FROM journal WHERE number < %" PRId64, first + 5);
	change(sql);
	snprintf(expected, sizeof(expected), "%" PRId64 "-%" PRId64, first,
	    first + 4);
	assert_damage(expected);
}
END_TEST

/* While it runs, and after a kill, few of the rows are not known. */
START_TEST(what_was_deleted_is_recorded_with_it)
{
	store_keep_journal(store, (struct store_keep){ .rows = 300 });
	for (unsigned i = 0; i < 100; i++) {
		int64_t first, kept;

		add_rows(10);
		first = number("SELECT min(number) FROM journal");
		kept = number("SELECT CAST(value AS INTEGER) FROM meta "
			      "WHERE key = 'kept'");
		ck_assert_int_ge(kept, first);
		ck_assert_int_le(kept, first + 64);
	}
	ck_assert_int_gt(number("SELECT min(number) FROM journal"), ROWS);
}
END_TEST

/* Where the key is missing, or a server that does not know it has deleted rows
 * since, there is no telling. */
START_TEST(files_of_earlier_servers_are_sound)
{
	static const char *const changes[] = {
		"DELETE FROM meta WHERE key = 'kept'",
		("UPDATE meta SET value = '0123456789abcdef ' || value "
		 "WHERE key = 'log'"),
		"UPDATE meta SET value = 'x' WHERE key = 'kept'",
	};
	char sql[200];

	snprintf(sql, sizeof(sql), "%s; DELETE FROM journal WHERE number < 500",
	    changes[_i]);
	change(sql);
	ck_assert_int_eq(scrub().result, SCRUB_SOUND);
	change("DELETE FROM journal WHERE number < 510");
	assert_damage("500-509");
}
END_TEST

/* SQLite would write rows of the journal over it. */
START_TEST(a_free_page_that_is_one_of_the_table_is_refused)
{
	const int64_t block =
	    number("SELECT max(pageno) FROM dbstat WHERE name = 'block'");
	int64_t list, page;
	size_t size;
	char *bytes;

	run("DELETE FROM journal WHERE number < 500");
	empty_the_cache();
	ck_assert_ptr_nonnull(reopen());
	ck_assert_int_gt(number("PRAGMA freelist_count"), 100);
	bytes = scratch_read("s", &size);
	list = (page_at(bytes, 32) - 1) * SCHEMA_PAGE_SIZE;
	page = page_at(bytes, list + 8) ^ block;
	free(bytes);
	for (int i = 0; i < 4; i++)
		flip(list + 8 + i, (uint8_t)(page >> 8 * (3 - i)));
	ck_assert_ptr_null(reopen());
	ck_assert_int_eq(why.status, EX_DATAERR);
	ck_assert_ptr_nonnull(strstr(why.text, "; renamed to s.damaged-"));
}
END_TEST

START_TEST(the_next_start_refuses_a_damaged_structure)
{
	flip(page_of_journal("leaf", 50), 0x40);
	scrub();
	ck_assert_ptr_null(reopen());
	ck_assert_int_eq(why.status, EX_DATAERR);
	ck_assert_ptr_nonnull(strstr(why.text, "; renamed to s.damaged-"));
	ck_assert_ptr_nonnull(strstr(why.text, "see DAMAGE in"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scrub");
	TCase *tc = tcase_create("scrub");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_sound_journal);
	tcase_add_test(tc, a_journal_without_rows);
	tcase_add_loop_test(tc, damaged_and_missing_rows_are_found, 0,
	    (int)(sizeof(damages) / sizeof(*damages)));
	tcase_add_loop_test(tc, unreadable_pages_are_skipped, 0, 4);
	tcase_add_test(tc, a_journal_that_cannot_be_read);
	tcase_add_test(tc, a_row_of_other_types_is_damaged);
	tcase_add_test(tc, any_flipped_bit_is_found_or_harmless);
	tcase_add_test(tc, rows_may_be_added_and_removed_meanwhile);
	tcase_add_test(tc, every_row_may_be_removed_meanwhile);
	tcase_add_test(tc, checking_again_keeps_the_last_result);
	tcase_add_test(tc, damage_is_recorded_when_the_first_is_found);
	tcase_add_test(tc, damage_to_the_age_of_rows_keeps_them);
	tcase_add_test(tc, damage_ends_the_shrinking_and_nothing_else);
	tcase_add_test(tc, damage_ends_the_removal_of_rows_and_nothing_else);
	tcase_add_test(tc, an_unreadable_page_ends_the_removal_of_rows);
	tcase_add_test(tc, rows_that_lead_to_the_table_are_not_removed);
	tcase_add_test(tc, the_next_start_checks_all);
	tcase_add_test(tc, the_first_rows_are_missed_after_a_start);
	tcase_add_test(tc, rows_behind_those_that_were_deleted_are_missed);
	tcase_add_test(tc, what_was_deleted_is_recorded_with_it);
	tcase_add_loop_test(tc, files_of_earlier_servers_are_sound, 0, 3);
	tcase_add_test(tc, a_free_page_that_is_one_of_the_table_is_refused);
	tcase_add_test(tc, the_next_start_refuses_a_damaged_structure);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
