/*
 * A set of bits, as ranges. Ranges are added in any order; once they are
 * joined, they are in ascending order, none touches another, and the set can be
 * asked. A look-up takes the logarithm of their number.
 */
#ifndef ROLES_BIT_SET_H
#define ROLES_BIT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits first..last, both included; last is less than UINT32_MAX. */
struct bit_range {
	uint32_t first;
	uint32_t last;
};

/* All zeros: empty. */
struct bit_set {
	struct bit_range *ranges; /* owned */
	size_t count;
	size_t room;
};

/* Add a range. Returns 0, or -1 when memory is exhausted. */
int bit_set_add(struct bit_set *s, struct bit_range range);

/* Join the ranges that touch. */
void bit_set_join(struct bit_set *s);

/* Whether all bits of a range are in a joined set. */
bool bit_set_includes(const struct bit_set *s, struct bit_range range);

/* Whether any bit of a range is. */
bool bit_set_touches(const struct bit_set *s, struct bit_range range);

/* Free the ranges; the set is empty then. */
void bit_set_clear(struct bit_set *s);

#endif
