/*
 * The values that a points file has, as the writes that bring them into a
 * table.
 */
#ifndef POINTS_FIRST_VALUES_H
#define POINTS_FIRST_VALUES_H

#include <stddef.h>

#include "points/points.h"
#include "service/writing.h"

struct first_values;

/* What the table holds where a point with a value takes part of a register. */
enum first_values_over {
	FIRST_VALUES_OVER_ZEROS,  /* nothing: the register is written whole */
	FIRST_VALUES_OVER_OTHERS, /* bits that stay, by function 22 */
};

/* The writes of all points that have a value; what is adjacent is one write.
 * Returns NULL when memory is exhausted. */
struct first_values *first_values_new(const struct points *ps,
    enum datatable_overlay overlay, enum first_values_over over);

/* Accepts NULL. */
void first_values_free(struct first_values *v);

/* For writing_submit; owned by v. There may be none. */
const struct writing *first_values_writings(const struct first_values *v);
size_t first_values_count(const struct first_values *v);

/* How many points have a value, and how many of these hold another one. */
struct first_values_comparison {
	size_t points;
	size_t different;
};

struct first_values_comparison
first_values_compare(const struct points *ps, const struct datatable *table);

#endif
