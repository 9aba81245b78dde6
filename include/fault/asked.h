/*
 * The requests of one connection that have no reply yet, in the order in which
 * they came. Some were forwarded, and wait for a reply of the server. The
 * others are the proxy's own to answer, in their turn: when no request before
 * them waits any more.
 *
 *   first ... late or done ... front ... waiting, own, or done ... next
 *
 * A server answers in order. If it answers a later request first, those before
 * are late: nothing waits for them any more, but their replies are still
 * recognised, as long as there is room to remember them.
 *
 * A member of its owner, all 0 at first; only asked.c uses its members.
 */
#ifndef FAULT_ASKED_H
#define FAULT_ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault/rules.h"

struct mbap_frame;

/* Of those that wait. */
#define ASKED_MAX 1024

/* A request, with what is to happen to its reply. */
struct asked_request {
	uint64_t random;
	uint32_t delay;
	uint16_t transaction;
	uint8_t unit, function;
	uint8_t effect; /* enum fault_effect */
	uint8_t part;   /* enum fault_part */
	uint8_t exception;
	uint8_t state; /* enum asked_state, in asked.c */
};

struct asked {
	struct asked_request *ring; /* owned; NULL: none yet */
	size_t room;                /* a power of 2 */
	size_t first, front, next;  /* numbers of requests */
	size_t own;                 /* how many of them are there */
	size_t reached;             /* those before it are overtaken */
	size_t matched;             /* by asked_match */
};

void asked_free(struct asked *a);

/* Whether one more may wait. */
static inline bool
asked_has_room(const struct asked *a)
{
	return a->next - a->front < ASKED_MAX;
}

/* Requests that wait, and some that are done behind one that waits. */
static inline size_t
asked_waiting(const struct asked *a)
{
	return a->next - a->front;
}

/* Add a request that was judged. There is room. Returns 0, or -1 when there is
 * no memory. */
int asked_add(struct asked *a, const struct mbap_frame *frame,
    const struct fault_act *act);

/*
 * A reply has come: find the forwarded request that it is for. That is the
 * first one with its transaction identifier, unit identifier and function code
 * among those that wait, otherwise among the late ones. Returns whether there
 * is one, which found becomes. Those that asked_take_own then returns came
 * before it, and are to be answered first; asked_done ends it.
 */
bool asked_match(struct asked *a, const struct mbap_frame *reply,
    struct asked_request *found);
void asked_done(struct asked *a);

/* Whether the server has answered one that came after this. */
static inline bool
asked_is_overtaken(const struct asked *a, size_t number)
{
	return a->reached - number - 1 < ASKED_MAX;
}

bool asked_find_own(struct asked *a, struct asked_request *found);

/* Take the next request that is the proxy's own to answer, if its turn has
 * come. Returns whether found is one. Inline, as there is none for nearly all
 * replies. */
static inline bool
asked_take_own(struct asked *a, struct asked_request *found)
{
	return (a->own != 0 || asked_is_overtaken(a, a->front)) &&
	    asked_find_own(a, found);
}

/* Whether one of the proxy's own waits for the server's replies. To be asked
 * when asked_take_own has returned false. */
static inline bool
asked_is_blocked(const struct asked *a)
{
	return a->own != 0;
}

/* The server does not answer: those that wait are late, up to the first of the
 * proxy's own. */
void asked_give_up(struct asked *a);

/* What was decided, for the functions of rules.h. */
struct fault_act asked_act(const struct asked_request *request);

/* The reply of the proxy to a request of FAULT_EXCEPTION. adu has room for
 * MB_ADU_MAX bytes. Returns its length. */
size_t asked_exception(const struct asked_request *request, uint8_t *adu);

#endif
