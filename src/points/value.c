#include "points/value.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "points/expected.h"
#include "points/notation.h"
#include "points/quantity.h"

void
point_read(const struct point *p, const struct datatable *table, uint16_t *raw)
{
	if (p->kind == DATATABLE_COILS) {
		datatable_read_coils(table, p->address, 1, raw);
		return;
	}
	datatable_read_registers(
	    table, p->address, (uint16_t)point_quantity(p), raw);
	if (p->bit != POINT_NO_BIT)
		raw[0] = raw[0] >> p->bit & 1;
}

static size_t
copy(const char *from, char *text)
{
	size_t n = 0;

	for (; from[n] != '\0'; n++)
		text[n] = from[n];
	return n;
}

size_t
point_format_json(const struct point *p, const uint16_t *raw, char *text)
{
	struct quantity q;
	size_t n;

	if (point_is_bool(p))
		return copy(raw[0] != 0 ? "true" : "false", text);
	if (point_is_text(p) || !point_is_scaled(p))
		return value_format(&p->form, raw, text);
	q = quantity_of(p, raw);
	if (isfinite(q.value))
		return quantity_format(q, quantity_digits(p), text);
	text[0] = '"';
	n = 1 + quantity_format(q, quantity_digits(p), text + 1);
	text[n] = '"';
	return n + 1;
}

size_t
point_format_metric(const struct point *p, const uint16_t *raw, char *text)
{
	char json[VALUE_NUMBER_MAX + 1];
	size_t n;

	if (point_is_text(p))
		return 0;
	if (point_is_bool(p))
		return copy(raw[0] != 0 ? "1" : "0", text);
	n = point_format_json(p, raw, json);
	json[n] = '\0';
	if (json[0] != '"')
		return copy(json, text);
	json[n - 1] = '\0';
	if (strcmp(json + 1, "Infinity") == 0)
		return copy("+Inf", text);
	if (strcmp(json + 1, "-Infinity") == 0)
		return copy("-Inf", text);
	return copy(json + 1, text);
}

/* Whether a cell carries it, and one reads in it what the registers hold. */
static bool
is_clear_text(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == '\x7F')
			return false;
	return length > 0 && utf8_is_valid(text, length);
}

static size_t
format_text_cell(const struct point *p, const uint16_t *raw, char *text)
{
	char bytes[VALUE_STRING_MAX];
	size_t length, all = 2 * point_quantity(p);

	value_load_bytes(&p->form, raw, bytes);
	length = strnlen(bytes, p->form.bytes);
	for (size_t i = length; i < all; i++)
		if (bytes[i] != '\0')
			return notation_format_raw(p, raw, text);
	if (!is_clear_text(bytes, length))
		return notation_format_raw(p, raw, text);
	memcpy(text, bytes, length);
	return length;
}

size_t
point_format_cell(const struct point *p, const uint16_t *raw, char *text)
{
	size_t n;

	if (point_is_bool(p)) {
		n = copy(raw[0] != 0 ? "true" : "false", text);
	} else if (point_is_text(p)) {
		n = format_text_cell(p, raw, text);
	} else {
		n = notation_format_number(p, raw, text);
		if (n == 0)
			n = notation_format_raw(p, raw, text);
	}
	text[n] = '\0';
	return n;
}

/* A bool in either case. Returns 1, 0 or -1. */
static int
bool_of(const char *text, size_t length)
{
	static const struct {
		const char *name;
		int value;
	} names[] = { { "true", 1 }, { "false", 0 }, { "1", 1 }, { "0", 0 } };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (length == strlen(names[i].name) &&
		    strncasecmp(text, names[i].name, length) == 0)
			return names[i].value;
	return -1;
}

int
point_parse_cell(const struct point *p, const char *text, size_t length,
    uint16_t *raw, char *expected)
{
	int on;

	if (point_is_bool(p)) {
		on = bool_of(text, length);
		if (on < 0)
			return expected_words(expected, "0, 1, true or false");
		raw[0] = (uint16_t)on;
		return 0;
	}
	if (point_is_text(p)) {
		if (notation_parse_raw(p, text, length, raw) == 0 ||
		    value_store_text(&p->form, text, length, raw) == 0)
			return 0;
		return expected_text(p, length, expected);
	}
	if (notation_parse_number(p, text, length, raw) == 0)
		return 0;
	return expected_number(p, text, length, expected);
}

static int
store_bool(const struct point_value *value, uint16_t *raw, char *expected)
{
	int64_t whole = value->is == POINT_BOOL ? value->on : -1;

	if (value->is == POINT_WHOLE)
		whole = value->whole;
	else if (value->is == POINT_REAL)
		value_is_whole(value->real, &whole);
	if (whole != 0 && whole != 1)
		return expected_words(expected, "true or false");
	raw[0] = (uint16_t)whole;
	return 0;
}

static int
store_text(const struct point *p, const struct point_value *value,
    uint16_t *raw, char *expected)
{
	if (value->is != POINT_TEXT)
		return expected_words(expected, "a text");
	if (value_store_text(
		&p->form, value->text.bytes, value->text.length, raw) != 0)
		return expected_text(p, value->text.length, expected);
	return 0;
}

/* Whether JSON may have a number as a text: those that it has as a text, and
 * all whole ones of 64 bits, which a program need not tell apart. */
static bool
may_be_text(const struct point *p, const uint16_t *raw)
{
	char json[POINT_JSON_MAX];

	if (point_is_whole(p) && point_quantity(p) == VALUE_WORDS_MAX)
		return true;
	point_format_json(p, raw, json);
	return json[0] == '"';
}

/* Store a number that may be a text. */
static int
store_number_text(
    const struct point *p, const char *text, size_t length, uint16_t *raw)
{
	uint16_t words[VALUE_WORDS_MAX];

	if (notation_is_raw(text, length) ||
	    notation_parse_number(p, text, length, words) != 0 ||
	    !may_be_text(p, words))
		return -1;
	memcpy(raw, words, point_quantity(p) * sizeof(*raw));
	return 0;
}

static int
store_number(
    const struct point *p, const struct point_value *value, uint16_t *raw)
{
	bool is_real = value->is == POINT_REAL;
	const struct value_number number = {
		.is_real = is_real,
		.whole = is_real ? 0 : value->whole,
		.real = is_real ? value->real : 0,
	};

	if (point_is_whole(p))
		return value_store(&p->form, number, raw);
	return quantity_store(
	    p, is_real ? number.real : (double)number.whole, raw);
}

int
point_store(const struct point *p, const struct point_value *value,
    uint16_t *raw, char *expected)
{
	int result = -1;

	if (point_is_bool(p))
		return store_bool(value, raw, expected);
	if (point_is_text(p))
		return store_text(p, value, raw, expected);
	if (value->is == POINT_WHOLE || value->is == POINT_REAL)
		result = store_number(p, value, raw);
	else if (value->is == POINT_TEXT)
		result = store_number_text(
		    p, value->text.bytes, value->text.length, raw);
	if (result == 0)
		return 0;
	return expected_range(p,
	    point_is_whole(p) && value->is == POINT_REAL ? "a whole number" :
							   "a number",
	    expected);
}
