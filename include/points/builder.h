/* How points are gathered, before they don't change any more. */
#ifndef POINTS_BUILDER_H
#define POINTS_BUILDER_H

#include "points/points.h"

/* No points yet, of a table of that mode. NULL when memory is exhausted. */
struct points *points_new(const char *file, enum datatable_overlay overlay);

/*
 * Add a point, with copies of its texts and its value. No other one has its
 * name, there are fewer than POINTS_MAX, and those that share registers do so
 * whole in whole. Returns 0, or -1 when memory is exhausted.
 */
int points_add(struct points *ps, const struct point *p);

/*
 * After the last one: make the index by address, and read-only what shares a
 * register with a point that is. Until then only points_count, points_at and
 * points_find work, and what they return is valid until the next points_add.
 * Returns 0, or -1 when memory is exhausted.
 */
int points_finish(struct points *ps);

#endif
