/* Monotonic clocks, for durations and deadlines, and the time of day. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "native/clock.h"

/* Milliseconds since an unspecified moment. */
static inline uint64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Microseconds since the same moment. */
static inline uint64_t
clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Nanoseconds since the same moment, for short times. */
static inline uint64_t
clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Milliseconds since 1970, UTC. Jumps when the system's clock is set. */
static inline uint64_t
clock_realtime_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Microseconds since 1970, UTC; signed, as SQLite's integers are. */
static inline int64_t
clock_realtime_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Whether the time of day can be read. It can't where time_t has 32 bits and
 * the clock is beyond 2038-01-19T03:14:07Z; then the functions above and below
 * are undefined. */
bool clock_can_tell_time(void);

/* Microseconds since an unspecified moment, for the age of what is kept for
 * days: time in which the machine was suspended counts, too. */
static inline int64_t
clock_steady_us(void)
{
	struct timespec now;

	clock_gettime(NATIVE_CLOCK_STEADY, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A step of the system's clock that is worth a word; a leap second is not. */
#define CLOCK_STEP_US 2000000

/* Notices when the system's clock was set. Initially all 0. */
struct clock_watch {
	bool started;
	int64_t
	    ahead; /* microseconds of the system's clock to the steady one */
};

/*
 * By how many microseconds the system's clock was set, forward if positive,
 * since the call that began the watch, or the last that returned other than 0;
 * 0 when that is at most CLOCK_STEP_US. A clock that is slewed is not set: the
 * steady clock runs at the same rate.
 */
int64_t clock_watch_look(struct clock_watch *watch);

#endif
