#include "http/scheduler.h"

#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define SECOND UINT64_C(1000000000)

struct scheduler {
	struct event *next;  /* owned */
	uint64_t idle_until; /* clock_ns; no task runs before */
	uint64_t spent;
	TAILQ_HEAD(, scheduler_task) queue;
};

/* Run the next round when the idle time is over. */
static void
schedule(struct scheduler *s)
{
	uint64_t now = clock_ns();
	uint64_t wait = s->idle_until > now ? s->idle_until - now : 0;
	const struct timeval after = { (time_t)(wait / SECOND),
		(suseconds_t)(wait % SECOND / 1000) };

	event_add(s->next, &after);
}

static void
run_tasks_cb(evutil_socket_t fd, short what, void *arg)
{
	struct scheduler *s = arg;
	uint64_t began = clock_ns();
	uint64_t took = 0;
	struct scheduler_task *task;

	(void)fd;
	(void)what;
	while (took < SCHEDULER_BUDGET_NS &&
	    (task = TAILQ_FIRST(&s->queue)) != NULL) {
		scheduler_remove(s, task);
		task->run(task);
		took = clock_ns() - began;
	}
	s->spent += took;
	s->idle_until = began + took * (1 + SCHEDULER_REST_FACTOR);
	if (!TAILQ_EMPTY(&s->queue))
		schedule(s);
}

struct scheduler *
scheduler_new(struct event_base *base)
{
	struct scheduler *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	TAILQ_INIT(&s->queue);
	s->next = evtimer_new(base, run_tasks_cb, s);
	if (s->next == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

void
scheduler_free(struct scheduler *s)
{
	if (s == NULL)
		return;
	event_free(s->next);
	free(s);
}

void
scheduler_add(struct scheduler *s, struct scheduler_task *task)
{
	if (task->queued)
		return;
	task->queued = true;
	TAILQ_INSERT_TAIL(&s->queue, task, link);
	if (!event_pending(s->next, EV_TIMEOUT, NULL))
		schedule(s);
}

void
scheduler_remove(struct scheduler *s, struct scheduler_task *task)
{
	if (!task->queued)
		return;
	task->queued = false;
	TAILQ_REMOVE(&s->queue, task, link);
}

uint64_t
scheduler_spent(const struct scheduler *s)
{
	return s->spent;
}
