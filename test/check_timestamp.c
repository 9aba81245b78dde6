#include "base/timestamp.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "suite.h"

#define SECOND INT64_C(1000000)

/* Sunday 2026-11-22 12:46:07.662123 in India, 07:16:07 UTC. */
#define NOW (INT64_C(1795331767) * SECOND + 662123)

/* Rules as of POSIX, which need no files. */
#define BERLIN    "CET-1CEST,M3.5.0,M10.5.0/3"
#define LONDON    "GMT0BST,M3.5.0/1,M10.5.0"
#define NEW_YORK  "EST5EDT,M3.2.0,M11.1.0"
#define SYDNEY    "AEST-10AEDT,M10.1.0,M4.1.0/3"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0" /* half an hour */
#define DUBLIN    "IST-1GMT0,M10.5.0,M3.5.0/1"           /* negative */
#define TROLL     "<+00>0<+02>-2,M3.5.0/1,M10.5.0/3"     /* two hours */
#define HAVANA    "CST5CDT,M3.2.0/0,M11.1.0/1"           /* at midnight */
#define ST_JOHNS  "NST3:30NDT,M4.1.0/0:01,M10.5.0/0:01"
#define FAR_WEST  "<-24>24"
#define FAR_EAST  "<+24>-24"

static void
set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static void
setup(void)
{
	set_zone("IST-5:30");
}

START_TEST(formats_local_time)
{
	char text[TIMESTAMP_TEXT_MAX];

	ck_assert_str_eq(
	    timestamp_format(NOW, text), "2026-11-22 12:46:07.662");
	ck_assert_str_eq(timestamp_format_iso(NOW, text),
	    "2026-11-22T12:46:07.662123+05:30");
	set_zone("NST3:30");
	ck_assert_str_eq(timestamp_format_iso(NOW, text),
	    "2026-11-22T03:46:07.662123-03:30");
	set_zone("UTC0");
	ck_assert_str_eq(
	    timestamp_format_iso(-1, text), "1969-12-31T23:59:59.999999+00:00");
}
END_TEST

START_TEST(formats_as_ctime_does)
{
	char text[TIMESTAMP_TEXT_MAX];

	ck_assert_str_eq(
	    timestamp_format_ctime(NOW, text), "Sun Nov 22 12:46:07 2026");
	/* A day of one digit has a space in front. */
	ck_assert_str_eq(
	    timestamp_format_ctime(0, text), "Thu Jan  1 05:30:00 1970");
}
END_TEST

/* Behind what time_t has, in UTC, which the text says. */
START_TEST(formats_what_no_local_clock_shows)
{
	const int64_t moment = (INT64_C(0x7FFFFFFF) + 1) * SECOND + 500000;
	char text[TIMESTAMP_TEXT_MAX];

	ck_assert_str_eq(timestamp_format(moment, text),
	    sizeof(time_t) > 4 ? "2038-01-19 08:44:08.500" :
				 "2038-01-19 03:14:08.500Z");
	ck_assert_str_eq(timestamp_format_iso(moment, text),
	    sizeof(time_t) > 4 ? "2038-01-19T08:44:08.500000+05:30" :
				 "2038-01-19T03:14:08.500000+00:00");
	ck_assert_str_eq(timestamp_format_utc_ms(253402300799999, text),
	    "9999-12-31T23:59:59.999Z");
}
END_TEST

START_TEST(formats_utc)
{
	char text[TIMESTAMP_TEXT_MAX];

	ck_assert_str_eq(
	    timestamp_format_utc_ms(0, text), "1970-01-01T00:00:00.000Z");
	ck_assert_str_eq(timestamp_format_utc_ms(NOW / 1000, text),
	    "2026-11-22T07:16:07.662Z");
}
END_TEST

/* Relative to 2026-11-22 12:46:07.662123+05:30. */
static const struct {
	const char *text;
	const char *iso;
} valid[] = {
	{ "now", "2026-11-22T12:46:07.662123+05:30" },
	{ "03:12", "2026-11-22T03:12:00.000000+05:30" },
	{ "03:12:09", "2026-11-22T03:12:09.000000+05:30" },
	{ "03:12:09.5", "2026-11-22T03:12:09.500000+05:30" },
	{ "12:46:07.662123", "2026-11-22T12:46:07.662123+05:30" },
	{ "12:46:07.662124", "2026-11-21T12:46:07.662124+05:30" },
	{ "23:59", "2026-11-21T23:59:00.000000+05:30" },
	{ "2026-11-22", "2026-11-22T00:00:00.000000+05:30" },
	{ "2024-02-29", "2024-02-29T00:00:00.000000+05:30" },
	{ "2026-11-22T03:12", "2026-11-22T03:12:00.000000+05:30" },
	{ "2026-11-22 03:12:59.000001", "2026-11-22T03:12:59.000001+05:30" },
	{ "2026-11-22T03:12Z", "2026-11-22T08:42:00.000000+05:30" },
	{ "2026-11-22T03:12:00.25Z", "2026-11-22T08:42:00.250000+05:30" },
	{ "2026-11-22T03:12+01:00", "2026-11-22T07:42:00.000000+05:30" },
	{ "2026-11-22 03:12:00-03:30", "2026-11-22T12:12:00.000000+05:30" },
	{ "1970-01-01T00:00Z", "1970-01-01T05:30:00.000000+05:30" },
	{ "2038-01-19T08:44:07", "2038-01-19T08:44:07.000000+05:30" },
	{ "-0s", "2026-11-22T12:46:07.662123+05:30" },
	{ "-7s", "2026-11-22T12:46:00.662123+05:30" },
	{ "-10m", "2026-11-22T12:36:07.662123+05:30" },
	{ "-13h", "2026-11-21T23:46:07.662123+05:30" },
	{ "-22d", "2026-10-31T12:46:07.662123+05:30" },
};

START_TEST(parses)
{
	char text[TIMESTAMP_TEXT_MAX];
	int64_t moment;

	ck_assert_msg(timestamp_parse(valid[_i].text, NOW, &moment) == 0, "%s",
	    valid[_i].text);
	ck_assert_str_eq(timestamp_format_iso(moment, text), valid[_i].iso);
}
END_TEST

START_TEST(parses_what_it_formats)
{
	char text[TIMESTAMP_TEXT_MAX];
	int64_t moment;

	ck_assert_int_eq(
	    timestamp_parse(timestamp_format_iso(NOW, text), 0, &moment), 0);
	ck_assert_int_eq(moment, NOW);
	ck_assert_int_eq(
	    timestamp_parse(timestamp_format(NOW, text), 0, &moment), 0);
	ck_assert_int_eq(moment, NOW / 1000 * 1000);
}
END_TEST

/* What a time_t of 32 bits does not have. */
static const struct {
	const char *text;
	const char *iso;
} later[] = {
	{ "2038-01-19T08:44:08", "2038-01-19T08:44:08.000000+05:30" },
	{ "2038-01-19T03:14:08Z", "2038-01-19T08:44:08.000000+05:30" },
	{ "2038-01-20", "2038-01-20T00:00:00.000000+05:30" },
	{ "2040-02-29T03:12", "2040-02-29T03:12:00.000000+05:30" },
	{ "9999-12-31T00:00", "9999-12-31T00:00:00.000000+05:30" },
	{ "9999-12-31T00:00Z", "9999-12-31T05:30:00.000000+05:30" },
};

START_TEST(parses_what_time_t_has_and_refuses_the_rest)
{
	char text[TIMESTAMP_TEXT_MAX];
	int64_t moment;
	int result = timestamp_parse(later[_i].text, NOW, &moment);

	ck_assert_int_eq(result, sizeof(time_t) > 4 ? 0 : -1);
	ck_assert_int_eq(
	    strstr(TIMESTAMP_EXPECTED, "2038") == NULL, sizeof(time_t) > 4);
	if (result == 0)
		ck_assert_str_eq(
		    timestamp_format_iso(moment, text), later[_i].iso);
}
END_TEST

static const char *const invalid[] = { "", "x", "yesterday", "now ", "3:12",
	"03:1", "24:00", "03:60", "03:12:60", "03:12:", "03:12:09.",
	"03:12:09.1234567", "03:12Z", "03:12+01:00", "0312", " 03:12", "03:12 ",
	"2026", "2026-11", "2026-11-", "2026-13-01", "2026-00-01", "2026-11-00",
	"2026-11-31", "2026-02-29", "2100-02-29", "1969-12-31", "10000-01-01",
	"2026-11-22T", "2026-11-22 ", "2026-11-22Z", "2026-11-22x03:12",
	"2026-11-22T03:12z", "2026-11-22T03:12+1", "2026-11-22T03:12+01:0",
	"2026-11-22T03:12+24:00", "2026-11-22T03:12Zx", "-", "-10", "-m",
	"-10x", "-10mm", "-10 m", "--10m", "-1.5h", "-36501d",
	"-99999999999999999999s", "1795331767" };

START_TEST(refuses)
{
	int64_t moment;

	ck_assert_msg(timestamp_parse(invalid[_i], NOW, &moment) == -1, "%s",
	    invalid[_i]);
}
END_TEST

/* At the change to summer time and back, days have 23 and 25 hours. */
START_TEST(yesterday_is_by_the_calendar)
{
	char text[TIMESTAMP_TEXT_MAX];
	int64_t now, moment;

	set_zone(BERLIN);
	ck_assert_int_eq(timestamp_parse("2026-03-29T10:00", 0, &now), 0);
	ck_assert_int_eq(timestamp_parse("11:00", now, &moment), 0);
	ck_assert_str_eq(timestamp_format_iso(moment, text),
	    "2026-03-28T11:00:00.000000+01:00");
	ck_assert_int_eq(timestamp_parse("01:00", now, &moment), 0);
	ck_assert_int_eq(now - moment, 8 * 3600 * SECOND);
}
END_TEST

/* The clock shows 02:30 twice when summer time ends, by the zone's rule on
 * 2026-10-25, and not at all when it begins, on 2026-03-29. */
static const struct {
	const char *now;
	const char *text;
	const char *iso;
} changing[] = {
	{ "2026-10-25T02:50+02:00", "02:30",
	    "2026-10-25T02:30:00.000000+02:00" },
	{ "2026-10-25T02:50+02:00", "02:55",
	    "2026-10-24T02:55:00.000000+02:00" },
	{ "2026-10-25T02:10+01:00", "02:30",
	    "2026-10-25T02:30:00.000000+02:00" },
	{ "2026-10-25T02:10+01:00", "02:05",
	    "2026-10-25T02:05:00.000000+01:00" },
	{ "2026-10-25T05:00+01:00", "02:30",
	    "2026-10-25T02:30:00.000000+01:00" },
	{ "2026-10-25T05:00+01:00", "01:59",
	    "2026-10-25T01:59:00.000000+02:00" },
	{ "2026-10-26T01:00+01:00", "02:30",
	    "2026-10-25T02:30:00.000000+01:00" },
	{ "2026-03-29T03:10+02:00", "02:30",
	    "2026-03-28T02:30:00.000000+01:00" },
	{ "2026-03-29T08:00+02:00", "02:30",
	    "2026-03-28T02:30:00.000000+01:00" },
	{ "2026-03-30T02:10+02:00", "02:30",
	    "2026-03-28T02:30:00.000000+01:00" },
	{ "2026-03-30T02:40+02:00", "02:30",
	    "2026-03-30T02:30:00.000000+02:00" },
	{ "2026-01-01T00:10+01:00", "00:20",
	    "2025-12-31T00:20:00.000000+01:00" },
};

START_TEST(a_time_is_the_last_that_the_clock_showed)
{
	char text[TIMESTAMP_TEXT_MAX];
	int64_t now, moment;

	set_zone(BERLIN);
	ck_assert_int_eq(timestamp_parse(changing[_i].now, 0, &now), 0);
	ck_assert_int_eq(timestamp_parse(changing[_i].text, now, &moment), 0);
	ck_assert_str_eq(timestamp_format_iso(moment, text), changing[_i].iso);
}
END_TEST

/* When St. John's still turned the clock back a minute after midnight, half an
 * hour later it was the day before, but had been the next day already. */
START_TEST(the_last_time_may_be_tomorrow)
{
	char text[TIMESTAMP_TEXT_MAX];
	int64_t now, moment;

	set_zone(ST_JOHNS);
	ck_assert_int_eq(timestamp_parse("2026-10-24T23:31-03:30", 0, &now), 0);
	ck_assert_int_eq(timestamp_parse("00:00:30", now, &moment), 0);
	ck_assert_str_eq(timestamp_format_iso(moment, text),
	    "2026-10-25T00:00:30.000000-02:30");
}
END_TEST

/* What a date and a time mean: the last moment that has them, or, where the
 * clock skipped them, the moment at which it did. A date alone is its first
 * moment. */
static const struct {
	const char *zone;
	const char *text;
	const char *iso;
} dated[] = {
	{ BERLIN, "2026-10-25 01:59:59.5", "2026-10-25T01:59:59.500000+02:00" },
	{ BERLIN, "2026-10-25 02:00", "2026-10-25T02:00:00.000000+01:00" },
	{ BERLIN, "2026-10-25 02:59:59", "2026-10-25T02:59:59.000000+01:00" },
	{ BERLIN, "2026-10-25 03:00", "2026-10-25T03:00:00.000000+01:00" },
	{ BERLIN, "2026-03-29 01:59", "2026-03-29T01:59:00.000000+01:00" },
	{ BERLIN, "2026-03-29 02:00", "2026-03-29T03:00:00.000000+02:00" },
	{ BERLIN, "2026-03-29 02:30:07.5", "2026-03-29T03:00:00.000000+02:00" },
	{ BERLIN, "2026-03-29 03:00", "2026-03-29T03:00:00.000000+02:00" },
	{ BERLIN, "2026-01-15 12:00", "2026-01-15T12:00:00.000000+01:00" },
	{ BERLIN, "2026-07-15 12:00", "2026-07-15T12:00:00.000000+02:00" },
	{ BERLIN, "2026-10-25", "2026-10-25T00:00:00.000000+02:00" },
	{ BERLIN, "1970-10-25 02:30", "1970-10-25T02:30:00.000000+01:00" },
	{ BERLIN, "2400-10-29 02:30", "2400-10-29T02:30:00.000000+01:00" },
	{ BERLIN, "9999-10-31 02:30", "9999-10-31T02:30:00.000000+01:00" },
	{ BERLIN, "9999-12-31 23:59", "9999-12-31T23:59:00.000000+01:00" },
	{ LONDON, "2026-10-25 01:30", "2026-10-25T01:30:00.000000+00:00" },
	{ LONDON, "2026-03-29 01:30", "2026-03-29T02:00:00.000000+01:00" },
	{ LONDON, "2026-07-15 12:00", "2026-07-15T12:00:00.000000+01:00" },
	{ NEW_YORK, "2026-11-01 01:30", "2026-11-01T01:30:00.000000-05:00" },
	{ NEW_YORK, "2026-11-01 00:30", "2026-11-01T00:30:00.000000-04:00" },
	{ NEW_YORK, "2026-03-08 02:30", "2026-03-08T03:00:00.000000-04:00" },
	{ NEW_YORK, "2026-07-15 12:00", "2026-07-15T12:00:00.000000-04:00" },
	{ SYDNEY, "2026-04-05 02:30", "2026-04-05T02:30:00.000000+10:00" },
	{ SYDNEY, "2026-10-04 02:30", "2026-10-04T03:00:00.000000+11:00" },
	{ SYDNEY, "2026-01-15 12:00", "2026-01-15T12:00:00.000000+11:00" },
	{ LORD_HOWE, "2026-04-05 01:29", "2026-04-05T01:29:00.000000+11:00" },
	{ LORD_HOWE, "2026-04-05 01:45", "2026-04-05T01:45:00.000000+10:30" },
	{ LORD_HOWE, "2026-10-04 02:15", "2026-10-04T02:30:00.000000+11:00" },
	{ LORD_HOWE, "2026-01-15 12:00", "2026-01-15T12:00:00.000000+11:00" },
	{ DUBLIN, "2026-10-25 01:30", "2026-10-25T01:30:00.000000+00:00" },
	{ DUBLIN, "2026-03-29 01:30", "2026-03-29T02:00:00.000000+01:00" },
	{ DUBLIN, "2026-07-15 12:00", "2026-07-15T12:00:00.000000+01:00" },
	{ DUBLIN, "2026-01-15 12:00", "2026-01-15T12:00:00.000000+00:00" },
	{ TROLL, "2026-10-25 01:30", "2026-10-25T01:30:00.000000+00:00" },
	{ TROLL, "2026-03-29 02:59", "2026-03-29T03:00:00.000000+02:00" },
	{ HAVANA, "2026-11-01 00:00", "2026-11-01T00:00:00.000000-05:00" },
	{ HAVANA, "2026-11-01", "2026-11-01T00:00:00.000000-04:00" },
	{ HAVANA, "2026-03-08 00:00", "2026-03-08T01:00:00.000000-04:00" },
	{ HAVANA, "2026-03-08", "2026-03-08T01:00:00.000000-04:00" },
	{ ST_JOHNS, "2026-10-25 00:00", "2026-10-25T00:00:00.000000-03:30" },
	{ ST_JOHNS, "2026-10-25", "2026-10-25T00:00:00.000000-02:30" },
	{ ST_JOHNS, "2026-10-24 23:30", "2026-10-24T23:30:00.000000-03:30" },
	{ FAR_WEST, "2026-10-25 02:30", "2026-10-25T02:30:00.000000-00:00" },
	{ FAR_EAST, "1970-01-01 00:00", "1970-01-01T00:00:00.000000+00:00" },
};

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

/* Whether it is of a year that only a time_t of 64 bits has. */
static bool
is_far(const char *text)
{
	return strcmp(text, "2038") >= 0;
}

/* Whatever was parsed before, and whatever the time is. */
START_TEST(a_date_and_a_time_mean_one_moment)
{
	char text[TIMESTAMP_TEXT_MAX];
	int64_t earlier, moment;

	if (is_far(dated[_i].text) && sizeof(time_t) == 4)
		return;
	for (int i = 0; i < COUNT(dated); i++) {
		if (is_far(dated[i].text) && sizeof(time_t) == 4)
			continue;
		set_zone(dated[i].zone);
		ck_assert_int_eq(
		    timestamp_parse(dated[i].text, NOW, &earlier), 0);
		set_zone(dated[_i].zone);
		ck_assert_int_eq(
		    timestamp_parse(dated[_i].text, _i * SECOND, &moment), 0);
		ck_assert_msg(strcmp(timestamp_format_iso(moment, text),
				  dated[_i].iso) == 0,
		    "%s: %s is not %s after %s", dated[_i].text, text,
		    dated[_i].iso, dated[i].text);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("timestamp");
	TCase *tc = tcase_create("timestamp");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, formats_local_time);
	tcase_add_test(tc, formats_as_ctime_does);
	tcase_add_test(tc, formats_what_no_local_clock_shows);
	tcase_add_test(tc, formats_utc);
	tcase_add_loop_test(tc, parses, 0, COUNT(valid));
	tcase_add_loop_test(
	    tc, parses_what_time_t_has_and_refuses_the_rest, 0, COUNT(later));
	tcase_add_test(tc, parses_what_it_formats);
	tcase_add_loop_test(tc, refuses, 0, COUNT(invalid));
	tcase_add_test(tc, yesterday_is_by_the_calendar);
	tcase_add_loop_test(
	    tc, a_time_is_the_last_that_the_clock_showed, 0, COUNT(changing));
	tcase_add_test(tc, the_last_time_may_be_tomorrow);
	tcase_add_loop_test(
	    tc, a_date_and_a_time_mean_one_moment, 0, COUNT(dated));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
