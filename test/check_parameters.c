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

START_TEST(a_form_has_a_type_and_an_order)
{
	struct value_form form;

	parameters_parse(&q, "type=string10&order=BADC");
	form = parameters_form(&q);
	ck_assert_int_eq(form.type, VALUE_STRING);
	ck_assert_uint_eq(form.bytes, 10);
	ck_assert_int_eq(form.order, VALUE_BADC);
	ck_assert_ptr_null(parameters_finish(&q));
	parameters_parse(&q, "");
	form = parameters_form(&q);
	ck_assert_int_eq(form.type, VALUE_UINT16);
	ck_assert_int_eq(form.order, VALUE_ABCD);
	parameters_parse(&q, "type=string251");
	form = parameters_form(&q);
	ck_assert_int_eq(form.type, VALUE_UINT16);
	ck_assert_str_eq(parameters_finish(&q),
	    "type: \"string251\": expected uint16, int16, uint32, int32, "
	    "float32, uint64, int64, float64 or string1 to string250");
}
END_TEST

static const struct {
	const char *query;
	const char *value;
} values[] = {
	{ "a=", "" },
	{ "a=%31%30", "10" },
	{ "a=pump+on%2b1", "pump on+1" },
	{ "a=m%C2%b3%2Fh", "m\xC2\xB3/h" },
	{ "a=m\xC2\xB3/h?!*'()~:", "m\xC2\xB3/h?!*'()~:" },
	{ "b=1&a=%26b%3D%25%32&c=2", "&b=%2" },
	{ "a=b=c", "b=c" },
	{ "a=%01%ff", "\x01\xFF" },
};

START_TEST(values_are_decoded)
{
	parameters_parse(&q, values[_i].query);
	ck_assert_str_eq(parameters_text(&q, "a"), values[_i].value);
	parameters_text(&q, "b");
	parameters_text(&q, "c");
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
	{ "a=1%3",
	    "a: \"%3\": expected \"%\" and two hexadecimal digits "
	    "other than 00" },
	{ "a=1%",
	    "a: \"%\": expected \"%\" and two hexadecimal digits "
	    "other than 00" },
	{ "a=%G0&b=1",
	    "a: \"%G0\": expected \"%\" and two hexadecimal digits "
	    "other than 00" },
	{ "b=1%001",
	    "b: \"%00\": expected \"%\" and two hexadecimal digits "
	    "other than 00" },
	{ "%61=1",
	    "query: \"%61\": expected a name of letters, digits, \"_\", "
	    "\"-\" and \".\" only" },
	{ "a\n=1",
	    "query: \"a?\": expected a name of letters, digits, \"_\", "
	    "\"-\" and \".\" only" },
	{ "a=1+1", "a: \"1 1\": expected a number from 1 to 10" },
	{ "a=1%0A%ff\xC3", "a: \"1???\": expected a number from 1 to 10" },
	{ "a=\"", "a: \"\"\": expected a number from 1 to 10" },
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

static const struct {
	const char *query;
	enum datatable_kind kind;
	uint16_t address;
	const char *error; /* NULL: none */
} addresses[] = {
	{ "b=1", DATATABLE_REGISTERS, 7, NULL },
	{ "a=16", DATATABLE_COILS, 16, NULL },
	{ "a=40017", DATATABLE_REGISTERS, 40017, NULL },
	{ "a=400017", DATATABLE_REGISTERS, 16, NULL },
	{ "a=ir16", DATATABLE_REGISTERS, 16, NULL },
	{ "a=C5", DATATABLE_COILS, 5, NULL },
	{ "a=C5", DATATABLE_REGISTERS, 7,
	    "a: \"C5\": expected a register: a number from 0 to 65535, HR0 to "
	    "HR65535, IR0 to IR65535, or 400001 to 465536" },
	{ "a=HR16.3", DATATABLE_REGISTERS, 7,
	    "a: \"HR16.3\": expected a register: a number from 0 to 65535, HR0 "
	    "to HR65535, IR0 to IR65535, or 400001 to 465536" },
	{ "a=65536", DATATABLE_COILS, 7,
	    "a: \"65536\": expected a coil: a number from 0 to 65535, C0 to "
	    "C65535, DI0 to DI65535, or 100001 to 165536" },
	{ "a=", DATATABLE_COILS, 7,
	    "a: \"\": expected a coil: a number from 0 to 65535, C0 to "
	    "C65535, DI0 to DI65535, or 100001 to 165536" },
};

START_TEST(an_address_is_of_the_kind_that_is_asked_for)
{
	const char *error = addresses[_i].error;

	parameters_parse(&q, addresses[_i].query);
	parameters_text(&q, "b");
	ck_assert_uint_eq(parameters_address(&q, "a", addresses[_i].kind, 7),
	    addresses[_i].address);
	ck_assert_pstr_eq(parameters_finish(&q), error);
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
	    parameters_finish(&q), "query: expected fewer than 512 bytes");
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
	tcase_add_test(tc, a_form_has_a_type_and_an_order);
	tcase_add_loop_test(
	    tc, values_are_decoded, 0, (int)(sizeof(values) / sizeof(*values)));
	tcase_add_loop_test(tc, the_error_names_what_is_wrong, 0,
	    (int)(sizeof(refused) / sizeof(*refused)));
	tcase_add_loop_test(tc, an_address_is_of_the_kind_that_is_asked_for, 0,
	    (int)(sizeof(addresses) / sizeof(*addresses)));
	tcase_add_test(tc, the_first_error_stays);
	tcase_add_test(tc, a_long_query_is_refused);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
