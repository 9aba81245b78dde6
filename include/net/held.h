/*
 * Replies that wait for the gate, in the order in which they must leave. A
 * reply that needs no permission waits all the same behind one that does.
 */
#ifndef NET_HELD_H
#define NET_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "net/gate.h"

struct evbuffer;
struct held_reply;

struct held {
	STAILQ_HEAD(, held_reply) replies;
	size_t bytes; /* of all the ADUs in it */
};

void held_init(struct held *h);

/* Drop every reply. */
void held_clear(struct held *h);

bool held_is_empty(const struct held *h);

/* The ticket that the first reply waits for; there is one. */
uint64_t held_first_ticket(const struct held *h);

/*
 * Append a whole ADU, which is copied. ticket 0 waits for those before it
 * only. Returns 0, or -1 when there is no memory.
 */
int
held_add(struct held *h, uint64_t ticket, const uint8_t *adu, size_t length);

/*
 * Move the replies that need wait no longer, now that the tickets up to up_to
 * are decided, to out; after GATE_FAILED each reply with a ticket becomes
 * exception 04. verdict is not GATE_LOST. Returns 0, or -1 when there is no
 * memory: then some replies are lost, and the connection is of no more use.
 */
int held_release(struct held *h, uint64_t up_to, enum gate_verdict verdict,
    struct evbuffer *out);

#endif
