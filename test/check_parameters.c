#include "http/parameters.h"

#include <string.h>

#include "suite.h"

static struct parameters q;

START_TEST(no_query_gives_the_defaults)
{
	parameters_parse(&q, _i == 0 ? NULL : "");
	ck_assert_ptr_null(parameters_text(&q, "a"));
	ck_assert_uint_eq(parameters_number(&q, "a", 1, 9, 5), 5);
	ck_assert_ptr_null(parameters_finish(&q));
}
END_TEST

START_TEST(numbers_and_words_are_found_by_name)
{
	static const char *const words[] = { "one", "two" };

	parameters_parse(&q, "quantity=10&address=0&type=two");
	ck_assert_uint_eq(parameters_number(&q, "address", 0, 65535, 7), 0);
	ck_assert_uint_eq(parameters_number(&q, "quantity", 1, 10, 1), 10);
	ck_assert_uint_eq(parameters_choice(&q, "type", words, 2, 0), 1);
	ck_assert_ptr_null(parameters_finish(&q));
}
END_TEST

static const struct {
	const char *query;
	const char *error;
} refused[] = {
	{ "a=11", "a: \"11\": expected a number from 1 to 10" },
	{ "a=0", "a: \"0\": expected a number from 1 to 10" },
	{ "a=", "a: \"\": expected a number from 1 to 10" },
	{ "a=1x", "a: \"1x\": expected a number from 1 to 10" },
	{ "a=-1", "a: \"-1\": expected a number from 1 to 10" },
	{ "b=three", "b: \"three\": expected one or two" },
	{ "b=", "b: \"\": expected one or two" },
	{ "c=1", "query: \"c\": no such parameter" },
	{ "a", "query: \"a\": expected name=value" },
	{ "&", "query: \"\": expected name=value" },
	{ "a=1&", "query: \"\": expected name=value" },
	{ "a=1&a=1", "query: \"a\" is given twice" },
	{ "=1", "query: \"\": no such parameter" },
	{ "a=1%30",
	    "query: expected letters, digits, \"_\", \"-\" and \".\" "
	    "only" },
	{ "a=1+1",
	    "query: expected letters, digits, \"_\", \"-\" and \".\" "
	    "only" },
	{ "a=\"",
	    "query: expected letters, digits, \"_\", \"-\" and \".\" "
	    "only" },
	{ "c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1",
	    "query: expected at most 8 parameters" },
};

START_TEST(the_error_names_what_is_wrong)
{
	static const char *const words[] = { "one", "two" };

	parameters_parse(&q, refused[_i].query);
	ck_assert_uint_le(parameters_number(&q, "a", 1, 10, 5), 10);
	ck_assert_uint_le(parameters_choice(&q, "b", words, 2, 0), 1);
	ck_assert_str_eq(parameters_finish(&q), refused[_i].error);
}
END_TEST

START_TEST(the_first_error_stays)
{
	parameters_parse(&q, "a=x&b=y");
	parameters_number(&q, "b", 0, 1, 0);
	parameters_number(&q, "a", 0, 1, 0);
	ck_assert_str_eq(
	    parameters_finish(&q), "b: \"y\": expected a number from 0 to 1");
}
END_TEST

START_TEST(a_long_query_is_refused)
{
	char text[PARAMETERS_TEXT_MAX + 1];

	memset(text, 'a', sizeof(text) - 1);
	text[1] = '=';
	text[PARAMETERS_TEXT_MAX] = '\0';
	parameters_parse(&q, text);
	ck_assert_str_eq(
	    parameters_finish(&q), "query: expected fewer than 256 bytes");
	text[PARAMETERS_TEXT_MAX - 1] = '\0';
	parameters_parse(&q, text);
	ck_assert_ptr_nonnull(parameters_text(&q, "a"));
	ck_assert_ptr_null(parameters_finish(&q));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("parameters");
	TCase *tc = tcase_create("parameters");

	tcase_add_loop_test(tc, no_query_gives_the_defaults, 0, 2);
	tcase_add_test(tc, numbers_and_words_are_found_by_name);
	tcase_add_loop_test(tc, the_error_names_what_is_wrong, 0,
	    (int)(sizeof(refused) / sizeof(*refused)));
	tcase_add_test(tc, the_first_error_stays);
	tcase_add_test(tc, a_long_query_is_refused);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
