/*
 * To be preloaded: a steady clock that stands still. Where instructions are
 * counted the server is some fifty times slower than it is, and what it does
 * once a second would weigh fifty times what it weighs.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SOME_TIME 1000000 /* s */

int
clock_gettime(clockid_t id, struct timespec *now)
{
	if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
		return (int)syscall(SYS_clock_gettime, id, now);
	now->tv_sec = SOME_TIME;
	now->tv_nsec = 0;
	return 0;
}
