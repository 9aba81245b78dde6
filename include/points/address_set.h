/*
 * A set of addresses of one kind, 0..65535, a bit for each. Ranges are looked
 * up 64 addresses at once: the longest one of a request takes 33 steps.
 */
#ifndef POINTS_ADDRESS_SET_H
#define POINTS_ADDRESS_SET_H

#include <stdbool.h>
#include <stdint.h>

#define ADDRESS_SET_WORDS 1024

struct address_set {
	uint64_t words[ADDRESS_SET_WORDS]; /* all zeros: empty */
};

/* The bits of word i that belong to addresses first..last. */
static inline uint64_t
address_set_mask(uint32_t first, uint32_t last, uint32_t i)
{
	uint64_t mask = UINT64_MAX;

	if (i == first / 64)
		mask &= UINT64_MAX << first % 64;
	if (i == last / 64)
		mask &= UINT64_MAX >> (63 - last % 64);
	return mask;
}

/* Add a range; first + quantity is at most 65536. */
static inline void
address_set_add(struct address_set *s, uint32_t first, uint32_t quantity)
{
	uint32_t last = first + quantity - 1;

	if (quantity == 0)
		return;
	for (uint32_t i = first / 64; i <= last / 64; i++)
		s->words[i] |= address_set_mask(first, last, i);
}

/* Whether any address of a range is in the set; none is of an empty range. */
static inline bool
address_set_touches(
    const struct address_set *s, uint32_t first, uint32_t quantity)
{
	uint32_t last = first + quantity - 1;

	if (quantity == 0)
		return false;
	for (uint32_t i = first / 64; i <= last / 64; i++)
		if ((s->words[i] & address_set_mask(first, last, i)) != 0)
			return true;
	return false;
}

/* Whether all addresses of a range are in the set, as those of an empty range
 * are. */
static inline bool
address_set_includes(
    const struct address_set *s, uint32_t first, uint32_t quantity)
{
	uint32_t last = first + quantity - 1;

	if (quantity == 0)
		return true;
	for (uint32_t i = first / 64; i <= last / 64; i++)
		if ((~s->words[i] & address_set_mask(first, last, i)) != 0)
			return false;
	return true;
}

#endif
