/* The cells type, order and access of a points file, and those that are
 * numbers: scale, offset and divisor. Pure. */
#ifndef POINTS_CELL_H
#define POINTS_CELL_H

#include <stdbool.h>

#include "points/place.h"
#include "points/value.h"
#include "table/values.h"

/* Parse a type of registers, or "bool". Returns 0, or -1 and what was
 * expected, as do all of these. */
int cell_parse_type(
    const char *text, struct value_form *form, bool *is_bool, char *expected);

int cell_parse_order(const char *text, enum value_order *order, char *expected);

int cell_parse_access(const char *text, bool *read_only, char *expected);

/* A finite decimal number. */
int cell_parse_factor(const char *text, double *factor, char *expected);

/* Write it with the fewest digits that read back as the same, and a NUL. text
 * has room for POINT_CELL_MAX bytes. Returns the length. */
size_t cell_format_factor(double factor, char *text);

#endif
