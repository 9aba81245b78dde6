#include "state/wal.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "state/schema.h"
#include "suite.h"

/* A log made by SQLite itself, of so many transactions, each of some frames;
 * where each ends. */

#define TRANSACTIONS 8
#define HEADER       32
#define FRAME        (24 + SCHEMA_PAGE_SIZE)

static char *wal;
static size_t length;
static size_t ends[TRANSACTIONS];

static void
run(sqlite3 *db, const char *sql)
{
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static uint32_t
size_in(size_t frame)
{
	const unsigned char *b = (unsigned char *)wal + frame + 4;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

static void
setup(void)
{
	sqlite3 *db;
	unsigned n = 0;

	scratch_begin();
	ck_assert_int_eq(sqlite3_open(scratch_path("x"), &db), SQLITE_OK);
	run(db, "PRAGMA page_size=512; PRAGMA journal_mode=WAL");
	run(db, "CREATE TABLE t (x)");
	for (int i = 1; i < TRANSACTIONS; i++)
		run(db, "INSERT INTO t VALUES (randomblob(1500))");
	wal = scratch_read("x-wal", &length);
	ck_assert_ptr_nonnull(wal);
	sqlite3_close(db);
	for (size_t at = HEADER; at < length; at += FRAME)
		if (size_in(at) != 0)
			ends[n++] = at + FRAME;
	ck_assert_uint_eq(n, TRANSACTIONS);
	ck_assert_uint_eq(ends[n - 1], length);
}

static void
teardown(void)
{
	free(wal);
	scratch_end();
}

/* Let SQLite move a log to its file. */
static void
read_all(const char *name)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(scratch_path(name), &db), SQLITE_OK);
	run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	sqlite3_close(db);
}

static enum wal_state
check(size_t bytes)
{
	scratch_write("log", wal, bytes);
	return wal_check(scratch_path("log"));
}

START_TEST(no_log_is_empty)
{
	ck_assert_int_eq(wal_check(scratch_path("none")), WAL_MISSING);
	ck_assert_int_eq(check(0), WAL_EMPTY);
}
END_TEST

START_TEST(what_sqlite_wrote_is_sound)
{
	ck_assert_int_eq(check(length), WAL_SOUND);
}
END_TEST

/* An unfinished end is, too: any cut, and any bit of the last transaction. */
START_TEST(a_last_transaction_that_was_not_finished_is_sound)
{
	for (size_t n = 1; n < length; n += 61)
		ck_assert_int_eq(
		    check(n), n < 32 + FRAME ? WAL_EMPTY : WAL_SOUND);
	for (size_t n = ends[TRANSACTIONS - 2]; n < length; n += 17) {
		wal[n] ^= 0x10;
		ck_assert_int_eq(check(length), WAL_SOUND);
		wal[n] ^= 0x10;
	}
}
END_TEST

/* Any bit of one that others follow is not; but the last but one whose end is
 * lost can't be told from one with the last. */
START_TEST(a_committed_transaction_that_is_bad_is_rotten)
{
	for (size_t n = 0; n < ends[TRANSACTIONS - 3]; n += 13) {
		wal[n] ^= 1;
		ck_assert_msg(check(length) == WAL_DAMAGED, "byte %zu", n);
		wal[n] ^= 1;
	}
	for (size_t n = ends[TRANSACTIONS - 3];
	     n < ends[TRANSACTIONS - 2] - 2 * FRAME; n += 13) {
		wal[n] ^= 1;
		ck_assert_msg(check(length) == WAL_DAMAGED, "byte %zu", n);
		wal[n] ^= 1;
	}
}
END_TEST

START_TEST(a_page_that_was_never_written_is_rotten)
{
	memset(wal + ends[2], 0, FRAME);
	ck_assert_int_eq(check(length), WAL_DAMAGED);
}
END_TEST

/* Sectors that belong to a file and were never written hold what the disk held
 * there before: once there may have been a copy of this log. */
START_TEST(a_copy_behind_an_unfinished_end_is_sound)
{
	char *longer = malloc(2 * length);

	ck_assert_ptr_nonnull(longer);
	for (size_t lost = 0; lost <= 3 * FRAME; lost += FRAME / 4) {
		size_t kept = length - lost;

		memcpy(longer, wal, kept);
		memset(longer + kept, 0, lost);
		memcpy(longer + length, wal + HEADER, length - HEADER);
		scratch_write("log", longer, 2 * length - HEADER);
		ck_assert_int_eq(wal_check(scratch_path("log")), WAL_SOUND);
	}
	free(longer);
}
END_TEST

/* It hides no damage. */
START_TEST(a_committed_transaction_that_is_bad_shows_beside_a_copy)
{
	size_t bad = ends[1];

	memcpy(wal + bad, wal + HEADER, FRAME);
	ck_assert_int_eq(check(length), WAL_DAMAGED);
	memcpy(wal + bad, wal + HEADER, bad - HEADER);
	ck_assert_int_eq(check(length), WAL_DAMAGED);
}
END_TEST

/* Frames of an earlier round lie behind those of a new one. */
START_TEST(an_earlier_round_behind_it_is_sound)
{
	sqlite3 *db;
	char *second;
	size_t n;

	ck_assert_int_eq(sqlite3_open(scratch_path("y"), &db), SQLITE_OK);
	run(db, "PRAGMA page_size=512; PRAGMA journal_mode=WAL");
	run(db, "CREATE TABLE t (x)");
	for (int i = 0; i < 20; i++)
		run(db, "INSERT INTO t VALUES (randomblob(1500))");
	run(db, "PRAGMA wal_checkpoint");
	run(db, "INSERT INTO t VALUES (1)");
	run(db, "INSERT INTO t VALUES (2)");
	second = scratch_read("y-wal", &n);
	ck_assert_ptr_nonnull(second);
	ck_assert_uint_gt(n, 20 * FRAME);
	sqlite3_close(db);
	scratch_write("log", second, n);
	ck_assert_int_eq(wal_check(scratch_path("log")), WAL_SOUND);
	free(second);
}
END_TEST

START_TEST(both_byte_orders_are_known)
{
	/* One made on a big-endian machine: the magic says so, and the sums of
	 * a header alone are easily made. */
	unsigned char header[HEADER] = { 0x37, 0x7F, 0x06, 0x83, 0, 0x2D, 0xE2,
		0x18, 0, 0, 2, 0 };
	uint32_t a = 0, b = 0;

	for (int i = 0; i < 24; i += 8) {
		uint32_t word[2];

		for (int k = 0; k < 2; k++) {
			const unsigned char *p = header + i + 4 * k;

			word[k] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
			    (uint32_t)p[2] << 8 | p[3];
		}
		a += word[0] + b;
		b += word[1] + a;
	}
	for (int i = 0; i < 4; i++) {
		header[24 + i] = (unsigned char)(a >> (24 - 8 * i));
		header[28 + i] = (unsigned char)(b >> (24 - 8 * i));
	}
	length = HEADER + FRAME;
	memset(wal, 0, length);
	memcpy(wal, header, HEADER);
	ck_assert_int_eq(check(length), WAL_SOUND);
	wal[10] ^= 1;
	ck_assert_int_eq(check(length), WAL_DAMAGED);
}
END_TEST

START_TEST(what_cannot_be_read_is_said_so)
{
	ck_assert_int_eq(wal_check(scratch_path("")), WAL_UNREADABLE);
}
END_TEST

/* What is found in a log of so many transactions is what SQLite reads. */
START_TEST(the_newest_pages_are_found)
{
	size_t size;
	char *bytes, *db = scratch_read("x", &size);
	struct wal_pages *pages;
	uint8_t page[SCHEMA_PAGE_SIZE];
	uint32_t count = size_in(ends[_i] - FRAME);

	/* The next transaction is not finished. */
	check(_i + 1 < TRANSACTIONS ? ends[_i + 1] - 1 : length);
	scratch_write("y", db, size);
	scratch_write("y-wal", wal, ends[_i]);
	free(db);
	read_all("y");
	db = scratch_read("y", &size);
	ck_assert_uint_eq(size, (size_t)count * SCHEMA_PAGE_SIZE);
	pages = wal_pages_new(scratch_path("log"), count);
	ck_assert_ptr_nonnull(pages);
	bytes = db;
	for (uint32_t n = 1; n <= count; n++, bytes += SCHEMA_PAGE_SIZE) {
		ck_assert_int_eq(wal_pages_read(pages, n, page), 1);
		ck_assert_mem_eq(page, bytes, SCHEMA_PAGE_SIZE);
	}
	ck_assert_int_eq(wal_pages_read(pages, count + 1, page), 0);
	wal_pages_free(pages);
	free(db);
}
END_TEST

START_TEST(a_log_that_is_none_has_no_pages)
{
	struct wal_pages *pages;
	uint8_t page[SCHEMA_PAGE_SIZE];

	ck_assert_ptr_null(wal_pages_new(scratch_path("none"), 1));
	wal[0] ^= 1;
	for (size_t n = 0; n < 2 * FRAME; n += 50) {
		check(n);
		pages = wal_pages_new(scratch_path("log"), 1);
		ck_assert_int_eq(wal_pages_read(pages, 1, page), 0);
		wal_pages_free(pages);
	}
}
END_TEST

/* As many as a damaged database may claim to have: where a size has 32 bits,
 * that is more than it can say. */
START_TEST(more_pages_than_memory_has_are_refused)
{
	if (sizeof(size_t) > 4)
		return;
	errno = 0;
	ck_assert_ptr_null(wal_pages_new(scratch_path("log"), 0x40000000));
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert_ptr_null(wal_pages_new(scratch_path("log"), UINT32_MAX));
	ck_assert_int_eq(errno, ENOMEM);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wal");
	TCase *tc = tcase_create("wal");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, no_log_is_empty);
	tcase_add_test(tc, what_sqlite_wrote_is_sound);
	tcase_add_test(tc, a_last_transaction_that_was_not_finished_is_sound);
	tcase_add_test(tc, a_committed_transaction_that_is_bad_is_rotten);
	tcase_add_test(tc, a_page_that_was_never_written_is_rotten);
	tcase_add_test(tc, a_copy_behind_an_unfinished_end_is_sound);
	tcase_add_test(
	    tc, a_committed_transaction_that_is_bad_shows_beside_a_copy);
	tcase_add_test(tc, an_earlier_round_behind_it_is_sound);
	tcase_add_test(tc, both_byte_orders_are_known);
	tcase_add_test(tc, what_cannot_be_read_is_said_so);
	tcase_add_loop_test(tc, the_newest_pages_are_found, 0, TRANSACTIONS);
	tcase_add_test(tc, a_log_that_is_none_has_no_pages);
	tcase_add_test(tc, more_pages_than_memory_has_are_refused);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
