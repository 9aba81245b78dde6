/*
 * The order seam: what stands between judging a write and executing it.
 *
 * Without an order a write is executed as soon as it is judged. With one it is
 * submitted, and executed when the order says so, in the order that it says: a
 * commit to disk or a log that servers share may come first. Or it is refused,
 * or nobody knows what became of it.
 *
 *   order_submit → ... later ... → order_settle → settled, of the write's owner
 *
 * Whoever plugs in makes a struct order, keeps submitted writes on lists of its
 * own, and passes those lists to order_settle. All of it runs on the event
 * loop's thread.
 */
#ifndef SERVICE_ORDER_H
#define SERVICE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/client.h"

struct datatable;
struct order_write;
struct service;

/* What became of a write. */
enum order_outcome {
	ORDER_EXECUTE, /* execute it now */
	ORDER_REFUSED, /* it was not done and never will be: exception 04 */
	ORDER_UNKNOWN, /* it may have been done or not: give no answer */
};

/*
 * Called once for each submitted write that has an owner. After ORDER_EXECUTE
 * the owner executes it before it returns. more: the next write to be settled
 * has the same owner, and nothing happens before it.
 *
 * It may submit further writes, and free the owner. The write is freed when it
 * returns.
 */
typedef void (*order_settled_fn)(
    struct order_write *write, enum order_outcome outcome, bool more);

/* A request PDU of 1..253 bytes that decodes and writes. */
struct order_pdu {
	const uint8_t *bytes; /* borrowed */
	size_t length;
};

/*
 * A submission: PDUs that are executed one behind the other, with nothing
 * between them. It is the beginning of a block of malloc, which also holds
 * what it points to. Once it is submitted the block is the order's.
 */
struct order_write {
	TAILQ_ENTRY(order_write) link; /* the order's */
	struct client client;
	uint8_t unit;
	const struct order_pdu *pdus;
	size_t count;          /* of the PDUs, at least 1 */
	size_t request_length; /* bytes of its ADU; 0: it is no Modbus client's,
				  and is not counted as a request */
	order_settled_fn settled;
	void *owner; /* NULL: nobody waits for it any more */
};

TAILQ_HEAD(order_writes, order_write);

struct order {
	/*
	 * Take over write, whose PDUs were judged. Returns 0, or -1 when it
	 * cannot be done now: then the write is still the caller's, and
	 * everything is as it was. It never settles a write before it returns.
	 */
	int (*submit)(void *arg, struct order_write *write);
	void *arg;

	/* Executes writes whose owners have gone; the server sets it. NULL:
	 * there is nothing to execute them on, and they are only freed. */
	const struct service *service;
};

/* See submit. */
static inline int
order_submit(const struct order *order, struct order_write *write)
{
	return order->submit(order->arg, write);
}

/* The owner of a submitted write goes. The write goes its way: it will be
 * executed, and counted, without anybody being told. */
static inline void
order_forget(struct order_write *write)
{
	write->owner = NULL;
}

/*
 * Settle all writes of a list, the first one first, and free them. Writes of
 * one owner must be settled in the order in which they were submitted. What is
 * submitted meanwhile must not get into this list.
 */
void order_settle(const struct order *order, struct order_writes *writes,
    enum order_outcome outcome);

/* Execute the PDUs of a write on a table, without replies. */
void order_execute(const struct order_write *write, struct datatable *table);

#endif
