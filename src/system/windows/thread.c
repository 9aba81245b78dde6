#include "system/thread.h"

#include <time.h>

#include "base/clock.h"

#define SECOND UINT64_C(1000000000)

/* Windows delivers none of its signals to a thread of ours. */
int
thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
	return pthread_create(thread, NULL, run, arg);
}

void
thread_condition_init(pthread_cond_t *condition)
{
	pthread_cond_init(condition, NULL);
}

void
thread_wait_until(
    pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t due)
{
	uint64_t now = clock_ns();
	uint64_t left = due > now ? due - now : 0;
	const struct timespec wait = {
		(time_t)(left / SECOND),
		(long)(left % SECOND),
	};

	pthread_cond_timedwait_relative_np(condition, lock, &wait);
}
