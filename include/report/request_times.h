/*
 * How long requests take: from the moment at which the server turns to what a
 * client has sent until a request's response is made. A tap, and a histogram.
 */
#ifndef REPORT_REQUEST_TIMES_H
#define REPORT_REQUEST_TIMES_H

#include <stddef.h>
#include <stdint.h>

#include "net/exchange.h"

#define REQUEST_TIMES_BUCKETS 14

/* Upper bounds of the buckets in nanoseconds; what is longer has no bound. */
extern const uint64_t request_times_bounds[REQUEST_TIMES_BUCKETS];

struct request_times {
	uint64_t counts[REQUEST_TIMES_BUCKETS + 1]; /* each its own */
	uint64_t sum;                               /* nanoseconds */
	uint64_t began;                             /* the run */
};

/* The tap that fills it in; its next is the caller's to set. */
struct tap request_times_tap(struct request_times *times);

#endif
