#include "points/names.h"

#include <stdlib.h>
#include <string.h>

#include "one_points.h"
#include "suite.h"

/* What a range is called. */
static void
assert_names(const struct points *ps, enum datatable_kind kind,
    uint32_t address, uint32_t quantity, const char *expected)
{
	struct points_names names =
	    points_names_of(ps, kind, address, quantity);
	char text[POINTS_NAMES_TEXT_MAX];

	ck_assert_ptr_eq(points_names_text(&names, "", text), text);
	ck_assert_str_eq(text, expected);
}

START_TEST(no_points_have_no_names)
{
	assert_names(NULL, DATATABLE_REGISTERS, 0, 125, "");
}
END_TEST

START_TEST(three_names_and_the_number_of_others)
{
	struct points *ps = one_points(DATATABLE_SEPARATE,
	    "name,address,type\n"
	    "flow,HR20,float32\n"
	    "level,HR22,uint16\n"
	    "status,HR23,uint16\n"
	    "speed,HR24,uint16\n"
	    "count,HR25,uint64\n"
	    "pump,C20,bool\n");

	assert_names(ps, DATATABLE_REGISTERS, 0, 20, "");
	assert_names(ps, DATATABLE_REGISTERS, 20, 0, "");
	assert_names(ps, DATATABLE_REGISTERS, 21, 1, "flow");
	assert_names(ps, DATATABLE_REGISTERS, 20, 3, "flow, level");
	assert_names(ps, DATATABLE_REGISTERS, 20, 4, "flow, level, status");
	assert_names(ps, DATATABLE_REGISTERS, 20, 5, "flow, level, status +1");
	assert_names(
	    ps, DATATABLE_REGISTERS, 0, 65536, "flow, level, status +2");
	assert_names(ps, DATATABLE_COILS, 0, 65536, "pump");
	points_free(ps);
}
END_TEST

START_TEST(overlaid_coils_are_named_by_their_registers_too)
{
	struct points *ps = one_points(DATATABLE_OVERLAID,
	    "name,address,type\n"
	    "status,HR40,uint16\n"
	    "fault,HR40.2,bool\n");

	assert_names(ps, DATATABLE_COILS, 642, 1, "status, fault");
	assert_names(ps, DATATABLE_COILS, 643, 1, "status");
	assert_names(ps, DATATABLE_COILS, 656, 1, "");
	points_free(ps);
}
END_TEST

/* The room is enough, and no more. */
START_TEST(longest_text_fits)
{
	static char name[POINT_NAME_MAX + 1];
	const struct point p = { .name = memset(name, 'x', POINT_NAME_MAX) };
	struct points_names names = { .count = 0 };
	char text[POINTS_NAMES_TEXT_MAX];

	for (unsigned i = 0; i < POINTS_MAX; i++)
		points_names_add(&names, &p);
	ck_assert_uint_eq(points_names_shown(&names), POINTS_NAMES_SHOWN);
	points_names_text(&names, "\"", text);
	ck_assert_uint_le(strlen(text), sizeof(text) - 1);
	ck_assert_uint_ge(strlen(text), sizeof(text) - 4);
	ck_assert_str_eq(text + strlen(text) - 9, "x\" +65533");
	ck_assert_int_eq(text[0], '"');
}
END_TEST

START_TEST(a_text_is_one_line)
{
	const struct point p = { .name = "a\nb\033[31m" };
	struct points_names names = { .count = 0 };
	char text[POINTS_NAMES_TEXT_MAX];

	points_names_add(&names, &p);
	ck_assert_str_eq(points_names_text(&names, "\"", text), "\"a?b?[31m\"");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("names");
	TCase *tc = tcase_create("names");

	tcase_add_test(tc, no_points_have_no_names);
	tcase_add_test(tc, three_names_and_the_number_of_others);
	tcase_add_test(tc, overlaid_coils_are_named_by_their_registers_too);
	tcase_add_test(tc, longest_text_fits);
	tcase_add_test(tc, a_text_is_one_line);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
