#include "points/cell.h"

#include <string.h>

#include "suite.h"

static char expected[POINT_EXPECTED_MAX];

/* --- type ------------------------------------------------------------------
 */

#define TYPES                                                                  \
	"uint16, int16, uint32, int32, float32, uint64, int64, float64, "      \
	"string10 or bool"

static const struct {
	const char *text;
	enum value_type type; /* if nothing is expected instead */
	const char *instead;
} types[] = {
	{ "uint16", VALUE_UINT16, NULL },
	{ "UInt16", VALUE_UINT16, NULL },
	{ "Word", VALUE_UINT16, NULL },
	{ "u16", VALUE_UINT16, NULL },
	{ "int16", VALUE_INT16, NULL },
	{ "short", VALUE_INT16, NULL },
	{ "S16", VALUE_INT16, NULL },
	{ "i16", VALUE_INT16, NULL },
	{ "uint32", VALUE_UINT32, NULL },
	{ "DWord", VALUE_UINT32, NULL },
	{ "u32", VALUE_UINT32, NULL },
	{ "int32", VALUE_INT32, NULL },
	{ "Long", VALUE_INT32, NULL },
	{ "s32", VALUE_INT32, NULL },
	{ "i32", VALUE_INT32, NULL },
	{ "FLOAT32", VALUE_FLOAT32, NULL },
	{ "Float", VALUE_FLOAT32, NULL },
	{ "f32", VALUE_FLOAT32, NULL },
	{ "real", VALUE_FLOAT32, NULL },
	{ "single", VALUE_FLOAT32, NULL },
	{ "uint64", VALUE_UINT64, NULL },
	{ "QWord", VALUE_UINT64, NULL },
	{ "u64", VALUE_UINT64, NULL },
	{ "int64", VALUE_INT64, NULL },
	{ "s64", VALUE_INT64, NULL },
	{ "i64", VALUE_INT64, NULL },
	{ "float64", VALUE_FLOAT64, NULL },
	{ "Double", VALUE_FLOAT64, NULL },
	{ "f64", VALUE_FLOAT64, NULL },
	{ "lreal", VALUE_FLOAT64, NULL },
	{ "int", VALUE_UINT16, TYPES },
	{ "uint", VALUE_UINT16, TYPES },
	{ "integer", VALUE_UINT16, TYPES },
	{ "unit32", VALUE_UINT16, TYPES },
	{ "uint16 ", VALUE_UINT16, TYPES },
	{ "16bit", VALUE_UINT16, TYPES },
	{ "", VALUE_UINT16, TYPES },
	{ "string", VALUE_UINT16, "string1 to string250, in bytes" },
	{ "string0", VALUE_UINT16, "string1 to string250, in bytes" },
	{ "string251", VALUE_UINT16, "string1 to string250, in bytes" },
	{ "string(10", VALUE_UINT16, "string1 to string250, in bytes" },
	{ "string10)", VALUE_UINT16, "string1 to string250, in bytes" },
	{ "string()", VALUE_UINT16, "string1 to string250, in bytes" },
	{ "string((1)", VALUE_UINT16, "string1 to string250, in bytes" },
	{ "string(1))", VALUE_UINT16, "string1 to string250, in bytes" },
	{ "string(0000000000000001)", VALUE_UINT16,
	    "string1 to string250, in bytes" },
};

START_TEST(a_type_has_a_few_names)
{
	struct value_form form;
	bool is_bool;
	int result = cell_parse_type(types[_i].text, &form, &is_bool, expected);

	if (types[_i].instead != NULL) {
		ck_assert_int_eq(result, -1);
		ck_assert_str_eq(expected, types[_i].instead);
		return;
	}
	ck_assert_int_eq(result, 0);
	ck_assert(!is_bool);
	ck_assert_int_eq(form.type, types[_i].type);
}
END_TEST

static const struct {
	const char *text;
	unsigned bytes;
} strings[] = {
	{ "string1", 1 },
	{ "String10", 10 },
	{ "string(10)", 10 },
	{ "string(1)", 1 },
	{ "STRING(250)", 250 },
};

START_TEST(a_string_has_a_length)
{
	struct value_form form;
	bool is_bool;

	ck_assert_int_eq(
	    cell_parse_type(strings[_i].text, &form, &is_bool, expected), 0);
	ck_assert(!is_bool);
	ck_assert_int_eq(form.type, VALUE_STRING);
	ck_assert_uint_eq(form.bytes, strings[_i].bytes);
}
END_TEST

START_TEST(a_bool_has_three_names)
{
	static const char *const names[] = { "bool", "Boolean", "BIT" };
	struct value_form form;

	for (int i = 0; i < 3; i++) {
		bool is_bool = false;

		ck_assert_int_eq(
		    cell_parse_type(names[i], &form, &is_bool, expected), 0);
		ck_assert(is_bool);
	}
}
END_TEST

/* --- order, access, and factors ---------------------------------------------
 */

START_TEST(an_order_is_four_letters)
{
	enum value_order order;

	ck_assert_int_eq(cell_parse_order("ABCD", &order, expected), 0);
	ck_assert_int_eq(order, VALUE_ABCD);
	ck_assert_int_eq(cell_parse_order("dcba", &order, expected), 0);
	ck_assert_int_eq(order, VALUE_DCBA);
	ck_assert_int_eq(cell_parse_order("Badc", &order, expected), 0);
	ck_assert_int_eq(order, VALUE_BADC);
	ck_assert_int_eq(cell_parse_order("little", &order, expected), -1);
	ck_assert_str_eq(expected, "ABCD, CDAB, BADC or DCBA");
	ck_assert_int_eq(cell_parse_order("ABC", &order, expected), -1);
}
END_TEST

static const struct {
	const char *text;
	int read_only; /* -1: refused */
} accesses[] = {
	{ "ro", 1 },
	{ "R", 1 },
	{ "Read", 1 },
	{ "read-only", 1 },
	{ "No", 1 },
	{ "rw", 0 },
	{ "W", 0 },
	{ "R/W", 0 },
	{ "read-write", 0 },
	{ "Read/Write", 0 },
	{ "YES", 0 },
	{ "true", -1 },
	{ "wo", -1 },
	{ "write", -1 },
	{ "1", -1 },
};

START_TEST(access_has_a_few_names)
{
	bool read_only = false;
	int result = cell_parse_access(accesses[_i].text, &read_only, expected);

	ck_assert_int_eq(result == 0, accesses[_i].read_only >= 0);
	if (result == 0)
		ck_assert_int_eq(read_only, accesses[_i].read_only);
	else
		ck_assert_str_eq(expected, "ro or rw");
}
END_TEST

static const struct {
	const char *text;
	const char *printed; /* or NULL: refused */
} factors[] = {
	{ "0.1", "0.1" },
	{ "0.10", "0.1" },
	{ "-40", "-40" },
	{ "1e-3", "0.001" },
	{ "1E6", "1000000" },
	{ "2.5e+20", "2.5e+20" },
	{ "0.333333333333333333", "0.3333333333333333" },
	{ "1e999", NULL },
	{ "NaN", NULL },
	{ "Infinity", NULL },
	{ "0x10", NULL },
	{ "+1", NULL },
	{ ".5", NULL },
	{ "1.", NULL },
	{ "1 000", NULL },
	{ "1/10", NULL },
	{ "0.1%", NULL },
};

START_TEST(a_factor_is_a_decimal_number)
{
	char text[POINT_CELL_MAX];
	double factor, again;
	int result = cell_parse_factor(factors[_i].text, &factor, expected);

	if (factors[_i].printed == NULL) {
		ck_assert_int_eq(result, -1);
		ck_assert_str_eq(expected, "a number");
		return;
	}
	ck_assert_int_eq(result, 0);
	ck_assert_uint_eq(cell_format_factor(factor, text), strlen(text));
	ck_assert_str_eq(text, factors[_i].printed);
	ck_assert_int_eq(cell_parse_factor(text, &again, expected), 0);
	ck_assert(memcmp(&again, &factor, sizeof(again)) == 0);
}
END_TEST

START_TEST(a_comma_is_no_decimal_point)
{
	double factor;

	ck_assert_int_eq(cell_parse_factor("0,1", &factor, expected), -1);
	ck_assert_str_eq(expected, "a number with a decimal point");
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("cell");
	TCase *tc = tcase_create("cell");

	tcase_add_loop_test(tc, a_type_has_a_few_names, 0, COUNT(types));
	tcase_add_loop_test(tc, a_string_has_a_length, 0, COUNT(strings));
	tcase_add_test(tc, a_bool_has_three_names);
	tcase_add_test(tc, an_order_is_four_letters);
	tcase_add_loop_test(tc, access_has_a_few_names, 0, COUNT(accesses));
	tcase_add_loop_test(
	    tc, a_factor_is_a_decimal_number, 0, COUNT(factors));
	tcase_add_test(tc, a_comma_is_no_decimal_point);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
