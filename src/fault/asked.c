#include "fault/asked.h"

#include <assert.h>
#include <stdlib.h>

#include "modbus/mbap.h"

/* Late requests are forgotten rather than that the ring grows beyond this. */
#define ROOM_FIRST 16
#define ROOM_LATE  64

enum asked_state {
	WAITING, /* for the reply of the server */
	OWN,     /* for its turn */
	LATE,
	DONE,
};

static struct asked_request *
asked_at(const struct asked *a, size_t number)
{
	return &a->ring[number & (a->room - 1)];
}

void
asked_free(struct asked *a)
{
	free(a->ring);
	*a = (struct asked){ 0 };
}

/* Returns 0, or -1 when there is no memory. */
static int
grow(struct asked *a)
{
	size_t room = a->room == 0 ? ROOM_FIRST : 2 * a->room;
	struct asked_request *ring = malloc(room * sizeof(*ring));

	if (ring == NULL)
		return -1;
	for (size_t n = a->first; n != a->next; n++)
		ring[n & (room - 1)] = *asked_at(a, n);
	free(a->ring);
	a->ring = ring;
	a->room = room;
	return 0;
}

/* Forget those at the front that are done. */
static void
forget_done(struct asked *a)
{
	while (a->front != a->next && asked_at(a, a->front)->state == DONE)
		a->front++;
	while (a->first != a->front && asked_at(a, a->first)->state == DONE)
		a->first++;
}

/* Returns 0, or -1 when there is no memory. */
static int
make_room(struct asked *a)
{
	if (a->next - a->first < a->room)
		return 0;
	if (a->first == a->front || a->room < ROOM_LATE)
		return grow(a);
	a->first++;
	return 0;
}

static bool
is_own(enum fault_effect effect)
{
	return effect == FAULT_EXCEPTION || effect == FAULT_CLOSE;
}

int
asked_add(struct asked *a, const struct mbap_frame *frame,
    const struct fault_act *act)
{
	bool own = is_own(act->effect);

	assert(asked_has_room(a));
	if (make_room(a) != 0)
		return -1;
	*asked_at(a, a->next++) = (struct asked_request){
		.random = act->random,
		.delay = act->delay,
		.transaction = mbap_transaction(frame),
		.unit = mbap_unit(frame),
		.function = mbap_pdu(frame)[0],
		.effect = (uint8_t)act->effect,
		.part = (uint8_t)act->part,
		.exception = act->exception,
		.state = own ? OWN : WAITING,
	};
	a->own += own;
	return 0;
}

static bool
fits(const struct asked_request *r, const struct mbap_frame *reply)
{
	return r->transaction == mbap_transaction(reply) &&
	    r->unit == mbap_unit(reply) &&
	    ((r->function ^ mbap_pdu(reply)[0]) & ~MB_EXCEPTION_FLAG) == 0 &&
	    (r->state == WAITING || r->state == LATE);
}

/* The first of these that a reply fits, or end. */
static size_t
find(const struct asked *a, const struct mbap_frame *reply, size_t begin,
    size_t end)
{
	while (begin != end && !fits(asked_at(a, begin), reply))
		begin++;
	return begin;
}

bool
asked_match(struct asked *a, const struct mbap_frame *reply,
    struct asked_request *found)
{
	size_t number = find(a, reply, a->front, a->next);

	if (number != a->next) {
		a->reached = number;
	} else {
		number = find(a, reply, a->first, a->front);
		if (number == a->front)
			return false;
	}
	a->matched = number;
	*found = *asked_at(a, number);
	return true;
}

void
asked_done(struct asked *a)
{
	asked_at(a, a->matched)->state = DONE;
	forget_done(a);
}

bool
asked_find_own(struct asked *a, struct asked_request *found)
{
	for (; a->front != a->next; forget_done(a)) {
		struct asked_request *r = asked_at(a, a->front);

		if (r->state == OWN) {
			*found = *r;
			r->state = DONE;
			a->own--;
			forget_done(a);
			return true;
		}
		if (!asked_is_overtaken(a, a->front))
			return false;
		r->state = LATE;
		a->front++;
	}
	return false;
}

void
asked_give_up(struct asked *a)
{
	while (a->front != a->next && asked_at(a, a->front)->state != OWN) {
		if (asked_at(a, a->front)->state == WAITING)
			asked_at(a, a->front)->state = LATE;
		a->front++;
	}
	forget_done(a);
}

struct fault_act
asked_act(const struct asked_request *request)
{
	return (struct fault_act){
		.effect = (enum fault_effect)request->effect,
		.delay = request->delay,
		.exception = request->exception,
		.part = (enum fault_part)request->part,
		.random = request->random,
	};
}

size_t
asked_exception(const struct asked_request *request, uint8_t *adu)
{
	const struct fault_act act = asked_act(request);
	uint8_t bytes[MB_MBAP_LENGTH + 1] = { 0 };
	const struct mbap_frame frame = {
		.adu = bytes,
		.length = sizeof(bytes),
	};

	put16(bytes, request->transaction);
	put16(bytes + 4, 2);
	bytes[6] = request->unit;
	bytes[7] = request->function;
	return fault_exception(&act, &frame, adu);
}
