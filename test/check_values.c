#include "table/values.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

static char text[VALUE_TEXT_MAX + 1];

/* Each type of numbers, in the order ABCD. */
static const struct value_form form_of[VALUE_TYPES] = {
	[VALUE_UINT16] = { .type = VALUE_UINT16 },
	[VALUE_INT16] = { .type = VALUE_INT16 },
	[VALUE_UINT32] = { .type = VALUE_UINT32 },
	[VALUE_INT32] = { .type = VALUE_INT32 },
	[VALUE_FLOAT32] = { .type = VALUE_FLOAT32 },
	[VALUE_UINT64] = { .type = VALUE_UINT64 },
	[VALUE_INT64] = { .type = VALUE_INT64 },
	[VALUE_FLOAT64] = { .type = VALUE_FLOAT64 },
};

static const char *
format(const struct value_form *form, const uint16_t *words)
{
	text[value_format(form, words, text)] = '\0';
	return text;
}

/* A form, the words of a value, and its text. */
static const struct {
	struct value_form form;
	uint16_t words[VALUE_WORDS_MAX];
	const char *text;
} cases[] = {
	{ { VALUE_UINT16, VALUE_ABCD, 0 }, { 0 }, "0" },
	{ { VALUE_UINT16, VALUE_ABCD, 0 }, { 65535 }, "65535" },
	{ { VALUE_UINT16, VALUE_CDAB, 0 }, { 0x1234 }, "4660" },
	{ { VALUE_UINT16, VALUE_BADC, 0 }, { 0x1234 }, "13330" },
	{ { VALUE_UINT16, VALUE_DCBA, 0 }, { 0x1234 }, "13330" },
	{ { VALUE_INT16, VALUE_ABCD, 0 }, { 0x8000 }, "-32768" },
	{ { VALUE_INT16, VALUE_ABCD, 0 }, { 0x7FFF }, "32767" },
	{ { VALUE_INT16, VALUE_ABCD, 0 }, { 0xFFFF }, "-1" },
	{ { VALUE_UINT32, VALUE_ABCD, 0 }, { 0x0102, 0x0304 }, "16909060" },
	{ { VALUE_UINT32, VALUE_CDAB, 0 }, { 0x0304, 0x0102 }, "16909060" },
	{ { VALUE_UINT32, VALUE_BADC, 0 }, { 0x0201, 0x0403 }, "16909060" },
	{ { VALUE_UINT32, VALUE_DCBA, 0 }, { 0x0403, 0x0201 }, "16909060" },
	{ { VALUE_UINT32, VALUE_ABCD, 0 }, { 0xFFFF, 0xFFFF }, "4294967295" },
	{ { VALUE_INT32, VALUE_ABCD, 0 }, { 0x8000, 0 }, "-2147483648" },
	{ { VALUE_INT32, VALUE_CDAB, 0 }, { 0xFFFE, 0xFFFF }, "-2" },
	{ { VALUE_FLOAT32, VALUE_ABCD, 0 }, { 0x3FC0, 0 }, "1.5" },
	{ { VALUE_FLOAT32, VALUE_CDAB, 0 }, { 0, 0x3FC0 }, "1.5" },
	{ { VALUE_FLOAT32, VALUE_BADC, 0 }, { 0xC03F, 0 }, "1.5" },
	{ { VALUE_FLOAT32, VALUE_DCBA, 0 }, { 0, 0xC03F }, "1.5" },
	{ { VALUE_FLOAT32, VALUE_ABCD, 0 }, { 0x3DCC, 0xCCCD }, "0.1" },
	{ { VALUE_FLOAT32, VALUE_ABCD, 0 }, { 0x7F7F, 0xFFFF },
	    "3.4028235e+38" },
	{ { VALUE_FLOAT32, VALUE_ABCD, 0 }, { 0, 1 }, "1.4013e-45" },
	{ { VALUE_FLOAT32, VALUE_ABCD, 0 }, { 0x8000, 0 }, "-0.0" },
	{ { VALUE_FLOAT32, VALUE_ABCD, 0 }, { 0x7FC0, 0 }, "\"NaN\"" },
	{ { VALUE_FLOAT32, VALUE_ABCD, 0 }, { 0x7F80, 0 }, "\"Infinity\"" },
	{ { VALUE_FLOAT32, VALUE_ABCD, 0 }, { 0xFF80, 0 }, "\"-Infinity\"" },
	{ { VALUE_UINT64, VALUE_ABCD, 0 }, { 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF },
	    "\"18446744073709551615\"" },
	{ { VALUE_UINT64, VALUE_ABCD, 0 }, { 0x8000, 0, 0, 0 },
	    "\"9223372036854775808\"" },
	{ { VALUE_UINT64, VALUE_ABCD, 0 }, { 0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF },
	    "\"9223372036854775807\"" },
	{ { VALUE_UINT64, VALUE_ABCD, 0 }, { 0x0102, 0x0304, 0x0506, 0x0708 },
	    "\"72623859790382856\"" },
	{ { VALUE_UINT64, VALUE_CDAB, 0 }, { 0x0708, 0x0506, 0x0304, 0x0102 },
	    "\"72623859790382856\"" },
	{ { VALUE_UINT64, VALUE_BADC, 0 }, { 0x0201, 0x0403, 0x0605, 0x0807 },
	    "\"72623859790382856\"" },
	{ { VALUE_UINT64, VALUE_DCBA, 0 }, { 0x0807, 0x0605, 0x0403, 0x0201 },
	    "\"72623859790382856\"" },
	{ { VALUE_INT64, VALUE_ABCD, 0 }, { 0x8000, 0, 0, 0 },
	    "\"-9223372036854775808\"" },
	{ { VALUE_UINT64, VALUE_ABCD, 0 }, { 0x0020, 0, 0, 0 },
	    "9007199254740992" },
	{ { VALUE_UINT64, VALUE_ABCD, 0 }, { 0x0020, 0, 0, 1 },
	    "\"9007199254740993\"" },
	{ { VALUE_INT64, VALUE_ABCD, 0 }, { 0xFFE0, 0, 0, 0 },
	    "-9007199254740992" },
	{ { VALUE_INT64, VALUE_ABCD, 0 }, { 0xFFDF, 0xFFFF, 0xFFFF, 0xFFFF },
	    "\"-9007199254740993\"" },
	{ { VALUE_FLOAT64, VALUE_ABCD, 0 }, { 0x3FB9, 0x9999, 0x9999, 0x999A },
	    "0.1" },
	{ { VALUE_FLOAT64, VALUE_CDAB, 0 }, { 0x5555, 0x5555, 0x5555, 0x3FD5 },
	    "0.3333333333333333" },
};

START_TEST(words_are_formatted_as_a_value)
{
	ck_assert_str_eq(
	    format(&cases[_i].form, cases[_i].words), cases[_i].text);
}
END_TEST

/* The text of a JSON string, without its quotation marks. */
static const char *
bare(const char *json)
{
	static char out[VALUE_NUMBER_MAX];

	if (json[0] != '"')
		return json;
	snprintf(out, sizeof(out), "%.*s", (int)strlen(json) - 2, json + 1);
	return out;
}

START_TEST(words_are_loaded_as_the_nearest_double)
{
	const char *value = bare(cases[_i].text);
	double number = value_load_real(&cases[_i].form, cases[_i].words);

	if (cases[_i].form.type == VALUE_FLOAT32)
		ck_assert(number == (double)strtof(value, NULL) ||
		    (isnan(number) && strcmp(value, "NaN") == 0));
	else
		ck_assert(number == strtod(value, NULL) ||
		    (isnan(number) && strcmp(value, "NaN") == 0));
}
END_TEST

static bool
is_number_with_fraction(const char *value)
{
	return strpbrk(value, ".e") != NULL;
}

START_TEST(a_value_is_stored_as_those_words)
{
	const char *value = bare(cases[_i].text);
	uint16_t words[VALUE_WORDS_MAX] = { 0 };
	struct value_number number = { .is_real = true,
		.real = strtod(value, NULL) };
	int result = is_number_with_fraction(value) ?
	    value_store(&cases[_i].form, number, words) :
	    value_store_text(&cases[_i].form, value, strlen(value), words);

	ck_assert_int_eq(result, 0);
	ck_assert_mem_eq(words, cases[_i].words,
	    value_form_words(&cases[_i].form) * sizeof(*words));
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
		if (format(&form_of[VALUE_FLOAT32], words)[0] == '"')
			continue;
		number.real = strtod(text, NULL);
		ck_assert_int_eq(
		    value_store(&form_of[VALUE_FLOAT32], number, again), 0);
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
		    value_store(&form_of[ranges[_i].type],
			(struct value_number){ .whole = not [i] }, words),
		    -1);
		ck_assert_uint_eq(words[0], 7);
	}
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(
		    value_store(&form_of[ranges[_i].type],
			(struct value_number){ .whole = fit[i] }, words),
		    0);
}
END_TEST

START_TEST(negative_numbers_are_no_uint64)
{
	uint16_t words[4];

	ck_assert_int_eq(value_store(&form_of[VALUE_UINT64],
			     (struct value_number){ .whole = -1 }, words),
	    -1);
	ck_assert_int_eq(
	    value_store_text(&form_of[VALUE_UINT64], "-1", 2, words), -1);
}
END_TEST

START_TEST(reals_are_stored_in_floats_only)
{
	const struct value_number half = { .is_real = true, .real = 0.5 };
	uint16_t words[4];

	for (int type = 0; type < VALUE_TYPES; type++)
		ck_assert_int_eq(value_store(&form_of[type], half, words) == 0,
		    type == VALUE_FLOAT32 || type == VALUE_FLOAT64);
}
END_TEST

START_TEST(reals_that_are_whole_are_integers)
{
	const struct {
		enum value_type type;
		double real;
		bool fits;
	} reals[] = {
		{ VALUE_UINT16, 1.0, true },
		{ VALUE_UINT16, -0.0, true },
		{ VALUE_UINT16, 65535.0, true },
		{ VALUE_UINT16, 65536.0, false },
		{ VALUE_INT16, -32768.0, true },
		{ VALUE_INT32, 2147483648.0, false },
		{ VALUE_INT64, -9007199254740992.0, true },
		{ VALUE_UINT64, 9007199254740992.0, true },
		{ VALUE_UINT64, 9007199254740994.0, false }, /* perhaps ...3 */
		{ VALUE_UINT64, -1.0, false },
		{ VALUE_INT64, 1e300, false },
		{ VALUE_INT64, INFINITY, false },
		{ VALUE_INT64, NAN, false },
	};
	uint16_t words[4] = { 0 };

	for (size_t i = 0; i < sizeof(reals) / sizeof(*reals); i++)
		ck_assert_int_eq(value_store(&form_of[reals[i].type],
				     (struct value_number){ .is_real = true,
					 .real = reals[i].real },
				     words),
		    reals[i].fits ? 0 : -1);
}
END_TEST

START_TEST(a_real_too_large_for_float32_is_refused)
{
	const struct value_number large = { .is_real = true, .real = 1e39 };
	const struct value_number end = { .is_real = true,
		.real = -0x1.ffffffp+127 };
	const struct value_number last = { .is_real = true,
		.real = -0x1.fffffefffffffp+127 };
	uint16_t words[4];

	ck_assert_int_eq(value_store(&form_of[VALUE_FLOAT32], end, words), -1);
	ck_assert_int_eq(value_store(&form_of[VALUE_FLOAT32], last, words), 0);
	ck_assert_uint_eq(words[0], 0xFF7F);
	ck_assert_uint_eq(words[1], 0xFFFF);
	ck_assert_int_eq(
	    value_store(&form_of[VALUE_FLOAT32], large, words), -1);
	ck_assert_int_eq(value_store(&form_of[VALUE_FLOAT64], large, words), 0);
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

	ck_assert_int_eq(value_store_text(&form_of[refused[_i].type],
			     refused[_i].text, strlen(refused[_i].text), words),
	    -1);
	ck_assert_uint_eq(words[0], 9);
}
END_TEST

/* The words of strings, and the text of them. */
static const struct {
	uint8_t bytes;
	enum value_order order;
	uint16_t words[4];
	const char *text;
} strings[] = {
	{ 1, VALUE_ABCD, { 0 }, "\"\"" },
	{ 1, VALUE_ABCD, { 0x4100 }, "\"A\"" },
	{ 2, VALUE_ABCD, { 0x4142 }, "\"AB\"" },
	{ 3, VALUE_ABCD, { 0x4142, 0x4300 }, "\"ABC\"" },
	{ 3, VALUE_CDAB, { 0x4142, 0x4300 }, "\"ABC\"" },
	{ 3, VALUE_BADC, { 0x4241, 0x0043 }, "\"ABC\"" },
	{ 3, VALUE_DCBA, { 0x4241, 0x0043 }, "\"ABC\"" },
	{ 8, VALUE_ABCD, { 0x4142, 0x4300, 0, 0 }, "\"ABC\"" },
	{ 8, VALUE_ABCD, { 0x4142, 0x4344, 0x4546, 0x4748 }, "\"ABCDEFGH\"" },
	{ 6, VALUE_ABCD, { 0x6DC2, 0xB32F, 0x6800 }, "\"m\xC2\xB3/h\"" },
};

static struct value_form
string_form(uint8_t bytes, enum value_order order)
{
	return (struct value_form){ VALUE_STRING, order, bytes };
}

START_TEST(words_are_formatted_as_a_string)
{
	struct value_form form =
	    string_form(strings[_i].bytes, strings[_i].order);
	uint16_t words[4] = { 0 };

	ck_assert_str_eq(format(&form, strings[_i].words), strings[_i].text);
	ck_assert_int_eq(value_store_text(&form, strings[_i].text + 1,
			     strlen(strings[_i].text) - 2, words),
	    0);
	ck_assert_mem_eq(words, strings[_i].words, sizeof(words));
}
END_TEST

/* Strings that no text is stored as, or whose text is escaped. */
static const struct {
	uint8_t bytes;
	uint16_t words[3];
	const char *text;
} other_strings[] = {
	{ 6, { 0x4100, 0x4200, 0 }, "\"A\"" },
	{ 1, { 0x4142 }, "\"A\"" },
	{ 3, { 0x4142, 0x4344 }, "\"ABC\"" },
	{ 2, { 0x6DB3 }, "\"m\xEF\xBF\xBD\"" },
	{ 1, { 0xC2B3 }, "\"\xEF\xBF\xBD\"" },
	{ 6, { 0xE282, 0xE282, 0xAC41 },
	    "\"\xEF\xBF\xBD\xEF\xBF\xBD\xE2\x82\xAC"
	    "A\"" },
	{ 6, { 0x2241, 0x5C0A, 0x1F7F }, "\"\\\"A\\\\\\u000a\\u001f\x7F\"" },
};

START_TEST(any_bytes_are_a_string)
{
	struct value_form form =
	    string_form(other_strings[_i].bytes, VALUE_ABCD);

	ck_assert_str_eq(
	    format(&form, other_strings[_i].words), other_strings[_i].text);
}
END_TEST

START_TEST(any_string_fits_its_text)
{
	static const uint16_t bytes[] = { 0, 0x0101, 0xFFFF, 0x2222, 0xE282 };

	for (size_t i = 0; i < sizeof(bytes) / sizeof(*bytes); i++)
		for (int n = 1; n <= VALUE_STRING_MAX; n++) {
			struct value_form form =
			    string_form((uint8_t)n, VALUE_ABCD);
			uint16_t words[VALUE_FORM_WORDS_MAX];

			for (int k = 0; k < VALUE_FORM_WORDS_MAX; k++)
				words[k] = bytes[i];
			format(&form, words);
			ck_assert_uint_le(strlen(text), value_text_max(&form));
		}
}
END_TEST

START_TEST(texts_that_no_string_holds_are_refused)
{
	const struct value_form form = string_form(3, VALUE_ABCD);
	const struct value_number number = { .whole = 1 };
	uint16_t words[2] = { 9, 9 };

	ck_assert_int_eq(value_store_text(&form, "ABCD", 4, words), -1);
	ck_assert_int_eq(value_store_text(&form, "A\0B", 3, words), -1);
	ck_assert_int_eq(value_store_text(&form, "m\xB3", 2, words), -1);
	ck_assert_int_eq(value_store(&form, number, words), -1);
	ck_assert_uint_eq(words[0], 9);
	ck_assert_int_eq(value_store_text(&form, "", 0, words), 0);
	ck_assert_uint_eq(words[0], 0);
	ck_assert_uint_eq(words[1], 0);
}
END_TEST

START_TEST(a_type_is_found_by_its_name)
{
	static const char *const names[] = { "uint16", "float64", "string1",
		"string250" };
	static const char *const others[] = { "", "float", "UINT16", "bool",
		"string", "string0", "string251", "string1x", "string-1" };
	char name[VALUE_TYPE_NAME_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct value_form form = { .order = VALUE_DCBA };

		ck_assert_int_eq(value_type_parse(names[i], &form), 0);
		ck_assert_str_eq(value_type_name(&form, name), names[i]);
		ck_assert_int_eq(form.order, VALUE_DCBA);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct value_form form = string_form(7, VALUE_ABCD);

		ck_assert_int_eq(value_type_parse(others[i], &form), -1);
		ck_assert_uint_eq(form.bytes, 7);
	}
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
	    tc, words_are_loaded_as_the_nearest_double, 0, COUNT(cases));
	tcase_add_loop_test(
	    tc, a_value_is_stored_as_those_words, 0, COUNT(cases));
	tcase_add_test(tc, every_float_survives_its_text);
	tcase_add_loop_test(
	    tc, whole_numbers_are_stored_if_they_fit, 0, COUNT(ranges));
	tcase_add_test(tc, negative_numbers_are_no_uint64);
	tcase_add_test(tc, reals_are_stored_in_floats_only);
	tcase_add_test(tc, reals_that_are_whole_are_integers);
	tcase_add_test(tc, a_real_too_large_for_float32_is_refused);
	tcase_add_loop_test(
	    tc, text_that_is_no_number_is_refused, 0, COUNT(refused));
	tcase_add_loop_test(
	    tc, words_are_formatted_as_a_string, 0, COUNT(strings));
	tcase_add_loop_test(
	    tc, any_bytes_are_a_string, 0, COUNT(other_strings));
	tcase_add_test(tc, any_string_fits_its_text);
	tcase_add_test(tc, texts_that_no_string_holds_are_refused);
	tcase_add_test(tc, a_type_is_found_by_its_name);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
