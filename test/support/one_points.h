/* The points of a text, as a points file has it. */
#ifndef ONE_POINTS_H
#define ONE_POINTS_H

#include "points/points.h"

/* They must be right; points_free frees them. */
struct points *one_points(enum datatable_overlay overlay, const char *text);

#endif
