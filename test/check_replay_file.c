#include "simulation/replay_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "points/value.h"
#include "scratch.h"
#include "simulation/series.h"
#include "suite.h"

static struct replay *replay;
static char error[SERIES_ERROR_MAX];

/* A point, by what it is: "HR20 uint16" and so on. */
static const struct point word = { .name = "flow",
	.kind = DATATABLE_REGISTERS,
	.address = 20,
	.bit = POINT_NO_BIT,
	.form.type = VALUE_UINT16,
	.scale = 1 };
static const struct point tenths = { .name = "flow",
	.kind = DATATABLE_REGISTERS,
	.address = 20,
	.bit = POINT_NO_BIT,
	.form.type = VALUE_INT16,
	.scale = 0.1 };
static const struct point real = { .name = "flow",
	.kind = DATATABLE_REGISTERS,
	.address = 20,
	.bit = POINT_NO_BIT,
	.form = { .type = VALUE_FLOAT32, .order = VALUE_CDAB },
	.scale = 1 };
static const struct point text = { .name = "flow",
	.kind = DATATABLE_REGISTERS,
	.address = 20,
	.bit = POINT_NO_BIT,
	.form = { .type = VALUE_STRING, .bytes = 4 },
	.scale = 1 };
static const struct point bit = { .name = "flow",
	.kind = DATATABLE_REGISTERS,
	.address = 20,
	.bit = 3,
	.scale = 1 };
static const struct point coil = { .name = "flow",
	.kind = DATATABLE_COILS,
	.address = 20,
	.bit = POINT_NO_BIT,
	.scale = 1 };

static void
forget(void)
{
	replay_free(replay);
	replay = NULL;
}

static struct shape
shape_of(const struct point *p, const char *cell)
{
	struct shape shape;

	ck_assert_msg(shape_parse(p, cell, strlen(cell), &shape, error) == 0,
	    "%s", error);
	return shape;
}

static void
read_text(const struct point *p, const char *cell, const char *csv)
{
	const struct shape shape = shape_of(p, cell);
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(csv, 1, strlen(csv), f), strlen(csv));
	rewind(f);
	forget();
	replay = replay_read_stream(p, &shape, f, "n.csv", error);
	fclose(f);
	ck_assert((replay == NULL) == (error[0] != '\0'));
}

/* The values, each as the cell of a points file and a blank. */
static const char *
all_values(const struct point *p)
{
	static char all[4096];
	char cell[POINT_CELL_MAX];
	size_t n = 0;

	for (size_t i = 0; i < replay_count(replay); i++) {
		point_format_cell(p, replay_value(replay, i), cell);
		n += (size_t)sprintf(all + n, "%s ", cell);
	}
	return all;
}

#define JOURNAL                                                                \
	"number,time,client,port,connection,unit,function,table,address,"      \
	"before,after\n"
#define ROW(number, second, table, address, before, after)                     \
	number ",2026-11-22T03:12:" second                                     \
	       "+01:00,192.0.2.7,50000,1,1,16," table "," address "," before   \
	       "," after "\n"

/* Cells, files, the values, and the last moment in milliseconds. */
static const struct {
	const struct point *point;
	const char *cell;
	const char *csv;
	const char *values;
	int64_t last;
} good[] = {
	/* Columns by name. */
	{ &word, "replay(f)", "value\n5\n6\n", "5 6 ", 0 },
	{ &word, "replay(f)", "other,Flow,value\n1,5,9\n2,6,9", "5 6 ", 0 },
	{ &word, "replay(f, other)", "value,other\r\n1,5\r\n2,6\r\n", "5 6 ",
	    0 },
	{ &word, "replay(f, v, t)", "v;t\n5;0.5\n6;0.5\n7;2e1\n", "5 6 7 ",
	    20000 },
	{ &word, "replay(f, v, t)",
	    "t,v\n1970-01-01T00:00:01,5\n1970-01-01 00:01:00.25,6\n", "5 6 ",
	    60250 },
	{ &word, "replay(f, v, t)",
	    "t,v\n1970-01-02T00:00Z,5\n1970-01-02T02:00+01:00,6\n", "5 6 ",
	    90000000 },
	{ &word, "replay(f, v, t)", "t,v\n-2,5\n-1.5,6\n", "5 6 ", -1500 },
	/* By number, without a header. */
	{ &word, "replay(f, 2)", "1,5\n2,6\n", "5 6 ", 0 },
	{ &word, "replay(f, 2, 1)", "1\t5\n2\t6\n", "5 6 ", 2000 },
	/* As in a points file. */
	{ &word, "replay(f, 1)",
	    "\xEF\xBB\xBF# night\n\n 5 \n,,\n\"6\"\n  #\n0x1F\n", "5 6 31 ",
	    0 },
	/* Of each type. */
	{ &tenths, "replay(f, 1)", "1\n-2.5\n3.14\n", "1 -2.5 3.1 ", 0 },
	{ &real, "replay(f, 1)", "1\n-2.5\nNaN\n-Infinity\n",
	    "1 -2.5 NaN -Infinity ", 0 },
	{ &text, "replay(f, 1)", "ab\n\"a,b\"\nabcd\n", "ab a,b abcd ", 0 },
	{ &bit, "replay(f, 1)", "1\n0\ntrue\nFALSE\n", "true false true false ",
	    0 },
	{ &coil, "replay(f, 1)", "1\n0\n", "true false ", 0 },
	/* What a journal says of an address. */
	{ &word, "replay(f)",
	    JOURNAL ROW("1", "07.5", "registers", "20", "0", "5")
		ROW("2", "08", "registers", "19", "0", "1")
		    ROW("3", "09", "coils", "20", "0", "1")
			ROW("4", "10", "registers", "20", "5", "65535"),
	    "5 65535 ", 0 },
	{ &word, "replay(f, after, time)",
	    JOURNAL ROW("1", "07.5", "registers", "20", "0", "5")
		ROW("4", "10", "registers", "20", "5", "6")
		    ROW("5", "09", "registers", "20", "6", "7"),
	    "5 6 7 ", INT64_C(1795313530000) },
	{ &tenths, "replay(f, after)",
	    JOURNAL ROW("1", "07.5", "registers", "20", "0", "65535"), "-0.1 ",
	    0 },
	{ &coil, "replay(f)",
	    JOURNAL ROW("1", "07", "coils", "20", "0", "1")
		ROW("2", "08", "registers", "20", "0", "9")
		    ROW("3", "09", "coils", "20", "1", "0"),
	    "true false ", 0 },
	{ &bit, "replay(f)",
	    JOURNAL ROW("1", "07", "registers", "20", "0", "8")
		ROW("2", "08", "registers", "20", "8", "7"),
	    "true false ", 0 },
	/* Its other columns are as in any file. */
	{ &word, "replay(f, before)",
	    JOURNAL ROW("1", "07.5", "registers", "20", "0", "5")
		ROW("2", "08", "registers", "19", "3", "1"),
	    "0 3 ", 0 },
	/* The words of one write are one value, also 12.75 after 1. */
	{ &real, "replay(f)",
	    JOURNAL ROW("7", "07", "registers", "20", "0", "0")
		ROW("7", "07", "registers", "21", "0", "16256")
		    ROW("8", "08", "registers", "20", "0", "0")
			ROW("8", "08", "registers", "21", "16256", "16716"),
	    "1 12.75 ", 0 },
	/* What a word was before it was written first: 1, then 12.75. */
	{ &real, "replay(f)",
	    JOURNAL ROW("7", "07", "registers", "20", "9", "0")
		ROW("8", "08", "registers", "21", "16256", "16716"),
	    "1 12.75 ", 0 },
};

START_TEST(a_good_file_is_read)
{
	read_text(good[_i].point, good[_i].cell, good[_i].csv);
	ck_assert_msg(replay != NULL, "%s", error);
	ck_assert_str_eq(all_values(good[_i].point), good[_i].values);
	ck_assert_int_eq(replay_last(replay), good[_i].last * 1000);
}
END_TEST

static const struct {
	const struct point *point;
	const char *cell;
	const char *csv;
	const char *error;
} bad[] = {
	{ &word, "replay(f)", "\n# x\n",
	    "n.csv: no header: expected a line that names the columns" },
	{ &word, "replay(f)", "#\na,b\n1,2\n",
	    "n.csv:2: no column \"flow\" or \"value\": expected replay(FILE, "
	    "COLUMN)" },
	{ &word, "replay(f, x)", "a,b\n1,2\n", "n.csv:1: no column \"x\"" },
	{ &word, "replay(f, a, x)", "a,b\n1,2\n", "n.csv:1: no column \"x\"" },
	{ &word, "replay(f)", "value\n",
	    "n.csv: no values: expected rows of HR20" },
	{ &word, "replay(f, 1)", "\n",
	    "n.csv: no values: expected rows of HR20" },
	{ &word, "replay(f)",
	    JOURNAL ROW("1", "07", "registers", "19", "0", "5"),
	    "n.csv: no values: expected rows of HR20" },
	{ &word, "replay(f)", "value\n1\n\nx\ny\n",
	    "n.csv:4: value: \"x\": expected a number from 0 to 65535 for "
	    "uint16" },
	{ &word, "replay(f, 2)", "1,2\n3\n",
	    "n.csv:2: column 2: \"\": expected a number from 0 to 65535 for "
	    "uint16" },
	{ &word, "replay(f)", "Flow\n65536\n",
	    "n.csv:2: flow: \"65536\": expected a number from 0 to 65535 for "
	    "uint16" },
	{ &tenths, "replay(f, 1)", "\"1,5\"\n",
	    "n.csv:1: column 1: \"1,5\": expected a number with a decimal "
	    "point" },
	{ &text, "replay(f, 1)", "ab\nabcde\n",
	    "n.csv:2: column 1: \"abcde\": expected at most 4 bytes for "
	    "string4: 2 registers" },
	{ &coil, "replay(f, 1)", "2\n",
	    "n.csv:1: column 1: \"2\": expected 0, 1, true or false" },
	{ &word, "replay(f, 1)", "1\n2\"\n",
	    "n.csv:2: quote: expected around a whole cell, and doubled within "
	    "it" },
	{ &word, "replay(f, 1)", "1\n\"2\n", "n.csv:2: quote: not closed" },
	/* Times. */
	{ &word, "replay(f, 1, 2)", "1\n",
	    "n.csv:1: column 2: \"\": expected seconds, or a time such as "
	    "2026-11-22T03:12:07.5Z" },
	{ &word, "replay(f, v, t)", "t,v\nnow,2\n",
	    "n.csv:2: t: \"now\": expected seconds, or a time such as "
	    "2026-11-22T03:12:07.5Z" },
	{ &word, "replay(f, 1, 2)", "1,-10m\n",
	    "n.csv:1: column 2: \"-10m\": expected seconds, or a time such as "
	    "2026-11-22T03:12:07.5Z" },
	{ &word, "replay(f, 1, 2)", "1,03:12\n",
	    "n.csv:1: column 2: \"03:12\": expected seconds, or a time such as "
	    "2026-11-22T03:12:07.5Z" },
	{ &word, "replay(f, 1, 2)", "1,1795313530000\n",
	    "n.csv:1: column 2: \"1795313530000\": expected seconds, or a time "
	    "such as 2026-11-22T03:12:07.5Z" },
	{ &word, "replay(f, 1, 2)", "1,2\n1,1.5\n",
	    "n.csv:2: column 2: \"1.5\": expected no time before that of the "
	    "row above" },
	/* A journal. */
	{ &word, "replay(f)", JOURNAL ROW("1", "07", "coil", "20", "0", "5"),
	    "n.csv:2: table: \"coil\": expected coils or registers" },
	{ &word, "replay(f)",
	    JOURNAL ROW("1", "07", "registers", "65536", "0", "5"),
	    "n.csv:2: address: \"65536\": expected a number from 0 to 65535" },
	{ &word, "replay(f)",
	    JOURNAL ROW("1", "07", "registers", "20", "-1", "5"),
	    "n.csv:2: before: \"-1\": expected a number from 0 to 65535" },
	{ &word, "replay(f)",
	    JOURNAL ROW("1", "07", "registers", "20", "0", "65536"),
	    "n.csv:2: after: \"65536\": expected a number from 0 to 65535" },
	{ &coil, "replay(f)", JOURNAL ROW("1", "07", "coils", "20", "0", "2"),
	    "n.csv:2: after: \"2\": expected a number from 0 to 1" },
	{ &word, "replay(f)",
	    JOURNAL ROW("x", "07", "registers", "20", "0", "5"),
	    "n.csv:2: number: \"x\": expected a number from 0 to "
	    "9223372036854775807" },
	{ &word, "replay(f, after, time)",
	    JOURNAL ROW("1", "60", "registers", "20", "0", "5"),
	    "n.csv:2: time: \"2026-11-22T03:12:60+01:00\": expected seconds, "
	    "or a time such as 2026-11-22T03:12:07.5Z" },
};

START_TEST(a_bad_file_is_told_by_its_first_error)
{
	read_text(bad[_i].point, bad[_i].cell, bad[_i].csv);
	ck_assert_ptr_null(replay);
	ck_assert_str_eq(error, bad[_i].error);
}
END_TEST

/* --- files ---------------------------------------------------------------- */

static void
read_file(const char *path)
{
	const struct shape shape = shape_of(&word, "replay(f, 1)");

	forget();
	replay = replay_read(&word, &shape, path, error);
}

/* The text behind the path. */
static void
assert_error_of(const char *path, const char *expected)
{
	ck_assert_ptr_null(replay);
	ck_assert_int_eq(strncmp(error, path, strlen(path)), 0);
	ck_assert_str_eq(error + strlen(path), expected);
}

START_TEST(a_file_is_read)
{
	scratch_begin();
	scratch_write("night.csv", "5\n6\n", 4);
	read_file(scratch_path("night.csv"));
	ck_assert_msg(replay != NULL, "%s", error);
	ck_assert_str_eq(all_values(&word), "5 6 ");
	read_file(scratch_path("day.csv"));
	assert_error_of(scratch_path("day.csv"), ": No such file or directory");
	read_file("/dev/zero");
	assert_error_of(
	    "/dev/zero", ": expected a regular file of at most 64 MiB");
	scratch_end();
}
END_TEST

START_TEST(a_file_has_a_limit)
{
	const char *path;
	FILE *f;

	scratch_begin();
	path = scratch_path("night.csv");
	f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, REPLAY_FILE_MAX, SEEK_SET), 0);
	fputc('\n', f);
	fclose(f);
	read_file(path);
	assert_error_of(path, ": expected a regular file of at most 64 MiB");
	scratch_end();
}
END_TEST

START_TEST(a_point_has_at_most_a_million_values)
{
	size_t size = 2 * (size_t)REPLAY_ROWS_MAX;
	char *csv = malloc(size + 3);

	ck_assert_ptr_nonnull(csv);
	for (size_t i = 0; i < size + 2; i++)
		csv[i] = i % 2 == 0 ? '7' : '\n';
	csv[size] = '\0';
	read_text(&word, "replay(f, 1)", csv);
	ck_assert_msg(replay != NULL, "%s", error);
	ck_assert_uint_eq(replay_count(replay), REPLAY_ROWS_MAX);
	csv[size] = '7';
	csv[size + 2] = '\0';
	read_text(&word, "replay(f, 1)", csv);
	ck_assert_str_eq(
	    error, "n.csv:1000001: expected at most 1000000 values of uint16");
	free(csv);
}
END_TEST

START_TEST(a_relative_name_is_beside_the_points_file)
{
	char path[REPLAY_PATH_MAX];

	ck_assert_str_eq(
	    replay_path("plant.csv", "night.csv", path), "night.csv");
	ck_assert_str_eq(
	    replay_path("/etc/plant/points.csv", "night.csv", path),
	    "/etc/plant/night.csv");
	ck_assert_str_eq(replay_path("a/b.csv", "c/d.csv", path), "a/c/d.csv");
	ck_assert_str_eq(replay_path("a/b.csv", "/c/d.csv", path), "/c/d.csv");
}
END_TEST

START_TEST(a_word_that_the_journal_does_not_tell_of_is_left)
{
	static const uint16_t held[] = { 5, 6 };
	uint16_t words[2];

	read_text(&real, "replay(f)",
	    JOURNAL ROW("8", "08", "registers", "21", "16256", "16716"));
	ck_assert_msg(replay != NULL, "%s", error);
	replay_put(replay, replay_by_row(replay, 1), held, words);
	ck_assert_uint_eq(words[0], 5);
	ck_assert_uint_eq(words[1], 16716);
	read_text(&real, "replay(f, 1)", "12.75\n");
	replay_put(replay, replay_by_row(replay, 1), held, words);
	ck_assert_uint_eq(words[0], 0);
}
END_TEST

START_TEST(a_series_plays_its_file)
{
	struct point p = word;
	char name[SERIES_ERROR_MAX];
	struct series *series;
	uint16_t words[1] = { 99 };

	scratch_begin();
	scratch_write("night.csv", "t,v\n10,5\n12,6\n", 14);
	snprintf(name, sizeof(name), "%s", scratch_path("points.csv"));
	p.simulate = "replay(night.csv, v, t) every 500ms";
	series = series_new(&p, name, 1, error);
	ck_assert_msg(series != NULL, "%s", error);
	ck_assert_uint_eq(series_period(series), 500);
	for (uint64_t tick = 1; tick <= 20; tick++) {
		series_next(series, tick, words, words);
		ck_assert_uint_eq(words[0], (tick - 1) % 8 < 4 ? 5 : 6);
	}
	series_free(series);
	p.simulate = "replay(day.csv)";
	ck_assert_ptr_null(series_new(&p, name, 1, error));
	assert_error_of(scratch_path("day.csv"), ": No such file or directory");
	scratch_end();
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("replay file");
	TCase *tc = tcase_create("replay file");

	tcase_add_checked_fixture(tc, NULL, forget);
	tcase_add_loop_test(tc, a_good_file_is_read, 0, COUNT(good));
	tcase_add_loop_test(
	    tc, a_bad_file_is_told_by_its_first_error, 0, COUNT(bad));
	tcase_add_test(tc, a_file_is_read);
	tcase_add_test(tc, a_file_has_a_limit);
	tcase_add_test(tc, a_point_has_at_most_a_million_values);
	tcase_add_test(tc, a_relative_name_is_beside_the_points_file);
	tcase_add_test(tc, a_word_that_the_journal_does_not_tell_of_is_left);
	tcase_add_test(tc, a_series_plays_its_file);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
