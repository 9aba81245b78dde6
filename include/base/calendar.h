/*
 * The calendar, in seconds since 1970, UTC, of 64 bits on every machine: where
 * time_t has 32, it ends on 2038-01-19 at 03:14:07 UTC. Leap seconds don't
 * count. Pure, but for the time zone.
 */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* The moment that utc's year, month, day, hour, minute and second say; each
 * within its range, the year any. The others are not read. */
int64_t calendar_seconds(const struct tm *utc);

/* A moment as UTC shows it, but for the day of the week; within 2^54 seconds
 * of 1970. */
void calendar_utc(int64_t seconds, struct tm *utc);

/* Whether time_t has this moment. */
bool calendar_has(int64_t seconds);

/* A moment as the local clock shows it, within 2^54 seconds of 1970. Returns
 * false, with UTC in its place, if time_t does not have it: then the rules of
 * the time zone are not known. */
bool calendar_local(int64_t seconds, struct tm *local);

#endif
