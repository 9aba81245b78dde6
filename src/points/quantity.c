#include "points/quantity.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define DIGITS        15
#define DIGITS_NARROW 7

/* The raw number; of float32 that of its fewest digits. */
static double
raw_number(const struct value_form *form, const uint16_t *raw)
{
	char text[VALUE_NUMBER_MAX + 1];

	text[value_format(form, raw, text)] = '\0';
	return strtod(text[0] == '"' ? text + 1 : text, NULL);
}

struct quantity
quantity_of(const struct point *p, const uint16_t *raw)
{
	double number = raw_number(&p->form, raw);
	double product =
	    p->divisor != 0 ? number / p->divisor : number * p->scale;

	return (struct quantity){
		.value = product + p->offset,
		.magnitude = fmax(fabs(product), fabs(p->offset)),
	};
}

/* The place of the first significant digit: 0 for 1, -1 for 0.1. */
static int
first_place(double value)
{
	return (int)floor(log10(fabs(value)));
}

/* Write a number with so many significant digits, less those that it has lost
 * as a difference of larger ones. */
size_t
quantity_format(struct quantity q, int digits, char *text)
{
	if (isnan(q.value))
		return (size_t)snprintf(text, VALUE_NUMBER_MAX, "NaN");
	if (isinf(q.value))
		return (size_t)snprintf(text, VALUE_NUMBER_MAX, "%sInfinity",
		    q.value < 0 ? "-" : "");
	if (q.value != 0) {
		int lost = first_place(q.magnitude) - first_place(q.value);

		if (lost > 0)
			digits -= lost;
	}
	if (digits < 1 || q.value == 0)
		return (size_t)snprintf(text, VALUE_NUMBER_MAX, "0");
	return (size_t)snprintf(
	    text, VALUE_NUMBER_MAX, "%.*g", digits, q.value);
}

/* The significant digits of scaled values. */
int
quantity_digits(const struct point *p)
{
	return p->form.type == VALUE_FLOAT32 ? DIGITS_NARROW : DIGITS;
}

/* The whole number nearest to a quotient that is known with an error, halves
 * away from zero: 0.15 / 0.1 is one, and 1.4999999999999998. */
static double
nearest(double quotient, double error)
{
	double half = floor(quotient) + 0.5;

	if (error < 0.25 && fabs(quotient - half) <= error)
		return half < 0 ? half - 0.5 : half + 0.5;
	return round(quotient);
}

/* Store the nearest whole number to a raw value. */
static int
store_nearest(
    const struct point *p, double quotient, double error, uint16_t *raw)
{
	unsigned bits = 16 * point_quantity(p);
	enum value_type type = p->form.type;
	bool is_signed =
	    type == VALUE_INT16 || type == VALUE_INT32 || type == VALUE_INT64;
	double number = nearest(quotient, error);
	double end = ldexp(1, (int)(is_signed ? bits - 1 : bits));

	if (!(number >= (is_signed ? -end : 0) && number < end))
		return -1;
	value_store_bits(&p->form,
	    number < 0 ? (uint64_t)(int64_t)number : (uint64_t)number, raw);
	return 0;
}

/* Store a value in engineering units, of a point of numbers. */
int
quantity_store(const struct point *p, double value, uint16_t *raw)
{
	double difference = value - p->offset;
	double quotient =
	    p->divisor != 0 ? difference * p->divisor : difference / p->scale;
	double size = fabs(value) + fabs(p->offset);
	struct value_number number = { .is_real = true, .real = quotient };
	double error;

	if (point_is_float(p)) {
		if (isnan(value))
			number.real = NAN;
		if (isinf(quotient) && !isinf(value))
			return -1;
		return value_store(&p->form, number, raw);
	}
	if (!isfinite(value) || point_is_whole(p))
		return -1;
	/* Of each operand and each operation half a unit of the last place. */
	error = 2 * fabs(quotient) +
	    (p->divisor != 0 ? size * fabs(p->divisor) : size / fabs(p->scale));
	return store_nearest(p, quotient, DBL_EPSILON * error, raw);
}
