#include "http/scheduler.h"

#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define SECOND UINT64_C(1000000000)

struct turns {
	struct event *next; /* owned */
	uint64_t rest_ends; /* nanoseconds; nothing is done before */
	uint64_t spent;
	TAILQ_HEAD(, turn) queue;
};

/* Wake up when the rest is over; at once is at the loop's next turn. */
static void
schedule(struct turns *t)
{
	uint64_t now = clock_ns();
	uint64_t wait = t->rest_ends > now ? t->rest_ends - now : 0;
	const struct timeval after = { (time_t)(wait / SECOND),
		(suseconds_t)(wait % SECOND / 1000) };

	event_add(t->next, &after);
}

static void
take_turns_cb(evutil_socket_t fd, short what, void *arg)
{
	struct turns *t = arg;
	uint64_t began = clock_ns();
	uint64_t took = 0;
	struct turn *turn;

	(void)fd;
	(void)what;
	while (
	    took < TURNS_BUDGET_NS && (turn = TAILQ_FIRST(&t->queue)) != NULL) {
		turns_remove(t, turn);
		turn->take(turn);
		took = clock_ns() - began;
	}
	t->spent += took;
	t->rest_ends = began + took * (1 + TURNS_REST);
	if (!TAILQ_EMPTY(&t->queue))
		schedule(t);
}

struct turns *
turns_new(struct event_base *base)
{
	struct turns *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	TAILQ_INIT(&t->queue);
	t->next = evtimer_new(base, take_turns_cb, t);
	if (t->next == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

void
turns_free(struct turns *t)
{
	if (t == NULL)
		return;
	event_free(t->next);
	free(t);
}

void
turns_add(struct turns *t, struct turn *turn)
{
	if (turn->queued)
		return;
	turn->queued = true;
	TAILQ_INSERT_TAIL(&t->queue, turn, link);
	if (!event_pending(t->next, EV_TIMEOUT, NULL))
		schedule(t);
}

void
turns_remove(struct turns *t, struct turn *turn)
{
	if (!turn->queued)
		return;
	turn->queued = false;
	TAILQ_REMOVE(&t->queue, turn, link);
}

uint64_t
turns_spent(const struct turns *t)
{
	return t->spent;
}
