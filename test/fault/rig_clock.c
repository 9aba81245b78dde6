/*
 * A clock that a test can advance: deadlines and pauses after a failure are
 * tested without waiting for them. The server and
 * libevent find this clock_gettime before libc's.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "rig_clock.h"

static uint64_t ahead; /* nanoseconds that monotonic clocks are ahead */

static int
real_time(clockid_t clock, struct timespec *now)
{
	return (int)syscall(SYS_clock_gettime, clock, now);
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	uint64_t nanoseconds;

	if (real_time(clock, now) != 0)
		return -1;
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		return 0;
	nanoseconds = (uint64_t)now->tv_nsec + ahead;
	now->tv_sec += (time_t)(nanoseconds / 1000000000);
	now->tv_nsec = (long)(nanoseconds % 1000000000);
	return 0;
}

void
rig_clock_pass(uint64_t ms)
{
	ahead += ms * 1000000;
}

uint64_t
rig_clock_real(void)
{
	struct timespec now;

	real_time(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
