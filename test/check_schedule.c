#include "simulation/schedule.h"

#include <stdlib.h>

#include "suite.h"

static struct schedule s;

/* Two points that move every 100 ms, three every 250, one every 1000. */
static void
setup(void)
{
	static const unsigned periods[] = { 100, 100, 250, 250, 250, 1000 };

	ck_assert_int_eq(schedule_init(&s, periods, 6), 0);
}

static void
teardown(void)
{
	schedule_end(&s);
}

/* At now so many groups are due, at the tick of each; 0: it is not. */
static void
assert_ticks(uint64_t now, const uint64_t ticks[3])
{
	size_t due = 0;

	for (size_t i = 0; i < 3; i++)
		due += ticks[i] != 0;
	ck_assert_uint_eq(schedule_tick(&s, now), due);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(s.groups[i].due, ticks[i] != 0);
		if (ticks[i] != 0)
			ck_assert_uint_eq(s.groups[i].tick, ticks[i]);
	}
}

#define TICKS(...) ((const uint64_t[3]){ __VA_ARGS__ })

START_TEST(equal_periods_are_a_group)
{
	static const unsigned periods[] = { 100, 250, 1000 };
	static const size_t ends[] = { 2, 5, 6 };

	ck_assert_uint_eq(s.count, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(s.groups[i].period, periods[i]);
		ck_assert_uint_eq(s.groups[i].first, i == 0 ? 0 : ends[i - 1]);
		ck_assert_uint_eq(s.groups[i].end, ends[i]);
	}
}
END_TEST

START_TEST(each_group_ticks_at_multiples_of_its_period)
{
	ck_assert_uint_eq(s.next, 100);
	assert_ticks(99, TICKS(0, 0, 0));
	assert_ticks(100, TICKS(1, 0, 0));
	ck_assert_uint_eq(s.next, 200);
	assert_ticks(100, TICKS(0, 0, 0));
	assert_ticks(203, TICKS(2, 0, 0));
	ck_assert_uint_eq(s.next, 250);
	assert_ticks(250, TICKS(0, 1, 0));
	ck_assert_uint_eq(s.next, 300);
	ck_assert_uint_eq(s.skipped, 0);
}
END_TEST

START_TEST(what_is_due_at_one_time_ticks_together)
{
	for (uint64_t now = 0; now < 1000; now += 50)
		schedule_tick(&s, now);
	assert_ticks(1000, TICKS(10, 4, 1));
	ck_assert_uint_eq(s.skipped, 0);
	ck_assert_uint_eq(s.next, 1100);
}
END_TEST

START_TEST(ticks_that_were_missed_are_skipped)
{
	assert_ticks(1299, TICKS(12, 5, 1));
	ck_assert_uint_eq(s.skipped, 11 + 4);
	ck_assert_uint_eq(s.next, 1300);
	assert_ticks(12345678901, TICKS(123456789, 49382715, 12345678));
	ck_assert_uint_eq(
	    s.skipped, 123456789 - 2 + 49382715 - 2 + 12345678 - 2);
	ck_assert_uint_eq(s.next, 12345679000);
}
END_TEST

START_TEST(ticks_that_pass_are_not_skipped)
{
	schedule_pass(&s, 1299);
	for (size_t i = 0; i < s.count; i++)
		ck_assert(!s.groups[i].due);
	ck_assert_uint_eq(s.next, 1300);
	assert_ticks(1299, TICKS(0, 0, 0));
	assert_ticks(1300, TICKS(13, 0, 0));
	ck_assert_uint_eq(s.skipped, 0);
}
END_TEST

START_TEST(a_time_before_the_last_one_is_no_tick)
{
	assert_ticks(1000, TICKS(10, 4, 1));
	assert_ticks(0, TICKS(0, 0, 0));
	ck_assert_uint_eq(s.next, 1100);
}
END_TEST

START_TEST(without_points_there_is_no_next_tick)
{
	struct schedule none;

	ck_assert_int_eq(schedule_init(&none, NULL, 0), 0);
	ck_assert_uint_eq(none.count, 0);
	ck_assert_uint_eq(none.next, UINT64_MAX);
	ck_assert_uint_eq(schedule_tick(&none, 1000), 0);
	schedule_pass(&none, 2000);
	ck_assert_uint_eq(none.next, UINT64_MAX);
	schedule_end(&none);
}
END_TEST

START_TEST(each_point_may_have_a_period_of_its_own)
{
	static unsigned periods[65536];
	struct schedule many;

	for (unsigned i = 0; i < 65536; i++)
		periods[i] = i + 1;
	ck_assert_int_eq(schedule_init(&many, periods, 65536), 0);
	ck_assert_uint_eq(many.count, 65536);
	ck_assert_uint_eq(schedule_tick(&many, 65535), 65535);
	ck_assert_uint_eq(many.groups[65534].tick, 1);
	ck_assert_uint_eq(many.next, 65536);
	schedule_end(&many);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("schedule");
	TCase *tc = tcase_create("schedule");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, equal_periods_are_a_group);
	tcase_add_test(tc, each_group_ticks_at_multiples_of_its_period);
	tcase_add_test(tc, what_is_due_at_one_time_ticks_together);
	tcase_add_test(tc, ticks_that_were_missed_are_skipped);
	tcase_add_test(tc, ticks_that_pass_are_not_skipped);
	tcase_add_test(tc, a_time_before_the_last_one_is_no_tick);
	tcase_add_test(tc, without_points_there_is_no_next_tick);
	tcase_add_test(tc, each_point_may_have_a_period_of_its_own);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
