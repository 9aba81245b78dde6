#include "state/freelist.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/exit_status.h"
#include "scratch.h"
#include "state/schema.h"
#include "state/sql.h"
#include "state/store.h"
#include "suite.h"

/* Offsets in the header of the file. */
#define FIRST_PAGE 32
#define FREE_PAGES 36

/* How a server leaves a file, which has some hundred free pages. */
enum end {
	STOP,
	KILL,         /* with a log that the pages of the list are not in */
	KILL_EARLIER, /* with a log that they are in */
	ENDS
};

static struct store_error why;

static void
run(struct store *s, const char *sql)
{
	ck_assert_int_eq(sql_run(store_database(s), sql), SQLITE_OK);
}

static void
checkpoint(struct store *s)
{
	run(s, "PRAGMA wal_checkpoint(TRUNCATE)");
}

static struct store *
open_it(const char *name)
{
	struct store *s =
	    store_open(scratch_path(name), STORE_WRITE, NULL, &why);

	ck_assert_msg(s != NULL, "%s", why.text);
	return s;
}

static void
copy(const char *from, const char *to)
{
	size_t size;
	char *bytes = scratch_read(from, &size);

	ck_assert_ptr_nonnull(bytes);
	scratch_write(to, bytes, size);
	free(bytes);
}

/* Leave a file t, and t-wal after a kill. */
static void
leave(enum end end)
{
	struct store *s;

	ck_assert_int_eq(
	    store_create(scratch_path("s"), DATATABLE_SEPARATE, &why), 0);
	s = open_it("s");
	run(s, "INSERT INTO meta VALUES ('large', hex(zeroblob(99999)))");
	checkpoint(s);
	run(s, "DELETE FROM meta WHERE key = 'large'");
	if (end != KILL_EARLIER)
		checkpoint(s);
	run(s, "INSERT INTO meta VALUES ('small', '')");
	if (end != STOP)
		copy("s-wal", "t-wal");
	else
		ck_assert_int_eq(store_close(s, &why), 0);
	copy("s", "t");
	if (end != STOP)
		store_close(s, &why);
}

static void
setup(void)
{
	scratch_begin();
}

static void
teardown(void)
{
	scratch_end();
}

/* Change a byte of a file by XOR. */
static void
flip(const char *name, int64_t offset, uint8_t bits)
{
	int fd = open(scratch_path(name), O_RDWR);
	uint8_t byte;

	ck_assert_int_eq(pread(fd, &byte, 1, offset), 1);
	byte ^= bits;
	ck_assert_int_eq(pwrite(fd, &byte, 1, offset), 1);
	close(fd);
}

static uint32_t
number_at(const char *name, int64_t offset)
{
	size_t size;
	char *bytes = scratch_read(name, &size);
	uint32_t number;

	ck_assert_int_le(offset + 4, (int64_t)size);
	number = bytes_get32((const uint8_t *)bytes + offset);
	free(bytes);
	return number;
}

/* The offset of the list's first page. */
static int64_t
first_page(const char *name)
{
	return (int64_t)(number_at(name, FIRST_PAGE) - 1) * SCHEMA_PAGE_SIZE;
}

static void
assert_same(const char *name, const char *other)
{
	size_t size = 0, other_size = 0;
	char *bytes = scratch_read(name, &size);
	char *other_bytes = scratch_read(other, &other_size);

	ck_assert_msg((bytes == NULL) == (other_bytes == NULL), "%s", name);
	ck_assert_uint_eq(size, other_size);
	if (bytes != NULL)
		ck_assert_msg(
		    memcmp(bytes, other_bytes, size) == 0, "%s", name);
	free(bytes);
	free(other_bytes);
}

/* Nothing was written before that was known. */
static void
assert_refused_untouched(enum end end)
{
	char renamed[60], log[70];

	copy("t", "found");
	if (end != STOP)
		copy("t-wal", "found-wal");
	ck_assert_ptr_null(
	    store_open(scratch_path("t"), STORE_WRITE, NULL, &why));
	ck_assert_int_eq(why.status, EX_DATAERR);
	ck_assert_ptr_nonnull(strstr(why.text, "its list of free pages"));
	ck_assert_int_eq(
	    sscanf(strstr(why.text, "; renamed to ") + 13, "%59[^;]", renamed),
	    1);
	snprintf(log, sizeof(log), "%s-wal", renamed);
	assert_same(renamed, "found");
	assert_same(log, "found-wal");
}

START_TEST(a_sound_list)
{
	struct store *s;
	int64_t pages;

	leave((enum end)_i);
	s = open_it("t");
	ck_assert_int_eq(
	    sql_number(store_database(s), "PRAGMA freelist_count", &pages),
	    SQLITE_OK);
	ck_assert_int_gt(pages, 300);
	ck_assert_int_eq(store_close(s, &why), 0);
}
END_TEST

/* After a kill, all of that is in the log. */
static const struct {
	int64_t offset;
	uint8_t bits;
} headers[] = {
	{ FIRST_PAGE, 0x01 },
	{ FIRST_PAGE + 3, 0x01 },
	{ FREE_PAGES, 0x40 },
	{ FREE_PAGES + 2, 0x10 },
	{ FREE_PAGES + 3, 0x01 },
};

START_TEST(a_damaged_header_is_refused_untouched)
{
	leave(STOP);
	flip("t", headers[_i].offset, headers[_i].bits);
	assert_refused_untouched(STOP);
}
END_TEST

/* What is listed, and how many; where there is a log, in the right place. */
START_TEST(a_damaged_page_of_the_list_is_refused_untouched)
{
	static const int64_t offsets[] = { 0, 4, 8, 9 };

	for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
		leave((enum end)_i);
		flip("t", first_page("t") + offsets[i], 0x40);
		assert_refused_untouched((enum end)_i);
		teardown();
		setup();
	}
}
END_TEST

/* The number of a page of the table, and one that is listed twice. */
START_TEST(a_page_in_use_is_refused)
{
	int64_t at;
	uint32_t page;

	leave(STOP);
	at = first_page("t");
	page = number_at("t", at + 8) ^ (_i == 0 ? 3 : number_at("t", at + 12));
	for (int i = 0; i < 4; i++)
		flip("t", at + 8 + i, (uint8_t)(page >> 8 * (3 - i)));
	assert_refused_untouched(STOP);
}
END_TEST

/* FILE is older than its log: what is wrong in it does not count. */
START_TEST(the_log_comes_first)
{
	leave(KILL_EARLIER);
	flip("t", FIRST_PAGE, 0x01);
	flip("t", FREE_PAGES, 0x40);
	ck_assert_int_eq(store_close(open_it("t"), &why), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("freelist");
	TCase *tc = tcase_create("freelist");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_sound_list, 0, ENDS);
	tcase_add_loop_test(tc, a_damaged_header_is_refused_untouched, 0,
	    (int)(sizeof(headers) / sizeof(*headers)));
	tcase_add_loop_test(tc, a_damaged_page_of_the_list_is_refused_untouched,
	    STOP, KILL + 1);
	tcase_add_loop_test(tc, a_page_in_use_is_refused, 0, 2);
	tcase_add_test(tc, the_log_comes_first);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
