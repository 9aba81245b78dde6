/*
 * Points that move by themselves: a timer, and at each tick the next values of
 * the points that are due, written as the client "simulation" by the path of
 * any client.
 *
 * What is due at one time is one submission. Of more than
 * SIMULATION_POINTS_A_TURN points it is one for each so many, in as many turns
 * of the event loop, so that no client waits for a tick: a point is never torn,
 * a tick may be. There is never a second submission while one waits for the
 * order: the ticks of that time are skipped, as are those of a time in which
 * the machine stood still. The number of a tick is the time since the start, so
 * that nothing is late for good.
 */
#ifndef SIMULATION_SIMULATION_H
#define SIMULATION_SIMULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "simulation/series.h"
#include "table/datatable.h"

struct event_base;
struct points;
struct service;
struct simulation;

#define SIMULATION_POINTS_A_TURN 256

/* Points of the same period tick together; ticks of each period count. */
struct simulation_figures {
	uint64_t ticks;   /* of which at least the first points were computed */
	uint64_t skipped; /* ticks; not those while it was paused */
	uint64_t submissions;
	uint64_t written; /* points */
	uint64_t refused; /* submissions, with those whose outcome is unknown;
			     what is left of the tick is left out */
};

/*
 * The simulation of all points of ps that have a series. ps is borrowed, and
 * overlay is that of the table. It stands still until simulation_start.
 *
 * Returns NULL with a line in error, which has room for SERIES_ERROR_MAX bytes.
 */
struct simulation *simulation_new(const struct points *ps,
    enum datatable_overlay overlay, uint64_t seed, char *error);

/* Its writes that wait lose their owner. Accepts NULL. */
void simulation_free(struct simulation *s);

/* All borrowed. */
struct simulation_world {
	struct event_base *base;
	const struct service *service; /* what it reads, and writes to */

	/* Whether it may tick now, asked before each tick; period: the
	 * milliseconds between ticks, of the points that move most often. NULL:
	 * it may. */
	bool (*may_tick)(void *arg, unsigned period);
	void *arg;
};

/* Begin: this is the start that ticks are counted from. Returns 0, or -1 when
 * memory is exhausted. */
int
simulation_start(struct simulation *s, const struct simulation_world *world);

/* Pause, or run. What is submitted is still written; the ticks of a pause are
 * left out. */
void simulation_set_running(struct simulation *s, bool running);
bool simulation_is_running(const struct simulation *s);

size_t simulation_points(const struct simulation *s);
uint64_t simulation_seed(const struct simulation *s);
struct simulation_figures simulation_figures(const struct simulation *s);

#endif
