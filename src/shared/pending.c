#include "shared/pending.h"

#include <assert.h>
#include <stdlib.h>

#include "base/histogram.h"
#include "base/identity.h"

struct item {
	struct order_write *write; /* owned */
	uint64_t session;
	uint64_t number;
	uint64_t submitted;
	bool refused;
};

/*
 * A ring of items, in the sequence of their numbers. The i-th, from 0 on, is
 * ring[(head + i) % room]; room is a power of 2.
 */
struct pending {
	struct item *ring; /* owned */
	size_t room, head, count;
	struct histogram *took; /* borrowed, or NULL */
};

#define ROOM_FIRST 64

struct pending *
pending_new(struct histogram *took)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (p != NULL)
		p->took = took;
	return p;
}

static struct item *
at(const struct pending *p, size_t i)
{
	return &p->ring[(p->head + i) & (p->room - 1)];
}

void
pending_free(struct pending *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->count; i++) {
		struct order_write *write = at(p, i)->write;

		assert(write->owner == NULL);
		identity_release(write->client.identity);
		free(write);
	}
	free(p->ring);
	free(p);
}

static int
grow(struct pending *p)
{
	size_t room = p->room == 0 ? ROOM_FIRST : 2 * p->room;
	struct item *ring = calloc(room, sizeof(*ring));

	if (ring == NULL)
		return -1;
	for (size_t i = 0; i < p->count; i++)
		ring[i] = *at(p, i);
	free(p->ring);
	p->ring = ring;
	p->room = room;
	p->head = 0;
	return 0;
}

int
pending_add(struct pending *p, struct order_write *write, uint64_t session,
    uint64_t number, uint64_t now)
{
	assert(p->count == 0 || at(p, p->count - 1)->number < number);
	if (p->count == p->room && grow(p) != 0)
		return -1;
	*at(p, p->count++) = (struct item){
		.write = write,
		.session = session,
		.number = number,
		.submitted = now,
	};
	return 0;
}

size_t
pending_count(const struct pending *p)
{
	return p->count;
}

uint64_t
pending_oldest(const struct pending *p)
{
	return p->count == 0 ? UINT64_MAX : at(p, 0)->submitted;
}

/* By halves: numbers ascend. The first item is looked at first, as it is the
 * one that is asked for, as a rule. */
static struct item *
find(const struct pending *p, uint64_t session, uint64_t number)
{
	size_t low = 0, high = p->count, middle = 0;

	while (low < high) {
		struct item *item = at(p, middle);

		if (item->number == number)
			return item->session == session ? item : NULL;
		if (item->number < number)
			low = middle + 1;
		else
			high = middle;
		middle = low + (high - low) / 2;
	}
	return NULL;
}

bool
pending_has(const struct pending *p, uint64_t session, uint64_t number)
{
	return find(p, session, number) != NULL;
}

void
pending_refuse(struct pending *p, uint64_t session, uint64_t number)
{
	struct item *item = find(p, session, number);

	if (item != NULL)
		item->refused = true;
}

/* Take the first one. */
static void
take(struct pending *p, uint64_t now, struct order_writes *to)
{
	const struct item *item = at(p, 0);

	TAILQ_INSERT_TAIL(to, item->write, link);
	if (p->took != NULL)
		histogram_add(
		    p->took, now > item->submitted ? now - item->submitted : 0);
	p->head = (p->head + 1) & (p->room - 1);
	p->count--;
}

void
pending_take_refused(struct pending *p, uint64_t now, struct order_writes *to)
{
	while (p->count > 0 && at(p, 0)->refused)
		take(p, now, to);
}

void
pending_take_before(struct pending *p, uint64_t session, uint64_t number,
    uint64_t now, struct order_writes *to)
{
	if (!pending_has(p, session, number))
		return;
	while (at(p, 0)->number < number)
		take(p, now, to);
}

bool
pending_take(struct pending *p, uint64_t session, uint64_t number, uint64_t now,
    struct order_writes *to)
{
	if (p->count == 0 || at(p, 0)->number != number ||
	    at(p, 0)->session != session)
		return false;
	take(p, now, to);
	return true;
}

void
pending_take_older(
    struct pending *p, uint64_t session, uint64_t now, struct order_writes *to)
{
	while (p->count > 0 && at(p, 0)->session != session)
		take(p, now, to);
}

void
pending_take_expired(
    struct pending *p, uint64_t before, uint64_t now, struct order_writes *to)
{
	while (p->count > 0 && at(p, 0)->submitted < before)
		take(p, now, to);
}
