#include "net/backlog.h"

#include <assert.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "base/identity.h"
#include "modbus/mbap.h"
#include "service/service.h"

/* One request. Its ADU is copied to the end of its block. */
struct backlog_request {
	STAILQ_ENTRY(backlog_request) link;
	const uint8_t *adu;
	uint16_t length;   /* of its ADU */
	uint16_t owed;     /* see backlog_owed */
	uint8_t exception; /* enum mb_exception: of judging, or of the order */
	bool decoded;
	bool writes; /* it is part of a backlog_write */
	bool submitted;
	bool waits; /* submitted, and not settled */
};

/* A request to be submitted. The order owns the block from then on; so write is
 * the first member. */
struct backlog_write {
	struct order_write write;
	struct order_pdu pdu;
	struct backlog_request request;
};

static struct backlog_write *
write_of(struct backlog_request *r)
{
	return (void *)((char *)r - offsetof(struct backlog_write, request));
}

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
		order_forget(&write_of(r)->write);
	else
		free(r->writes ? (void *)write_of(r) : r);
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

/* A copy of a request, in a block of the length that it needs; NULL when there
 * is no memory. */
static struct backlog_request *
copy_request(
    const struct mbap_frame *frame, const struct judged_request *judged)
{
	bool writes = judged_request_writes(judged);
	size_t head = writes ? sizeof(struct backlog_write) :
			       sizeof(struct backlog_request);
	uint8_t *block = malloc(head + frame->length);
	struct backlog_request *r = (void *)block;

	if (block == NULL)
		return NULL;
	if (writes)
		r = &((struct backlog_write *)(void *)block)->request;
	memcpy(block + head, frame->adu, frame->length);
	*r = (struct backlog_request){
		.adu = block + head,
		.length = (uint16_t)frame->length,
		.owed = (uint16_t)owed_for(frame, judged),
		.exception = (uint8_t)judged->exception,
		.decoded = judged->decoded,
		.writes = writes,
	};
	return r;
}

static void
submit(struct backlog_request *r, const struct client *client,
    const struct order *order, order_settled_fn settled, void *owner)
{
	const struct mbap_frame frame = { .adu = r->adu, .length = r->length };
	struct backlog_write *w = write_of(r);

	w->pdu =
	    (struct order_pdu){ mbap_pdu(&frame), mbap_pdu_length(&frame) };
	w->write = (struct order_write){
		.client = *client,
		.unit = mbap_unit(&frame),
		.pdus = &w->pdu,
		.count = 1,
		.request_length = r->length,
		.settled = settled,
		.owner = owner,
	};
	identity_hold(client->identity);
	r->submitted = r->waits = order_submit(order, &w->write) == 0;
	if (r->submitted)
		return;
	identity_release(client->identity);
	r->exception = MB_EX_SERVER_DEVICE_FAILURE;
}

int
backlog_add(struct backlog *b, const struct mbap_frame *frame,
    const struct judged_request *judged, const struct client *client,
    const struct order *order, order_settled_fn settled, void *owner)
{
	struct backlog_request *r = copy_request(frame, judged);

	if (r == NULL)
		return -1;
	if (r->writes)
		submit(r, client, order, settled, owner);
	STAILQ_INSERT_TAIL(&b->requests, r, link);
	b->owed += r->owed;
	return 0;
}

void
backlog_settle(
    struct backlog *b, struct order_write *write, enum order_outcome outcome)
{
	struct backlog_request *r =
	    &((struct backlog_write *)(void *)write)->request;

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
	mb_request_decode(
	    mbap_pdu(frame), mbap_pdu_length(frame), &judged->request);
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
