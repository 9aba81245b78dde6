#include "points/shape.h"

#include <stdio.h>
#include <string.h>

#include "points/expected.h"
#include "suite.h"

static struct shape shape;
static char expected[POINT_EXPECTED_MAX];

/* Points of all sorts. */
static const struct point word = { .kind = DATATABLE_REGISTERS,
	.bit = POINT_NO_BIT,
	.form.type = VALUE_UINT16,
	.scale = 1 };
static const struct point tenths = { .kind = DATATABLE_REGISTERS,
	.bit = POINT_NO_BIT,
	.form.type = VALUE_INT16,
	.scale = 0.1 };
static const struct point divided = { .kind = DATATABLE_REGISTERS,
	.bit = POINT_NO_BIT,
	.form.type = VALUE_INT32,
	.scale = 1,
	.divisor = -10,
	.offset = 5 };
static const struct point huge = { .kind = DATATABLE_REGISTERS,
	.bit = POINT_NO_BIT,
	.form.type = VALUE_UINT64,
	.scale = 1 };
static const struct point real = { .kind = DATATABLE_REGISTERS,
	.bit = POINT_NO_BIT,
	.form = { .type = VALUE_FLOAT32, .order = VALUE_CDAB },
	.scale = 1 };
static const struct point wide = { .kind = DATATABLE_REGISTERS,
	.bit = POINT_NO_BIT,
	.form.type = VALUE_FLOAT64,
	.scale = 2 };
static const struct point text = { .kind = DATATABLE_REGISTERS,
	.bit = POINT_NO_BIT,
	.form = { .type = VALUE_STRING, .bytes = 8 },
	.scale = 1 };
static const struct point coil = {
	.kind = DATATABLE_COILS, .bit = POINT_NO_BIT, .scale = 1
};
static const struct point bit = {
	.kind = DATATABLE_REGISTERS, .bit = 3, .scale = 1
};

static int
parse(const struct point *p, const char *cell)
{
	strcpy(expected, "(nothing)");
	return shape_parse(p, cell, strlen(cell), &shape, expected);
}

/* The words of A and B, as numbers in the order ABCD. */
static uint64_t
bits(const struct point *p, const uint16_t *words)
{
	return point_is_bool(p) ? words[0] : value_load_bits(&p->form, words);
}

/* Cells, and what they are. */
static const struct {
	const struct point *point;
	const char *cell;
	enum shape_kind kind;
	unsigned every, period;
	uint64_t from, to;
	double step;
} good[] = {
	{ &word, "sine(55..70, 120s)", SHAPE_SINE, 1000, 120000, 55, 70, 0 },
	{ &word, " SINE ( 55 .. 70 ,120s )\tEvery  2s ", SHAPE_SINE, 2000,
	    120000, 55, 70, 0 },
	{ &word, "sine(0..65535,4s)", SHAPE_SINE, 1000, 4000, 0, 65535, 0 },
	{ &word, "ramp(1..2,2ms)every 1ms", SHAPE_RAMP, 1, 2, 1, 2, 0 },
	{ &word, "ramp(1..2, 60m)every 30m", SHAPE_RAMP, 1800000, 3600000, 1, 2,
	    0 },
	{ &word, "random(0..10) every 3600000ms", SHAPE_RANDOM, 3600000, 0, 0,
	    10, 0 },
	{ &word, "walk(5..9, 4)", SHAPE_WALK, 1000, 0, 5, 9, 4 },
	{ &word, "count(1)", SHAPE_COUNT, 1000, 0, 0, 0, 1 },
	{ &word, "count(-32768)", SHAPE_COUNT, 1000, 0, 0, 0, -32768 },
	/* In engineering units. */
	{ &tenths, "random(-5..5)", SHAPE_RANDOM, 1000, 0, 0xFFCE, 50, 0 },
	{ &tenths, "random(-3276.8..3276.7)", SHAPE_RANDOM, 1000, 0, 0x8000,
	    0x7FFF, 0 },
	{ &tenths, "walk(40..55, 0.3)", SHAPE_WALK, 1000, 0, 400, 550, 3 },
	{ &tenths, "walk(0.5..1.5, 1)", SHAPE_WALK, 1000, 0, 5, 15, 10 },
	{ &tenths, "count(-0.1)", SHAPE_COUNT, 1000, 0, 0, 0, -1 },
	{ &tenths, "count(0.06)", SHAPE_COUNT, 1000, 0, 0, 0, 1 },
	/* 5 is 0, 6 is -10. */
	{ &divided, "random(5..6)", SHAPE_RANDOM, 1000, 0, 0, 0xFFFFFFF6, 0 },
	{ &divided, "walk(5..6, 0.2)", SHAPE_WALK, 1000, 0, 0, 0xFFFFFFF6, 2 },
	{ &divided, "count(0.2)", SHAPE_COUNT, 1000, 0, 0, 0, -2 },
	/* Of 64 bits, exactly. */
	{ &huge, "random(9007199254740992..9007199254740993)", SHAPE_RANDOM,
	    1000, 0, UINT64_C(9007199254740992), UINT64_C(9007199254740993),
	    0 },
	{ &huge, "ramp(0..18446744073709551615, 1m)", SHAPE_RAMP, 1000, 60000,
	    0, UINT64_MAX, 0 },
	{ &huge, "count(9223372036854775808)", SHAPE_COUNT, 1000, 0, 0, 0,
	    0x1p63 },
	/* Floating point. */
	{ &real, "random(0.5..1.5)", SHAPE_RANDOM, 1000, 0, 0x3F000000,
	    0x3FC00000, 0 },
	{ &real, "walk(-1e3..-0.25, 0.125)", SHAPE_WALK, 1000, 0, 0xC47A0000,
	    0xBE800000, 0.125 },
	{ &real, "count(1e-3)", SHAPE_COUNT, 1000, 0, 0, 0, 1e-3 },
	{ &wide, "walk(2..4, 1)", SHAPE_WALK, 1000, 0,
	    UINT64_C(0x3FF0000000000000), UINT64_C(0x4000000000000000), 0.5 },
	/* Bools. */
	{ &coil, "toggle(30s)", SHAPE_TOGGLE, 1000, 30000, 0, 0, 0 },
	{ &bit, "toggle(1s)", SHAPE_TOGGLE, 1000, 1000, 0, 0, 0 },
	{ &bit, "random(0..1) every 100ms", SHAPE_RANDOM, 100, 0, 0, 1, 0 },
};

START_TEST(a_good_cell_is_parsed)
{
	const struct point *p = good[_i].point;

	ck_assert_msg(
	    parse(p, good[_i].cell) == 0, "%s: %s", good[_i].cell, expected);
	ck_assert_int_eq(shape.kind, good[_i].kind);
	ck_assert_uint_eq(shape.every, good[_i].every);
	ck_assert_uint_eq(shape.period, good[_i].period);
	ck_assert_uint_eq(bits(p, shape.from), good[_i].from);
	ck_assert_uint_eq(bits(p, shape.to), good[_i].to);
	ck_assert_double_eq(shape.step, good[_i].step);
	ck_assert_str_eq(shape.file, "");
}
END_TEST

/* What replays are of. */
static const struct {
	const struct point *point;
	const char *cell;
	const char *file;
	struct shape_column column, time;
} replays[] = {
	{ &word, "replay(night.csv)", "night.csv", { 0, "" }, { 0, "" } },
	{ &text, "replay( my night (2).csv ) every 1m", "my night (2).csv",
	    { 0, "" }, { 0, "" } },
	{ &bit, "replay(/var/night.csv, after)", "/var/night.csv",
	    { 0, "after" }, { 0, "" } },
	{ &coil, "Replay(n, after value,time)", "n", { 0, "after value" },
	    { 0, "time" } },
	{ &real, "replay(n, 2, 1)", "n", { 2, "2" }, { 1, "1" } },
	{ &real, "replay(n, 4096)", "n", { 4096, "4096" }, { 0, "" } },
	{ &real, "replay(n, 2a)", "n", { 0, "2a" }, { 0, "" } },
};

START_TEST(a_replay_names_a_file_and_its_columns)
{
	ck_assert_msg(parse(replays[_i].point, replays[_i].cell) == 0, "%s: %s",
	    replays[_i].cell, expected);
	ck_assert_int_eq(shape.kind, SHAPE_REPLAY);
	ck_assert_str_eq(shape.file, replays[_i].file);
	ck_assert_str_eq(shape.column.name, replays[_i].column.name);
	ck_assert_uint_eq(shape.column.number, replays[_i].column.number);
	ck_assert_str_eq(shape.time.name, replays[_i].time.name);
	ck_assert_uint_eq(shape.time.number, replays[_i].time.number);
}
END_TEST

#define NUMBERS                                                                \
	"sine(A..B, PERIOD), ramp(A..B, PERIOD), random(A..B), "               \
	"walk(A..B, STEP), count(STEP) or replay(FILE) for "
#define BOOLS "random(A..B), toggle(PERIOD) or replay(FILE) for bool"
#define TIME  "a time from 1ms to 60m, such as 100ms, 2s or 5m"
#define WORD  "a number from 0 to 65535 for uint16"

static const struct {
	const struct point *point;
	const char *cell;
	const char *expected;
} bad[] = {
	{ &word, "", NUMBERS "uint16" },
	{ &word, "sine", NUMBERS "uint16" },
	{ &word, "sinus(1..2, 4s)", NUMBERS "uint16" },
	{ &word, "toggle(2s)", NUMBERS "uint16" },
	{ &coil, "sine(0..1, 4s)", BOOLS },
	{ &bit, "count(1)", BOOLS },
	{ &text, "count(1)", "replay(FILE) for string8" },
	/* Arguments. */
	{ &word, "sine(1..2, 4s", "sine(A..B, PERIOD)" },
	{ &word, "sine()", "sine(A..B, PERIOD)" },
	{ &word, "sine(1..2)", "sine(A..B, PERIOD)" },
	{ &word, "sine(1..2, 4s, 3)", "sine(A..B, PERIOD)" },
	{ &word, "random(1..2, 4)", "random(A..B)" },
	{ &word, "random(1)", "random(A..B)" },
	{ &word, "random(1.2)", "random(A..B)" },
	{ &word, "count()", "STEP to be a number" },
	{ &word, "random(1..2) 2s",
	    "nothing behind random(A..B), or every TIME" },
	{ &word, "random(1..2) every2s",
	    "nothing behind random(A..B), or every TIME" },
	{ &word, "random(1..2) every", "every to have " TIME },
	{ &word, "random(1..2) every 0ms", "every to have " TIME },
	{ &word, "random(1..2) every 61m", "every to have " TIME },
	{ &word, "random(1..2) every 1.5s", "every to have " TIME },
	{ &word, "random(1..2) every 1h", "every to have " TIME },
	{ &word, "random(1..2) every 2", "every to have " TIME },
	{ &word, "random(1..2) every -2s", "every to have " TIME },
	{ &word, "random(1..2) every 99999999999999999999s",
	    "every to have " TIME },
	{ &word, "ramp(1..2, 3)", "PERIOD to be " TIME },
	{ &word, "sine(1..2, 3999ms)",
	    "PERIOD to be at least 4000ms, or a shorter every: sine has 4 "
	    "ticks in it" },
	{ &coil, "toggle(1s) every 2s",
	    "PERIOD to be at least 2000ms, or a shorter every: toggle has 1 "
	    "tick in it" },
	/* A and B. */
	{ &word, "random(..5)", "A to be " WORD },
	{ &word, "random(0..65536)", "B to be " WORD },
	{ &word, "random(-1..1)", "A to be " WORD },
	{ &word, "random(1...2)", "B to be " WORD },
	{ &word, "random(0x1..0x2)", "A to be " WORD },
	{ &word, "random(1..2..3)", "B to be " WORD },
	{ &word, "random(0.5..2)",
	    "A to be a whole number from 0 to 65535 for uint16" },
	{ &word, "random(5..4)", "A below B" },
	{ &word, "random(4..4)",
	    "A and B to be different values of the point" },
	{ &tenths, "random(1.01..1.02)",
	    "A and B to be different values of the point" },
	{ &tenths, "random(0..3277)",
	    "B to be a number from -3276.8 to 3276.7 for int16 with this "
	    "scaling" },
	{ &divided, "random(6..5)", "A below B" },
	{ &real, "random(0..1e39)",
	    "B to be a number from -3.4028235e+38 to 3.4028235e+38 for "
	    "float32" },
	{ &real, "random(0..Infinity)",
	    "B to be a number from -3.4028235e+38 to 3.4028235e+38 for "
	    "float32" },
	{ &real, "random(NaN..1)",
	    "A to be a number from -3.4028235e+38 to 3.4028235e+38 for "
	    "float32" },
	{ &real, "random(1.00000001..1.00000002)",
	    "A and B to be different values of the point" },
	{ &wide, "random(-2e308..3)",
	    "A to be a number from -Infinity to Infinity for float64 with "
	    "this scaling" },
	{ &coil, "random(0..2)", "B to be 0, 1, true or false" },
	{ &coil, "random(1..0)", "A below B" },
	/* STEP. */
	{ &word, "count(x)", "STEP to be a number" },
	{ &word, "count(0x10)", "STEP to be a number" },
	{ &word, "count(1.5)", "STEP to be a whole number" },
	{ &word, "count(0)",
	    "STEP to be at least 1, the resolution of the point" },
	{ &tenths, "count(0.04)",
	    "STEP to be at least 0.1, the resolution of the point" },
	{ &word, "count(32769)", "STEP to be at most 32768" },
	{ &tenths, "count(1e400)", "STEP to be at most 3276.8" },
	{ &real, "count(0)", "STEP to be other than 0" },
	{ &real, "count(1e39)", "STEP to be at most 3.40282e+38" },
	{ &wide, "count(-1e400)", "STEP to be at most 1.79769e+308" },
	{ &word, "walk(1..9, -1)", "STEP to be above 0" },
	{ &word, "walk(1..9, 9)", "STEP to be at most B - A" },
	{ &real, "walk(1..9, 8.5)", "STEP to be at most B - A" },
	/* Files. */
	{ &word, "replay()", "the name of a file: replay(FILE)" },
	{ &word, "replay(, 2)", "the name of a file: replay(FILE)" },
	{ &word, "replay(n, )",
	    "COLUMN to be a name, or a number from 1 to 4096" },
	{ &word, "replay(n, 0)",
	    "COLUMN to be a name, or a number from 1 to 4096" },
	{ &word, "replay(n, 4097)",
	    "COLUMN to be a name, or a number from 1 to 4096" },
	{ &word, "replay(n, 2, time)",
	    "TIME-COLUMN to be a number from 1 on, as COLUMN is" },
	{ &word, "replay(n, 2, 0)",
	    "TIME-COLUMN to be a number from 1 on, as COLUMN is" },
	{ &word, "replay(n, after, 1)",
	    "TIME-COLUMN to be a name, as COLUMN is" },
	{ &word, "replay(n, a, b, c)", "replay(FILE)" },
};

START_TEST(a_bad_cell_is_told_what_was_expected)
{
	ck_assert_msg(
	    parse(bad[_i].point, bad[_i].cell) == -1, "%s", bad[_i].cell);
	ck_assert_msg(strcmp(expected, bad[_i].expected) == 0,
	    "%s: expected %s", bad[_i].cell, expected);
}
END_TEST

START_TEST(a_cell_has_at_most_250_bytes)
{
	char cell[SIMULATE_MAX + 2];

	memset(cell, 'a', sizeof(cell));
	memcpy(cell, "replay(", 7);
	cell[SIMULATE_MAX - 1] = ')';
	ck_assert_int_eq(
	    shape_parse(&word, cell, SIMULATE_MAX, &shape, expected), 0);
	ck_assert_uint_eq(strlen(shape.file), SIMULATE_MAX - 8);
	ck_assert_int_eq(
	    shape_parse(&word, cell, SIMULATE_MAX + 1, &shape, expected), -1);
	ck_assert_str_eq(expected, "at most 250 bytes");
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("shape");
	TCase *tc = tcase_create("shape");

	tcase_add_loop_test(tc, a_good_cell_is_parsed, 0, COUNT(good));
	tcase_add_loop_test(
	    tc, a_replay_names_a_file_and_its_columns, 0, COUNT(replays));
	tcase_add_loop_test(
	    tc, a_bad_cell_is_told_what_was_expected, 0, COUNT(bad));
	tcase_add_test(tc, a_cell_has_at_most_250_bytes);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
