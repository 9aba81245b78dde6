/*
 * How long requests take: from reading the bytes of a client until a request's
 * response is complete. A tap, and a histogram.
 */
#ifndef REPORT_REQUEST_TIMES_H
#define REPORT_REQUEST_TIMES_H

#include <stdint.h>

#include "base/histogram.h"
#include "service/exchange.h"

struct request_times {
	struct histogram took; /* nanoseconds */
	uint64_t began;        /* of the present run of requests, clock_ns */
};

/* The tap that updates it. The caller sets its next. */
struct tap request_times_tap(struct request_times *times);

#endif
