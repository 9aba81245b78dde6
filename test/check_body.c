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
	{ "{\"a\":99999999999999999999}", "body: line 1, column 25: too big" },
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
	const struct value_form form = { .type = type };
	char text[200];
	json_t *o;
	long n;

	snprintf(text, sizeof(text), "{\"v\":%s}", array);
	o = parse(text);
	ck_assert_ptr_nonnull(o);
	n = body_values(
	    json_object_get(o, "v"), "v", &form, words, most, error);
	json_decref(o);
	return n;
}

START_TEST(values_of_all_kinds_become_words)
{
	ck_assert_int_eq(values("[1,\"2\",65535]", VALUE_UINT16, 16), 3);
	ck_assert_mem_eq(words, ((uint16_t[]){ 1, 2, 65535 }), 6);
	ck_assert_int_eq(values("[1.0,1e3]", VALUE_UINT16, 16), 2);
	ck_assert_mem_eq(words, ((uint16_t[]){ 1, 1000 }), 4);
	ck_assert_int_eq(values("[1.5,-2,\"NaN\"]", VALUE_FLOAT32, 16), 6);
	ck_assert_mem_eq(
	    words, ((uint16_t[]){ 0x3FC0, 0, 0xC000, 0, 0x7FC0, 0 }), 12);
}
END_TEST

#define NOT_UINT16 "v[0]: expected a whole number from 0 to 65535 for uint16"

static const struct {
	const char *array;
	enum value_type type;
	const char *error;
} bad_values[] = {
	{ "[]", VALUE_UINT16, "v: expected an array of values" },
	{ "1", VALUE_UINT16, "v: expected an array of values" },
	{ "[1,65536]", VALUE_UINT16,
	    "v[1]: expected a whole number from 0 to 65535 for uint16" },
	{ "[null]", VALUE_UINT16, NOT_UINT16 },
	{ "[true]", VALUE_UINT16, NOT_UINT16 },
	{ "[1.5]", VALUE_UINT16, NOT_UINT16 },
	{ "[[1]]", VALUE_UINT16, NOT_UINT16 },
	{ "[-9223372036854775808]", VALUE_UINT64,
	    "v[0]: expected a whole number from 0 to 18446744073709551615 for "
	    "uint64" },
	{ "[1e39]", VALUE_FLOAT32,
	    "v[0]: expected a number from -3.4028235e+38 to 3.4028235e+38 for "
	    "float32" },
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

START_TEST(a_form_has_a_type_and_an_order)
{
	json_t *o = parse(
	    "{\"a\":\"string3\",\"b\":\"BADC\",\"c\":7,\"v\":[\"ABC\",\"\"],"
	    "\"w\":[\"ABCD\"],\"x\":[1]}");
	struct value_form form;

	ck_assert_int_eq(body_form(NULL, NULL, &form, error), 0);
	ck_assert_int_eq(form.type, VALUE_UINT16);
	ck_assert_int_eq(body_form(json_object_get(o, "a"),
			     json_object_get(o, "b"), &form, error),
	    0);
	ck_assert_int_eq(
	    body_values(json_object_get(o, "v"), "v", &form, words, 16, error),
	    4);
	ck_assert_mem_eq(words, ((uint16_t[]){ 0x4241, 0x0043, 0, 0 }), 8);
	ck_assert_int_eq(
	    body_values(json_object_get(o, "w"), "w", &form, words, 16, error),
	    -1);
	ck_assert_str_eq(error,
	    "w[0]: expected a text of at most 3 bytes in UTF-8, without "
	    "NUL, for string3");
	ck_assert_int_eq(
	    body_values(json_object_get(o, "x"), "x", &form, words, 16, error),
	    -1);
	ck_assert_int_eq(
	    body_form(json_object_get(o, "b"), NULL, &form, error), -1);
	ck_assert_str_eq(error,
	    "type: expected one of uint16, int16, uint32, int32, float32, "
	    "uint64, int64, float64 or string1 to string250");
	ck_assert_int_eq(
	    body_form(json_object_get(o, "c"), NULL, &form, error), -1);
	ck_assert_int_eq(
	    body_form(NULL, json_object_get(o, "c"), &form, error), -1);
	json_decref(o);
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

static const struct {
	const char *body;
	enum datatable_kind kind;
	int address;
	const char *text; /* the note, or, where address is -1, the error */
} addresses[] = {
	{ "{}", DATATABLE_REGISTERS, -1, "a: expected a register: a number" },
	{ "{\"a\":65535}", DATATABLE_COILS, 65535, "" },
	{ "{\"a\":7.0}", DATATABLE_COILS, 7, "" },
	{ "{\"a\":400017}", DATATABLE_REGISTERS, 16, "" },
	{ "{\"a\":\"HR16\"}", DATATABLE_REGISTERS, 16, "" },
	{ "{\"a\":\"16\"}", DATATABLE_REGISTERS, 16, "" },
	{ "{\"a\":\"DI5\"}", DATATABLE_COILS, 5, "" },
	{ "{\"a\":40017}", DATATABLE_REGISTERS, 40017,
	    "40017 is the address on the wire; the reference 40017 is HR16" },
	{ "{\"a\":\"00006\"}", DATATABLE_COILS, 6,
	    "00006 is the address on the wire; the reference 00006 is C5" },
	{ "{\"a\":\"HR16\"}", DATATABLE_COILS, -1,
	    "a: \"HR16\": expected a coil: a number from 0 to 65535, C0 to "
	    "C65535, DI0 to DI65535, or 100001 to 165536" },
	{ "{\"a\":\"HR16.1\"}", DATATABLE_REGISTERS, -1,
	    "a: \"HR16.1\": expected a register: a number from 0 to 65535, HR0 "
	    "to HR65535, IR0 to IR65535, or 400001 to 465536" },
	{ "{\"a\":-1}", DATATABLE_COILS, -1, "a: \"-1\": expected a coil: " },
	{ "{\"a\":65536}", DATATABLE_COILS, -1, "a: \"65536\": expected a " },
	{ "{\"a\":-9223372036854775808}", DATATABLE_COILS, -1, "a: \"-922" },
	{ "{\"a\":1.5}", DATATABLE_COILS, -1, "a: expected a coil: a number" },
	{ "{\"a\":null}", DATATABLE_COILS, -1, "a: expected a coil: a number" },
	{ "{\"a\":[1]}", DATATABLE_COILS, -1, "a: expected a coil: a number" },
	{ "{\"a\":\"\"}", DATATABLE_COILS, -1, "a: \"\": expected a coil" },
	{ "{\"a\":\"\\n\u00e4\"}", DATATABLE_COILS, -1,
	    "a: \"\?\?\?\": expected a coil" },
};

START_TEST(an_address_is_a_number_or_a_text)
{
	json_t *o = parse(addresses[_i].body);
	char note[REFERENCE_NOTE_MAX];
	uint16_t address;
	int result = body_address(json_object_get(o, "a"), "a",
	    addresses[_i].kind, &address, note, error);

	if (addresses[_i].address >= 0) {
		ck_assert_msg(result == 0, "%s", error);
		ck_assert_int_eq(address, addresses[_i].address);
		ck_assert_str_eq(note, addresses[_i].text);
	} else {
		ck_assert_int_eq(result, -1);
		ck_assert_msg(strncmp(error, addresses[_i].text,
				  strlen(addresses[_i].text)) == 0,
		    "%s", error);
	}
	json_decref(o);
}
END_TEST

static const struct {
	const char *body;
	int address, bit; /* -1: none */
	const char *text; /* as above */
} registers_or_bits[] = {
	{ "{\"a\":16}", 16, -1, "" },
	{ "{\"a\":\"HR16.0\"}", 16, 0, "" },
	{ "{\"a\":\"65535.15\"}", 65535, 15, "" },
	{ "{\"a\":\"400017.3\"}", 16, 3, "" },
	{ "{\"a\":\"40017.3\"}", 40017, 3,
	    "40017.3 is the address on the wire; the reference 40017.3 is "
	    "HR16.3" },
	{ "{\"a\":\"HR16.16\"}", -1, -1,
	    "a: \"HR16.16\": expected a register: a number from 0 to 65535, "
	    "HR0 "
	    "to HR65535, IR0 to IR65535, or 400001 to 465536, or a bit, HR0.0 "
	    "to HR65535.15" },
	{ "{\"a\":\"C5\"}", -1, -1, "a: \"C5\": expected a register" },
	{ "{\"a\":\"C5.1\"}", -1, -1, "a: \"C5.1\": expected a register" },
	{ "{\"a\":16.5}", -1, -1, "a: expected a register: a number" },
	{ "{}", -1, -1, "a: expected a register: a number" },
};

START_TEST(a_register_may_have_a_bit)
{
	json_t *o = parse(registers_or_bits[_i].body);
	char note[REFERENCE_NOTE_MAX];
	uint16_t address;
	int bit;
	int result = body_register_or_bit(
	    json_object_get(o, "a"), "a", &address, &bit, note, error);

	if (registers_or_bits[_i].address >= 0) {
		ck_assert_msg(result == 0, "%s", error);
		ck_assert_int_eq(address, registers_or_bits[_i].address);
		ck_assert_int_eq(bit, registers_or_bits[_i].bit);
		ck_assert_str_eq(note, registers_or_bits[_i].text);
	} else {
		ck_assert_int_eq(result, -1);
		ck_assert_msg(strncmp(error, registers_or_bits[_i].text,
				  strlen(registers_or_bits[_i].text)) == 0,
		    "%s", error);
	}
	json_decref(o);
}
END_TEST

START_TEST(choices_have_their_bounds)
{
	static const char *const choices[] = { "a", "b" };
	json_t *seven = json_integer(7), *name = json_string("b");
	size_t n;

	ck_assert_int_eq(body_choice(NULL, "c", choices, 2, 1, &n, error), 0);
	ck_assert_uint_eq(n, 1);
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
	tcase_add_test(tc, a_form_has_a_type_and_an_order);
	tcase_add_test(tc, coils_are_packed);
	tcase_add_loop_test(
	    tc, an_address_is_a_number_or_a_text, 0, COUNT(addresses));
	tcase_add_loop_test(
	    tc, a_register_may_have_a_bit, 0, COUNT(registers_or_bits));
	tcase_add_test(tc, choices_have_their_bounds);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
