#include "system/calendar.h"

#include <stddef.h>

#include "suite.h"
#include "system/random.h"

#define DAY INT64_C(86400)

/* Moments, and what a clock of UTC shows. */
static const struct {
	int64_t moment;
	int year, month, day, hour, minute, second;
	int week_day, year_day;
} moments[] = {
	{ 0, 1970, 1, 1, 0, 0, 0, 4, 0 },
	{ 951782400, 2000, 2, 29, 0, 0, 0, 2, 59 },
	{ 1795331767, 2026, 11, 22, 7, 16, 7, 0, 325 },
	{ 2147483647, 2038, 1, 19, 3, 14, 7, 2, 18 },
};

START_TEST(utc_is_the_same_everywhere)
{
	struct tm t = { 0 };

	ck_assert(calendar_utc(moments[_i].moment, &t));
	ck_assert_int_eq(t.tm_year + 1900, moments[_i].year);
	ck_assert_int_eq(t.tm_mon + 1, moments[_i].month);
	ck_assert_int_eq(t.tm_mday, moments[_i].day);
	ck_assert_int_eq(t.tm_hour, moments[_i].hour);
	ck_assert_int_eq(t.tm_min, moments[_i].minute);
	ck_assert_int_eq(t.tm_sec, moments[_i].second);
	ck_assert_int_eq(t.tm_wday, moments[_i].week_day);
	ck_assert_int_eq(t.tm_yday, moments[_i].year_day);
}
END_TEST

START_TEST(fields_are_a_moment)
{
	const struct tm t = {
		.tm_year = moments[_i].year - 1900,
		.tm_mon = moments[_i].month - 1,
		.tm_mday = moments[_i].day,
		.tm_hour = moments[_i].hour,
		.tm_min = moments[_i].minute,
		.tm_sec = moments[_i].second,
		.tm_isdst = 1,
	};

	ck_assert_int_eq(calendar_moment(&t), moments[_i].moment);
}
END_TEST

START_TEST(fields_may_be_beyond_their_ranges)
{
	const struct tm t = { .tm_year = 69,
		.tm_mon = 12,
		.tm_mday = 31,
		.tm_hour = 24,
		.tm_min = -1,
		.tm_sec = 60 };

	ck_assert_int_eq(calendar_moment(&t), 31 * DAY);
}
END_TEST

/* Whatever the zone of this process is. */
START_TEST(local_time_is_near_utc)
{
	struct tm t = { 0 };
	int64_t ahead;

	ck_assert(calendar_local(moments[_i].moment, &t));
	ahead = calendar_moment(&t) - moments[_i].moment;
	ck_assert_int_ge(ahead, -26 * 3600);
	ck_assert_int_le(ahead, 26 * 3600);
}
END_TEST

START_TEST(what_no_year_can_tell_is_refused)
{
	struct tm t;

	ck_assert(!calendar_utc(INT64_MAX, &t));
	ck_assert(!calendar_local(INT64_MAX, &t));
}
END_TEST

/* That 32 bytes are the same by chance will not be seen. */
START_TEST(random_bytes_are_not_the_same_twice)
{
	unsigned char one[32] = { 0 }, other[32] = { 0 };

	ck_assert_int_eq(random_bytes(one, sizeof(one)), 0);
	ck_assert_int_eq(random_bytes(other, sizeof(other)), 0);
	ck_assert_mem_ne(one, other, sizeof(one));
}
END_TEST

int
main(void)
{
	const int count = (int)(sizeof(moments) / sizeof(*moments));
	Suite *suite = suite_create("calendar");
	TCase *tc = tcase_create("calendar");

	tcase_add_loop_test(tc, utc_is_the_same_everywhere, 0, count);
	tcase_add_loop_test(tc, fields_are_a_moment, 0, count);
	tcase_add_test(tc, fields_may_be_beyond_their_ranges);
	tcase_add_loop_test(tc, local_time_is_near_utc, 0, count);
	tcase_add_test(tc, what_no_year_can_tell_is_refused);
	suite_add_tcase(suite, tc);
	tc = tcase_create("random");
	tcase_add_test(tc, random_bytes_are_not_the_same_twice);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
