/*
 * What a read-only point makes read-only. A register with one is, and so is
 * each point on it; so a point and all those that lie within it are, or none.
 * Where coils are bits of registers, a read-only coil makes its register
 * read-only, and a point on that its coils; other coils of a register without a
 * point stay as they are.
 */
#include "points_private.h"

/* The registers of read-only coils. */
static void
mark_coils(const struct points *ps, struct address_set *r)
{
	for (size_t i = 0; i < ps->count; i++) {
		const struct point *p = &ps->list[i];

		if (p->kind == DATATABLE_COILS && p->read_only)
			address_set_add(r, p->address / 16U, 1);
	}
}

/* Whether a point is read-only by itself, or one of its registers is. */
static bool
is_read_only(const struct point *p, const struct address_set *r)
{
	return p->read_only ||
	    address_set_touches(r, p->address, point_quantity(p));
}

/* The points of one root, whose entries are first to end: where one of them is
 * read-only, make all so, and mark their registers in
 * by_points. */
static void
spread_root(struct points *ps, size_t first, size_t end,
    const struct address_set *by_coils, struct address_set *by_points)
{
	const struct point *root = points_entry(ps, DATATABLE_REGISTERS, first);
	bool read_only = false;

	for (size_t i = first; i < end && !read_only; i++)
		read_only = is_read_only(
		    points_entry(ps, DATATABLE_REGISTERS, i), by_coils);
	if (!read_only)
		return;
	for (size_t i = first; i < end; i++)
		points_entry(ps, DATATABLE_REGISTERS, i)->read_only = true;
	address_set_add(by_points, root->address, point_quantity(root));
}

void
points_spread_read_only(struct points *ps)
{
	const struct points_index *index = &ps->by_address[DATATABLE_REGISTERS];
	struct address_set by_coils = { { 0 } }, by_points = { { 0 } };

	if (ps->overlay == DATATABLE_OVERLAID)
		mark_coils(ps, &by_coils);
	for (size_t i = 0; i < index->count; i = index->entries[i].after)
		spread_root(
		    ps, i, index->entries[i].after, &by_coils, &by_points);
	if (ps->overlay != DATATABLE_OVERLAID)
		return;
	for (size_t i = 0; i < ps->count; i++) {
		struct point *p = &ps->list[i];

		if (p->kind == DATATABLE_COILS &&
		    address_set_touches(&by_points, p->address / 16U, 1))
			p->read_only = true;
	}
}
