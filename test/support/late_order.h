/*
 * An order that executes each write LATE_MS later, and the writes of the
 * connection that waited last first. The writes of one connection keep their
 * order.
 */
#ifndef LATE_ORDER_H
#define LATE_ORDER_H

#include <stdint.h>

#include "service/order.h"

#define LATE_MS 50

struct event;
struct event_base;

struct late_order {
	struct order order;
	struct order_writes writes; /* in the order of submission */
	struct event *timer;        /* owned */
	uint64_t rounds;            /* how often writes were executed */
};

void late_order_begin(struct late_order *l, struct event_base *base);

/* Nobody owns the writes that it still holds. */
void late_order_end(struct late_order *l);

#endif
