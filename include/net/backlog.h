/*
 * What a connection owes and can't send at once. Most owe nothing most of the
 * time: a backlog is made when a reply has to wait, and freed when none does.
 *
 *   held     replies that wait for the gate, in the order in which they must
 *            leave; one that needs no permission waits all the same behind one
 *            that does
 *   output   those that may leave, in the stream's evbuffer; the backlog
 *            notices whether the peer takes any
 */
#ifndef NET_BACKLOG_H
#define NET_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "service/gate.h"

struct backlog_reply;
struct evbuffer;
struct evbuffer_cb_entry;

/* The members are not to be touched. */
struct backlog {
	void *owner;       /* borrowed */
	struct gate *gate; /* borrowed, or NULL */
	struct gate_waiter waiter;
	STAILQ_HEAD(, backlog_reply) held; /* if any: waiter is at the gate */
	size_t held_bytes;                 /* of all the ADUs in it */

	struct evbuffer *output;         /* borrowed */
	struct evbuffer_cb_entry *watch; /* output's: tells what leaves */
	bool has_moved;                  /* something has left since moved */
	uint64_t moved;                  /* milliseconds */
};

/*
 * A backlog that holds nothing. output must outlive it. decided is called with
 * the gate's verdicts while replies are held, and may free the backlog. Returns
 * NULL when there is no memory.
 */
struct backlog *backlog_new(void *owner, struct evbuffer *output,
    struct gate *gate, gate_verdict_fn decided);

/* Leave the gate, and drop what is held; NULL is fine. */
void backlog_free(struct backlog *b);

/* Whose it is, as decided has to know. */
void *backlog_owner(struct gate_waiter *waiter);

/* Bytes held; NULL holds nothing. */
static inline size_t
backlog_held(const struct backlog *b)
{
	return b == NULL ? 0 : b->held_bytes;
}

/*
 * Hold a whole ADU, which is copied. ticket 0 waits for those before it only,
 * of which there is one. Returns 0, or -1 when there is no memory.
 */
int backlog_hold(
    struct backlog *b, uint64_t ticket, const uint8_t *adu, size_t length);

/* The ticket that the first reply held waits for; there is one. */
uint64_t backlog_first_ticket(const struct backlog *b);

/*
 * Take the next reply that need wait no longer, now that the tickets up to
 * up_to are decided, into adu, which has room for MB_ADU_MAX bytes; after
 * GATE_FAILED a reply with a ticket becomes exception 04. verdict is not
 * GATE_LOST. Returns its length, or 0 when there is no more.
 */
size_t backlog_take(
    struct backlog *b, uint64_t up_to, enum gate_verdict verdict, uint8_t *adu);

/*
 * Since when the output has been stuck: the moment, now in any milliseconds, at
 * which this was asked first after bytes had left it, or it had none. To be
 * asked at regular intervals; the answer is late by one of them at most.
 */
uint64_t backlog_stuck_since(struct backlog *b, uint64_t now);

#endif
