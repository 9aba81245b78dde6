#include "points/expected.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "points/notation.h"
#include "points/quantity.h"
#include "points/value.h"

int
expected_words(char *expected, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(expected, POINT_EXPECTED_MAX, format, args);
	va_end(args);
	return -1;
}

/* Write the least or the most of a point in engineering units, with a NUL. */
static double
format_end(const struct point *p, uint64_t bits, char *text)
{
	uint16_t raw[VALUE_WORDS_MAX];
	size_t n;

	value_store_bits(&p->form, bits, raw);
	n = point_format_json(p, raw, text);
	text[n] = '\0';
	if (text[0] == '"') {
		text[n - 1] = '\0';
		memmove(text, text + 1, n - 1);
	}
	return quantity_of(p, raw).value;
}

int
expected_range(const struct point *p, const char *what, char *expected)
{
	char texts[2][VALUE_NUMBER_MAX + 1];
	double least = format_end(p, value_ends[p->form.type].least, texts[0]);
	double most = format_end(p, value_ends[p->form.type].most, texts[1]);
	bool is_reversed = least > most;

	return expected_words(expected, "%s from %s to %s for %s%s", what,
	    texts[is_reversed], texts[!is_reversed],
	    value_type_names[p->form.type],
	    point_is_scaled(p) ? " with this scaling" : "");
}

int
expected_number(
    const struct point *p, const char *text, size_t length, char *expected)
{
	if (!notation_is_decimal(text, length, '.')) {
		if (notation_is_decimal(text, length, ','))
			return expected_words(
			    expected, "a number with a decimal point");
		if (point_is_float(p))
			return expected_words(expected,
			    "a number, NaN, Infinity or -Infinity for %s",
			    value_type_names[p->form.type]);
		return expected_range(p, "a number", expected);
	}
	if (point_is_whole(p) && !notation_is_whole(text, length))
		return expected_range(p, "a whole number", expected);
	return expected_range(p, "a number", expected);
}

int
expected_text(const struct point *p, size_t length, char *expected)
{
	unsigned bytes = p->form.bytes;
	unsigned registers = point_quantity(p);

	if (length > bytes)
		return expected_words(expected,
		    "at most %u byte%s for string%u: %u register%s", bytes,
		    bytes == 1 ? "" : "s", bytes, registers,
		    registers == 1 ? "" : "s");
	return expected_words(expected, "a text in UTF-8 without NUL");
}
