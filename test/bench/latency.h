/* A histogram of times, cheap to add to: each bucket is 1/64 of a power of two
 * wide, so a percentile is right to 1.6 %. */
#ifndef LATENCY_H
#define LATENCY_H

#include <stdint.h>

#define LATENCY_SHARE   6 /* 2^6 buckets to a power of two */
#define LATENCY_BUCKETS ((64 - LATENCY_SHARE + 1) << LATENCY_SHARE)

struct latency {
	uint64_t total;
	uint64_t highest;
	uint64_t counts[LATENCY_BUCKETS];
};

/* That many answers took ns each. */
void latency_add(struct latency *l, uint64_t ns, uint64_t count);

/* The time that this share (0 to 1) of all answers did not exceed, in ns. */
uint64_t latency_percentile(const struct latency *l, double share);

#endif
