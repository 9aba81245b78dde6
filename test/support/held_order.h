/* An order that holds writes until the test settles them. */
#ifndef HELD_ORDER_H
#define HELD_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "service/order.h"

struct held_order {
	struct order order;
	struct order_writes writes;
	uint64_t submitted; /* writes so far: the number of the last one */
	uint64_t settled;   /* likewise */
	bool refuses;       /* it takes over no more writes */
};

void held_order_init(struct held_order *h);

/* Settle the writes up to number up_to. */
void held_order_settle(
    struct held_order *h, uint64_t up_to, enum order_outcome outcome);

/* Free what it holds, which nobody owns any more. */
void held_order_end(struct held_order *h);

#endif
