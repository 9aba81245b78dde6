#include "net/backlog.h"

#include <assert.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "modbus/mbap.h"
#include "service/service.h"

/*
 * One request, with a copy of its ADU. The order owns the block once it is
 * submitted; so write is the first member.
 */
struct backlog_request {
	struct order_write write; /* of those submitted */
	STAILQ_ENTRY(backlog_request) link;
	struct order_pdu pdu;
	uint16_t length;   /* of its ADU */
	uint16_t owed;     /* see backlog_owed */
	uint8_t exception; /* enum mb_exception: of judging, or of the order */
	bool decoded;
	bool submitted;
	bool waits; /* submitted, and not settled */
	uint8_t adu[];
};

static void
backlog_watch_cb(
    struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
	struct backlog *b = arg;

	(void)output;
	if (info->n_deleted > 0)
		b->has_moved = true;
}

struct backlog *
backlog_new(struct evbuffer *output)
{
	struct backlog *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	STAILQ_INIT(&b->requests);
	b->has_moved = true;
	b->output = output;
	b->watch = evbuffer_add_cb(output, backlog_watch_cb, b);
	if (b->watch == NULL) {
		free(b);
		return NULL;
	}
	return b;
}

void
backlog_drop(struct backlog *b)
{
	struct backlog_request *r = STAILQ_FIRST(&b->requests);

	STAILQ_REMOVE_HEAD(&b->requests, link);
	b->owed -= r->owed;
	if (r->submitted)
		order_forget(&r->write);
	else
		free(r);
}

void
backlog_free(struct backlog *b)
{
	if (b == NULL)
		return;
	while (!STAILQ_EMPTY(&b->requests))
		backlog_drop(b);
	evbuffer_remove_cb_entry(b->output, b->watch);
	free(b);
}

/* The reply to a write repeats part of the request. A request that reads counts
 * as the longest reply. */
static size_t
owed_for(const struct mbap_frame *frame, const struct judged_request *judged)
{
	bool only_writes =
	    judged_request_writes(judged) && judged->request.read.quantity == 0;

	return only_writes ? frame->length : MB_ADU_MAX;
}

static void
submit(struct backlog_request *r, const struct order *order)
{
	r->submitted = r->waits = order_submit(order, &r->write) == 0;
	if (!r->submitted)
		r->exception = MB_EX_SERVER_DEVICE_FAILURE;
}

int
backlog_add(struct backlog *b, const struct mbap_frame *frame,
    const struct judged_request *judged, const struct client *client,
    const struct order *order, order_settled_fn settled, void *owner)
{
	struct backlog_request *r = malloc(sizeof(*r) + frame->length);

	if (r == NULL)
		return -1;
	memcpy(r->adu, frame->adu, frame->length);
	r->length = (uint16_t)frame->length;
	r->owed = (uint16_t)owed_for(frame, judged);
	r->exception = (uint8_t)judged->exception;
	r->decoded = judged->decoded;
	r->submitted = r->waits = false;
	r->pdu = (struct order_pdu){ r->adu + MB_MBAP_LENGTH,
		mbap_pdu_length(frame) };
	r->write = (struct order_write){
		.client = *client,
		.unit = mbap_unit(frame),
		.pdus = &r->pdu,
		.count = 1,
		.request_length = frame->length,
		.settled = settled,
		.owner = owner,
	};
	if (judged_request_writes(judged))
		submit(r, order);
	STAILQ_INSERT_TAIL(&b->requests, r, link);
	b->owed += r->owed;
	return 0;
}

void
backlog_settle(
    struct backlog *b, struct order_write *write, enum order_outcome outcome)
{
	struct backlog_request *r = (void *)write;

	assert(r == STAILQ_FIRST(&b->requests));
	(void)b;
	r->waits = false;
	if (outcome == ORDER_REFUSED)
		r->exception = MB_EX_SERVER_DEVICE_FAILURE;
}

bool
backlog_first(const struct backlog *b, struct mbap_frame *frame,
    struct judged_request *judged)
{
	const struct backlog_request *r = STAILQ_FIRST(&b->requests);

	if (r == NULL || r->waits)
		return false;
	*frame = (struct mbap_frame){ .adu = r->adu, .length = r->length };
	mb_request_decode(r->pdu.bytes, r->pdu.length, &judged->request);
	judged->decoded = r->decoded;
	judged->exception = (enum mb_exception)r->exception;
	return true;
}

uint64_t
backlog_stuck_since(struct backlog *b, uint64_t now)
{
	if (b->has_moved)
		b->moved = now;
	b->has_moved = evbuffer_get_length(b->output) == 0;
	return b->moved;
}
