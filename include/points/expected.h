/* What was expected of a cell or a value, as words for an error message.
 * expected has room for POINT_EXPECTED_MAX bytes. Each function returns -1. */
#ifndef POINTS_EXPECTED_H
#define POINTS_EXPECTED_H

#include <stddef.h>

#include "points/point.h"

/* With the NUL. */
#define POINT_EXPECTED_MAX 256

int expected_words(char *expected, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What, "a number", from the least to the most of a point. */
int expected_range(const struct point *p, const char *what, char *expected);

/* Of a cell that is no number of that point. */
int expected_number(
    const struct point *p, const char *text, size_t length, char *expected);

/* Of a text of that length that is none of a point of strings. */
int expected_text(const struct point *p, size_t length, char *expected);

#endif
