#include "table/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

static char text[VALUE_TEXT_MAX + 1];

static const char *
format(enum value_type type, enum value_order order, const uint16_t *words)
{
	text[value_format(type, order, words, text)] = '\0';
	return text;
}

/* A type, an order, the words of a value, and its text. */
static const struct {
	enum value_type type;
	enum value_order order;
	uint16_t words[VALUE_WORDS_MAX];
	const char *text;
} cases[] = {
	{ VALUE_UINT16, VALUE_ABCD, { 0 }, "0" },
	{ VALUE_UINT16, VALUE_ABCD, { 65535 }, "65535" },
	{ VALUE_UINT16, VALUE_CDAB, { 0x1234 }, "4660" },
	{ VALUE_UINT16, VALUE_BADC, { 0x1234 }, "13330" },
	{ VALUE_UINT16, VALUE_DCBA, { 0x1234 }, "13330" },
	{ VALUE_INT16, VALUE_ABCD, { 0x8000 }, "-32768" },
	{ VALUE_INT16, VALUE_ABCD, { 0x7FFF }, "32767" },
	{ VALUE_INT16, VALUE_ABCD, { 0xFFFF }, "-1" },
	{ VALUE_UINT32, VALUE_ABCD, { 0x0102, 0x0304 }, "16909060" },
	{ VALUE_UINT32, VALUE_CDAB, { 0x0304, 0x0102 }, "16909060" },
	{ VALUE_UINT32, VALUE_BADC, { 0x0201, 0x0403 }, "16909060" },
	{ VALUE_UINT32, VALUE_DCBA, { 0x0403, 0x0201 }, "16909060" },
	{ VALUE_UINT32, VALUE_ABCD, { 0xFFFF, 0xFFFF }, "4294967295" },
	{ VALUE_INT32, VALUE_ABCD, { 0x8000, 0 }, "-2147483648" },
	{ VALUE_INT32, VALUE_CDAB, { 0xFFFE, 0xFFFF }, "-2" },
	{ VALUE_FLOAT32, VALUE_ABCD, { 0x3FC0, 0 }, "1.5" },
	{ VALUE_FLOAT32, VALUE_CDAB, { 0, 0x3FC0 }, "1.5" },
	{ VALUE_FLOAT32, VALUE_BADC, { 0xC03F, 0 }, "1.5" },
	{ VALUE_FLOAT32, VALUE_DCBA, { 0, 0xC03F }, "1.5" },
	{ VALUE_FLOAT32, VALUE_ABCD, { 0x3DCC, 0xCCCD }, "0.1" },
	{ VALUE_FLOAT32, VALUE_ABCD, { 0x7F7F, 0xFFFF }, "3.4028235e+38" },
	{ VALUE_FLOAT32, VALUE_ABCD, { 0, 1 }, "1.4013e-45" },
	{ VALUE_FLOAT32, VALUE_ABCD, { 0x8000, 0 }, "-0" },
	{ VALUE_FLOAT32, VALUE_ABCD, { 0x7FC0, 0 }, "\"NaN\"" },
	{ VALUE_FLOAT32, VALUE_ABCD, { 0x7F80, 0 }, "\"Infinity\"" },
	{ VALUE_FLOAT32, VALUE_ABCD, { 0xFF80, 0 }, "\"-Infinity\"" },
	{ VALUE_UINT64, VALUE_ABCD, { 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF },
	    "18446744073709551615" },
	{ VALUE_UINT64, VALUE_ABCD, { 0x0102, 0x0304, 0x0506, 0x0708 },
	    "72623859790382856" },
	{ VALUE_UINT64, VALUE_CDAB, { 0x0708, 0x0506, 0x0304, 0x0102 },
	    "72623859790382856" },
	{ VALUE_UINT64, VALUE_BADC, { 0x0201, 0x0403, 0x0605, 0x0807 },
	    "72623859790382856" },
	{ VALUE_UINT64, VALUE_DCBA, { 0x0807, 0x0605, 0x0403, 0x0201 },
	    "72623859790382856" },
	{ VALUE_INT64, VALUE_ABCD, { 0x8000, 0, 0, 0 },
	    "-9223372036854775808" },
	{ VALUE_FLOAT64, VALUE_ABCD, { 0x3FB9, 0x9999, 0x9999, 0x999A },
	    "0.1" },
	{ VALUE_FLOAT64, VALUE_CDAB, { 0x5555, 0x5555, 0x5555, 0x3FD5 },
	    "0.3333333333333333" },
};

START_TEST(words_are_formatted_as_a_value)
{
	ck_assert_str_eq(
	    format(cases[_i].type, cases[_i].order, cases[_i].words),
	    cases[_i].text);
}
END_TEST

/* The text of a JSON string, without its quotation marks. */
static const char *
bare(const char *json)
{
	static char out[VALUE_TEXT_MAX];

	if (json[0] != '"')
		return json;
	snprintf(out, sizeof(out), "%.*s", (int)strlen(json) - 2, json + 1);
	return out;
}

static bool
is_number_with_fraction(const char *value)
{
	return strpbrk(value, ".e") != NULL || strcmp(value, "-0") == 0;
}

START_TEST(a_value_is_stored_as_those_words)
{
	const char *value = bare(cases[_i].text);
	uint16_t words[VALUE_WORDS_MAX] = { 0 };
	struct value_number number = { .is_real = true,
		.real = strtod(value, NULL) };
	int result = is_number_with_fraction(value) ?
	    value_store(cases[_i].type, cases[_i].order, number, words) :
	    value_store_text(cases[_i].type, cases[_i].order, value, words);

	ck_assert_int_eq(result, 0);
	ck_assert_mem_eq(words, cases[_i].words,
	    value_words(cases[_i].type) * sizeof(*words));
}
END_TEST

START_TEST(every_float_survives_its_text)
{
	uint32_t state = 20261122;

	for (int i = 0; i < 20000; i++) {
		uint16_t words[2], again[2] = { 0, 0 };
		struct value_number number = { .is_real = true };

		state = state * 1664525 + 1013904223;
		words[0] = (uint16_t)(state >> 16);
		state = state * 1664525 + 1013904223;
		words[1] = (uint16_t)(state >> 16);
		if (format(VALUE_FLOAT32, VALUE_ABCD, words)[0] == '"')
			continue;
		number.real = strtod(text, NULL);
		ck_assert_int_eq(
		    value_store(VALUE_FLOAT32, VALUE_ABCD, number, again), 0);
		ck_assert_msg(memcmp(words, again, sizeof(words)) == 0,
		    "%04x %04x became %s", words[0], words[1], text);
	}
}
END_TEST

static const struct {
	enum value_type type;
	int64_t below; /* the last that is refused */
	int64_t least;
	int64_t most;
	int64_t above; /* the first that is refused */
} ranges[] = {
	{ VALUE_UINT16, -1, 0, 65535, 65536 },
	{ VALUE_INT16, -32769, -32768, 32767, 32768 },
	{ VALUE_UINT32, -1, 0, UINT32_MAX, INT64_C(4294967296) },
	{ VALUE_INT32, INT64_C(-2147483649), INT32_MIN, INT32_MAX,
	    INT64_C(2147483648) },
};

START_TEST(whole_numbers_are_stored_if_they_fit)
{
	const int64_t fit[] = { ranges[_i].least, ranges[_i].most };
	const int64_t not [] = { ranges[_i].below, ranges[_i].above };
	uint16_t words[VALUE_WORDS_MAX] = { 7, 7, 7, 7 };

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(
		    value_store(ranges[_i].type, VALUE_ABCD,
			(struct value_number){ .whole = not [i] }, words),
		    -1);
		ck_assert_uint_eq(words[0], 7);
	}
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(
		    value_store(ranges[_i].type, VALUE_ABCD,
			(struct value_number){ .whole = fit[i] }, words),
		    0);
}
END_TEST

START_TEST(negative_numbers_are_no_uint64)
{
	uint16_t words[4];

	ck_assert_int_eq(value_store(VALUE_UINT64, VALUE_ABCD,
			     (struct value_number){ .whole = -1 }, words),
	    -1);
	ck_assert_int_eq(
	    value_store_text(VALUE_UINT64, VALUE_ABCD, "-1", words), -1);
}
END_TEST

START_TEST(reals_are_stored_in_floats_only)
{
	const struct value_number half = { .is_real = true, .real = 0.5 };
	uint16_t words[4];

	for (int type = 0; type < VALUE_TYPES; type++)
		ck_assert_int_eq(value_store((enum value_type)type, VALUE_ABCD,
				     half, words) == 0,
		    type == VALUE_FLOAT32 || type == VALUE_FLOAT64);
}
END_TEST

START_TEST(a_real_too_large_for_float32_is_refused)
{
	const struct value_number large = { .is_real = true, .real = 1e39 };
	uint16_t words[4];

	ck_assert_int_eq(
	    value_store(VALUE_FLOAT32, VALUE_ABCD, large, words), -1);
	ck_assert_int_eq(
	    value_store(VALUE_FLOAT64, VALUE_ABCD, large, words), 0);
}
END_TEST

static const struct {
	enum value_type type;
	const char *text;
} refused[] = {
	{ VALUE_UINT16, "" },
	{ VALUE_UINT16, "-" },
	{ VALUE_UINT16, " 1" },
	{ VALUE_UINT16, "+1" },
	{ VALUE_UINT16, "1x" },
	{ VALUE_UINT16, "0x10" },
	{ VALUE_UINT16, "65536" },
	{ VALUE_UINT16, "NaN" },
	{ VALUE_INT16, "- 1" },
	{ VALUE_INT16, "-32769" },
	{ VALUE_UINT64, "18446744073709551616" },
	{ VALUE_INT64, "9223372036854775808" },
	{ VALUE_INT64, "-9223372036854775809" },
	{ VALUE_FLOAT32, "nan" },
	{ VALUE_FLOAT32, "inf" },
	{ VALUE_FLOAT64, "Infinity " },
};

START_TEST(text_that_is_no_number_is_refused)
{
	uint16_t words[4] = { 9, 9, 9, 9 };

	ck_assert_int_eq(value_store_text(refused[_i].type, VALUE_ABCD,
			     refused[_i].text, words),
	    -1);
	ck_assert_uint_eq(words[0], 9);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("values");
	TCase *tc = tcase_create("values");

	tcase_add_loop_test(
	    tc, words_are_formatted_as_a_value, 0, COUNT(cases));
	tcase_add_loop_test(
	    tc, a_value_is_stored_as_those_words, 0, COUNT(cases));
	tcase_add_test(tc, every_float_survives_its_text);
	tcase_add_loop_test(
	    tc, whole_numbers_are_stored_if_they_fit, 0, COUNT(ranges));
	tcase_add_test(tc, negative_numbers_are_no_uint64);
	tcase_add_test(tc, reals_are_stored_in_floats_only);
	tcase_add_test(tc, a_real_too_large_for_float32_is_refused);
	tcase_add_loop_test(
	    tc, text_that_is_no_number_is_refused, 0, COUNT(refused));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
