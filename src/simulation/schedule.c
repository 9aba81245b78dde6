#include "simulation/schedule.h"

#include <stdlib.h>

static size_t
count_groups(const unsigned *periods, size_t count)
{
	size_t groups = 0;

	for (size_t i = 0; i < count; i++)
		groups += i == 0 || periods[i] != periods[i - 1];
	return groups;
}

int
schedule_init(struct schedule *s, const unsigned *periods, size_t count)
{
	size_t groups = count_groups(periods, count);
	struct schedule_group *g;

	*s = (struct schedule){ .next = UINT64_MAX };
	if (groups == 0)
		return 0;
	s->groups = calloc(groups, sizeof(*s->groups));
	if (s->groups == NULL)
		return -1;
	s->count = groups;
	s->next = periods[0];
	g = s->groups;
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && periods[i] != periods[i - 1]) {
			g++;
			g->first = i;
		}
		g->period = periods[i];
		g->end = i + 1;
	}
	return 0;
}

void
schedule_end(struct schedule *s)
{
	free(s->groups);
	*s = (struct schedule){ .next = UINT64_MAX };
}

/* Returns how many of its ticks have passed since the last time. */
static uint64_t
advance(struct schedule *s, struct schedule_group *g, uint64_t now)
{
	uint64_t tick = now / g->period;
	uint64_t passed = tick > g->tick ? tick - g->tick : 0;
	uint64_t next;

	g->tick += passed;
	next = (g->tick + 1) * g->period;
	if (next < s->next)
		s->next = next;
	return passed;
}

size_t
schedule_tick(struct schedule *s, uint64_t now)
{
	size_t due = 0;

	s->next = UINT64_MAX;
	for (size_t i = 0; i < s->count; i++) {
		struct schedule_group *g = &s->groups[i];
		uint64_t passed = advance(s, g, now);

		g->due = passed > 0;
		if (!g->due)
			continue;
		due++;
		s->skipped += passed - 1;
	}
	return due;
}

void
schedule_pass(struct schedule *s, uint64_t now)
{
	s->next = UINT64_MAX;
	for (size_t i = 0; i < s->count; i++) {
		advance(s, &s->groups[i], now);
		s->groups[i].due = false;
	}
}
