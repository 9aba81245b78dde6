/*
 * What points allow: a policy. A write that touches a read-only point is
 * answered by exception 02; with --points-only, so is a read or a write that
 * touches an item without a point (points_cover).
 *
 * A register with a read-only point is read-only. Where coils are bits of
 * registers, a read-only coil makes its register read-only, and a read-only
 * point on a register the coils in it; so coils beside a read-only one stay
 * writable as coils, unless a point on their register makes them read-only.
 */
#ifndef POINTS_RIGHTS_H
#define POINTS_RIGHTS_H

#include <stdbool.h>

#include "modbus/request.h"
#include "points/points.h"
#include "service/policy.h"

struct rights;

/* Borrows the points. only: items without a point don't exist. Returns NULL
 * when memory is exhausted. */
struct rights *
rights_new(const struct points *ps, enum datatable_overlay overlay, bool only);

/* Accepts NULL. */
void rights_free(struct rights *r);

/* The policy, for a list of them; owned by r. NULL where there is nothing to
 * ask: no point is read-only, and every item exists. Accepts NULL. */
struct policy *rights_policy(struct rights *r);

/* Bytes of a reason, with the NUL. */
#define RIGHTS_REASON_MAX (POINT_NAME_MAX + 40)

/* Write into text why the policy refuses a write of a range, such as
 * ""flow" is read-only". It has room for RIGHTS_REASON_MAX bytes. Returns
 * whether it refuses it. Accepts NULL: there is no policy. */
bool rights_explain(const struct rights *r, enum datatable_kind kind,
    const struct mb_range *write, char *text);

#endif
