#include "system/calendar.h"

#include "api.h"

/* Of FILETIME, which counts 100 ns from 1601 on. */
#define UNITS        INT64_C(10000000)
#define SECONDS_1601 INT64_C(11644473600)
#define DAY          (24 * 3600)

static bool
to_system(int64_t moment, SYSTEMTIME *t)
{
	int64_t units = (moment + SECONDS_1601) * UNITS;
	FILETIME f = { (DWORD)units, (DWORD)(units >> 32) };

	if (moment < -SECONDS_1601 || moment > INT64_MAX / UNITS - SECONDS_1601)
		return false;
	return FileTimeToSystemTime(&f, t);
}

static void
to_fields(const SYSTEMTIME *t, struct tm *fields)
{
	*fields = (struct tm){
		.tm_year = t->wYear - 1900,
		.tm_mon = t->wMonth - 1,
		.tm_mday = t->wDay,
		.tm_hour = t->wHour,
		.tm_min = t->wMinute,
		.tm_sec = t->wSecond,
		.tm_wday = t->wDayOfWeek,
	};
}

/* By the rules that were in force in that year. */
bool
calendar_local(int64_t moment, struct tm *fields)
{
	TIME_ZONE_INFORMATION rules;
	SYSTEMTIME utc, local;

	if (!to_system(moment, &utc) ||
	    !GetTimeZoneInformationForYear(utc.wYear, NULL, &rules) ||
	    !SystemTimeToTzSpecificLocalTime(&rules, &utc, &local))
		return false;
	to_fields(&local, fields);
	return true;
}

bool
calendar_utc(int64_t moment, struct tm *fields)
{
	SYSTEMTIME utc;

	if (!to_system(moment, &utc))
		return false;
	to_fields(&utc, fields);
	return true;
}

/* Days from 1970-01-01 to the first of a month, which may be beyond its year.
 * March is the first month here, so that a leap day ends its year. */
static int64_t
days_to(int64_t year, int64_t month)
{
	int64_t months = year * 12 + month - 2; /* from March of year 0 on */
	int64_t y = months / 12, m = months % 12;

	if (m < 0) {
		m += 12;
		y--;
	}
	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 - 719468;
}

int64_t
calendar_moment(const struct tm *fields)
{
	int64_t days =
	    days_to((int64_t)fields->tm_year + 1900, fields->tm_mon) +
	    fields->tm_mday - 1;

	return days * DAY + fields->tm_hour * INT64_C(3600) +
	    fields->tm_min * INT64_C(60) + fields->tm_sec;
}
