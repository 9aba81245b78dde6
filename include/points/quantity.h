/* Values of points of numbers in engineering units. */
#ifndef POINTS_QUANTITY_H
#define POINTS_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "points/point.h"

/* The significant digits that tell apart any two numbers of 64 bits. */
#define QUANTITY_DIGITS_MOST 17

/* Whether it holds a string. */
static inline bool
point_is_text(const struct point *p)
{
	return !point_is_bool(p) && p->form.type == VALUE_STRING;
}

/* Whether a point of a number holds a floating-point number. */
static inline bool
point_is_float(const struct point *p)
{
	return p->form.type == VALUE_FLOAT32 || p->form.type == VALUE_FLOAT64;
}

/* Whether it takes whole numbers only. */
static inline bool
point_is_whole(const struct point *p)
{
	return !point_is_float(p) && !point_is_scaled(p);
}

/* A value in engineering units, and how large the numbers are that it is the
 * sum of: it has no digits beyond theirs. */
struct quantity {
	double value;
	double magnitude;
};

/* The value of raw words. */
struct quantity quantity_of(const struct point *p, const uint16_t *raw);

/* The significant digits of scaled values: 15, of float32 7. */
int quantity_digits(const struct point *p);

/* Write a number with so many significant digits, less those that it has lost
 * as a difference of larger ones, or NaN, Infinity or -Infinity. text has room
 * for VALUE_NUMBER_MAX bytes. Returns the length. */
size_t quantity_format(struct quantity q, int digits, char *text);

/* Make the raw words of a value. Whole types take the nearest whole number,
 * unless they are not scaled: then none. Returns 0, or -1 when it does not fit,
 * and leaves raw unchanged. */
int quantity_store(const struct point *p, double value, uint16_t *raw);

#endif
