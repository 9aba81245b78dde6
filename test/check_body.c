#include "http/body.h"

#include <stdlib.h>
#include <string.h>

#include "suite.h"

static char error[BODY_ERROR_MAX];
static uint16_t words[16];

static json_t *
parse(const char *text)
{
	return body_parse(text, strlen(text), error);
}

static const struct {
	const char *text;
	const char *error; /* its beginning */
} refused[] = {
	{ "", "body: expected a JSON object" },
	{ "[]", "body: expected a JSON object" },
	{ "1", "body: not JSON, line 1" },
	{ "{", "body: not JSON, line 1" },
	{ "{\"a\":1,\"a\":2}", "body: not JSON, line 1" },
	{ "{\"a\":\"\xFF\"}", "body: not JSON, line 1" },
	{ "{} {}", "body: not JSON, line 1" },
	{ "{\"a\":[[[[[[[[]]]]]]]]}", "body: expected at most 8 arrays" },
	{ "{\"a\":99999999999999999999}", "body: not JSON, line 1" },
};

START_TEST(bodies_other_than_objects_are_refused)
{
	ck_assert_ptr_null(parse(refused[_i].text));
	ck_assert_msg(
	    strncmp(error, refused[_i].error, strlen(refused[_i].error)) == 0,
	    "%s: %s", refused[_i].text, error);
}
END_TEST

START_TEST(brackets_and_commas_in_strings_do_not_count)
{
	json_t *o =
	    parse("{\"a\":\"[[[[[[[[[[{{{{{{{{{{\\\"[[[[[[,,,\\\\\",\"b\":[]}");

	ck_assert_ptr_nonnull(o);
	json_decref(o);
}
END_TEST

START_TEST(more_values_than_a_table_are_refused_before_they_are_parsed)
{
	size_t length = 2 * (BODY_VALUES_MAX + 2) + 16;
	char *text = malloc(length);
	size_t n = (size_t)sprintf(text, "{\"a\":[0");
	json_t *o;

	ck_assert_ptr_nonnull(text);
	for (int i = 1; i < BODY_VALUES_MAX; i++) {
		memcpy(text + n, ",0", 2);
		n += 2;
	}
	memcpy(text + n, "]}", 2);
	o = body_parse(text, n + 2, error);
	ck_assert_ptr_nonnull(o);
	json_decref(o);
	memcpy(text + n, ",0]}", 4);
	ck_assert_ptr_null(body_parse(text, n + 4, error));
	ck_assert_str_eq(error, "body: expected at most 70000 values");
	free(text);
}
END_TEST

START_TEST(errors_quote_printable_ascii_only)
{
	json_t *o = parse("{\"\\n\xC3\xA4\":1}");
	json_t *members[1];

	ck_assert_int_eq(body_members(o, NULL, 0, members, error), -1);
	ck_assert_str_eq(error, "\"?\?\?\": no such member");
	json_decref(o);
	ck_assert_ptr_null(parse("{\"a\n"));
	ck_assert_ptr_null(strchr(error, '\n'));
}
END_TEST

START_TEST(members_are_found_and_unknown_ones_refused)
{
	static const char *const names[] = { "one", "two" };
	json_t *o = parse("{\"two\":2}");
	json_t *members[2];

	ck_assert_int_eq(body_members(o, names, 2, members, error), 0);
	ck_assert_ptr_null(members[0]);
	ck_assert_int_eq(json_integer_value(members[1]), 2);
	ck_assert_int_eq(body_members(o, names, 1, members, error), -1);
	ck_assert_str_eq(error, "\"two\": no such member");
	json_decref(o);
}
END_TEST

static long
values(const char *array, enum value_type type, size_t most)
{
	char text[200];
	json_t *o;
	long n;

	snprintf(text, sizeof(text), "{\"v\":%s}", array);
	o = parse(text);
	ck_assert_ptr_nonnull(o);
	n = body_values(
	    json_object_get(o, "v"), "v", type, VALUE_ABCD, words, most, error);
	json_decref(o);
	return n;
}

START_TEST(values_of_all_kinds_become_words)
{
	ck_assert_int_eq(values("[1,\"2\",65535]", VALUE_UINT16, 16), 3);
	ck_assert_mem_eq(words, ((uint16_t[]){ 1, 2, 65535 }), 6);
	ck_assert_int_eq(values("[1.5,-2,\"NaN\"]", VALUE_FLOAT32, 16), 6);
	ck_assert_mem_eq(
	    words, ((uint16_t[]){ 0x3FC0, 0, 0xC000, 0, 0x7FC0, 0 }), 12);
}
END_TEST

static const struct {
	const char *array;
	enum value_type type;
	const char *error;
} bad_values[] = {
	{ "[]", VALUE_UINT16, "v: expected an array of values" },
	{ "1", VALUE_UINT16, "v: expected an array of values" },
	{ "[1,65536]", VALUE_UINT16, "v[1]: not a value of type uint16" },
	{ "[null]", VALUE_UINT16, "v[0]: not a value of type uint16" },
	{ "[true]", VALUE_UINT16, "v[0]: not a value of type uint16" },
	{ "[[1]]", VALUE_UINT16, "v[0]: not a value of type uint16" },
	{ "[1,2,3,4,5]", VALUE_UINT16,
	    "v: 5 are too many: there is room for 4 up to the table's end" },
	{ "[1,2,3]", VALUE_INT32,
	    "v: 3 are too many: there is room for 2 up to the table's end" },
};

START_TEST(other_values_are_refused)
{
	ck_assert_int_eq(
	    values(bad_values[_i].array, bad_values[_i].type, 4), -1);
	ck_assert_str_eq(error, bad_values[_i].error);
}
END_TEST

START_TEST(coils_are_packed)
{
	json_t *o = parse("{\"v\":[true,0,1,false,0,0,0,0,0,0,0,0,0,0,0,1,1]}");

	words[0] = words[1] = 0xFFFF;
	ck_assert_int_eq(
	    body_coils(json_object_get(o, "v"), "v", words, 17, error), 17);
	ck_assert_uint_eq(words[0], 0x8005);
	ck_assert_uint_eq(words[1], 1);
	ck_assert_int_eq(
	    body_coils(json_object_get(o, "v"), "v", words, 16, error), -1);
	json_decref(o);
	o = parse("{\"v\":[2]}");
	ck_assert_int_eq(
	    body_coils(json_object_get(o, "v"), "v", words, 16, error), -1);
	ck_assert_str_eq(error, "v[0]: expected true, false, 1 or 0");
	json_decref(o);
}
END_TEST

START_TEST(numbers_and_choices_have_their_bounds)
{
	static const char *const choices[] = { "a", "b" };
	json_t *seven = json_integer(7), *name = json_string("b");
	size_t n;

	ck_assert_int_eq(body_number(NULL, "n", 7, 3, &n, error), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(body_number(seven, "n", 7, 3, &n, error), 0);
	ck_assert_uint_eq(n, 7);
	ck_assert_int_eq(body_number(seven, "n", 6, 3, &n, error), -1);
	ck_assert_int_eq(body_number(name, "n", 6, 3, &n, error), -1);
	ck_assert_str_eq(error, "n: expected a whole number from 0 to 6");
	ck_assert_int_eq(body_choice(name, "c", choices, 2, 0, &n, error), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(body_choice(seven, "c", choices, 2, 0, &n, error), -1);
	ck_assert_str_eq(error, "c: expected one of \"a\", \"b\"");
	json_decref(seven);
	json_decref(name);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("body");
	TCase *tc = tcase_create("body");

	tcase_add_loop_test(
	    tc, bodies_other_than_objects_are_refused, 0, COUNT(refused));
	tcase_add_test(tc, brackets_and_commas_in_strings_do_not_count);
	tcase_add_test(
	    tc, more_values_than_a_table_are_refused_before_they_are_parsed);
	tcase_add_test(tc, errors_quote_printable_ascii_only);
	tcase_add_test(tc, members_are_found_and_unknown_ones_refused);
	tcase_add_test(tc, values_of_all_kinds_become_words);
	tcase_add_loop_test(tc, other_values_are_refused, 0, COUNT(bad_values));
	tcase_add_test(tc, coils_are_packed);
	tcase_add_test(tc, numbers_and_choices_have_their_bounds);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
