/*
 * A point: a name for a coil, a bit of a register, or registers, with the type
 * of what they hold. mbasyncserver-points(5) describes the file that has them.
 */
#ifndef POINTS_POINT_H
#define POINTS_POINT_H

#include <stdbool.h>
#include <stdint.h>

#include "table/datatable.h"
#include "table/reference.h"
#include "table/values.h"

#define POINT_NAME_MAX 80 /* bytes, without the NUL */

/* The most words of a point: those of a string of 250 bytes. */
#define POINT_WORDS_MAX VALUE_FORM_WORDS_MAX

#define POINT_NO_BIT (-1)

struct point {
	const char *name; /* owned by the points, as are all texts */
	enum datatable_kind kind;
	bool input; /* named as an input register or a discrete input */
	uint16_t address;
	int8_t bit; /* 0..15, 0 the least significant; or POINT_NO_BIT */

	/* What registers hold; of no meaning for a coil and a bit. */
	struct value_form form;

	/* value = raw * scale + offset, or raw / divisor + offset where the
	 * divisor is not 0. */
	double scale, offset, divisor;

	bool read_only; /* as it holds: also where another point makes it so */

	/* The value of the file: point_quantity(p) words of the table, or one
	 * word that is 0 or 1 for a coil and a bit; NULL: it says nothing. */
	const uint16_t *value;

	const char *units, *simulate, *description; /* "": none */
	unsigned line; /* of the file, where its row begins */
};

/* Whether it holds true or false: a coil, or a bit of a register. */
static inline bool
point_is_bool(const struct point *p)
{
	return p->kind == DATATABLE_COILS || p->bit != POINT_NO_BIT;
}

/* The coils or registers that it takes: 1 to POINT_WORDS_MAX. */
static inline unsigned
point_quantity(const struct point *p)
{
	return point_is_bool(p) ? 1 : value_form_words(&p->form);
}

/* Whether its values are raw * scale + offset, other than the raw ones. */
static inline bool
point_is_scaled(const struct point *p)
{
	return p->divisor != 0 || p->scale != 1 || p->offset != 0;
}

/* Bytes of the name of any type, and of any address of a point. */
#define POINT_TYPE_MAX      16
#define POINT_REFERENCE_MAX REFERENCE_TEXT_MAX

/* The name of its type, as a points file has it: "float32", "string7", "bool".
 * text has room for POINT_TYPE_MAX bytes. Returns text. */
const char *point_type(const struct point *p, char *text);

/* Its address, as a points file has it: "HR20", "IR3", "C5", "DI5", "HR40.2".
 * text has room for POINT_REFERENCE_MAX bytes. Returns text. */
const char *point_reference(const struct point *p, char *text);

#endif
