/*
 * Series of whole numbers, of 16, 32 and 64 bits, and of bools: in raw numbers,
 * so that each value is exact, whatever the scaling. Pure.
 */
#ifndef SIMULATION_WHOLE_H
#define SIMULATION_WHOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "points/point.h"
#include "points/shape.h"
#include "simulation/moment.h"

struct whole {
	const struct point *point; /* borrowed */

	/* A and B are the ends of low..low + span, among all numbers of the
	 * type in their order, the least of them 0. A is the upper end where
	 * the scaling turns the order round. */
	uint64_t low, span;
	bool is_reversed;

	uint64_t step; /* of walk and count */
	bool is_down;
};

void
whole_init(struct whole *w, const struct point *p, const struct shape *shape);

/* The words at a moment, of any shape but replay. held may be any words, and
 * the same as words. */
void whole_next(const struct whole *w, const struct moment *m,
    const uint16_t *held, uint16_t *words);

#endif
