/*
 * Values of points, in engineering units: value = raw * scale + offset, or
 * raw / divisor + offset. Pure.
 *
 * A raw value is point_quantity(p) words of the table, or for a coil and a bit
 * one word that is 0 or 1.
 */
#ifndef POINTS_VALUE_H
#define POINTS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "points/expected.h"
#include "points/point.h"

/* Bytes of any value as JSON, and as the cell of a points file. */
#define POINT_JSON_MAX (6 * 250 + 3)
#define POINT_CELL_MAX (4 * POINT_WORDS_MAX + 3)

/* The raw value that the table has now. */
void
point_read(const struct point *p, const struct datatable *table, uint16_t *raw);

/*
 * Write a value as JSON: true or false, a number, or a text; whole numbers
 * beyond VALUE_EXACT_MAX and what is no number are texts. A scaled value has 15
 * significant digits, of float32 7. A text ends before its first NUL, and has
 * U+FFFD for each byte that is no UTF-8. No NUL is added. text has room for
 * POINT_JSON_MAX bytes. Returns the length.
 */
size_t
point_format_json(const struct point *p, const uint16_t *raw, char *text);

/* Write a value as a number that metrics take: "NaN" and "+Inf" without quotes,
 * a bool as 0 or 1. 0 for a string: it has none. Returns the length. */
size_t
point_format_metric(const struct point *p, const uint16_t *raw, char *text);

/*
 * Write a value as the cell of a points file, not quoted, ended by a NUL. It
 * reads back as the same raw value, always. A scaled value gets up to 17 digits
 * where that needs more than in JSON. Written as 0x and its raw digits, four
 * for each register, is what no decimal number reads back as (a large one of 64
 * bits, or near to 0 beside its offset; a NaN other than 7FC0 0000), and a
 * string that is empty, has bytes behind its first NUL, bytes that are no UTF-8
 * or control characters. Returns the length.
 */
size_t
point_format_cell(const struct point *p, const uint16_t *raw, char *text);

/*
 * Read the cell of a points file, of length bytes, without blanks and quotes
 * around it. An empty one is an empty string, and no number. 0x and raw digits
 * are read in the order of the digits of the number or of the bytes of the
 * string, whatever the order of the point: for whole types any number of
 * digits, for floats and strings exactly four for each register. Those of a
 * string are more than it has bytes, so that they are no text of it.
 * A scaled value becomes the nearest raw whole number, halves away from zero.
 * Returns 0, or -1 and what was expected, such as
 * "a number from 0 to 65535 for uint16", and leaves raw unchanged. expected has
 * room for POINT_EXPECTED_MAX bytes.
 */
int point_parse_cell(const struct point *p, const char *text, size_t length,
    uint16_t *raw, char *expected);

/* A value that JSON has. */
struct point_value {
	enum {
		POINT_BOOL,
		POINT_WHOLE,
		POINT_REAL,
		POINT_TEXT,
		POINT_OTHER, /* null, an array, an object: never fits */
	} is;
	union {
		bool on;
		int64_t whole;
		double real;
		struct {
			const char *bytes;
			size_t length;
		} text;
	};
};

/* Make the raw value of it, likewise. A bool takes 0 and 1, a whole
 * number also what value_is_whole takes; true is no number,
 * and a text is one only where point_format_json writes a text, or where the
 * number is a whole one of 64 bits. */
int point_store(const struct point *p, const struct point_value *value,
    uint16_t *raw, char *expected);

#endif
