#include "system/thread.h"

#include <signal.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)

int
thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

void
thread_condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t steady;

	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &steady);
	pthread_condattr_destroy(&steady);
}

void
thread_wait_until(
    pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t due)
{
	const struct timespec until = {
		(time_t)(due / SECOND),
		(long)(due % SECOND),
	};

	pthread_cond_timedwait(condition, lock, &until);
}
