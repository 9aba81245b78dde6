/*
 * How long requests take: from the moment at which the server turns to what a
 * client has sent until a request's response is made. A tap, and a histogram.
 */
#ifndef REPORT_REQUEST_TIMES_H
#define REPORT_REQUEST_TIMES_H

#include <stdint.h>

#include "base/histogram.h"
#include "service/exchange.h"

struct request_times {
	struct histogram took; /* nanoseconds */
	uint64_t began;        /* the run */
};

/* The tap that fills it in; its next is the caller's to set. */
struct tap request_times_tap(struct request_times *times);

#endif
