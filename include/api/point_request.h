/*
 * The points that a request is about. Each function replies with the error
 * when there is one: mostly status 404, as it is without --points.
 */
#ifndef API_POINT_REQUEST_H
#define API_POINT_REQUEST_H

#include <stddef.h>

struct http_request;
struct parameters;
struct point;
struct points;

/* What comes before the name of a point in the path. */
#define API_POINT_PATH "/api/points/"

/* The points, or NULL after a reply: there are none. */
const struct points *api_points(struct http_request *request);

/* The point that the path names, percent-encoded, or NULL after a reply: there
 * is none of that name. */
const struct point *api_point_of_path(struct http_request *request);

/* Find the point that the parameter "point" names, which stands for an address;
 * NULL when it is not given, or the query is in error. Returns 0, or -1 after a
 * reply: there is no such point, or an address is given as well. */
int api_point_of_query(struct http_request *request, struct parameters *q,
    const struct point **point);

/* Reply that no point has that name. */
void api_fail_no_point(
    struct http_request *request, const char *name, size_t length);

#endif
