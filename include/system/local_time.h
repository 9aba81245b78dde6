/* The time zone of this process. */
#ifndef SYSTEM_LOCAL_TIME_H
#define SYSTEM_LOCAL_TIME_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* What the local clock shows so many seconds after 1970-01-01 00:00 UTC, by the
 * rules that were in force then; of fields, tm_isdst and what else a system has
 * mean nothing here. Returns false when the system cannot tell; then fields are
 * undefined. base/calendar.h is for whoever needs something anyway. */
bool local_time(int64_t seconds, struct tm *fields);

#endif
