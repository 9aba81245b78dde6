#include "base/number.h"

#include "suite.h"

static const struct {
	const char *text;
	uint64_t min, max;
	int64_t expected; /* -1: refused */
} parses[] = {
	{ "0", 0, 9, 0 },
	{ "9", 0, 9, 9 },
	{ "10", 0, 9, -1 },
	{ "65535", 0, 65535, 65535 },
	{ "65536", 0, 65535, -1 },
	{ "655350", 0, 65535, -1 },
	{ "99999999999999999999999999", 0, 65535, -1 },
	{ "007", 0, 9, 7 },
	{ "1", 2, 9, -1 },
	{ "2", 2, 9, 2 },
	{ "", 0, 9, -1 },
	{ " 5", 0, 9, -1 },
	{ "5 ", 0, 9, -1 },
	{ "-1", 0, 9, -1 },
	{ "+1", 0, 9, -1 },
	{ "12x", 0, 99, -1 },
	{ "0x1", 0, 99, -1 },
	{ "1.0", 0, 99, -1 },
	{ "5", 0, 3, -1 },
};

START_TEST(parses_whole_numbers_in_range)
{
	uint64_t value;
	int result = number_parse(
	    parses[_i].text, parses[_i].min, parses[_i].max, &value);

	ck_assert_msg(result == (parses[_i].expected < 0 ? -1 : 0), "\"%s\"",
	    parses[_i].text);
	if (result == 0)
		ck_assert_int_eq((int64_t)value, parses[_i].expected);
}
END_TEST

START_TEST(takes_a_number_and_says_what_follows)
{
	uint64_t value;

	ck_assert_str_eq(number_take("100-110", 65535, &value), "-110");
	ck_assert_uint_eq(value, 100);
	ck_assert_ptr_null(number_take("-110", 65535, &value));
}
END_TEST

START_TEST(largest_number_does_not_overflow)
{
	uint64_t value;

	ck_assert_int_eq(
	    number_parse("18446744073709551615", 0, UINT64_MAX, &value), 0);
	ck_assert(value == UINT64_MAX);
	ck_assert_int_eq(
	    number_parse("18446744073709551616", 0, UINT64_MAX, &value), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("number");
	TCase *tc = tcase_create("number");

	tcase_add_loop_test(tc, parses_whole_numbers_in_range, 0,
	    sizeof(parses) / sizeof(*parses));
	tcase_add_test(tc, takes_a_number_and_says_what_follows);
	tcase_add_test(tc, largest_number_does_not_overflow);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
