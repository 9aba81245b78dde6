/*
 * The points of a file, by place, by name and by address. They don't change
 * while the program runs.
 */
#ifndef POINTS_POINTS_H
#define POINTS_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "points/point.h"

struct points;

#define POINTS_MAX 65536

/* Accepts NULL. */
void points_free(struct points *ps);

/* The name of the file, as the option had it. */
const char *points_file(const struct points *ps);

/* How many there are, and point i of them, in the file's order. */
size_t points_count(const struct points *ps);
const struct point *points_at(const struct points *ps, size_t i);

/* How many of them have a simulate. */
size_t points_simulated(const struct points *ps);

/* The place of a point of ps in the file's order, from 0 on. */
size_t points_place(const struct points *ps, const struct point *p);

/* The point with that name of length bytes, or NULL. */
const struct point *
points_find(const struct points *ps, const char *name, size_t length);

/*
 * The points that a range of coils or registers touches, where coils are bits
 * of registers also those of the other kind, in the order of their addresses,
 * and of equal ones the widest first. To start, set up with points_touched;
 * points_next returns NULL after the last. A range without an item touches
 * none.
 */
struct points_walk {
	const struct points *points;
	struct points_span {
		size_t at;      /* place in the index of that kind */
		uint32_t first; /* first item of the range */
		uint32_t end;   /* the item behind it */
		enum datatable_kind kind;
	} spans[2];
	unsigned span;
};

struct points_walk points_touched(const struct points *ps,
    enum datatable_kind kind, uint32_t address, uint32_t quantity);
const struct point *points_next(struct points_walk *walk);

/* Whether each item of a range belongs to a point. */
bool points_cover(const struct points *ps, enum datatable_kind kind,
    uint32_t address, uint32_t quantity);

#endif
