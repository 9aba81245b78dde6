/*
 * The gate between execution and reply: the reply to a write may be held until
 * something says that it is safe to send, such as a commit to disk.
 *
 * Whoever guards writes makes one gate, gives it to the server, and later
 * passes its verdict. Each held reply has a ticket; tickets rise, and one
 * verdict ends all tickets up to a given one, in order.
 */
#ifndef SERVICE_GATE_H
#define SERVICE_GATE_H

#include <stdint.h>
#include <sys/queue.h>

enum gate_verdict {
	GATE_SAFE,   /* send the replies */
	GATE_FAILED, /* answer exception 04 (server device failure) instead */
	GATE_LOST,   /* nothing can be said: close without an answer */
};

struct gate;
struct gate_waiter;

/* Asked after a request has changed the table. Returns the ticket that its
 * reply waits for, at least as high as any before, or 0: it need not wait. */
typedef uint64_t (*gate_hold_fn)(void *arg);

typedef void (*gate_verdict_fn)(
    struct gate_waiter *waiter, uint64_t up_to, enum gate_verdict verdict);

/* Something that holds replies back; part of its owner. */
struct gate_waiter {
	TAILQ_ENTRY(gate_waiter) link; /* the gate's */
	gate_verdict_fn decided;       /* may leave the gate, or free itself */
};

/* A new gate, or NULL when there is no memory. arg is borrowed. */
struct gate *gate_new(gate_hold_fn hold, void *arg);

/* Free a gate that nothing waits at any more; NULL is fine. */
void gate_free(struct gate *g);

/* Ask whether the reply to a write must wait; NULL is a gate always open.
 * Returns its ticket, or 0. */
uint64_t gate_hold(struct gate *g);

/* From now on tell waiter of each verdict, until it leaves. Waiters are told
 * in the order in which they came. */
void gate_join(struct gate *g, struct gate_waiter *waiter);
void gate_leave(struct gate *g, struct gate_waiter *waiter);

/* Pass the verdict on all tickets up to up_to. On the event loop's thread, and
 * not while a request is being answered, as from within hold. */
void gate_decide(struct gate *g, uint64_t up_to, enum gate_verdict verdict);

#endif
