/*
 * What can be wrong between two points that share registers, in words.
 */
#ifndef POINTS_CONFLICT_H
#define POINTS_CONFLICT_H

#include "points/column.h"
#include "points/place.h"
#include "points/points.h"

enum conflict {
	CONFLICT_NONE,
	CONFLICT_OTHER_AREA, /* HR and IR of one register */
	CONFLICT_PARTS,      /* neither lies in the other */
	CONFLICT_BIT_TWICE,
	CONFLICT_OTHER_VALUE,
};

/*
 * Find the first point that p is in conflict with, among the list of those that
 * were added. Writes what was expected of p, and returns the column of which:
 * address or value. expected has room for POINT_EXPECTED_MAX bytes.
 */
enum column
conflict_explain(enum conflict conflict, enum datatable_overlay overlay,
    const struct points *list, const struct point *p, char *expected);

#endif
