#include "points/notation.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "points/quantity.h"

/* Bytes of a decimal number that is read. More digits than those of any number
 * of 64 bits add nothing to it. */
#define DECIMAL_MAX 1024

/* The words of a point, as hexadecimal digits in reading order, "0x" first. */
size_t
notation_format_raw(const struct point *p, const uint16_t *raw, char *text)
{
	char bytes[VALUE_STRING_MAX];
	unsigned words = point_quantity(p);
	size_t n = 0;

	text[n++] = '0';
	text[n++] = 'x';
	if (!point_is_text(p))
		return n +
		    (size_t)sprintf(text + n, "%0*" PRIX64, (int)(4 * words),
			value_load_bits(&p->form, raw));
	value_load_bytes(&p->form, raw, bytes);
	for (unsigned i = 0; i < 2 * words; i++)
		n += (size_t)sprintf(
		    text + n, "%02X", (unsigned)(unsigned char)bytes[i]);
	return n;
}

/* 0 to 15, or 16 for what is no hexadecimal digit. */
static unsigned
digit_of(char c)
{
	unsigned digit = (unsigned)(unsigned char)c - '0';
	unsigned letter = ((unsigned)(unsigned char)c | 0x20) - 'a';

	if (digit < 10)
		return digit;
	return letter < 6 ? letter + 10 : 16;
}

bool
notation_is_raw(const char *text, size_t length)
{
	if (length < 3 || text[0] != '0' || text[1] != 'x')
		return false;
	for (size_t i = 2; i < length; i++)
		if (digit_of(text[i]) == 16)
			return false;
	return true;
}

/* Of whole types any number of digits. */
int
notation_parse_raw(
    const struct point *p, const char *text, size_t length, uint16_t *raw)
{
	unsigned words = point_quantity(p);
	bool is_exact = length == 2 + 4 * words;
	char bytes[VALUE_STRING_MAX];
	uint64_t bits = 0;

	if (!notation_is_raw(text, length) ||
	    (!is_exact && (point_is_text(p) || point_is_float(p))))
		return -1;
	if (point_is_text(p)) {
		for (unsigned i = 0; i < 2 * words; i++)
			bytes[i] = (char)(digit_of(text[2 + 2 * i]) << 4 |
			    digit_of(text[3 + 2 * i]));
		value_store_bytes(&p->form, bytes, 2 * words, raw);
		return 0;
	}
	for (size_t i = 2; i < length; i++) {
		if (bits >> (16 * words - 4) != 0)
			return -1;
		bits = bits << 4 | digit_of(text[i]);
	}
	value_store_bits(&p->form, bits, raw);
	return 0;
}

static size_t
take_digits(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length && text[n] >= '0' && text[n] <= '9')
		n++;
	return n;
}

/* ["-"] digits [ point digits ] [ "e" ["+" | "-"] digits ] */
bool
notation_is_decimal(const char *text, size_t length, char point)
{
	size_t i = length > 0 && text[0] == '-';
	size_t n = take_digits(text + i, length - i);

	if (n > 0 && i + n < length && text[i + n] == point) {
		i += n + 1;
		n = take_digits(text + i, length - i);
	}
	if (n > 0 && i + n < length && (text[i + n] | 0x20) == 'e') {
		i += n + 1;
		i += i < length && (text[i] == '+' || text[i] == '-');
		n = take_digits(text + i, length - i);
	}
	return n > 0 && i + n == length;
}

/* ["-"] digits */
bool
notation_is_whole(const char *text, size_t length)
{
	size_t i = length > 0 && text[0] == '-';
	size_t n = take_digits(text + i, length - i);

	return n > 0 && i + n == length;
}

/* Read a number in decimal, or of floats one of the names of what is none. */
static int
parse_real(
    const struct point *p, const char *text, size_t length, uint16_t *raw)
{
	static const struct value_form real = { .type = VALUE_FLOAT64 };
	char decimal[DECIMAL_MAX + 1];
	uint16_t words[VALUE_WORDS_MAX];
	double value;

	if (length > DECIMAL_MAX)
		return -1;
	if (notation_is_decimal(text, length, '.')) {
		memcpy(decimal, text, length);
		decimal[length] = '\0';
		value = strtod(decimal, NULL);
		return isinf(value) ? -1 : quantity_store(p, value, raw);
	}
	if (!point_is_float(p) ||
	    value_store_text(&real, text, length, words) != 0)
		return -1;
	return quantity_store(
	    p, value_double(value_load_bits(&real, words)), raw);
}

int
notation_parse_number(
    const struct point *p, const char *text, size_t length, uint16_t *raw)
{
	if (notation_is_raw(text, length))
		return notation_parse_raw(p, text, length, raw);
	if (point_is_whole(p))
		return value_store_text(&p->form, text, length, raw);
	return parse_real(p, text, length, raw);
}

static bool
reads_back(
    const struct point *p, const uint16_t *raw, const char *text, size_t length)
{
	uint16_t again[VALUE_WORDS_MAX];

	return notation_parse_number(p, text, length, again) == 0 &&
	    memcmp(again, raw, point_quantity(p) * sizeof(*raw)) == 0;
}

/* Write a number without quotes, so that it reads back. Returns 0 when there is
 * no such number. */
size_t
notation_format_number(const struct point *p, const uint16_t *raw, char *text)
{
	struct quantity q;
	size_t n;

	if (!point_is_scaled(p)) {
		n = value_format(&p->form, raw, text);
		if (text[0] == '"') {
			n -= 2;
			memmove(text, text + 1, n);
		}
		return reads_back(p, raw, text, n) ? n : 0;
	}
	q = quantity_of(p, raw);
	for (int digits = quantity_digits(p); digits <= QUANTITY_DIGITS_MOST;
	     digits++) {
		n = quantity_format(q, digits, text);
		if (reads_back(p, raw, text, n))
			return n;
	}
	return 0;
}
