#include "roles/bit_set.h"

#include <stdlib.h>

#define ROOM_MIN 4

int
bit_set_add(struct bit_set *s, struct bit_range range)
{
	if (s->count == s->room) {
		size_t room = s->room == 0 ? ROOM_MIN : 2 * s->room;
		struct bit_range *ranges =
		    realloc(s->ranges, room * sizeof(*ranges));

		if (ranges == NULL)
			return -1;
		s->ranges = ranges;
		s->room = room;
	}
	s->ranges[s->count++] = range;
	return 0;
}

static int
by_first(const void *a, const void *b)
{
	const struct bit_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

void
bit_set_join(struct bit_set *s)
{
	size_t count = 0;

	if (s->count == 0)
		return;
	qsort(s->ranges, s->count, sizeof(*s->ranges), by_first);
	for (size_t i = 1; i < s->count; i++) {
		struct bit_range *before = &s->ranges[count];
		struct bit_range range = s->ranges[i];

		if (range.first > before->last + 1)
			s->ranges[++count] = range;
		else if (range.last > before->last)
			before->last = range.last;
	}
	s->count = count + 1;
}

/* The first range that ends at or behind a bit, or NULL. */
static const struct bit_range *
find(const struct bit_set *s, uint32_t bit)
{
	size_t from = 0, to = s->count;

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (s->ranges[middle].last < bit)
			from = middle + 1;
		else
			to = middle;
	}
	return from < s->count ? &s->ranges[from] : NULL;
}

bool
bit_set_includes(const struct bit_set *s, struct bit_range range)
{
	const struct bit_range *r = find(s, range.first);

	return r != NULL && r->first <= range.first && range.last <= r->last;
}

bool
bit_set_touches(const struct bit_set *s, struct bit_range range)
{
	const struct bit_range *r = find(s, range.first);

	return r != NULL && r->first <= range.last;
}

void
bit_set_clear(struct bit_set *s)
{
	free(s->ranges);
	*s = (struct bit_set){ .ranges = NULL };
}
