/*
 * Points that share registers. One must lie wholly in the other, and what both
 * say must agree. No bit is named twice, and no register as a holding and as an
 * input register.
 */
#ifndef POINTS_SHARING_H
#define POINTS_SHARING_H

#include "points/conflict.h"
#include "points/point.h"

struct sharing;

/* None yet. NULL when memory is exhausted. */
struct sharing *sharing_new(enum datatable_overlay overlay);

/* Accepts NULL. */
void sharing_free(struct sharing *s);

/* What is wrong between a point and those added. */
enum conflict sharing_check(const struct sharing *s, const struct point *p);

/* Add a point that agrees with the others. */
void sharing_add(struct sharing *s, const struct point *p);

#endif
