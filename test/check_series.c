#include "simulation/series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "points/value.h"
#include "simulation/noise.h"
#include "suite.h"

#define SEED 1

static struct point point;
static struct series *series;
static uint16_t words[POINT_WORDS_MAX];
static char error[SERIES_ERROR_MAX];

/* A point of a type, or with VALUE_TYPES a coil. */
static struct point
point_of(enum value_type type, double scale, const char *simulate)
{
	return (struct point){
		.name = "flow",
		.kind =
		    type == VALUE_TYPES ? DATATABLE_COILS : DATATABLE_REGISTERS,
		.bit = POINT_NO_BIT,
		.form = { .type = type },
		.scale = scale,
		.simulate = simulate,
	};
}

static struct series *
series_of(const struct point *p, uint64_t seed)
{
	struct series *s = series_new(p, "plant.csv", seed, error);

	ck_assert_msg(s != NULL, "%s: %s", p->simulate, error);
	return s;
}

static void
end(void)
{
	series_free(series);
	series = NULL;
}

static void
begin(struct point p)
{
	end();
	point = p;
	series = series_of(&point, SEED);
	memset(words, 0, sizeof(words));
}

/* What the table holds, as the cell of a points file. */
static void
hold(const char *value)
{
	ck_assert_int_eq(
	    point_parse_cell(&point, value, strlen(value), words, error), 0);
}

static const char *
held(void)
{
	static char text[POINT_CELL_MAX];

	point_format_cell(&point, words, text);
	return text;
}

static void
step(uint64_t tick)
{
	series_next(series, tick, words, words);
}

/* --- shapes whose values are known ---------------------------------------- */

/* What a point holds at first, and at the ticks from 1 on. */
static const struct {
	enum value_type type;
	double scale;
	const char *simulate;
	const char *first;
	const char *values;
} known[] = {
	/* A sine begins in the middle, and rises. */
	{ VALUE_UINT16, 1, "sine(0..100, 4s)", "7", "100 50 0 50 100 50 0 " },
	{ VALUE_UINT16, 1, "sine(0..100, 12s)", "7",
	    "75 93 100 93 75 50 25 7 0 7 25 50 75 " },
	{ VALUE_INT16, 0.1, "sine(-5..5, 4s)", "0", "5 0 -5 0 5 " },
	{ VALUE_INT16, -0.1, "sine(0..100, 12s)", "0",
	    "75 93.3 100 93.3 75 50 25 6.7 0 6.7 " },
	{ VALUE_FLOAT32, 1, "sine(-0.5..1.5, 4s)", "NaN",
	    "1.5 0.5 -0.5 0.5 1.5 " },
	{ VALUE_FLOAT64, -4, "sine(8..16, 4s)", "9", "16 12 8 12 16 " },
	{ VALUE_UINT64, 1, "sine(0..18446744073709551615, 4s)", "0",
	    "18446744073709551615 9223372036854775808 0 " },
	{ VALUE_INT64, 1, "sine(-9223372036854775808..9223372036854775807, 4s)",
	    "0", "9223372036854775807 0 -9223372036854775808 0 " },
	/* A ramp gives each whole number the same time. */
	{ VALUE_UINT16, 1, "ramp(1..3, 3s)", "9", "2 3 1 2 3 1 " },
	{ VALUE_UINT16, 1, "ramp(1..2, 4s)", "9", "1 2 2 1 1 2 2 1 " },
	{ VALUE_INT16, -0.5, "ramp(1..2, 3s)", "9", "1.5 2 1 1.5 " },
	{ VALUE_FLOAT32, 1, "ramp(-1..1, 4s)", "0", "-0.5 0 0.5 -1 -0.5 " },
	{ VALUE_UINT64, 1, "ramp(0..18446744073709551615, 2s)", "0",
	    "9223372036854775808 0 " },
	/* A count goes on from what is held, and round at the type's end. */
	{ VALUE_UINT16, 1, "count(3)", "10", "13 16 19 " },
	{ VALUE_UINT16, 1, "count(3)", "65534", "1 4 " },
	{ VALUE_UINT16, 1, "count(-3)", "4", "1 65534 65531 " },
	{ VALUE_INT16, 1, "count(1)", "32766", "32767 -32768 -32767 " },
	{ VALUE_INT16, 0.1, "count(0.5)", "3276.5", "-3276.6 -3276.1 " },
	{ VALUE_UINT32, 1, "count(1)", "4294967295", "0 1 " },
	{ VALUE_INT32, -1, "count(1)", "2147483647",
	    "2147483648 -2147483647 " },
	{ VALUE_UINT64, 1, "count(2)", "18446744073709551615", "1 3 " },
	{ VALUE_INT64, 1, "count(-1)", "-9223372036854775808",
	    "9223372036854775807 9223372036854775806 " },
	{ VALUE_FLOAT32, 1, "count(0.25)", "1", "1.25 1.5 " },
	{ VALUE_FLOAT32, 1, "count(0.25)", "NaN", "0.25 0.5 " },
	{ VALUE_FLOAT32, 1, "count(0.25)", "Infinity",
	    "3.4028235e+38 3.4028235e+38 " },
	{ VALUE_FLOAT32, 1, "count(-3e38)", "-3e38",
	    "-3.4028235e+38 -3.4028235e+38 " },
	{ VALUE_FLOAT64, 1, "count(1e308)", "1e308",
	    "1.7976931348623157e+308 1.7976931348623157e+308 " },
	{ VALUE_FLOAT64, 2, "count(1)", "-Infinity",
	    "0xFFEFFFFFFFFFFFFF 0xFFEFFFFFFFFFFFFF " },
	/* A bool changes after each period. */
	{ VALUE_TYPES, 1, "toggle(1s)", "true", "true false true false true " },
	{ VALUE_TYPES, 1, "toggle(3s)", "true",
	    "false false true true true false false false true " },
	{ VALUE_TYPES, 1, "toggle(3s) every 2s", "true",
	    "false true false false true false " },
};

START_TEST(a_shape_has_known_values)
{
	const char *expected = known[_i].values;
	char all[1024] = "";

	begin(point_of(known[_i].type, known[_i].scale, known[_i].simulate));
	hold(known[_i].first);
	for (uint64_t tick = 1; strlen(all) < strlen(expected); tick++) {
		step(tick);
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s ",
		    held());
	}
	ck_assert_msg(
	    strcmp(all, expected) == 0, "%s: %s", known[_i].simulate, all);
}
END_TEST

START_TEST(a_bit_of_a_register_is_one_word)
{
	struct point p = point_of(VALUE_UINT16, 1, "toggle(2s)");

	p.bit = 15;
	begin(p);
	for (uint64_t tick = 1; tick <= 8; tick++) {
		words[0] = 0xFFFF;
		step(tick);
		ck_assert_uint_eq(words[0], tick / 2 % 2);
	}
}
END_TEST

START_TEST(ticks_are_a_period_apart)
{
	begin(point_of(VALUE_UINT16, 1, "sine(0..100, 8s) every 2s"));
	ck_assert_uint_eq(series_period(series), 2000);
	step(1);
	ck_assert_str_eq(held(), "100");
	begin(point_of(VALUE_UINT16, 1, "count(1)"));
	ck_assert_uint_eq(series_period(series), 1000);
	begin(point_of(VALUE_UINT16, 1, "count(1) every 1ms"));
	ck_assert_uint_eq(series_period(series), SERIES_PERIOD_MIN);
	begin(point_of(VALUE_UINT16, 1, "count(1) every 60m"));
	ck_assert_uint_eq(series_period(series), SERIES_PERIOD_MAX);
}
END_TEST

/* --- random and walk ------------------------------------------------------ */

START_TEST(random_values_are_all_from_a_to_b)
{
	unsigned times[6] = { 0 };

	begin(point_of(VALUE_INT16, 1, "random(-2..3)"));
	for (uint64_t tick = 1; tick <= 6000; tick++) {
		int value;

		step(tick);
		value = atoi(held());
		ck_assert_int_ge(value, -2);
		ck_assert_int_le(value, 3);
		times[value + 2]++;
	}
	for (unsigned i = 0; i < 6; i++) {
		ck_assert_uint_gt(times[i], 800);
		ck_assert_uint_lt(times[i], 1200);
	}
}
END_TEST

START_TEST(random_floats_are_all_from_a_to_b)
{
	unsigned above = 0;

	begin(point_of(VALUE_FLOAT32, 1, "random(12..13)"));
	for (uint64_t tick = 1; tick <= 1000; tick++) {
		double value;

		step(tick);
		value = atof(held());
		ck_assert_double_ge(value, 12);
		ck_assert_double_le(value, 13);
		above += value > 12.5;
	}
	ck_assert_uint_gt(above, 400);
	ck_assert_uint_lt(above, 600);
}
END_TEST

/* A walk, where it begins, and the ends and the step of it. */
static const struct {
	enum value_type type;
	double scale;
	const char *simulate;
	const char *first;
	double least, most, step;
} walks[] = {
	{ VALUE_UINT16, 1, "walk(10..13, 1)", "10", 10, 13, 1 },
	{ VALUE_UINT16, 1, "walk(10..13, 3)", "13", 10, 13, 3 },
	{ VALUE_INT16, 0.1, "walk(-0.5..0.5, 0.2)", "0", -0.5, 0.5, 0.2 },
	{ VALUE_INT32, -0.1, "walk(-0.5..0.5, 0.2)", "0", -0.5, 0.5, 0.2 },
	{ VALUE_FLOAT32, 1, "walk(-1..2, 0.5)", "0", -1, 2, 0.5 },
	{ VALUE_FLOAT64, -2, "walk(-1..2, 3)", "0", -1, 2, 3 },
};

START_TEST(a_walk_stays_between_a_and_b)
{
	double before, least = 1e9, most = -1e9;

	begin(point_of(walks[_i].type, walks[_i].scale, walks[_i].simulate));
	hold(walks[_i].first);
	before = atof(held());
	for (uint64_t tick = 1; tick <= 2000; tick++) {
		double value;

		step(tick);
		value = atof(held());
		ck_assert_double_ge(value, walks[_i].least);
		ck_assert_double_le(value, walks[_i].most);
		ck_assert_double_le(
		    fabs(value - before), walks[_i].step + 1e-6);
		least = fmin(least, value);
		most = fmax(most, value);
		before = value;
	}
	ck_assert_double_lt(least, walks[_i].least + walks[_i].step / 2);
	ck_assert_double_gt(most, walks[_i].most - walks[_i].step / 2);
}
END_TEST

/* What was held is the nearer end, or no number is A. */
static const struct {
	enum value_type type;
	double scale;
	const char *first;
	double from;
} outside[] = {
	{ VALUE_UINT16, 1, "0", 100 },
	{ VALUE_UINT16, 1, "65535", 200 },
	{ VALUE_INT16, 1, "-32768", 100 },
	{ VALUE_INT16, -1, "-32767", 100 },
	{ VALUE_INT16, -1, "32768", 200 },
	{ VALUE_FLOAT32, 1, "-Infinity", 100 },
	{ VALUE_FLOAT32, 1, "Infinity", 200 },
	{ VALUE_FLOAT32, 1, "NaN", 100 },
	{ VALUE_FLOAT64, -1, "Infinity", 200 },
	{ VALUE_FLOAT64, -1, "NaN", 100 },
};

START_TEST(a_walk_from_outside_begins_at_an_end)
{
	begin(
	    point_of(outside[_i].type, outside[_i].scale, "walk(100..200, 1)"));
	hold(outside[_i].first);
	step(1);
	ck_assert_double_le(fabs(atof(held()) - outside[_i].from), 1);
}
END_TEST

/* --- the same again ------------------------------------------------------- */

#define VALUES 50

/* The first values of a series that is alone. */
static void
take_values(struct point p, uint64_t seed, uint16_t *values)
{
	struct series *s = series_of(&p, seed);
	uint16_t value = 100;

	for (uint64_t tick = 1; tick <= VALUES; tick++) {
		series_next(s, tick, &value, &value);
		values[tick - 1] = value;
	}
	series_free(s);
}

static const char *const by_chance[] = { "random(0..65535)",
	"walk(0..65535, 1000)" };

START_TEST(a_series_depends_on_the_seed_and_the_name_alone)
{
	struct point p = point_of(VALUE_UINT16, 1, by_chance[_i]);
	uint16_t first[VALUES], other[VALUES];

	take_values(p, 1, first);
	p.address = 77;
	p.line = 5;
	take_values(p, 1, other);
	ck_assert_mem_eq(first, other, sizeof(first));
	take_values(p, 2, other);
	ck_assert_mem_ne(first, other, sizeof(first));
	p.name = "flow 2";
	take_values(p, 1, other);
	ck_assert_mem_ne(first, other, sizeof(first));
}
END_TEST

START_TEST(a_series_is_the_same_in_each_version)
{
	static const char expected[] = "774 843 496 619 627 ";
	char all[1024] = "";

	begin(point_of(VALUE_UINT16, 1, "random(0..999)"));
	for (uint64_t tick = 1; tick <= 5; tick++) {
		step(tick);
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s ",
		    held());
	}
	ck_assert_str_eq(all, expected);
}
END_TEST

/* But for those that go on from what is held. */
static const char *const of_time[] = { "sine(0..1000, 77s)",
	"ramp(0..1000, 77s)", "random(0..1000)" };

START_TEST(ticks_may_be_left_out)
{
	uint16_t all[POINT_WORDS_MAX] = { 0 };

	begin(point_of(VALUE_UINT32, 1, of_time[_i]));
	for (uint64_t tick = 1; tick <= 100; tick++)
		series_next(series, tick, all, all);
	step(100);
	ck_assert_mem_eq(words, all, 2 * sizeof(*words));
}
END_TEST

/* --- any words ------------------------------------------------------------ */

static const char *const shapes[] = { "sine(1..100, 7s)", "ramp(1..100, 7s)",
	"random(1..100)", "walk(1..100, 7)", "count(1)" };

/* Words of any value, with many that are no number. */
static void
hold_any(uint64_t noise)
{
	for (unsigned i = 0; i < VALUE_WORDS_MAX; i++)
		words[i] = (uint16_t)(noise >> 16 * i);
	if (noise % 3 == 0)
		words[noise / 3 % VALUE_WORDS_MAX] =
		    noise & 8 ? 0x7FF8 : 0xFF80;
}

static void
try_any_words(struct point p)
{
	bool counts = strchr(p.simulate, '.') == NULL;

	begin(p);
	for (uint64_t tick = 1; tick <= 300; tick++) {
		double value;

		hold_any(noise_at(7, tick));
		step(tick * (tick % 5 == 0 ? UINT64_MAX / 7 : 1));
		value = value_load_real(&point.form, words);
		ck_assert(isfinite(value));
		if (!counts)
			ck_assert_msg(fabs(value) >= 1 && fabs(value) <= 100,
			    "%s: %s", p.simulate, held());
	}
}

START_TEST(any_words_have_a_next_value)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		for (int order = 0; order < VALUE_ORDERS; order++) {
			struct point p =
			    point_of((enum value_type)_i, 1, shapes[i]);

			p.form.order = (enum value_order)order;
			try_any_words(p);
			if (_i == VALUE_UINT16 || _i == VALUE_UINT32 ||
			    _i == VALUE_UINT64)
				continue;
			p.scale = -1;
			try_any_words(p);
		}
}
END_TEST

/* The words of a value in another order are those of ABCD in that order. */
START_TEST(values_are_the_same_in_each_order)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		uint64_t bits[VALUE_ORDERS];

		for (int order = 0; order < VALUE_ORDERS; order++) {
			struct point p =
			    point_of((enum value_type)_i, 1, shapes[i]);

			p.form.order = (enum value_order)order;
			begin(p);
			hold("50");
			for (uint64_t tick = 1; tick <= 20; tick++)
				step(tick);
			bits[order] = value_load_bits(&p.form, words);
			ck_assert_uint_eq(bits[order], bits[0]);
		}
		ck_assert_uint_ne(bits[0], 0);
	}
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("series");
	TCase *tc = tcase_create("series");

	tcase_add_checked_fixture(tc, NULL, end);
	tcase_add_loop_test(tc, a_shape_has_known_values, 0, COUNT(known));
	tcase_add_test(tc, a_bit_of_a_register_is_one_word);
	tcase_add_test(tc, ticks_are_a_period_apart);
	tcase_add_test(tc, random_values_are_all_from_a_to_b);
	tcase_add_test(tc, random_floats_are_all_from_a_to_b);
	tcase_add_loop_test(tc, a_walk_stays_between_a_and_b, 0, COUNT(walks));
	tcase_add_loop_test(
	    tc, a_walk_from_outside_begins_at_an_end, 0, COUNT(outside));
	tcase_add_loop_test(tc, a_series_depends_on_the_seed_and_the_name_alone,
	    0, COUNT(by_chance));
	tcase_add_test(tc, a_series_is_the_same_in_each_version);
	tcase_add_loop_test(tc, ticks_may_be_left_out, 0, COUNT(of_time));
	tcase_add_loop_test(tc, any_words_have_a_next_value, 0, VALUE_TYPES);
	tcase_add_loop_test(
	    tc, values_are_the_same_in_each_order, 0, VALUE_TYPES);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
