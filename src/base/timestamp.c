#include "base/timestamp.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/number.h"

#define SECOND   1000000
#define DAY      (24 * 3600)
#define YEAR_MIN 1970
#define YEAR_MAX 9999
#define DAYS_MAX (365 * 100) /* before now */

/* Seconds, and the rest in microseconds, which is never negative. */
static int
split(int64_t moment, time_t *seconds)
{
	int rest = (int)(moment % SECOND);

	*seconds = (time_t)(moment / SECOND);
	if (rest < 0) {
		rest += SECOND;
		(*seconds)--;
	}
	return rest;
}

const char *
timestamp_format(int64_t moment, char *text)
{
	struct tm local = { 0 };
	char seconds[32];
	time_t time;
	int rest = split(moment, &time);

	localtime_r(&time, &local);
	strftime(seconds, sizeof(seconds), "%Y-%m-%d %H:%M:%S", &local);
	snprintf(text, TIMESTAMP_TEXT_MAX, "%s.%03d", seconds, rest / 1000);
	return text;
}

const char *
timestamp_format_iso(int64_t moment, char *text)
{
	struct tm local = { 0 };
	char seconds[32];
	time_t time;
	int rest = split(moment, &time);
	unsigned offset;

	localtime_r(&time, &local);
	offset = (unsigned)labs(local.tm_gmtoff) / 60 % (24 * 60);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &local);
	snprintf(text, TIMESTAMP_TEXT_MAX, "%s.%06d%c%02u:%02u", seconds, rest,
	    local.tm_gmtoff < 0 ? '-' : '+', offset / 60, offset % 60);
	return text;
}

const char *
timestamp_format_utc_ms(uint64_t milliseconds, char *text)
{
	time_t time = (time_t)(milliseconds / 1000);
	struct tm utc = { 0 };
	char seconds[32];

	gmtime_r(&time, &utc);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text, TIMESTAMP_TEXT_MAX, "%s.%03uZ", seconds,
	    (unsigned)(milliseconds % 1000));
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

/* Whether a local time exists, with summer time or without, and its moment. */
static bool
shows(const struct tm *local, int summer, time_t *time)
{
	struct tm tm = *local;

	tm.tm_isdst = summer;
	*time = mktime(&tm);
	return tm.tm_isdst == summer && tm.tm_min == local->tm_min &&
	    tm.tm_hour == local->tm_hour;
}

/*
 * A time alone is of today, or of yesterday if it would be in the future. When
 * summer time ends some times exist twice, and the later one counts; when it
 * begins some do not exist, and the day before counts.
 */
static int64_t
last_time(struct parts *p, int64_t now)
{
	time_t seconds = (time_t)(now / SECOND), time, last = 0;
	bool found = false;
	struct tm today;

	localtime_r(&seconds, &today);
	p->tm.tm_year = today.tm_year;
	p->tm.tm_mon = today.tm_mon;
	p->tm.tm_mday = today.tm_mday;
	for (int day = 0; day < 3 && !found; day++, p->tm.tm_mday--)
		for (int summer = 0; summer < 2; summer++) {
			if (!shows(&p->tm, summer, &time) ||
			    (int64_t)time * SECOND + p->fraction > now ||
			    (found && time < last))
				continue;
			last = time;
			found = true;
		}
	return (int64_t)last * SECOND + p->fraction;
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
	struct parts p = { .tm.tm_isdst = -1 };
	time_t time;

	if (strcmp(text, "now") == 0) {
		*moment = now;
		return 0;
	}
	if (*text == '-')
		return parse_ago(text + 1, now, moment);
	if (take_all(text, &p) != 0)
		return -1;
	if (!p.date) {
		*moment = last_time(&p, now);
		return 0;
	}
	time = p.zone ? timegm(&p.tm) - p.offset : mktime(&p.tm);
	*moment = (int64_t)time * SECOND + p.fraction;
	return 0;
}
