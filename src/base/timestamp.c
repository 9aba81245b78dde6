#include "base/timestamp.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/calendar.h"
#include "base/number.h"

#define SECOND   1000000
#define DAY      (24 * 3600)
#define YEAR_MIN 1970
#define YEAR_MAX 9999
#define DAYS_MAX (365 * 100) /* before now */

/* Of local time from UTC, in seconds: the largest, and the shortest time for
 * which one is kept. */
#define OFFSET_MAX  (26 * 3600)
#define OFFSET_KEPT 1800

/* For a time alone: tomorrow, today, and days before. */
#define DAYS_ASKED 7

/* Seconds, and the rest in microseconds, which is never negative. */
static int
split(int64_t moment, int64_t *seconds)
{
	int rest = (int)(moment % SECOND);

	*seconds = moment / SECOND;
	if (rest < 0) {
		rest += SECOND;
		(*seconds)--;
	}
	return rest;
}

const char *
timestamp_format(int64_t moment, char *text)
{
	struct tm local;
	char seconds[32];
	int64_t time;
	int rest = split(moment, &time);
	bool is_local = calendar_local(time, &local);

	strftime(seconds, sizeof(seconds), "%Y-%m-%d %H:%M:%S", &local);
	snprintf(text, TIMESTAMP_TEXT_MAX, "%s.%03d%s", seconds, rest / 1000,
	    is_local ? "" : "Z");
	return text;
}

const char *
timestamp_format_iso(int64_t moment, char *text)
{
	struct tm local;
	char seconds[32];
	int64_t time;
	int rest = split(moment, &time);
	int64_t ahead;
	unsigned offset;

	calendar_local(time, &local);
	ahead = calendar_seconds(&local) - time;
	offset = (unsigned)((ahead < 0 ? -ahead : ahead) / 60 % (24 * 60));
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &local);
	snprintf(text, TIMESTAMP_TEXT_MAX, "%s.%06d%c%02u:%02u", seconds, rest,
	    ahead < 0 ? '-' : '+', offset / 60, offset % 60);
	return text;
}

const char *
timestamp_format_utc_ms(uint64_t milliseconds, char *text)
{
	struct tm utc;
	char seconds[32];

	calendar_utc((int64_t)(milliseconds / 1000), &utc);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text, TIMESTAMP_TEXT_MAX, "%s.%03uZ", seconds,
	    (unsigned)(milliseconds % 1000));
	return text;
}

const char *
timestamp_format_ctime(int64_t moment, char *text)
{
	struct tm local = { 0 };
	char names[16];
	int64_t time;

	split(moment, &time);
	calendar_local(time, &local);
	strftime(names, sizeof(names), "%a %b", &local);
	snprintf(text, TIMESTAMP_TEXT_MAX, "%s %2d %02d:%02d:%02d %d", names,
	    local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
	    local.tm_year + 1900);
	return text;
}

/* The parts of a moment that a text contains. */
struct parts {
	struct tm tm;
	long fraction; /* microseconds */
	bool date;
	bool time;
	bool zone;
	long offset; /* of the zone from UTC, in seconds */
};

/* Take a number of exactly so many digits, from min to max. Returns a pointer
 * to the character after it, or NULL; text may be NULL. */
static const char *
take(const char *text, unsigned digits, int min, int max, int *value)
{
	int n = 0;

	if (text == NULL)
		return NULL;
	for (unsigned i = 0; i < digits; i++, text++) {
		if (*text < '0' || *text > '9')
			return NULL;
		n = n * 10 + (*text - '0');
	}
	if (n < min || n > max)
		return NULL;
	*value = n;
	return text;
}

static const char *
take_char(const char *text, char c)
{
	return text != NULL && *text == c ? text + 1 : NULL;
}

static int
days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* YYYY-MM-DD */
static const char *
take_date(const char *text, struct parts *p)
{
	int year = 0, month = 0, day = 0;

	text = take(text, 4, YEAR_MIN, YEAR_MAX, &year);
	text = take(take_char(text, '-'), 2, 1, 12, &month);
	text = take(take_char(text, '-'), 2, 1, 31, &day);
	if (text == NULL || day > days_in(year, month))
		return NULL;
	p->tm.tm_year = year - 1900;
	p->tm.tm_mon = month - 1;
	p->tm.tm_mday = day;
	p->date = true;
	return text;
}

/* One to six digits after the point. */
static const char *
take_fraction(const char *text, struct parts *p)
{
	long unit = SECOND / 10;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++, unit /= 10) {
		if (unit == 0)
			return NULL;
		p->fraction += (*text - '0') * unit;
	}
	return text;
}

/* HH:MM, HH:MM:SS, HH:MM:SS.f */
static const char *
take_time(const char *text, struct parts *p)
{
	text = take(text, 2, 0, 23, &p->tm.tm_hour);
	text = take(take_char(text, ':'), 2, 0, 59, &p->tm.tm_min);
	if (text == NULL)
		return NULL;
	p->time = true;
	if (*text != ':')
		return text;
	text = take(text + 1, 2, 0, 59, &p->tm.tm_sec);
	if (text != NULL && *text == '.')
		return take_fraction(text + 1, p);
	return text;
}

/* Z, +HH:MM, -HH:MM */
static const char *
take_zone(const char *text, struct parts *p)
{
	int hours = 0, minutes = 0;
	int sign = *text == '-' ? -1 : 1;

	p->zone = true;
	if (*text == 'Z')
		return text + 1;
	text = take(text + 1, 2, 0, 23, &hours);
	text = take(take_char(text, ':'), 2, 0, 59, &minutes);
	p->offset = sign * (hours * 3600L + minutes * 60L);
	return text;
}

static int
take_all(const char *text, struct parts *p)
{
	const char *date = take_date(text, p);

	if (date != NULL && *date == '\0')
		return 0;
	if (date != NULL && *date != 'T' && *date != ' ')
		return -1;
	text = take_time(date != NULL ? date + 1 : text, p);
	if (text != NULL && p->date &&
	    (*text == 'Z' || *text == '+' || *text == '-'))
		text = take_zone(text, p);
	return text != NULL && *text == '\0' ? 0 : -1;
}

/* What the clock shows at a moment: seconds from 1970-01-01 00:00 on it. */
static int64_t
clock_at(int64_t moment)
{
	struct tm local;

	calendar_local(moment, &local);
	return calendar_seconds(&local);
}

/* In seconds, as is a time that the clock shows. */
struct showing {
	int64_t first, last;
};

/*
 * The first and the last moment, not later than limit, at which the clock
 * shows a time. Returns false when there is none.
 *
 * Asks no mktime: which of two moments that chooses depends on earlier calls.
 */
static bool
find_showing(int64_t shown, int64_t limit, struct showing *found)
{
	bool any = false;

	for (int64_t near = shown - OFFSET_MAX; near <= shown + OFFSET_MAX;
	     near += OFFSET_KEPT) {
		int64_t moment = shown - (clock_at(near) - near);

		if (moment > limit || !calendar_has(moment) ||
		    clock_at(moment) != shown)
			continue;
		if (!any || moment < found->first)
			found->first = moment;
		if (!any || moment > found->last)
			found->last = moment;
		any = true;
	}
	return any;
}

/* The moment at which the clock skips a time, which it never shows. */
static int64_t
skips_at(int64_t shown)
{
	int64_t before = shown - OFFSET_MAX, after = shown + OFFSET_MAX;

	while (after - before > 1) {
		int64_t middle = before + (after - before) / 2;

		if (clock_at(middle) < shown)
			before = middle;
		else
			after = middle;
	}
	return after;
}

/* Returns 0, or -1 if time_t may not have the moment. */
static int
with_date(const struct parts *p, int64_t *moment)
{
	int64_t shown = calendar_seconds(&p->tm);
	struct showing found;

	if (p->zone) {
		*moment = (shown - p->offset) * SECOND + p->fraction;
		return calendar_has(shown - p->offset) ? 0 : -1;
	}
	if (find_showing(shown, INT64_MAX, &found)) {
		*moment =
		    (p->time ? found.last : found.first) * SECOND + p->fraction;
		return 0;
	}
	*moment = skips_at(shown) * SECOND;
	return calendar_has(shown + OFFSET_MAX) ? 0 : -1;
}

/* Where the clock skipped a time today, or it would be in the future, the day
 * before counts. A clock that was set back at midnight may have shown tomorrow.
 */
static int64_t
without_date(const struct parts *p, int64_t now)
{
	struct tm day;
	struct showing found = { 0, 0 };
	int64_t limit, shown;

	split(now, &limit);
	calendar_local(limit, &day);
	day.tm_hour = p->tm.tm_hour;
	day.tm_min = p->tm.tm_min;
	day.tm_sec = p->tm.tm_sec;
	split(now - p->fraction, &limit);
	shown = calendar_seconds(&day) + DAY;
	for (int i = 0; i < DAYS_ASKED; i++, shown -= DAY)
		if (find_showing(shown, limit, &found))
			break;
	return found.last * SECOND + p->fraction;
}

/* -Nu */
static int
parse_ago(const char *text, int64_t now, int64_t *moment)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', DAY } };
	uint64_t n;

	text = number_take(text, (uint64_t)DAYS_MAX * DAY, &n);
	if (text == NULL || *text == '\0' || text[1] != '\0')
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (*text != units[i].unit)
			continue;
		if (n > (uint64_t)(DAYS_MAX * (DAY / units[i].seconds)))
			return -1;
		*moment = now - (int64_t)n * units[i].seconds * SECOND;
		return 0;
	}
	return -1;
}

int
timestamp_parse(const char *text, int64_t now, int64_t *moment)
{
	struct parts p = { .fraction = 0 };

	if (strcmp(text, "now") == 0) {
		*moment = now;
		return 0;
	}
	if (*text == '-')
		return parse_ago(text + 1, now, moment);
	if (take_all(text, &p) != 0)
		return -1;
	if (p.date)
		return with_date(&p, moment);
	*moment = without_date(&p, now);
	return 0;
}
