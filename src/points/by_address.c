/* The points by address. */
#include <stdlib.h>

#include "points_private.h"

static uint32_t
first_of(const struct point *p)
{
	return p->address;
}

static uint32_t
end_of(const struct point *p)
{
	return p->address + point_quantity(p);
}

/* --- making the index --------------------------------------------------- */

struct sorted {
	const struct point *point; /* borrowed */
};

/* No two are equal. */
static int
compare_points(const void *left, const void *right)
{
	const struct point *p = ((const struct sorted *)left)->point;
	const struct point *q = ((const struct sorted *)right)->point;

	if (first_of(p) != first_of(q))
		return first_of(p) < first_of(q) ? -1 : 1;
	if (end_of(p) != end_of(q))
		return end_of(p) > end_of(q) ? -1 : 1;
	/* A word before its bits, and these from the least significant one. */
	if (p->bit != q->bit)
		return p->bit < q->bit ? -1 : 1;
	return p < q ? -1 : 1;
}

/* Returns 0, or -1 when there is no memory. */
static int
gather(struct points *ps, enum datatable_kind kind)
{
	struct points_index *index = &ps->by_address[kind];
	struct sorted *found = calloc(ps->count + 1, sizeof(*found));

	if (found == NULL)
		return -1;
	for (size_t i = 0; i < ps->count; i++)
		if (ps->list[i].kind == kind)
			found[index->count++].point = &ps->list[i];
	qsort(found, index->count, sizeof(*found), compare_points);
	for (size_t i = 0; i < index->count; i++)
		index->entries[i].place = (uint32_t)(found[i].point - ps->list);
	free(found);
	return 0;
}

/* Find the roots, from the first entry on, and what is behind each, from the
 * last one on: those that lie within follow, each with those within it. */
static void
connect(struct points *ps, enum datatable_kind kind)
{
	struct points_index *index = &ps->by_address[kind];
	struct points_entry *e = index->entries;
	uint32_t n = (uint32_t)index->count;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t root = i == 0 ? 0 : e[i - 1].root;

		e[i].root = end_of(points_entry(ps, kind, root)) >
			first_of(points_entry(ps, kind, i)) ?
		    root :
		    i;
	}
	for (uint32_t i = n; i-- > 0;) {
		uint32_t end = end_of(points_entry(ps, kind, i));

		e[i].after = i + 1;
		while (e[i].after < n &&
		    first_of(points_entry(ps, kind, e[i].after)) < end)
			e[i].after = e[e[i].after].after;
	}
}

static void
cover(struct points *ps, enum datatable_kind kind, uint32_t first, uint32_t end)
{
	if (end > UINT16_MAX + 1)
		end = UINT16_MAX + 1;
	if (first < end)
		address_set_add(&ps->covered[kind], first, end - first);
}

static void
cover_point(struct points *ps, const struct point *p)
{
	const uint32_t first = first_of(p), end = end_of(p);
	const uint32_t bit = 16 * first + (uint8_t)p->bit; /* as a coil */

	cover(ps, p->kind, first, end);
	if (ps->overlay != DATATABLE_OVERLAID)
		return;
	if (p->kind == DATATABLE_COILS)
		cover(ps, DATATABLE_REGISTERS, first / 16, first / 16 + 1);
	else if (p->bit == POINT_NO_BIT)
		cover(ps, DATATABLE_COILS, 16 * first, 16 * end);
	else
		cover(ps, DATATABLE_COILS, bit, bit + 1);
}

int
points_index(struct points *ps)
{
	for (int kind = 0; kind < 2; kind++) {
		struct points_index *index = &ps->by_address[kind];

		index->entries = calloc(ps->count + 1, sizeof(*index->entries));
		if (index->entries == NULL ||
		    gather(ps, (enum datatable_kind)kind) != 0)
			return -1;
		connect(ps, (enum datatable_kind)kind);
	}
	for (size_t i = 0; i < ps->count; i++)
		cover_point(ps, &ps->list[i]);
	return 0;
}

/* --- using it ----------------------------------------------------------- */

/* The first entry that can touch what is at address first or behind. */
static size_t
start(const struct points *ps, enum datatable_kind kind, uint32_t first)
{
	const struct points_index *index = &ps->by_address[kind];
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (first_of(points_entry(ps, kind, middle)) < first)
			low = middle + 1;
		else
			high = middle;
	}
	/* What begins before lies within one root, or does not reach it. */
	return low == 0 ? 0 : index->entries[low - 1].root;
}

static struct points_span
span(const struct points *ps, enum datatable_kind kind, uint32_t first,
    uint32_t end)
{
	return (struct points_span){ start(ps, kind, first), first, end, kind };
}

struct points_walk
points_touched(const struct points *ps, enum datatable_kind kind,
    uint32_t address, uint32_t quantity)
{
	const uint32_t end = address + quantity;
	struct points_walk walk = { .points = ps };

	walk.spans[0] = span(ps, kind, address, end);
	if (ps->overlay != DATATABLE_OVERLAID || quantity == 0)
		walk.spans[1] = span(ps, kind, 0, 0);
	else if (kind == DATATABLE_COILS)
		walk.spans[1] = span(
		    ps, DATATABLE_REGISTERS, address / 16, (end + 15) / 16);
	else
		walk.spans[1] =
		    span(ps, DATATABLE_COILS, 16 * address, 16 * end);
	return walk;
}

/* Whether a point of a span is in it: a bit of a register that a range of coils
 * touches may be none of these. */
static bool
is_in(const struct points_walk *walk, const struct point *p)
{
	const struct points_span *asked = &walk->spans[0];
	uint32_t coil;

	if (p->kind == asked->kind || p->kind == DATATABLE_COILS ||
	    p->bit == POINT_NO_BIT)
		return true;
	coil = 16U * p->address + (uint8_t)p->bit;
	return coil >= asked->first && coil < asked->end;
}

/* The next point of a span, or NULL. */
static const struct point *
next_in(const struct points_walk *walk, struct points_span *s)
{
	const struct points *ps = walk->points;
	const struct points_index *index = &ps->by_address[s->kind];

	while (s->at < index->count) {
		const struct point *p = points_entry(ps, s->kind, s->at);

		if (first_of(p) >= s->end)
			break;
		if (end_of(p) <= s->first) {
			s->at = index->entries[s->at].after;
			continue;
		}
		s->at++;
		if (is_in(walk, p))
			return p;
	}
	return NULL;
}

const struct point *
points_next(struct points_walk *walk)
{
	for (; walk->span < 2; walk->span++) {
		struct points_span *s = &walk->spans[walk->span];
		const struct point *p =
		    s->first < s->end ? next_in(walk, s) : NULL;

		if (p != NULL)
			return p;
	}
	return NULL;
}

bool
points_cover(const struct points *ps, enum datatable_kind kind,
    uint32_t address, uint32_t quantity)
{
	return address_set_includes(&ps->covered[kind], address, quantity);
}
