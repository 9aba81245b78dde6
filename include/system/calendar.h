/*
 * Moments as people read them. A moment is the number of seconds since
 * 1970-01-01 00:00 UTC, without leap seconds; fields are those of struct tm, of
 * which tm_isdst and what else a system has mean nothing here.
 */
#ifndef SYSTEM_CALENDAR_H
#define SYSTEM_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* What the clock shows at a moment: in the time zone of this process, or in
 * UTC. Returns false when the system cannot tell; then fields are undefined. */
bool calendar_local(int64_t moment, struct tm *fields);
bool calendar_utc(int64_t moment, struct tm *fields);

/* The moment at which a clock of UTC shows fields; of tm_wday and tm_yday
 * nothing is needed, and the others may be beyond their ranges. */
int64_t calendar_moment(const struct tm *fields);

#endif
