#include "net/held.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "modbus/execute.h"
#include "modbus/mbap.h"

struct held_reply {
	STAILQ_ENTRY(held_reply) link;
	uint64_t ticket; /* 0: waits for those before it only */
	size_t length;
	uint8_t adu[];
};

void
held_init(struct held *h)
{
	STAILQ_INIT(&h->replies);
	h->bytes = 0;
}

bool
held_is_empty(const struct held *h)
{
	return STAILQ_EMPTY(&h->replies);
}

uint64_t
held_first_ticket(const struct held *h)
{
	return STAILQ_FIRST(&h->replies)->ticket;
}

static void
drop_first(struct held *h)
{
	struct held_reply *reply = STAILQ_FIRST(&h->replies);

	STAILQ_REMOVE_HEAD(&h->replies, link);
	h->bytes -= reply->length;
	free(reply);
}

void
held_clear(struct held *h)
{
	while (!held_is_empty(h))
		drop_first(h);
}

int
held_add(struct held *h, uint64_t ticket, const uint8_t *adu, size_t length)
{
	struct held_reply *reply = malloc(sizeof(*reply) + length);

	if (reply == NULL)
		return -1;
	reply->ticket = ticket;
	reply->length = length;
	memcpy(reply->adu, adu, length);
	STAILQ_INSERT_TAIL(&h->replies, reply, link);
	h->bytes += length;
	return 0;
}

static int
send_failure(const struct held_reply *reply, struct evbuffer *out)
{
	uint8_t adu[MB_ADU_MAX];
	size_t length;

	memcpy(adu, reply->adu, MB_MBAP_LENGTH);
	length = mbap_resize(adu,
	    mb_put_exception(reply->adu[MB_MBAP_LENGTH],
		MB_EX_SERVER_DEVICE_FAILURE, adu + MB_MBAP_LENGTH));
	return evbuffer_add(out, adu, length);
}

int
held_release(struct held *h, uint64_t up_to, enum gate_verdict verdict,
    struct evbuffer *out)
{
	struct held_reply *reply;
	int failed;

	while ((reply = STAILQ_FIRST(&h->replies)) != NULL &&
	    reply->ticket <= up_to) {
		if (reply->ticket != 0 && verdict == GATE_FAILED)
			failed = send_failure(reply, out);
		else
			failed = evbuffer_add(out, reply->adu, reply->length);
		if (failed)
			return -1;
		drop_first(h);
	}
	return 0;
}
