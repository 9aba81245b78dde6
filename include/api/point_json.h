/* A point and its value, as JSON. */
#ifndef API_POINT_JSON_H
#define API_POINT_JSON_H

#include <stdbool.h>
#include <stdint.h>

struct point;
struct text_writer;

/* Add an object that describes a point, with the value that raw is, as
 * points/value.h has it. simulating: points that say how they move do so.
 * mbasyncserver-http(7) lists its members. */
void api_add_point(struct text_writer *t, const struct point *p,
    const uint16_t *raw, bool simulating);

/* Add a value only. */
void api_add_point_value(
    struct text_writer *t, const struct point *p, const uint16_t *raw);

#endif
