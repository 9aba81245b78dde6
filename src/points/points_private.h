/* What the points of a file are made of. */
#ifndef POINTS_PRIVATE_H
#define POINTS_PRIVATE_H

#include "points/address_set.h"
#include "points/arena.h"
#include "points/points.h"

/* The points of a kind, by address, of equal ones the widest first. Since they
 * share addresses whole in whole, they are the roots and branches of trees: a
 * point is followed by those that lie within it. */
struct points_index {
	struct points_entry {
		uint32_t place; /* of the point */
		uint32_t root;  /* entry of the point that it lies within, and
				 * that lies within none; or its own */
		uint32_t after; /* the entry behind those that lie within */
	} * entries;            /* owned */
	size_t count;
};

struct points {
	enum datatable_overlay overlay;
	struct arena arena; /* texts and values */
	char *file;         /* of the arena */
	struct point *list; /* owned; in the file's order */
	size_t count, room;
	void *names; /* owned; a tree of tsearch */
	struct points_index by_address[2];
	struct address_set covered[2]; /* by enum datatable_kind */
};

/* The steps of points_finish, in this order. */
int points_index(struct points *ps);
void points_spread_read_only(struct points *ps);

/* The point of an entry. */
static inline struct point *
points_entry(const struct points *ps, enum datatable_kind kind, size_t entry)
{
	return &ps->list[ps->by_address[kind].entries[entry].place];
}

#endif
