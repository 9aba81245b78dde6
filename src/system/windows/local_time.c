#include "system/local_time.h"

#include "api.h"

/* Of FILETIME, which counts 100 ns from 1601 on. */
#define UNITS        INT64_C(10000000)
#define SECONDS_1601 INT64_C(11644473600)

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
local_time(int64_t seconds, struct tm *fields)
{
	TIME_ZONE_INFORMATION rules;
	SYSTEMTIME utc, local;

	if (!to_system(seconds, &utc) ||
	    !GetTimeZoneInformationForYear(utc.wYear, NULL, &rules) ||
	    !SystemTimeToTzSpecificLocalTime(&rules, &utc, &local))
		return false;
	to_fields(&local, fields);
	return true;
}
