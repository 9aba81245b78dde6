/* Series of floating-point numbers, in raw numbers. Pure. */
#ifndef SIMULATION_REAL_H
#define SIMULATION_REAL_H

#include <stdint.h>

#include "points/point.h"
#include "points/shape.h"
#include "simulation/moment.h"

struct real {
	const struct point *point; /* borrowed */
	double from, to;           /* A and B; of count, the ends of the type */
	double step;               /* of walk and count */
};

void
real_init(struct real *r, const struct point *p, const struct shape *shape);

/* The words at a moment, of any shape but toggle and replay; never NaN or an
 * infinity. held may be any words, and the same as words. */
void real_next(const struct real *r, const struct moment *m,
    const uint16_t *held, uint16_t *words);

#endif
