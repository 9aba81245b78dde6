/* What POSIX threads lack on some systems. */
#ifndef SYSTEM_THREAD_H
#define SYSTEM_THREAD_H

#include <pthread.h>
#include <stdint.h>

/* Start a thread to which the system delivers no signal: those are of the event
 * loop's thread. Returns 0, or an error of errno. */
int thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

/* Initialize a condition for thread_wait_until. */
void thread_condition_init(pthread_cond_t *condition);

/* Wait for a condition, with the lock held, until the time is due by clock_ns
 * (base/clock.h) at most. As with any condition, it may return earlier. */
void thread_wait_until(
    pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t due);

#endif
