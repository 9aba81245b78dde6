/*
 * The order seam: it decides when a judged write is executed.
 *
 * Without an order a write is executed as soon as it is judged. With one it is
 * submitted, and settled later, after a commit to disk for example: the order
 * lets it be executed, or refuses it, or its outcome is unknown. The order also
 * chooses the sequence in which writes are settled.
 *
 *   order_submit → ... later ... → order_settle → settled, of the write's owner
 *
 * An implementation makes a struct order, keeps submitted writes on lists of
 * its own, and passes those lists to order_settle. All of it runs on the event
 * loop's thread.
 */
#ifndef SERVICE_ORDER_H
#define SERVICE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/client.h"
#include "base/queue.h"

struct datatable;
struct order_write;
struct service;

/* The outcome of a write. */
enum order_outcome {
	ORDER_EXECUTE, /* execute it now */
	ORDER_REFUSED, /* not executed, and never will be: exception 04 */
	ORDER_UNKNOWN, /* executed or not: give no reply */
};

/*
 * Called once for each submitted write that has an owner. On ORDER_EXECUTE it
 * executes the write before it returns. more: the next write to be settled has
 * the same owner, and is settled immediately after this one.
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
 * between them. It is the first member of a block from malloc, which also holds
 * what it points to. Submitting it passes the block to the order.
 */
struct order_write {
	TAILQ_ENTRY(order_write) link; /* the order's */
	struct client client; /* its identity is held until it is freed */
	uint8_t unit;
	const struct order_pdu *pdus;
	size_t count;          /* of the PDUs, at least 1 */
	size_t request_length; /* bytes of its ADU; 0: it does not come from a
				  Modbus client, and is not counted */
	order_settled_fn settled;
	void *owner; /* NULL: the owner has gone */

	/* Values that may be lost, as others follow soon: durable state keeps
	 * no row of them, and commits nothing for their sake. */
	bool unrecorded;
};

TAILQ_HEAD(order_writes, order_write);

struct order {
	/*
	 * Take ownership of write, whose PDUs were judged. Returns 0, or -1
	 * when writes are refused for now: then the write is still the
	 * caller's. It never settles a write before it returns.
	 */
	int (*submit)(void *arg, struct order_write *write);
	void *arg;

	/* Writes whose owners have gone are executed and counted on this; the
	 * server sets it. NULL: there is none, and they are only freed. */
	const struct service *service;
};

/* See submit. */
static inline int
order_submit(const struct order *order, struct order_write *write)
{
	return order->submit(order->arg, write);
}

/* Take away the owner of a submitted write. The write is still executed and
 * counted, but settled is not called. */
static inline void
order_forget(struct order_write *write)
{
	write->owner = NULL;
}

/*
 * Settle all writes of a list, from the first to the last, and free them.
 * Writes of one owner must be settled in the sequence in which they were
 * submitted. Writes that are submitted meanwhile must not enter this list.
 */
void order_settle(const struct order *order, struct order_writes *writes,
    enum order_outcome outcome);

/* Execute the PDUs of a write on a table, without replies. */
void order_execute(const struct order_write *write, struct datatable *table);

#endif
