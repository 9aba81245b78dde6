/*
 * What a connection has not answered or sent yet. Most connections have none
 * most of the time: it is created when a request has to wait or replies are
 * unsent, and freed when neither is so.
 *
 *   requests  those that wait, in the order in which they arrived: writes that
 *             were submitted to the order, and all requests behind them
 *   output    the unsent replies, in the stream's evbuffer: the backlog notices
 *             whether the peer takes any
 */
#ifndef NET_BACKLOG_H
#define NET_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/queue.h"
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
	struct evbuffer_cb_entry *watch; /* callback of output */
	bool has_moved;                  /* bytes were sent since moved */
	uint64_t moved;                  /* milliseconds */
};

/* An empty backlog. output must outlive it. Returns NULL when there is no
 * memory. */
struct backlog *backlog_new(struct evbuffer *output);

/* Drop the requests; those that were submitted are still executed, without a
 * reply. NULL is fine. */
void backlog_free(struct backlog *b);

/* Whether no request waits; true for NULL. */
static inline bool
backlog_is_empty(const struct backlog *b)
{
	return b == NULL || STAILQ_EMPTY(&b->requests);
}

/* Bytes: for each request that waits, its ADU or the longest reply that it can
 * get, whichever is longer. 0 for NULL. */
static inline size_t
backlog_owed(const struct backlog *b)
{
	return b == NULL ? 0 : b->owed;
}

/*
 * Add a judged request, which is copied, behind those that wait. A write that
 * may be executed is submitted to order for client, with settled and owner. If
 * the order does not take it, it will be answered by exception 04.
 *
 * Returns 0, or -1 when there is no memory: then nothing was submitted.
 */
int backlog_add(struct backlog *b, const struct mbap_frame *frame,
    const struct judged_request *judged, const struct client *client,
    const struct order *order, order_settled_fn settled, void *owner);

/* write, which is the first request, was settled with this outcome; not
 * ORDER_UNKNOWN. */
void backlog_settle(
    struct backlog *b, struct order_write *write, enum order_outcome outcome);

/*
 * The first request. Returns false if there is none, or the order has not
 * settled it. frame and judged borrow from it until backlog_drop.
 */
bool backlog_first(const struct backlog *b, struct mbap_frame *frame,
    struct judged_request *judged);

/* Drop the first request, which was answered. */
void backlog_drop(struct backlog *b);

/*
 * Since when no byte of the output was sent, in milliseconds of now's clock;
 * now if it is empty. To be called at regular intervals: the result is late by
 * one interval at most.
 */
uint64_t backlog_stuck_since(struct backlog *b, uint64_t now);

#endif
