#include "simulation/replay.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "points/point.h"

#define ROOM_FIRST 64

struct replay {
	unsigned quantity; /* words of each value */
	size_t count, room;
	uint16_t *words;  /* owned */
	int64_t *moments; /* owned; they never go down */
	bool is_left[POINT_WORDS_MAX];
};

struct replay *
replay_new(unsigned quantity)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (r != NULL)
		r->quantity = quantity;
	return r;
}

void
replay_free(struct replay *r)
{
	if (r == NULL)
		return;
	free(r->words);
	free(r->moments);
	free(r);
}

size_t
replay_count(const struct replay *r)
{
	return r->count;
}

size_t
replay_most(const struct replay *r)
{
	size_t most = REPLAY_BYTES_MAX / (r->quantity * sizeof(*r->words));

	return most < REPLAY_ROWS_MAX ? most : REPLAY_ROWS_MAX;
}

static int
grow(struct replay *r)
{
	size_t room = r->room == 0 ? ROOM_FIRST : 2 * r->room;
	int64_t *moments = realloc(r->moments, room * sizeof(*moments));
	uint16_t *words;

	if (moments == NULL)
		return -1;
	r->moments = moments;
	words = realloc(r->words, room * r->quantity * sizeof(*words));
	if (words == NULL)
		return -1;
	r->words = words;
	r->room = room;
	return 0;
}

int
replay_add(struct replay *r, const uint16_t *words, int64_t moment)
{
	size_t size = r->quantity * sizeof(*words);

	if (r->count == r->room && grow(r) != 0)
		return -1;
	if (words == NULL && r->count > 0)
		words = replay_value(r, r->count - 1);
	if (words == NULL)
		memset(replay_value(r, r->count), 0, size);
	else
		memcpy(replay_value(r, r->count), words, size);
	r->moments[r->count++] = moment;
	return 0;
}

uint16_t *
replay_value(struct replay *r, size_t i)
{
	return r->words + i * r->quantity;
}

void
replay_leave(struct replay *r, unsigned word)
{
	r->is_left[word] = true;
}

int64_t
replay_last(const struct replay *r)
{
	return r->count == 0 ? 0 : r->moments[r->count - 1];
}

static const uint16_t *
value_at(const struct replay *r, size_t i)
{
	return r->words + i * r->quantity;
}

const uint16_t *
replay_by_row(const struct replay *r, uint64_t tick)
{
	return value_at(r, (tick - 1) % r->count);
}

/* How long the last value lasts, in microseconds. */
static uint64_t
last_time(const struct replay *r, unsigned every)
{
	size_t last = r->count - 1;

	if (last > 0 && r->moments[last] > r->moments[last - 1])
		return (uint64_t)(r->moments[last] - r->moments[last - 1]);
	return (uint64_t)every * 1000;
}

/* The last value at that moment or before it. */
static size_t
find(const struct replay *r, int64_t moment)
{
	size_t first = 0, end = r->count;

	while (end - first > 1) {
		size_t middle = first + (end - first) / 2;

		if (r->moments[middle] <= moment)
			first = middle;
		else
			end = middle;
	}
	return first;
}

const uint16_t *
replay_by_time(const struct replay *r, unsigned every, uint64_t tick)
{
	uint64_t all =
	    (uint64_t)(replay_last(r) - r->moments[0]) + last_time(r, every);
	uint64_t elapsed = (tick - 1) * every * 1000 % all;

	return value_at(r, find(r, r->moments[0] + (int64_t)elapsed));
}

void
replay_put(const struct replay *r, const uint16_t *value, const uint16_t *held,
    uint16_t *words)
{
	for (unsigned i = 0; i < r->quantity; i++)
		words[i] = r->is_left[i] ? held[i] : value[i];
}
