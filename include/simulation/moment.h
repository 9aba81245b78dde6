/* What a tick is, whatever the type of the point. Pure. */
#ifndef SIMULATION_MOMENT_H
#define SIMULATION_MOMENT_H

#include <stdint.h>

#include "points/shape.h"

struct moment {
	enum shape_kind kind;
	uint64_t phase;  /* milliseconds since the period began */
	uint64_t period; /* of sine, ramp and toggle; else 1 */
	uint64_t noise;
};

/*
 * Where a sine is between A, which is 0, and B, which is 1: at 0.5 when the
 * period begins, and rising. A multiple of 2^-40, so that it is the same
 * wherever sin differs in its last digits.
 */
double moment_sine(const struct moment *m);

#endif
