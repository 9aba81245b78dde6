#include "late_order.h"

#include <event2/event.h>

static int
submit(void *arg, struct order_write *write)
{
	const struct timeval late = { 0, LATE_MS * 1000 };
	struct late_order *l = arg;

	if (TAILQ_EMPTY(&l->writes) && event_add(l->timer, &late) != 0)
		return -1;
	TAILQ_INSERT_TAIL(&l->writes, write, link);
	return 0;
}

/* Move the writes of one owner from the front of one list to another. */
static void
move(struct order_writes *to, struct order_writes *from, const void *owner)
{
	struct order_write *next;

	for (struct order_write *w = TAILQ_FIRST(from); w != NULL; w = next) {
		next = TAILQ_NEXT(w, link);
		if (w->owner == owner) {
			TAILQ_REMOVE(from, w, link);
			TAILQ_INSERT_TAIL(to, w, link);
		}
	}
}

static void
late_cb(evutil_socket_t fd, short what, void *arg)
{
	struct order_writes reversed = TAILQ_HEAD_INITIALIZER(reversed);
	struct late_order *l = arg;

	(void)fd;
	(void)what;
	while (!TAILQ_EMPTY(&l->writes))
		move(&reversed, &l->writes,
		    TAILQ_LAST(&l->writes, order_writes)->owner);
	l->rounds++;
	order_settle(&l->order, &reversed, ORDER_EXECUTE);
}

void
late_order_begin(struct late_order *l, struct event_base *base)
{
	*l = (struct late_order){ .order = { .submit = submit, .arg = l } };
	TAILQ_INIT(&l->writes);
	l->timer = evtimer_new(base, late_cb, l);
}

void
late_order_end(struct late_order *l)
{
	event_free(l->timer);
	order_settle(&l->order, &l->writes, ORDER_UNKNOWN);
}
