/*
 * What a client's polls and refused requests mean for the points: the names of
 * what it polls, and hints. It is computed when the report is read, so that a
 * request costs nothing more.
 */
#ifndef REPORT_POLL_POINTS_H
#define REPORT_POLL_POINTS_H

#include <stdbool.h>

#include "points/names.h"
#include "report/client_report.h"

struct hint_receiver;

struct poll_points {
	struct points_names names; /* of what is polled */

	/* It reads a part of a point of several registers, and not all of it:
	 * the rest is read at another moment, if at all. A part that is a
	 * point of its own, such as a bit, does not count. */
	bool half;

	bool unnamed; /* it reads addresses without a point */
};

struct poll_points
poll_points(const struct points *ps, const struct report_poll *poll);

/*
 * Pass each hint about the client and the points on: a sentence in which names
 * stand in quotation marks. What has been polled once is no poll.
 */
void poll_points_hints(const struct points *ps, const struct report_host *h,
    const struct hint_receiver *to);

#endif
