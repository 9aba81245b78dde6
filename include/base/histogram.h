/*
 * How often a figure was in which range: what a summary needs, at the price of
 * a few comparisons each time.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS 14

struct histogram {
	const uint64_t *bounds; /* borrowed: HISTOGRAM_BUCKETS, rising; each is
				   the highest value of its bucket */
	uint64_t counts[HISTOGRAM_BUCKETS + 1]; /* each its own; the last is of
						   what is above all bounds */
	uint64_t sum;
};

void histogram_add(struct histogram *h, uint64_t value);

#endif
