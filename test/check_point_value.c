#include "points/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "one_table.h"
#include "suite.h"

static char text[POINT_JSON_MAX + 1];
static char expected[POINT_EXPECTED_MAX];

static struct point
number(enum value_type type, enum value_order order, double scale)
{
	return (struct point){ .kind = DATATABLE_REGISTERS,
		.bit = POINT_NO_BIT,
		.form = { .type = type, .order = order },
		.scale = scale };
}

static struct point
string(uint8_t bytes, enum value_order order)
{
	return (struct point){ .kind = DATATABLE_REGISTERS,
		.bit = POINT_NO_BIT,
		.form = { .type = VALUE_STRING,
		    .order = order,
		    .bytes = bytes },
		.scale = 1 };
}

static struct point
coil(void)
{
	return (struct point){
		.kind = DATATABLE_COILS, .bit = POINT_NO_BIT, .scale = 1
	};
}

static const char *
json(const struct point *p, const uint16_t *raw)
{
	text[point_format_json(p, raw, text)] = '\0';
	return text;
}

static const char *
metric(const struct point *p, const uint16_t *raw)
{
	text[point_format_metric(p, raw, text)] = '\0';
	return text;
}

static const char *
cell(const struct point *p, const uint16_t *raw)
{
	size_t length = point_format_cell(p, raw, text);

	ck_assert_uint_eq(strlen(text), length);
	ck_assert_uint_lt(length, POINT_CELL_MAX);
	return text;
}

static int
parse(const struct point *p, const char *from, uint16_t *raw)
{
	return point_parse_cell(p, from, strlen(from), raw, expected);
}

/* A number, how its values are read, its raw words, and its value. */
static const struct {
	enum value_type type;
	enum value_order order;
	double scale, offset, divisor;
	uint16_t raw[4];
	const char *json, *cell;
} numbers[] = {
	{ VALUE_UINT16, VALUE_ABCD, 1, 0, 0, { 65535 }, "65535", "65535" },
	{ VALUE_UINT16, VALUE_BADC, 1, 0, 0, { 0x0100 }, "1", "1" },
	{ VALUE_INT16, VALUE_ABCD, 1, 0, 0, { 0xFFFF }, "-1", "-1" },
	{ VALUE_INT16, VALUE_ABCD, 0.1, 0, 0, { 625 }, "62.5", "62.5" },
	{ VALUE_INT16, VALUE_ABCD, 0.1, 0, 0, { 3 }, "0.3", "0.3" },
	{ VALUE_INT16, VALUE_ABCD, 0.1, 0, 0, { 480 }, "48", "48" },
	{ VALUE_INT16, VALUE_ABCD, -0.1, 0, 0, { 0 }, "0", "0" },
	{ VALUE_UINT16, VALUE_ABCD, 1, 0, 10, { 235 }, "23.5", "23.5" },
	{ VALUE_UINT16, VALUE_ABCD, 1, 0, -10, { 235 }, "-23.5", "-23.5" },
	{ VALUE_UINT16, VALUE_ABCD, 1, -40, 10, { 0 }, "-40", "-40" },
	{ VALUE_UINT16, VALUE_ABCD, 0.1, -273.15, 0, { 2731 }, "-0.05",
	    "-0.05" },
	{ VALUE_UINT16, VALUE_ABCD, 0.1, -0.3, 0, { 3 }, "0", "0" },
	{ VALUE_UINT32, VALUE_CDAB, 0.01, 0, 0, { 0xFFFF, 0xFFFF },
	    "42949672.95", "42949672.95" },
	{ VALUE_UINT32, VALUE_ABCD, 1e-12, 0, 0, { 0, 7 }, "7e-12", "7e-12" },
	{ VALUE_UINT32, VALUE_ABCD, 1e20, 0, 0, { 0, 7 }, "7e+20", "7e+20" },
	{ VALUE_FLOAT32, VALUE_CDAB, 1, 0, 0, { 0, 0x414C }, "12.75", "12.75" },
	{ VALUE_FLOAT32, VALUE_ABCD, 1, 0, 0, { 0x3DCC, 0xCCCD }, "0.1",
	    "0.1" },
	{ VALUE_FLOAT32, VALUE_ABCD, 10, 0, 0, { 0x3DCC, 0xCCCD }, "1", "1" },
	{ VALUE_FLOAT32, VALUE_ABCD, 3, 0, 0, { 0x3DCC, 0xCCCD }, "0.3",
	    "0.3" },
	{ VALUE_FLOAT32, VALUE_ABCD, 1, 0, 0, { 0x8000, 0 }, "-0.0", "-0.0" },
	{ VALUE_FLOAT32, VALUE_ABCD, 2, 0, 0, { 0x8000, 0 }, "0",
	    "0x80000000" },
	{ VALUE_FLOAT32, VALUE_ABCD, 1, 0, 0, { 0x7FC0, 0 }, "\"NaN\"", "NaN" },
	{ VALUE_FLOAT32, VALUE_ABCD, -2, 1, 0, { 0x7FC0, 0 }, "\"NaN\"",
	    "NaN" },
	{ VALUE_FLOAT32, VALUE_DCBA, 1, 0, 0, { 0x0100, 0xC07F }, "\"NaN\"",
	    "0x7FC00001" },
	{ VALUE_FLOAT32, VALUE_ABCD, 1, 0, 0, { 0xFF80, 0 }, "\"-Infinity\"",
	    "-Infinity" },
	{ VALUE_FLOAT32, VALUE_ABCD, -2, 1, 0, { 0xFF80, 0 }, "\"Infinity\"",
	    "Infinity" },
	{ VALUE_FLOAT64, VALUE_ABCD, 1, 0, 0,
	    { 0x3FB9, 0x9999, 0x9999, 0x999A }, "0.1", "0.1" },
	{ VALUE_FLOAT64, VALUE_ABCD, 1e308, 0, 0, { 0x4024, 0, 0, 0 },
	    "\"Infinity\"", "0x4024000000000000" },
	{ VALUE_UINT64, VALUE_CDAB, 1, 0, 0, { 0xCD15, 0x075B, 0, 0 },
	    "123456789", "123456789" },
	{ VALUE_UINT64, VALUE_ABCD, 1, 0, 0, { 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF },
	    "\"18446744073709551615\"", "18446744073709551615" },
	{ VALUE_UINT64, VALUE_ABCD, 1, 0, 1000, { 0x000F, 0xFFFF, 0xFFFF, 1 },
	    "4503599627304.96", "4503599627304.961" },
	{ VALUE_UINT64, VALUE_ABCD, 0.1, 0, 0,
	    { 0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF }, "9.22337203685478e+17",
	    "0x7FFFFFFFFFFFFFFF" },
	{ VALUE_INT64, VALUE_ABCD, 1, 0, 0, { 0x8000, 0, 0, 0 },
	    "\"-9223372036854775808\"", "-9223372036854775808" },
};

static struct point
number_at(int i)
{
	struct point p =
	    number(numbers[i].type, numbers[i].order, numbers[i].scale);

	p.offset = numbers[i].offset;
	p.divisor = numbers[i].divisor;
	return p;
}

START_TEST(a_number_is_written_in_engineering_units)
{
	struct point p = number_at(_i);
	uint16_t raw[4] = { 0 };

	ck_assert_str_eq(json(&p, numbers[_i].raw), numbers[_i].json);
	ck_assert_str_eq(cell(&p, numbers[_i].raw), numbers[_i].cell);
	ck_assert_int_eq(parse(&p, text, raw), 0);
	ck_assert_mem_eq(raw, numbers[_i].raw, sizeof(raw));
}
END_TEST

/* Cells, and the raw number that they become. */
static const struct {
	enum value_type type;
	double scale, offset, divisor;
	const char *cell;
	uint64_t bits;
} cells[] = {
	{ VALUE_UINT16, 1, 0, 0, "007", 7 },
	{ VALUE_UINT16, 1, 0, 0, "-0", 0 },
	{ VALUE_UINT16, 1, 0, 0, "0xfF", 255 },
	{ VALUE_UINT16, 1, 0, 0, "0x0000FFFF", 65535 },
	{ VALUE_UINT16, 0.1, 0, 0, "0x10", 16 },
	{ VALUE_INT16, 1, 0, 0, "0xFFFF", 65535 },
	{ VALUE_UINT32, 1, 0, 0, "4294967295", UINT32_MAX },
	/* halves away from zero, of numbers in decimal */
	{ VALUE_INT16, 0.1, 0, 0, "0.15", 2 },
	{ VALUE_INT16, 0.1, 0, 0, "-0.15", 0xFFFE },
	{ VALUE_INT16, 0.1, 0, 0, "0.149999", 1 },
	{ VALUE_INT16, 0.1, 100, 0, "100.05", 1 },
	{ VALUE_INT16, 0.1, 100, 0, "99.95", 0xFFFF },
	{ VALUE_INT16, 1, 0, 1000, "1.0005", 1001 },
	{ VALUE_INT16, 0.01, 0, 0, "1.005", 101 },
	{ VALUE_INT16, 2, 0, 0, "5", 3 },
	{ VALUE_UINT16, 0.1, 0, 0, "-0.04", 0 },
	{ VALUE_UINT16, 0.1, 0, 0, "6553.54", 65535 },
	{ VALUE_UINT16, 0.1, 0, 0, "1e3", 10000 },
	{ VALUE_UINT16, 0.1, 0, 0, "1E+3", 10000 },
	{ VALUE_UINT64, 10, 0, 0, "10000000000000000000", 1000000000000000000 },
	{ VALUE_INT64, 0.5, 0, 0, "-4611686018427387904",
	    UINT64_C(0x8000000000000000) },
	{ VALUE_FLOAT32, 1, 0, 0, "1", 0x3F800000 },
	{ VALUE_FLOAT32, 1, 0, 0, "-1.5e0", 0xBFC00000 },
	{ VALUE_FLOAT32, 1, 0, 0, "1e-400", 0 },
	{ VALUE_FLOAT32, 1, 0, 0, "-0", 0x80000000 },
	{ VALUE_FLOAT32, 1, 0, 0, "3.4028235e+38", 0x7F7FFFFF },
	{ VALUE_FLOAT32, 0.5, 0, 0, "0x00000001", 1 },
	{ VALUE_FLOAT64, 1, 0, 0, "NaN", UINT64_C(0x7FF8000000000000) },
};

static struct point
cell_at(int i)
{
	struct point p = number(cells[i].type, VALUE_ABCD, cells[i].scale);

	p.offset = cells[i].offset;
	p.divisor = cells[i].divisor;
	return p;
}

START_TEST(a_cell_becomes_the_nearest_raw_number)
{
	struct point p = cell_at(_i);
	uint16_t raw[4];

	ck_assert_int_eq(parse(&p, cells[_i].cell, raw), 0);
	ck_assert_uint_eq(value_load_bits(&p.form, raw), cells[_i].bits);
}
END_TEST

/* Cells of numbers that are refused, and why. */
static const struct {
	enum value_type type;
	double scale, offset, divisor;
	const char *cell, *expected;
} refused[] = {
	{ VALUE_UINT16, 1, 0, 0, "70000",
	    "a number from 0 to 65535 for uint16" },
	{ VALUE_UINT16, 1, 0, 0, "-1", "a number from 0 to 65535 for uint16" },
	{ VALUE_UINT16, 1, 0, 0, "", "a number from 0 to 65535 for uint16" },
	{ VALUE_UINT16, 1, 0, 0, "+1", "a number from 0 to 65535 for uint16" },
	{ VALUE_UINT16, 1, 0, 0, "true",
	    "a number from 0 to 65535 for uint16" },
	{ VALUE_UINT16, 1, 0, 0, "NaN", "a number from 0 to 65535 for uint16" },
	{ VALUE_UINT16, 1, 0, 0, "0x10000",
	    "a number from 0 to 65535 for uint16" },
	{ VALUE_UINT16, 1, 0, 0, "0x", "a number from 0 to 65535 for uint16" },
	{ VALUE_UINT16, 1, 0, 0, "0x1G",
	    "a number from 0 to 65535 for uint16" },
	{ VALUE_UINT16, 1, 0, 0, "21,5", "a number with a decimal point" },
	{ VALUE_INT16, 0.1, 0, 0, "-21,5", "a number with a decimal point" },
	{ VALUE_UINT16, 1, 0, 0, "1.5",
	    "a whole number from 0 to 65535 for uint16" },
	{ VALUE_UINT16, 1, 0, 0, "1e3",
	    "a whole number from 0 to 65535 for uint16" },
	{ VALUE_INT64, 1, 0, 0, "9223372036854775808",
	    "a number from -9223372036854775808 to 9223372036854775807 for "
	    "int64" },
	{ VALUE_UINT64, 1, 0, 0, "18446744073709551616",
	    "a number from 0 to 18446744073709551615 for uint64" },
	{ VALUE_INT16, 0.1, 0, 0, "3276.75",
	    "a number from -3276.8 to 3276.7 for int16 with this scaling" },
	{ VALUE_INT16, -0.1, 0, 0, "x",
	    "a number from -3276.7 to 3276.8 for int16 with this scaling" },
	{ VALUE_UINT16, 1, -40, 10, "-40.05",
	    "a number from -40 to 6513.5 for uint16 with this scaling" },
	{ VALUE_UINT16, 0.1, 0, 0, "Infinity",
	    "a number from 0 to 6553.5 for uint16 with this scaling" },
	{ VALUE_UINT64, 1, 0, 0.5, "1e300",
	    "a number from 0 to 3.68934881474191e+19 for uint64 with this "
	    "scaling" },
	{ VALUE_FLOAT32, 1, 0, 0, "1e39",
	    "a number from -3.4028235e+38 to 3.4028235e+38 for float32" },
	{ VALUE_FLOAT32, 0.1, 0, 0, "1e38",
	    "a number from -3.402823e+37 to 3.402823e+37 for float32 with "
	    "this scaling" },
	{ VALUE_FLOAT64, 1, 0, 0, "1e309",
	    "a number from -1.7976931348623157e+308 to "
	    "1.7976931348623157e+308 for float64" },
	{ VALUE_FLOAT32, 1, 0, 0, "nan",
	    "a number, NaN, Infinity or -Infinity for float32" },
	{ VALUE_FLOAT32, 1, 0, 0, "1.",
	    "a number, NaN, Infinity or -Infinity for float32" },
	{ VALUE_FLOAT32, 1, 0, 0, ".5",
	    "a number, NaN, Infinity or -Infinity for float32" },
	{ VALUE_FLOAT32, 1, 0, 0, "100.e-1",
	    "a number, NaN, Infinity or -Infinity for float32" },
	{ VALUE_FLOAT32, 1, 0, 0, "1e",
	    "a number, NaN, Infinity or -Infinity for float32" },
	{ VALUE_FLOAT32, 1, 0, 0, "0x3F8",
	    "a number, NaN, Infinity or -Infinity for float32" },
	{ VALUE_FLOAT32, 1, 0, 0, "0x3F8000000",
	    "a number, NaN, Infinity or -Infinity for float32" },
	{ VALUE_FLOAT32, 1, 0, 0, "1,5", "a number with a decimal point" },
};

START_TEST(other_cells_are_refused_with_what_was_expected)
{
	struct point p =
	    number(refused[_i].type, VALUE_ABCD, refused[_i].scale);
	uint16_t raw[4] = { 9, 9, 9, 9 };

	p.offset = refused[_i].offset;
	p.divisor = refused[_i].divisor;
	ck_assert_int_eq(parse(&p, refused[_i].cell, raw), -1);
	ck_assert_str_eq(expected, refused[_i].expected);
	ck_assert_uint_eq(raw[0], 9);
}
END_TEST

START_TEST(a_cell_may_be_long)
{
	struct point p = number(VALUE_FLOAT64, VALUE_ABCD, 1);
	char *digits = malloc(5000);
	uint16_t raw[4];

	ck_assert_ptr_nonnull(digits);
	memset(digits, '1', 5000);
	digits[1] = '.';
	ck_assert_int_eq(point_parse_cell(&p, digits, 1000, raw, expected), 0);
	ck_assert_str_eq(cell(&p, raw), "1.1111111111111112");
	ck_assert_int_eq(point_parse_cell(&p, digits, 5000, raw, expected), -1);
	digits[1] = '1';
	ck_assert_int_eq(point_parse_cell(&p, digits, 1000, raw, expected), -1);
	free(digits);
}
END_TEST

START_TEST(a_bool_is_true_or_false)
{
	static const char *const words[] = { "0", "1", "false", "true", "FALSE",
		"True" };
	struct point p = coil();
	uint16_t raw;

	for (uint16_t i = 0; i < 6; i++) {
		ck_assert_int_eq(parse(&p, words[i], &raw), 0);
		ck_assert_uint_eq(raw, i % 2);
		ck_assert_str_eq(cell(&p, &raw), words[2 + i % 2]);
		ck_assert_str_eq(json(&p, &raw), words[2 + i % 2]);
		ck_assert_str_eq(metric(&p, &raw), words[i % 2]);
	}
	ck_assert_int_eq(parse(&p, "2", &raw), -1);
	ck_assert_int_eq(parse(&p, "", &raw), -1);
	ck_assert_str_eq(expected, "0, 1, true or false");
}
END_TEST

/* Strings of 5 bytes, in three registers, and their cells. */
static const struct {
	uint16_t raw[3];
	const char *cell;
} strings[] = {
	{ { 0x4142, 0x4344, 0x4500 }, "ABCDE" },
	{ { 0x4142, 0, 0 }, "AB" },
	{ { 0x4120, 0x2220, 0 }, "A \" " },
	{ { 0xC2B0, 0x4300, 0 },
	    "\xC2\xB0"
	    "C" },
	{ { 0x3078, 0x3132, 0x3300 }, "0x123" },
	{ { 0, 0, 0 }, "0x000000000000" },
	{ { 0x4142, 0x4344, 0x4546 }, "0x414243444546" },
	{ { 0x4100, 0x4200, 0 }, "0x410042000000" },
	{ { 0xB043, 0, 0 }, "0xB04300000000" },
	{ { 0x410A, 0x4200, 0 }, "0x410A42000000" },
	{ { 0x417F, 0, 0 }, "0x417F00000000" },
};

START_TEST(a_string_is_written_as_it_is_or_as_its_bytes)
{
	struct point p = string(5, VALUE_ABCD);
	struct point swapped = string(5, VALUE_DCBA);
	uint16_t raw[3], other[3];

	ck_assert_str_eq(cell(&p, strings[_i].raw), strings[_i].cell);
	ck_assert_int_eq(parse(&p, strings[_i].cell, raw), 0);
	ck_assert_mem_eq(raw, strings[_i].raw, sizeof(raw));
	for (int i = 0; i < 3; i++)
		other[i] = (uint16_t)(raw[i] << 8 | raw[i] >> 8);
	ck_assert_str_eq(cell(&swapped, other), strings[_i].cell);
	ck_assert_int_eq(parse(&swapped, strings[_i].cell, raw), 0);
	ck_assert_mem_eq(raw, other, sizeof(raw));
}
END_TEST

START_TEST(a_string_has_its_length)
{
	struct point p = string(5, VALUE_ABCD), one = string(1, VALUE_ABCD);
	uint16_t raw[3];

	ck_assert_int_eq(parse(&p, "", raw), 0);
	ck_assert_uint_eq(raw[0] | raw[1] | raw[2], 0);
	ck_assert_int_eq(parse(&p, "ABCDEF", raw), -1);
	ck_assert_str_eq(expected, "at most 5 bytes for string5: 3 registers");
	ck_assert_int_eq(parse(&p, "0x4142434445", raw), -1);
	ck_assert_int_eq(parse(&one, "AB", raw), -1);
	ck_assert_str_eq(expected, "at most 1 byte for string1: 1 register");
	ck_assert_int_eq(parse(&p, "\xFF", raw), -1);
	ck_assert_str_eq(expected, "a text in UTF-8 without NUL");
	ck_assert_str_eq(metric(&p, raw), "");
	ck_assert_str_eq(json(&p, strings[7].raw), "\"A\"");
}
END_TEST

/* Random numbers, the same in each run. */
static uint64_t
random_bits(void)
{
	static uint64_t state = 20261126;
	uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

/* Any finite number other than 0; mostly those that people write. */
static double
random_factor(void)
{
	static const double usual[] = { 1, -1, 10, 0.1, 0.01, 0.001, 100, 2,
		0.5, 1.0 / 3, -10, 1e-9, 1e300, 1e-300, 5e-324 };
	uint64_t bits = random_bits();
	double any;

	if (bits % 4 > 0)
		return usual[bits / 4 % (sizeof(usual) / sizeof(*usual))];
	bits = random_bits();
	memcpy(&any, &bits, sizeof(any));
	return isfinite(any) && any != 0 ? any : 7;
}

static struct point
random_point(int i)
{
	struct point p = i % 10 == 8 ?
	    string((uint8_t)(1 + random_bits() % 250), VALUE_ABCD) :
	    number((enum value_type)(i % 10 % VALUE_TYPES), VALUE_ABCD, 1);

	p.form.order = (enum value_order)(random_bits() % VALUE_ORDERS);
	if (p.form.type == VALUE_STRING)
		return p;
	switch (random_bits() % 3) {
	case 0:
		p.scale = random_factor();
		break;
	case 1:
		p.divisor = random_factor();
		break;
	}
	if (random_bits() % 2 == 0)
		p.offset = random_factor();
	return p;
}

/* Registers of any values; often of few different bytes, as in texts. */
static void
random_raw(const struct point *p, uint16_t *raw)
{
	uint64_t kind = random_bits() % 4;

	for (unsigned i = 0; i < point_quantity(p); i++) {
		raw[i] = (uint16_t)random_bits();
		if (kind == 0)
			raw[i] &= 0x0303;
		else if (kind == 1)
			raw[i] = (raw[i] & 0x1F1F) | 0x4040;
	}
}

START_TEST(every_cell_reads_back)
{
	for (int i = 0; i < 20000; i++) {
		struct point p = random_point(i);
		uint16_t raw[POINT_WORDS_MAX], again[POINT_WORDS_MAX];

		random_raw(&p, raw);
		memset(again, 0xA5, sizeof(again));
		cell(&p, raw);
		ck_assert_msg(parse(&p, text, again) == 0 &&
			memcmp(raw, again, point_quantity(&p) * sizeof(*raw)) ==
			    0,
		    "type %d order %d scale %a divisor %a offset %a: %s: %s",
		    p.form.type, p.form.order, p.scale, p.divisor, p.offset,
		    text, expected);
		ck_assert_uint_le(strlen(json(&p, raw)), POINT_JSON_MAX);
	}
}
END_TEST

/* What plants have is written in decimal; whole numbers with no more digits
 * than in JSON. */
START_TEST(usual_values_are_written_in_decimal)
{
	static const double factors[] = { 1, 10, 0.1, 0.01, 0.001, 100, 2, 0.5,
		0.25, 1000, -0.1 };
	static const double offsets[] = { 0, -40, 273.15, -273.15, 1000 };

	for (int i = 0; i < 20000; i++) {
		struct point p = number(
		    (enum value_type)(i % (VALUE_FLOAT32 + 1)), VALUE_ABCD, 1);
		uint16_t raw[2];
		size_t most = 17;

		if (random_bits() % 2 == 0)
			p.scale = factors[random_bits() % 11];
		else
			p.divisor = factors[random_bits() % 11];
		p.offset = offsets[random_bits() % 5];
		random_raw(&p, raw);
		if (p.form.type == VALUE_FLOAT32) {
			raw[0] = (uint16_t)(0x3F00 + raw[0] % 0x1000);
			most = 20;
		}
		cell(&p, raw);
		ck_assert_msg(text[1] != 'x' && strlen(text) <= most,
		    "scale %g divisor %g offset %g: %s", p.scale, p.divisor,
		    p.offset, text);
	}
}
END_TEST

static struct point_value
whole(int64_t number)
{
	return (struct point_value){ .is = POINT_WHOLE, .whole = number };
}

static struct point_value
real(double number)
{
	return (struct point_value){ .is = POINT_REAL, .real = number };
}

static struct point_value
words(const char *bytes)
{
	return (struct point_value){ .is = POINT_TEXT,
		.text = { bytes, strlen(bytes) } };
}

START_TEST(json_numbers_become_raw_numbers)
{
	struct point plain = number(VALUE_INT16, VALUE_ABCD, 1);
	struct point scaled = number(VALUE_INT16, VALUE_ABCD, 0.1);
	struct point narrow = number(VALUE_FLOAT32, VALUE_CDAB, 1);
	struct point_value v;
	uint16_t raw[4] = { 0 };

	v = whole(-2);
	ck_assert_int_eq(point_store(&plain, &v, raw, expected), 0);
	ck_assert_uint_eq(raw[0], 0xFFFE);
	ck_assert_int_eq(point_store(&scaled, &v, raw, expected), 0);
	ck_assert_int_eq((int16_t)raw[0], -20);
	ck_assert_int_eq(point_store(&narrow, &v, raw, expected), 0);
	ck_assert_uint_eq(raw[1], 0xC000);
	v = real(66.55);
	ck_assert_int_eq(point_store(&scaled, &v, raw, expected), 0);
	ck_assert_uint_eq(raw[0], 666);
	v = real(-2);
	ck_assert_int_eq(point_store(&plain, &v, raw, expected), 0);
	ck_assert_uint_eq(raw[0], 0xFFFE);
	v = words("-Infinity");
	ck_assert_int_eq(point_store(&narrow, &v, raw, expected), 0);
	ck_assert_uint_eq(raw[1], 0xFF80);
}
END_TEST

START_TEST(whole_numbers_of_64_bits_may_be_texts)
{
	struct point p = number(VALUE_UINT64, VALUE_ABCD, 1);
	struct point_value v = words("18446744073709551615");
	uint16_t raw[4] = { 0 };

	ck_assert_int_eq(point_store(&p, &v, raw, expected), 0);
	ck_assert_uint_eq(raw[0] & raw[1] & raw[2] & raw[3], 0xFFFF);
	v = words("9223372036854775807");
	ck_assert_int_eq(point_store(&p, &v, raw, expected), 0);
	ck_assert_uint_eq(raw[0], 0x7FFF);
	v = words("5");
	ck_assert_int_eq(point_store(&p, &v, raw, expected), 0);
	ck_assert_uint_eq(raw[3], 5);
	v = words("0xFFFFFFFFFFFFFFFF");
	ck_assert_int_eq(point_store(&p, &v, raw, expected), -1);
	ck_assert_str_eq(
	    expected, "a number from 0 to 18446744073709551615 for uint64");
}
END_TEST

START_TEST(json_of_another_kind_is_refused)
{
	struct point points[] = { number(VALUE_UINT16, VALUE_ABCD, 1),
		number(VALUE_FLOAT32, VALUE_ABCD, 1), string(4, VALUE_ABCD),
		coil() };
	const struct {
		int point;
		struct point_value value;
		const char *expected;
	} others[] = {
		{ 0, real(1.5), "a whole number from 0 to 65535 for uint16" },
		{ 0, real(65536), "a whole number from 0 to 65535 for uint16" },
		{ 3, real(0.5), "true or false" },
		{ 0, whole(65536), "a number from 0 to 65535 for uint16" },
		{ 0, words("1"), "a number from 0 to 65535 for uint16" },
		{ 0, { .is = POINT_BOOL, .on = true },
		    "a number from 0 to 65535 for uint16" },
		{ 0, { .is = POINT_OTHER },
		    "a number from 0 to 65535 for uint16" },
		{ 1, words("1.5"),
		    "a number from -3.4028235e+38 to 3.4028235e+38 for "
		    "float32" },
		{ 1, words("0x3F800000"),
		    "a number from -3.4028235e+38 to 3.4028235e+38 for "
		    "float32" },
		{ 1, real(1e39),
		    "a number from -3.4028235e+38 to 3.4028235e+38 for "
		    "float32" },
		{ 2, whole(1), "a text" },
		{ 2, words("ABCDE"),
		    "at most 4 bytes for string4: 2 registers" },
		{ 2, { .is = POINT_TEXT, .text = { "A\0B", 3 } },
		    "a text in UTF-8 without NUL" },
		{ 2, words("0x41424344"),
		    "at most 4 bytes for string4: 2 registers" },
		{ 3, whole(2), "true or false" },
		{ 3, real(2), "true or false" },
		{ 3, words("true"), "true or false" },
		{ 3, { .is = POINT_OTHER }, "true or false" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		uint16_t raw[2] = { 9, 9 };

		ck_assert_int_eq(point_store(&points[others[i].point],
				     &others[i].value, raw, expected),
		    -1);
		ck_assert_str_eq(expected, others[i].expected);
		ck_assert_uint_eq(raw[0], 9);
	}
}
END_TEST

START_TEST(json_bools_and_texts_are_stored)
{
	struct point bit = coil(), p = string(3, VALUE_BADC);
	struct point_value v = { .is = POINT_BOOL, .on = true };
	uint16_t raw[2] = { 0 };

	ck_assert_int_eq(point_store(&bit, &v, raw, expected), 0);
	ck_assert_uint_eq(raw[0], 1);
	v = whole(0);
	ck_assert_int_eq(point_store(&bit, &v, raw, expected), 0);
	ck_assert_uint_eq(raw[0], 0);
	v = words("ABC");
	ck_assert_int_eq(point_store(&p, &v, raw, expected), 0);
	ck_assert_uint_eq(raw[0], 0x4241);
	ck_assert_uint_eq(raw[1], 0x0043);
}
END_TEST

/* A point at an address, and its raw value. */
static uint16_t
read_bool(enum datatable_kind kind, unsigned address, int bit)
{
	struct point p = { .kind = kind,
		.address = (uint16_t)address,
		.bit = (int8_t)bit,
		.scale = 1 };
	uint16_t raw = 0xA5A5;

	point_read(&p, table, &raw);
	return raw;
}

START_TEST(the_table_has_the_raw_values)
{
	struct point last = number(VALUE_UINT64, VALUE_ABCD, 1);
	bool is_overlaid = _i == DATATABLE_OVERLAID;
	uint16_t raw[4];

	start(_i);
	set_register(65535, 7);
	last.address = 65532;
	point_read(&last, table, raw);
	ck_assert_str_eq(json(&last, raw), "7");
	set_register(40, 0x8005);
	ck_assert_uint_eq(read_bool(DATATABLE_REGISTERS, 40, 0), 1);
	ck_assert_uint_eq(read_bool(DATATABLE_REGISTERS, 40, 1), 0);
	ck_assert_uint_eq(read_bool(DATATABLE_REGISTERS, 40, 2), 1);
	ck_assert_uint_eq(read_bool(DATATABLE_REGISTERS, 40, 15), 1);
	ck_assert_uint_eq(
	    read_bool(DATATABLE_COILS, 40 * 16 + 2, POINT_NO_BIT), is_overlaid);
	set_coil(65535, 1);
	ck_assert_uint_eq(read_bool(DATATABLE_COILS, 65535, POINT_NO_BIT), 1);
	ck_assert_uint_eq(read_bool(DATATABLE_COILS, 65534, POINT_NO_BIT), 0);
	ck_assert_uint_eq(
	    read_bool(DATATABLE_REGISTERS, 4095, 15), is_overlaid);
}
END_TEST

START_TEST(metrics_have_their_own_words)
{
	struct point p = number(VALUE_FLOAT32, VALUE_ABCD, 1);
	struct point large = number(VALUE_UINT64, VALUE_ABCD, 1);
	struct point scaled = number(VALUE_INT16, VALUE_ABCD, 0.1);

	ck_assert_str_eq(metric(&p, (uint16_t[]){ 0x7F80, 0 }), "+Inf");
	ck_assert_str_eq(metric(&p, (uint16_t[]){ 0xFF80, 0 }), "-Inf");
	ck_assert_str_eq(metric(&p, (uint16_t[]){ 0x7FC0, 0 }), "NaN");
	ck_assert_str_eq(metric(&p, (uint16_t[]){ 0x3FC0, 0 }), "1.5");
	ck_assert_str_eq(metric(&scaled, (uint16_t[]){ 0xFFFF }), "-0.1");
	ck_assert_str_eq(
	    metric(&large, (uint16_t[]){ 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF }),
	    "18446744073709551615");
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("point_value");
	TCase *tc = tcase_create("point_value");

	tcase_add_loop_test(
	    tc, a_number_is_written_in_engineering_units, 0, COUNT(numbers));
	tcase_add_loop_test(
	    tc, a_cell_becomes_the_nearest_raw_number, 0, COUNT(cells));
	tcase_add_loop_test(tc, other_cells_are_refused_with_what_was_expected,
	    0, COUNT(refused));
	tcase_add_test(tc, a_cell_may_be_long);
	tcase_add_test(tc, a_bool_is_true_or_false);
	tcase_add_loop_test(tc, a_string_is_written_as_it_is_or_as_its_bytes, 0,
	    COUNT(strings));
	tcase_add_test(tc, a_string_has_its_length);
	tcase_add_test(tc, every_cell_reads_back);
	tcase_add_test(tc, usual_values_are_written_in_decimal);
	tcase_add_test(tc, json_numbers_become_raw_numbers);
	tcase_add_test(tc, whole_numbers_of_64_bits_may_be_texts);
	tcase_add_test(tc, json_of_another_kind_is_refused);
	tcase_add_test(tc, json_bools_and_texts_are_stored);
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_loop_test(tc, the_table_has_the_raw_values, 0, 2);
	tcase_add_test(tc, metrics_have_their_own_words);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
