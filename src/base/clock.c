#include "base/clock.h"

/* The thread may be interrupted between two readings, for as long as a step. */
#define TOGETHER_US 1000

bool
clock_can_tell_time(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_REALTIME, &now) == 0;
}

int64_t
clock_watch_look(struct clock_watch *watch)
{
	int64_t before = clock_steady_us();
	int64_t ahead = clock_realtime_us() - before;
	int64_t step = ahead - watch->ahead;

	if (clock_steady_us() - before > TOGETHER_US)
		return 0;
	if (watch->started && step >= -CLOCK_STEP_US && step <= CLOCK_STEP_US)
		return 0;
	watch->ahead = ahead;
	if (watch->started)
		return step;
	watch->started = true;
	return 0;
}
