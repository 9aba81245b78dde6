/*
 * When the points of a simulation move. Those of the same period are a group,
 * and tick together: tick n is n periods after the start. Ticks whose time has
 * passed are not caught up: the last of them is due, and those before it are
 * skipped. Times are in milliseconds since the start. Pure.
 */
#ifndef SIMULATION_SCHEDULE_H
#define SIMULATION_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schedule_group {
	unsigned period;
	size_t first, end; /* places in the list that it was made of */
	uint64_t tick; /* the last one that was due or has passed; 0: none */
	bool due;      /* now */
};

struct schedule {
	struct schedule_group *groups; /* owned; by their periods */
	size_t count;
	uint64_t next;    /* when any of them is due; UINT64_MAX: never */
	uint64_t skipped; /* ticks, of all groups */
};

/* The schedule of a list of count periods, not 0, which rise. Returns 0, or -1
 * when memory is exhausted. */
int schedule_init(struct schedule *s, const unsigned *periods, size_t count);

/* Accepts one of zeros. */
void schedule_end(struct schedule *s);

/* At that time: mark the groups that are due, and no others. Returns how many
 * there are. */
size_t schedule_tick(struct schedule *s, uint64_t now);

/* At that time: let all ticks pass. None is due, and none counts as skipped. */
void schedule_pass(struct schedule *s, uint64_t now);

#endif
