#include "net/backlog.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "modbus/execute.h"
#include "modbus/mbap.h"

struct backlog_reply {
	STAILQ_ENTRY(backlog_reply) link;
	uint64_t ticket; /* 0: waits for those before it only */
	size_t length;
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
backlog_new(void *owner, struct evbuffer *output, struct gate *gate,
    gate_verdict_fn decided)
{
	struct backlog *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->owner = owner;
	b->gate = gate;
	b->waiter.decided = decided;
	STAILQ_INIT(&b->held);
	b->has_moved = true;
	b->output = output;
	b->watch = evbuffer_add_cb(output, backlog_watch_cb, b);
	if (b->watch == NULL) {
		free(b);
		return NULL;
	}
	return b;
}

void *
backlog_owner(struct gate_waiter *waiter)
{
	const struct backlog *b =
	    (void *)((char *)waiter - offsetof(struct backlog, waiter));

	return b->owner;
}

static void
drop_first(struct backlog *b)
{
	struct backlog_reply *reply = STAILQ_FIRST(&b->held);

	STAILQ_REMOVE_HEAD(&b->held, link);
	b->held_bytes -= reply->length;
	free(reply);
	if (STAILQ_EMPTY(&b->held))
		gate_leave(b->gate, &b->waiter);
}

void
backlog_free(struct backlog *b)
{
	if (b == NULL)
		return;
	while (!STAILQ_EMPTY(&b->held))
		drop_first(b);
	evbuffer_remove_cb_entry(b->output, b->watch);
	free(b);
}

int
backlog_hold(
    struct backlog *b, uint64_t ticket, const uint8_t *adu, size_t length)
{
	struct backlog_reply *reply = malloc(sizeof(*reply) + length);

	if (reply == NULL)
		return -1;
	reply->ticket = ticket;
	reply->length = length;
	memcpy(reply->adu, adu, length);
	if (STAILQ_EMPTY(&b->held))
		gate_join(b->gate, &b->waiter);
	STAILQ_INSERT_TAIL(&b->held, reply, link);
	b->held_bytes += length;
	return 0;
}

uint64_t
backlog_first_ticket(const struct backlog *b)
{
	return STAILQ_FIRST(&b->held)->ticket;
}

/* Make exception 04 of a reply. Returns the length of the ADU. */
static size_t
fail(uint8_t *adu)
{
	uint8_t *pdu = adu + MB_MBAP_LENGTH;

	return mbap_resize(
	    adu, mb_put_exception(pdu[0], MB_EX_SERVER_DEVICE_FAILURE, pdu));
}

size_t
backlog_take(
    struct backlog *b, uint64_t up_to, enum gate_verdict verdict, uint8_t *adu)
{
	const struct backlog_reply *reply = STAILQ_FIRST(&b->held);
	size_t length;

	if (reply == NULL || reply->ticket > up_to)
		return 0;
	length = reply->length;
	memcpy(adu, reply->adu, length);
	if (reply->ticket != 0 && verdict == GATE_FAILED)
		length = fail(adu);
	drop_first(b);
	return length;
}

uint64_t
backlog_stuck_since(struct backlog *b, uint64_t now)
{
	if (b->has_moved)
		b->moved = now;
	b->has_moved = evbuffer_get_length(b->output) == 0;
	return b->moved;
}
