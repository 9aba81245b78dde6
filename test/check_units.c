#include "service/units.h"

#include "base/client.h"
#include "suite.h"

static const struct client client = { .id = 1 };

static struct units units;

/* What the policy says to a request to a unit. */
static enum mb_exception
judge(unsigned unit)
{
	const struct policy policy = units_policy(&units);

	return policy_may_use(
	    &policy, &client, (uint8_t)unit, MB_FC_READ_HOLDING_REGISTERS);
}

START_TEST(those_of_the_list_are_served_and_no_others)
{
	ck_assert_int_eq(units_parse("1-10,17,255", false, &units), 0);
	ck_assert(units.limited);
	for (unsigned unit = 0; unit <= 255; unit++) {
		bool served =
		    (unit >= 1 && unit <= 10) || unit == 17 || unit == 255;

		ck_assert_int_eq(judge(unit),
		    served ? MB_EX_NONE : MB_EX_GATEWAY_TARGET_FAILED);
	}
}
END_TEST

START_TEST(others_get_no_answer_where_it_is_silent)
{
	ck_assert_int_eq(units_parse("0-31,33", true, &units), 0);
	ck_assert_int_eq(judge(31), MB_EX_NONE);
	ck_assert_int_eq(judge(32), MB_NO_ANSWER);
	ck_assert_int_eq(judge(33), MB_EX_NONE);
	ck_assert_int_eq(judge(255), MB_NO_ANSWER);
}
END_TEST

START_TEST(a_list_takes_the_place_of_another)
{
	ck_assert_int_eq(units_parse("0-255", true, &units), 0);
	for (unsigned unit = 0; unit <= 255; unit++)
		ck_assert_int_eq(judge(unit), MB_EX_NONE);
	ck_assert_int_eq(units_parse("7", false, &units), 0);
	ck_assert_int_eq(judge(7), MB_EX_NONE);
	ck_assert_int_eq(judge(8), MB_EX_GATEWAY_TARGET_FAILED);
}
END_TEST

START_TEST(who_has_no_unit_is_not_asked)
{
	const struct client http = { .id = 1, .way = CLIENT_OTHER };
	const struct policy policy = units_policy(&units);

	ck_assert_int_eq(units_parse("7", false, &units), 0);
	ck_assert_int_eq(
	    policy_may_use(&policy, &http, 0, MB_FC_WRITE_MULTIPLE_REGISTERS),
	    MB_EX_NONE);
}
END_TEST

static const char *const wrong[] = { "", ",", "1,", ",1", "1,,2", "256",
	"1-256", "2-1", "1-", "-1", "1-2-3", "x", "1 2", "1, 2", "0x1", "+1",
	"18446744073709551617" };

START_TEST(anything_else_is_no_list)
{
	ck_assert_int_eq(units_parse(wrong[_i], false, &units), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("units");
	TCase *tc = tcase_create("units");

	tcase_add_test(tc, those_of_the_list_are_served_and_no_others);
	tcase_add_test(tc, others_get_no_answer_where_it_is_silent);
	tcase_add_test(tc, a_list_takes_the_place_of_another);
	tcase_add_test(tc, who_has_no_unit_is_not_asked);
	tcase_add_loop_test(
	    tc, anything_else_is_no_list, 0, sizeof(wrong) / sizeof(*wrong));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
