#include "points/place.h"

#include <string.h>

#include "suite.h"

static char expected[POINT_EXPECTED_MAX];

/* --- area ----------------------------------------------------------------- */

static const struct {
	const char *text;
	const char *prefix; /* or NULL: refused */
} areas[] = {
	{ "holding", "HR" },
	{ "Holding_Register", "HR" },
	{ "holding registers", "HR" },
	{ "HOLDINGREGISTERS", "HR" },
	{ "hr", "HR" },
	{ "input", "IR" },
	{ "input_registers", "IR" },
	{ "Input Register", "IR" },
	{ "IR", "IR" },
	{ "coil", "C" },
	{ "Coils", "C" },
	{ "c", "C" },
	{ "discrete", "DI" },
	{ "discrete_inputs", "DI" },
	{ "Discrete Input", "DI" },
	{ "DiscreteInput", "DI" },
	{ "di", "DI" },
	{ "3", NULL },
	{ "4x", NULL },
	{ "hold", NULL },
	{ "holding_", NULL },
	{ "_holding", NULL },
	{ "h_olding", NULL },
	{ "holding__register", NULL },
	{ "holding-register", NULL },
	{ "register", NULL },
	{ "input status", NULL },
	{ "cc", NULL },
};

START_TEST(an_area_has_a_few_names)
{
	struct area area;
	struct reference r = { .bit = -1 };
	char text[REFERENCE_TEXT_MAX];
	int result = area_parse(areas[_i].text, &area, expected);

	ck_assert_int_eq(result == 0, areas[_i].prefix != NULL);
	if (result != 0) {
		ck_assert_str_eq(expected, "holding, input, coil or discrete");
		return;
	}
	r.kind = area.kind;
	r.is_input = area.is_input;
	reference_format(&r, text);
	text[strlen(text) - 1] = '\0';
	ck_assert_str_eq(text, areas[_i].prefix);
}
END_TEST

/* --- address and number ----------------------------------------------------
 */

#define RANGE "an address from 0 to 65535"
#define SUCH  "an address such as HR10, IR10, C10, DI10 or 400011"

static const struct place_case {
	const char *text, *area;
	const char *place; /* or NULL: refused, as something is expected: */
	const char *instead;
} addresses[] = {
	/* With a prefix. */
	{ "HR0", NULL, "HR0", NULL },
	{ "hr65535", NULL, "HR65535", NULL },
	{ "Ir3.15", NULL, "IR3.15", NULL },
	{ "C5", "coil", "C5", NULL },
	{ "di7", "discrete", "DI7", NULL },
	{ "HR65536", NULL, NULL, RANGE },
	{ "C99999999999999999999", NULL, NULL, RANGE },
	{ "HR1.16", NULL, NULL, "a bit from 0 to 15" },
	{ "HR1.", NULL, NULL, "a bit from 0 to 15" },
	{ "HR1.x", NULL, NULL, "a bit from 0 to 15" },
	{ "C1.3", NULL, NULL, "a coil without a bit" },
	{ "DI1.3", NULL, NULL, "a coil without a bit" },
	{ "HR1x", NULL, NULL, SUCH },
	{ "HR", NULL, NULL, SUCH },
	{ "HR-1", NULL, NULL, SUCH },
	{ "HR 1", NULL, NULL, SUCH },
	{ "HR0x10", NULL, NULL, SUCH },
	{ "HR5", "coil", NULL, "an address of area \"coil\", as the row says" },
	{ "IR5", "Holding Register", NULL,
	    "an address of area \"Holding Register\", as the row says" },
	/* References, without an area. */
	{ "40001", NULL, "HR0", NULL },
	{ "49999", NULL, "HR9998", NULL },
	{ "400001", NULL, "HR0", NULL },
	{ "465536", NULL, "HR65535", NULL },
	{ "30011.4", NULL, "IR10.4", NULL },
	{ "00001", NULL, "C0", NULL },
	{ "000016", NULL, "C15", NULL },
	{ "10006", NULL, "DI5", NULL },
	{ "165536", NULL, "DI65535", NULL },
	{ "40000", NULL, NULL, "a reference from 40001 on: HR0 is 40001" },
	{ "300000", NULL, NULL, "a reference from 300001 on: IR0 is 300001" },
	{ "00000", NULL, NULL, "a reference from 00001 on: C0 is 00001" },
	{ "465537", NULL, NULL, "a reference up to 465536: HR65535 is 465536" },
	{ "199999", NULL, NULL, "a reference up to 165536: DI65535 is 165536" },
	{ "40001.16", NULL, NULL, "a bit from 0 to 15" },
	{ "00001.1", NULL, NULL, "a coil without a bit" },
	/* Numbers, without an area. */
	{ "10", NULL, NULL,
	    "HR10, C10, 40011 or 400011, or an area beside it" },
	{ "0", NULL, NULL, "HR0, C0, 40001 or 400001, or an area beside it" },
	{ "10.10", NULL, NULL,
	    "HR10, C10, 40011 or 400011, or an area beside it" },
	{ "9999", NULL, NULL, "HR9999, C9999 or 410000, or an area beside it" },
	{ "20001", NULL, NULL,
	    "HR20001, C20001 or 420002, or an area beside it" },
	{ "70000", NULL, NULL, SUCH },
	{ "0x63", NULL, NULL, "an area beside it, or HR99" },
	{ "0x10000", NULL, NULL, SUCH },
	{ "x", NULL, NULL, SUCH },
	{ "0x", NULL, NULL, SUCH },
	{ "4x00011", NULL, NULL, SUCH },
	{ "10x", NULL, NULL, SUCH },
	/* Numbers, with one. */
	{ "10", "holding", "HR10", NULL },
	{ "10.10", "input", "IR10.10", NULL },
	{ "40030", "holding", "HR40030", NULL },
	{ "000016", "coil", "C16", NULL },
	{ "065535", "coil", "C65535", NULL },
	{ "0x021D", "holding", "HR541", NULL },
	{ "0XfFfF.3", "holding", "HR65535.3", NULL },
	{ "00000000000000000000001", "coil", "C1", NULL },
	{ "0x000000001", "coil", "C1", NULL },
	{ "0x00fFfF", "coil", "C65535", NULL },
	{ "0x123456789abcdef012", "coil", NULL, RANGE },
	{ "0xg", "coil", NULL, RANGE },
	{ "0", "coil", "C0", NULL },
	{ "000000000", "coil", "C0", NULL },
	{ "0x10000", "coil", NULL, RANGE },
	{ "65536", "coil", NULL, RANGE },
	{ "99999", "holding", NULL, RANGE },
	{ "-1", "coil", NULL, RANGE },
	{ "", "coil", NULL, RANGE },
	{ "1e3", "coil", NULL, RANGE },
	{ "10x", "coil", NULL, RANGE },
	{ "1e3", "holding", NULL, RANGE },
	{ "1.5", "coil", NULL, "a coil without a bit" },
	{ "1.16", "holding", NULL, "a bit from 0 to 15" },
	/* References, with one. */
	{ "400011", "holding", "HR10", NULL },
	{ "065536", "coil", "C65535", NULL },
	{ "300011.2", "input", "IR10.2", NULL },
	{ "400011", "input", NULL,
	    "an address of area \"input\", as the row says" },
	{ "400000", "holding", NULL,
	    "a reference from 400001 on: HR0 is 400001" },
	{ "500001", "holding", NULL, RANGE },
};

static const struct place_case numbers[] = {
	{ "1", "holding", "HR0", NULL },
	{ "65536", "coil", "C65535", NULL },
	{ "0010", "input", "IR9", NULL },
	{ "11.3", "holding", "HR10.3", NULL },
	{ "1", NULL, NULL, "an area beside it" },
	{ "0", "coil", NULL, "a number from 1 to 65536" },
	{ "65537", "coil", NULL, "a number from 1 to 65536" },
	{ "0x1", "coil", NULL, "a number from 1 to 65536" },
	{ "HR1", "holding", NULL, "a number from 1 to 65536" },
	{ "1x", "holding", NULL, "a number from 1 to 65536" },
	{ "", "holding", NULL, "a number from 1 to 65536" },
	{ "1.5", "coil", NULL, "a coil without a bit" },
	{ "1.", "holding", NULL, "a bit from 0 to 15" },
};

static void
assert_place(const struct place_case *c,
    int (*parse)(const char *, const struct area *, struct reference *, char *))
{
	struct area area;
	struct reference place;
	char text[REFERENCE_TEXT_MAX];
	int result;

	if (c->area != NULL)
		ck_assert_int_eq(area_parse(c->area, &area, expected), 0);
	strcpy(expected, "");
	result =
	    parse(c->text, c->area == NULL ? NULL : &area, &place, expected);
	if (c->place == NULL) {
		ck_assert_int_eq(result, -1);
		ck_assert_str_eq(expected, c->instead);
	} else {
		ck_assert_int_eq(result, 0);
		ck_assert_str_eq(reference_format(&place, text), c->place);
	}
}

START_TEST(an_address_says_its_own_base)
{
	assert_place(&addresses[_i], place_parse_address);
}
END_TEST

START_TEST(a_number_counts_from_1)
{
	assert_place(&numbers[_i], place_parse_number);
}
END_TEST

START_TEST(five_digits_may_be_meant_as_a_reference)
{
	struct reference r;
	char text[REFERENCE_TEXT_MAX];

	ck_assert(place_is_ambiguous("40030", &r));
	ck_assert_str_eq(reference_format(&r, text), "HR29");
	ck_assert(place_is_ambiguous("00001", &r));
	ck_assert(!place_is_ambiguous("40000", &r));
	ck_assert(!place_is_ambiguous("20001", &r));
	ck_assert(!place_is_ambiguous("400030", &r));
	ck_assert(!place_is_ambiguous("4003", &r));
	ck_assert(!place_is_ambiguous("0x40030", &r));
	ck_assert(!place_is_ambiguous("HR40030", &r));
	ck_assert(!place_is_ambiguous("", &r));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("place");
	TCase *tc = tcase_create("place");

	tcase_add_loop_test(tc, an_area_has_a_few_names, 0, COUNT(areas));
	tcase_add_loop_test(
	    tc, an_address_says_its_own_base, 0, COUNT(addresses));
	tcase_add_loop_test(tc, a_number_counts_from_1, 0, COUNT(numbers));
	tcase_add_test(tc, five_digits_may_be_meant_as_a_reference);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
