#include "base/histogram.h"

#include <stddef.h>

void
histogram_add(struct histogram *h, uint64_t value)
{
	size_t i = 0;

	while (i < HISTOGRAM_BUCKETS && value > h->bounds[i])
		i++;
	h->counts[i]++;
	h->sum += value;
}
