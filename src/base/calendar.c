#include "base/calendar.h"

#include "system/local_time.h"

#define DAY 86400

/* The calendar repeats itself after 400 years. */
#define CYCLE_YEARS 400
#define CYCLE_DAYS  146097

/* Days from 0000-03-01 to 1970-01-01. Years that begin in March end with their
 * leap day. */
#define EPOCH 719468

static int64_t
divide_down(int64_t n, int64_t by)
{
	return n / by - (n % by < 0 ? 1 : 0);
}

/* The days of a year that begins in March before its month 0..11: five months
 * have 153. */
static int
days_before(int month)
{
	return (153 * month + 2) / 5;
}

int64_t
calendar_seconds(const struct tm *utc)
{
	int64_t year = utc->tm_year + INT64_C(1900) - (utc->tm_mon < 2 ? 1 : 0);
	int64_t cycle = divide_down(year, CYCLE_YEARS);
	int64_t y = year - cycle * CYCLE_YEARS;
	int64_t day = cycle * CYCLE_DAYS + y * 365 + y / 4 - y / 100 +
	    days_before((utc->tm_mon + 10) % 12) + utc->tm_mday - 1 - EPOCH;

	return ((day * 24 + utc->tm_hour) * 60 + utc->tm_min) * 60 +
	    utc->tm_sec;
}

/* The date of a day, which counts from 0000-03-01. */
static void
find_date(int64_t day, struct tm *utc)
{
	int64_t cycle = divide_down(day, CYCLE_DAYS);
	int rest = (int)(day - cycle * CYCLE_DAYS);
	int leap_days = rest / 1460 - rest / 36524 + rest / (CYCLE_DAYS - 1);
	int y = (rest - leap_days) / 365;
	int in_year = rest - (y * 365 + y / 4 - y / 100);
	int month = (5 * in_year + 2) / 153;

	utc->tm_mday = in_year - days_before(month) + 1;
	utc->tm_mon = (month + 2) % 12;
	utc->tm_year =
	    (int)(cycle * CYCLE_YEARS + y - 1900) + (month >= 10 ? 1 : 0);
}

void
calendar_utc(int64_t seconds, struct tm *utc)
{
	int64_t day = divide_down(seconds, DAY);
	int rest = (int)(seconds - day * DAY);

	*utc = (struct tm){
		.tm_hour = rest / 3600,
		.tm_min = rest / 60 % 60,
		.tm_sec = rest % 60,
	};
	find_date(day + EPOCH, utc);
}

bool
calendar_has(int64_t seconds)
{
	return (int64_t)(time_t)seconds == seconds;
}

bool
calendar_local(int64_t seconds, struct tm *local)
{
	if (local_time(seconds, local))
		return true;
	calendar_utc(seconds, local);
	return false;
}
