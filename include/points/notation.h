/* How cells of a points file write numbers: in decimal, or as 0x and raw
 * digits, which may also be those of a string. */
#ifndef POINTS_NOTATION_H
#define POINTS_NOTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "points/point.h"

/* Whether a text is "0x" and hexadecimal digits. */
bool notation_is_raw(const char *text, size_t length);

/* Whether it is a decimal number with that decimal point, and whether it is one
 * without point and exponent. */
bool notation_is_decimal(const char *text, size_t length, char point);
bool notation_is_whole(const char *text, size_t length);

/* Write raw words as hexadecimal digits in reading order, "0x" first. Returns
 * the length. */
size_t
notation_format_raw(const struct point *p, const uint16_t *raw, char *text);

/* Read them, of whole types any number of digits. Returns 0, or -1 and leaves
 * raw unchanged. */
int notation_parse_raw(
    const struct point *p, const char *text, size_t length, uint16_t *raw);

/* Write a number so that it reads back as the same raw words. Returns the
 * length, or 0 when no decimal number does. */
size_t
notation_format_number(const struct point *p, const uint16_t *raw, char *text);

/* Read a number, in either notation, or of floats NaN, Infinity or -Infinity.
 * Returns 0, or -1 and leaves raw unchanged. */
int notation_parse_number(
    const struct point *p, const char *text, size_t length, uint16_t *raw);

#endif
