/*
 * What a pair waits for, one thing at a time: a timer of the event loop, and a
 * clock that need not be the loop's. Whoever is called looks at the clock.
 *
 * A member of its owner.
 */
#ifndef FAULT_WAIT_H
#define FAULT_WAIT_H

#include <event2/event_struct.h>
#include <stdint.h>

struct event_base;

/* What it is for. */
enum wait_kind {
	WAIT_NOTHING,
	WAIT_HELD,     /* the first piece that is held */
	WAIT_PATIENCE, /* replies that may never come */
	WAIT_END,      /* the deadline of a state */
};

struct wait {
	struct event timer;
	uint64_t (*clock)(void); /* milliseconds */
	uint64_t until;          /* unless WAIT_NOTHING */
	uint8_t kind;            /* enum wait_kind */
};

/* Waits for nothing. Calls due with arg, perhaps too early. */
void wait_init(struct wait *w, struct event_base *base, uint64_t (*clock)(void),
    void (*due)(evutil_socket_t, short, void *), void *arg);

/* Wait for this and nothing else. Returns 0, or -1 when there is no memory. */
int wait_until(struct wait *w, enum wait_kind kind, uint64_t until);

/* The same, for so many milliseconds from now on. */
int wait_for(struct wait *w, enum wait_kind kind, uint64_t ms);

void wait_for_nothing(struct wait *w);

#endif
