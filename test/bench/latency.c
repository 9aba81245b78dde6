#include "latency.h"

#include <stddef.h>

#define SHARE (UINT64_C(1) << LATENCY_SHARE)

static size_t
bucket_of(uint64_t ns)
{
	unsigned shift;

	if (ns < SHARE)
		return ns;
	shift = 63U - (unsigned)__builtin_clzll(ns) - LATENCY_SHARE;
	return (shift + 1) * SHARE + (ns >> shift) - SHARE;
}

/* The lowest time of a bucket. */
static uint64_t
bucket_start(size_t bucket)
{
	if (bucket < SHARE)
		return bucket;
	return (SHARE + bucket % SHARE) << (bucket / SHARE - 1);
}

void
latency_add(struct latency *l, uint64_t ns, uint64_t count)
{
	l->counts[bucket_of(ns)] += count;
	l->total += count;
	if (ns > l->highest)
		l->highest = ns;
}

uint64_t
latency_percentile(const struct latency *l, double share)
{
	uint64_t wanted = (uint64_t)((double)l->total * share);
	uint64_t seen = 0;

	for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
		seen += l->counts[i];
		if (seen > wanted)
			return bucket_start(i);
	}
	return l->highest;
}
