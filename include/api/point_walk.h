/*
 * A reply that has something for each point, with values of one moment. It is
 * made in many steps, from a copy of the table, and sent in parts: 65,536
 * points are many megabytes.
 */
#ifndef API_POINT_WALK_H
#define API_POINT_WALK_H

#include <stddef.h>
#include <stdint.h>

struct http_request;
struct point;
struct points;
struct text_writer;

/* The parts of such a reply. */
struct point_walk_parts {
	const char *media_type;
	void (*begin)(struct text_writer *t, const struct points *points);

	/* raw is the value of the i-th point. */
	void (*add)(struct text_writer *t, size_t i, const struct point *p,
	    const uint16_t *raw);
	const char *end;
};

/* Reply so, or with the error: there are no points, or a parameter is given.
 * parts is borrowed until then. */
void point_walk_reply(
    struct http_request *request, const struct point_walk_parts *parts);

#endif
