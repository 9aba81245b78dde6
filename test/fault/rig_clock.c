/*
 * A clock that stands still but where a test advances it: deadlines and pauses
 * after a failure are tested without waiting for them, and none passes because
 * the machine is busy. The server and libevent find this clock_gettime before
 * libc's.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "rig_clock.h"

#define SECOND 1000000000U

static uint64_t passed =
    1000 * (uint64_t)SECOND; /* of monotonic clocks, in ns */

static int
real_time(clockid_t clock, struct timespec *now)
{
	return (int)syscall(SYS_clock_gettime, clock, now);
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		return real_time(clock, now);
	now->tv_sec = (time_t)(passed / SECOND);
	now->tv_nsec = (long)(passed % SECOND);
	return 0;
}

void
rig_clock_pass(uint64_t ms)
{
	passed += ms * 1000000;
}

uint64_t
rig_clock_real(void)
{
	struct timespec now;

	real_time(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
