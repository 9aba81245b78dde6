#include "fault/wait.h"

#include <event2/event.h>

void
wait_init(struct wait *w, struct event_base *base, uint64_t (*clock)(void),
    void (*due)(evutil_socket_t, short, void *), void *arg)
{
	w->clock = clock;
	w->kind = WAIT_NOTHING;
	event_assign(&w->timer, base, -1, 0, due, arg);
}

int
wait_until(struct wait *w, enum wait_kind kind, uint64_t until)
{
	uint64_t now = w->clock(), ms = until > now ? until - now : 0;
	const struct timeval after = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000),
	};

	w->kind = (uint8_t)kind;
	w->until = until;
	return event_add(&w->timer, &after);
}

int
wait_for(struct wait *w, enum wait_kind kind, uint64_t ms)
{
	return wait_until(w, kind, w->clock() + ms);
}

void
wait_for_nothing(struct wait *w)
{
	if (w->kind != WAIT_NOTHING)
		event_del(&w->timer);
	w->kind = WAIT_NOTHING;
}
