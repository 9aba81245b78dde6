#include "points/rights.h"

#include <stdio.h>
#include <stdlib.h>

#include "points/address_set.h"

#define COILS_PER_REGISTER 16
#define OVERLAID_REGISTERS (MB_ADDRESSES / COILS_PER_REGISTER)

struct rights {
	struct policy policy;
	const struct points *points; /* borrowed */
	enum datatable_overlay overlay;
	bool only;
	bool refuses;                    /* some point is read-only */
	struct address_set read_only[2]; /* by enum datatable_kind */
};

/* A read-only point: its addresses, and those of the other kind that are the
 * same bits. */
static void
refuse(struct rights *r, const struct point *p)
{
	struct address_set *coils = &r->read_only[DATATABLE_COILS];
	struct address_set *registers = &r->read_only[DATATABLE_REGISTERS];
	uint32_t address = p->address, end = address + point_quantity(p);

	r->refuses = true;
	address_set_add(&r->read_only[p->kind], address, end - address);
	if (r->overlay != DATATABLE_OVERLAID)
		return;
	if (p->kind == DATATABLE_COILS) {
		address_set_add(registers, address / COILS_PER_REGISTER, 1);
		return;
	}
	if (end > OVERLAID_REGISTERS)
		end = OVERLAID_REGISTERS;
	if (address < end)
		address_set_add(coils, address * COILS_PER_REGISTER,
		    (end - address) * COILS_PER_REGISTER);
}

static bool
is_read_only(const struct rights *r, enum datatable_kind kind,
    const struct mb_range *range)
{
	return address_set_touches(
	    &r->read_only[kind], range->address, range->quantity);
}

static bool
exists(const struct rights *r, enum datatable_kind kind,
    const struct mb_range *range)
{
	return points_cover(r->points, kind, range->address, range->quantity);
}

static enum mb_exception
may_request(void *arg, const struct client *who, uint8_t unit,
    const struct mb_request *request)
{
	const struct rights *r = arg;
	enum datatable_kind kind = request->kind;

	(void)who;
	(void)unit;
	if (is_read_only(r, kind, &request->write) ||
	    (r->only &&
		(!exists(r, kind, &request->write) ||
		    !exists(r, kind, &request->read))))
		return MB_EX_ILLEGAL_DATA_ADDRESS;
	return MB_EX_NONE;
}

struct rights *
rights_new(const struct points *ps, enum datatable_overlay overlay, bool only)
{
	struct rights *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->points = ps;
	r->overlay = overlay;
	r->only = only;
	r->policy.arg = r;
	r->policy.may_request = may_request;
	for (size_t i = 0; i < points_count(ps); i++)
		if (points_at(ps, i)->read_only)
			refuse(r, points_at(ps, i));
	return r;
}

void
rights_free(struct rights *r)
{
	free(r);
}

struct policy *
rights_policy(struct rights *r)
{
	return r != NULL && (r->refuses || r->only) ? &r->policy : NULL;
}

/* The first read-only point that a range touches, or NULL. */
static const struct point *
find_read_only(const struct points *ps, enum datatable_kind kind,
    uint32_t address, uint32_t quantity)
{
	struct points_walk walk = points_touched(ps, kind, address, quantity);
	const struct point *p;

	do
		p = points_next(&walk);
	while (p != NULL && !p->read_only);
	return p;
}

/* A read-only point because of which a write of a range is refused. */
static const struct point *
refusing_point(const struct rights *r, enum datatable_kind kind,
    const struct mb_range *write)
{
	const struct point *p =
	    find_read_only(r->points, kind, write->address, write->quantity);
	uint32_t first, last;

	if (p != NULL)
		return p;
	/* Coils beside a read-only bit, in the same register. */
	first = write->address / COILS_PER_REGISTER;
	last = ((uint32_t)write->address + write->quantity - 1) /
	    COILS_PER_REGISTER;
	return find_read_only(
	    r->points, DATATABLE_REGISTERS, first, last - first + 1);
}

bool
rights_explain(const struct rights *r, enum datatable_kind kind,
    const struct mb_range *write, char *text)
{
	if (r == NULL)
		return false;
	if (is_read_only(r, kind, write)) {
		snprintf(text, RIGHTS_REASON_MAX, "\"%s\" is read-only",
		    refusing_point(r, kind, write)->name);
		return true;
	}
	if (!r->only || exists(r, kind, write))
		return false;
	snprintf(text, RIGHTS_REASON_MAX, "an address there has no point");
	return true;
}
