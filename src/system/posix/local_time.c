#include "system/local_time.h"

bool
local_time(int64_t seconds, struct tm *fields)
{
	time_t time = (time_t)seconds;

	return time == seconds && localtime_r(&time, fields) != NULL;
}
