#include "base/calendar.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "suite.h"

/* The last that a time_t of 32 bits has. */
#define LAST_OF_32_BITS INT64_C(0x7FFFFFFF)

/* As "date -u --date @SECONDS" prints them. */
static const struct {
	int64_t seconds;
	const char *text;
} moments[] = {
	{ 0, "1970-01-01 00:00:00" },
	{ -1, "1969-12-31 23:59:59" },
	{ 951782399, "2000-02-28 23:59:59" },
	{ 951782400, "2000-02-29 00:00:00" },
	{ 951868800, "2000-03-01 00:00:00" },
	{ 978307199, "2000-12-31 23:59:59" },
	{ 1709164800, "2024-02-29 00:00:00" },
	{ LAST_OF_32_BITS, "2038-01-19 03:14:07" },
	{ LAST_OF_32_BITS + 1, "2038-01-19 03:14:08" },
	{ -LAST_OF_32_BITS - 2, "1901-12-13 20:45:51" },
	{ INT64_C(4107542399), "2100-02-28 23:59:59" },
	{ INT64_C(4107542400), "2100-03-01 00:00:00" },
	{ INT64_C(253402300799), "9999-12-31 23:59:59" },
	{ INT64_C(-62135596800), "0001-01-01 00:00:00" },
};

static const char *
text_of(const struct tm *tm)
{
	static char text[64];

	snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d",
	    tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday, tm->tm_hour,
	    tm->tm_min, tm->tm_sec);
	return text;
}

START_TEST(shows_utc)
{
	struct tm utc;

	calendar_utc(moments[_i].seconds, &utc);
	ck_assert_str_eq(text_of(&utc), moments[_i].text);
	ck_assert_int_eq(calendar_seconds(&utc), moments[_i].seconds);
}
END_TEST

static bool
is_day(const struct tm *a, const struct tm *b)
{
	return a->tm_mday == b->tm_mday && a->tm_mon == b->tm_mon &&
	    a->tm_year == b->tm_year;
}

static int
days_of(const struct tm *day)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	int year = day->tm_year + 1900;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[day->tm_mon] + (day->tm_mon == 1 && leap ? 1 : 0);
}

/* The first and the last second of each day of 800 years, one after another. */
START_TEST(days_follow_each_other)
{
	struct tm day = { .tm_year = 1600 - 1900, .tm_mday = 1 };
	int64_t seconds = INT64_C(-11676096000);

	while (day.tm_year < 2400 - 1900) {
		struct tm first, last;

		calendar_utc(seconds, &first);
		calendar_utc(seconds + 86399, &last);
		if (!is_day(&first, &day) || !is_day(&last, &day) ||
		    calendar_seconds(&day) != seconds)
			ck_abort_msg("%s is not %04d-%02d-%02d",
			    text_of(&first), day.tm_year + 1900, day.tm_mon + 1,
			    day.tm_mday);
		seconds += 86400;
		if (++day.tm_mday <= days_of(&day))
			continue;
		day.tm_mday = 1;
		day.tm_mon = (day.tm_mon + 1) % 12;
		day.tm_year += day.tm_mon == 0 ? 1 : 0;
	}
}
END_TEST

/* Behind what time_t has there is UTC. */
START_TEST(shows_local_time_as_far_as_it_is_known)
{
	struct tm local;

	setenv("TZ", "IST-5:30", 1);
	tzset();
	ck_assert(calendar_local(LAST_OF_32_BITS, &local));
	ck_assert_str_eq(text_of(&local), "2038-01-19 08:44:07");
	ck_assert_int_eq(
	    calendar_local(LAST_OF_32_BITS + 1, &local), sizeof(time_t) > 4);
	ck_assert_str_eq(text_of(&local),
	    sizeof(time_t) > 4 ? "2038-01-19 08:44:08" : "2038-01-19 03:14:08");
	ck_assert(!calendar_local(INT64_C(1) << 53, &local) ||
	    local.tm_year > 200000000);
}
END_TEST

START_TEST(knows_what_time_t_has)
{
	ck_assert(calendar_has(LAST_OF_32_BITS));
	ck_assert(calendar_has(-1));
	ck_assert_int_eq(calendar_has(LAST_OF_32_BITS + 1), sizeof(time_t) > 4);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("calendar");
	TCase *tc = tcase_create("calendar");

	tcase_add_loop_test(
	    tc, shows_utc, 0, sizeof(moments) / sizeof(*moments));
	tcase_add_test(tc, days_follow_each_other);
	tcase_add_test(tc, shows_local_time_as_far_as_it_is_known);
	tcase_add_test(tc, knows_what_time_t_has);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
