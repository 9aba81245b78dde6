/*
 * What a connection owes and cannot send at once. Most owe nothing most of the
 * time: a backlog is made when a request has to wait or the peer does not read,
 * and freed when nothing is owed.
 *
 *   requests  those not answered yet, in the order in which they came: writes
 *             that were submitted to the order, and whatever came behind them
 *   output    replies in the stream's evbuffer; the backlog notices whether the
 *             peer takes any
 */
#ifndef NET_BACKLOG_H
#define NET_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "service/order.h"

struct backlog_request;
struct evbuffer;
struct evbuffer_cb_entry;
struct judged_request;
struct mbap_frame;

/* The members are not to be touched. */
struct backlog {
	STAILQ_HEAD(, backlog_request) requests;
	size_t owed; /* of all of them, see backlog_owed */

	struct evbuffer *output;         /* borrowed */
	struct evbuffer_cb_entry *watch; /* output's: tells what leaves */
	bool has_moved;                  /* something has left since moved */
	uint64_t moved;                  /* milliseconds */
};

/* A backlog of no requests. output must outlive it. Returns NULL when there is
 * no memory. */
struct backlog *backlog_new(struct evbuffer *output);

/* Drop the requests; those that were submitted go their way. NULL is fine. */
void backlog_free(struct backlog *b);

/* Whether no request waits; NULL has none. */
static inline bool
backlog_is_empty(const struct backlog *b)
{
	return b == NULL || STAILQ_EMPTY(&b->requests);
}

/* Bytes: of each request that waits its ADU or the longest reply that it may
 * get, whichever is longer. NULL owes none. */
static inline size_t
backlog_owed(const struct backlog *b)
{
	return b == NULL ? 0 : b->owed;
}

/*
 * Add a judged request, which is copied, behind those that wait. A write that
 * may be executed is submitted to order for client; if that cannot take it, it
 * will be answered by exception 04. settled is called for each that was
 * submitted, with this owner.
 *
 * Returns 0, or -1 when there is no memory: then nothing was submitted.
 */
int backlog_add(struct backlog *b, const struct mbap_frame *frame,
    const struct judged_request *judged, const struct client *client,
    const struct order *order, order_settled_fn settled, void *owner);

/* The first request, which was submitted, is write, and this has become of it;
 * not ORDER_UNKNOWN. */
void backlog_settle(
    struct backlog *b, struct order_write *write, enum order_outcome outcome);

/*
 * The first request, if there is one and it need not wait for the order any
 * more: frame and judged borrow from it until backlog_drop.
 */
bool backlog_first(const struct backlog *b, struct mbap_frame *frame,
    struct judged_request *judged);

/* Drop the first request: it was answered. */
void backlog_drop(struct backlog *b);

/*
 * Since when the output has been stuck: the moment, now in any milliseconds, at
 * which this was asked first after bytes had left it, or it had none. To be
 * asked at regular intervals; the answer is late by one of them at most.
 */
uint64_t backlog_stuck_since(struct backlog *b, uint64_t now);

#endif
