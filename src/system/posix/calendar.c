#include "system/calendar.h"

bool
calendar_local(int64_t moment, struct tm *fields)
{
	time_t time = (time_t)moment;

	return time == moment && localtime_r(&time, fields) != NULL;
}

bool
calendar_utc(int64_t moment, struct tm *fields)
{
	time_t time = (time_t)moment;

	return time == moment && gmtime_r(&time, fields) != NULL;
}

int64_t
calendar_moment(const struct tm *fields)
{
	struct tm normal = *fields;

	return timegm(&normal);
}
