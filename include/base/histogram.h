/*
 * Counts of values by range.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS 16

struct histogram {
	const uint64_t *bounds; /* borrowed: HISTOGRAM_BUCKETS, ascending; the
				   highest value of each bucket */
	uint64_t counts[HISTOGRAM_BUCKETS + 1]; /* not cumulative; the last one
						   is above all bounds */
	uint64_t sum;
};

void histogram_add(struct histogram *h, uint64_t value);

#endif
