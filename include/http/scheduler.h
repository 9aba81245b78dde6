/*
 * The scheduler of HTTP work. Work is done in short tasks, first in, first
 * out. All of them together take at most a fifth of the event loop's time, so
 * that HTTP clients, however many, hardly delay Modbus clients.
 */
#ifndef HTTP_SCHEDULER_H
#define HTTP_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/queue.h"

struct event_base;
struct scheduler;

/* Nanoseconds after which a round starts no further task. */
#define SCHEDULER_BUDGET_NS 500000

/* A round that took t is followed by an idle time of SCHEDULER_REST_FACTOR * t.
 */
#define SCHEDULER_REST_FACTOR 4

/* A task; embedded in its owner. */
struct scheduler_task {
	TAILQ_ENTRY(scheduler_task) link; /* the scheduler's */
	bool queued;                      /* likewise */
	void (*run)(struct scheduler_task *task);
};

/* NULL when there is no memory. */
struct scheduler *scheduler_new(struct event_base *base);

/* Accepts NULL. No task may be queued. */
void scheduler_free(struct scheduler *s);

/* Queue a task: its run is called once, from the event loop. Does nothing when
 * it is queued already. */
void scheduler_add(struct scheduler *s, struct scheduler_task *task);

/* Take a task out of the queue, if it is in it. */
void scheduler_remove(struct scheduler *s, struct scheduler_task *task);

/* Nanoseconds spent in tasks so far. */
uint64_t scheduler_spent(const struct scheduler *s);

#endif
