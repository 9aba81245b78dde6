/* Requests and writes per second, of the last two minutes. */
#ifndef API_RATES_H
#define API_RATES_H

#include <stddef.h>
#include <stdint.h>

struct counters;

#define RATES_SECONDS 120

struct rate {
	uint64_t time; /* milliseconds since 1970: the end of the second */
	uint64_t requests;
	uint64_t writes;
};

struct rates {
	struct rate seconds[RATES_SECONDS]; /* a ring */
	size_t count;                       /* samples so far */
	uint64_t requests;                  /* total at the last sample */
	uint64_t writes;
};

/* Start from the present counts. */
void rates_init(struct rates *r, const struct counters *counters);

/* Take a sample; to be called once a second. */
void
rates_sample(struct rates *r, const struct counters *counters, uint64_t time);

/* The number of samples kept, and the i-th of them, the oldest first. */
size_t rates_count(const struct rates *r);
const struct rate *rates_get(const struct rates *r, size_t i);

/* The number of requests whose function writes. */
uint64_t rates_writes(const struct counters *counters);

#endif
