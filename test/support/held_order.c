#include "held_order.h"

static int
submit(void *arg, struct order_write *write)
{
	struct held_order *h = arg;

	if (h->refuses)
		return -1;
	TAILQ_INSERT_TAIL(&h->writes, write, link);
	h->submitted++;
	return 0;
}

void
held_order_init(struct held_order *h)
{
	*h = (struct held_order){ .order = { .submit = submit, .arg = h } };
	TAILQ_INIT(&h->writes);
}

void
held_order_settle(
    struct held_order *h, uint64_t up_to, enum order_outcome outcome)
{
	struct order_writes writes = TAILQ_HEAD_INITIALIZER(writes);

	while (h->settled < up_to && !TAILQ_EMPTY(&h->writes)) {
		struct order_write *write = TAILQ_FIRST(&h->writes);

		TAILQ_REMOVE(&h->writes, write, link);
		TAILQ_INSERT_TAIL(&writes, write, link);
		h->settled++;
	}
	order_settle(&h->order, &writes, outcome);
}

void
held_order_end(struct held_order *h)
{
	held_order_settle(h, UINT64_MAX, ORDER_UNKNOWN);
}
