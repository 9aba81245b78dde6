#include "table/values.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/number.h"
#include "base/utf8.h"

const char *const value_type_names[VALUE_TYPES] = {
	"uint16",
	"int16",
	"uint32",
	"int32",
	"float32",
	"uint64",
	"int64",
	"float64",
};

const char *const value_order_names[VALUE_ORDERS] = {
	"ABCD",
	"CDAB",
	"BADC",
	"DCBA",
};

static const struct {
	uint8_t words;
	bool is_signed;
	bool floating;
} types[VALUE_TYPES] = {
	[VALUE_UINT16] = { 1, false, false },
	[VALUE_INT16] = { 1, true, false },
	[VALUE_UINT32] = { 2, false, false },
	[VALUE_INT32] = { 2, true, false },
	[VALUE_FLOAT32] = { 2, false, true },
	[VALUE_UINT64] = { 4, false, false },
	[VALUE_INT64] = { 4, true, false },
	[VALUE_FLOAT64] = { 4, false, true },
};

const struct value_ends value_ends[VALUE_TYPES] = {
	[VALUE_UINT16] = { 0, UINT16_MAX },
	[VALUE_INT16] = { 0x8000, INT16_MAX },
	[VALUE_UINT32] = { 0, UINT32_MAX },
	[VALUE_INT32] = { 0x80000000, INT32_MAX },
	[VALUE_FLOAT32] = { 0xFF7FFFFF, 0x7F7FFFFF },
	[VALUE_UINT64] = { 0, UINT64_MAX },
	[VALUE_INT64] = { UINT64_C(0x8000000000000000), INT64_MAX },
	[VALUE_FLOAT64] = { UINT64_C(0xFFEFFFFFFFFFFFFF),
	    UINT64_C(0x7FEFFFFFFFFFFFFF) },
};

const char value_types_expected[] =
    "uint16, int16, uint32, int32, float32, uint64, int64, float64 or string1 "
    "to string250";

const char *
value_type_name(const struct value_form *form, char *text)
{
	if (form->type == VALUE_STRING)
		snprintf(text, VALUE_TYPE_NAME_MAX, "string%u", form->bytes);
	else
		snprintf(text, VALUE_TYPE_NAME_MAX, "%s",
		    value_type_names[form->type]);
	return text;
}

int
value_type_parse(const char *name, struct value_form *form)
{
	static const char string[] = "string";
	uint64_t bytes;

	for (int i = 0; i < VALUE_TYPES; i++)
		if (strcmp(name, value_type_names[i]) == 0) {
			form->type = (enum value_type)i;
			return 0;
		}
	if (strncmp(name, string, sizeof(string) - 1) != 0 ||
	    number_parse(
		name + sizeof(string) - 1, 1, VALUE_STRING_MAX, &bytes) != 0)
		return -1;
	form->type = VALUE_STRING;
	form->bytes = (uint8_t)bytes;
	return 0;
}

unsigned
value_form_words(const struct value_form *form)
{
	if (form->type == VALUE_STRING)
		return (form->bytes + 1U) / 2;
	return types[form->type].words;
}

/* A word, with its bytes swapped in the orders BADC and DCBA. */
static uint16_t
ordered(uint16_t word, enum value_order order)
{
	if (order == VALUE_BADC || order == VALUE_DCBA)
		return (uint16_t)(word << 8 | word >> 8);
	return word;
}

/* The index of the i-th most significant word of n. */
static unsigned
place(unsigned i, unsigned n, enum value_order order)
{
	bool low_first = order == VALUE_CDAB || order == VALUE_DCBA;

	return low_first ? n - 1 - i : i;
}

uint64_t
value_load_bits(const struct value_form *form, const uint16_t *words)
{
	unsigned n = types[form->type].words;
	uint64_t bits = 0;

	for (unsigned i = 0; i < n; i++)
		bits = bits << 16 |
		    ordered(words[place(i, n, form->order)], form->order);
	return bits;
}

void
value_store_bits(const struct value_form *form, uint64_t bits, uint16_t *words)
{
	unsigned n = types[form->type].words;

	for (unsigned i = n; i > 0; i--, bits >>= 16)
		words[place(i - 1, n, form->order)] =
		    ordered((uint16_t)bits, form->order);
}

void
value_load_bytes(
    const struct value_form *form, const uint16_t *words, char *bytes)
{
	unsigned n = value_form_words(form);

	for (unsigned i = 0; i < n && i < VALUE_FORM_WORDS_MAX; i++) {
		uint16_t word = ordered(words[i], form->order);

		bytes[2 * i] = (char)(word >> 8);
		bytes[2 * i + 1] = (char)(word & 0xFF);
	}
}

void
value_store_bytes(const struct value_form *form, const char *bytes,
    size_t length, uint16_t *words)
{
	char all[VALUE_STRING_MAX] = { 0 };
	unsigned n = value_form_words(form);

	memcpy(all, bytes, length);
	for (unsigned i = 0; i < n && i < VALUE_FORM_WORDS_MAX; i++) {
		unsigned high = (unsigned char)all[2 * i];
		unsigned low = (unsigned char)all[2 * i + 1];

		words[i] = ordered((uint16_t)(high << 8 | low), form->order);
	}
}

size_t
value_text_max(const struct value_form *form)
{
	return form->type == VALUE_STRING ? 6U * form->bytes + 2 :
					    VALUE_NUMBER_MAX;
}

size_t
value_format_unsigned(uint64_t number, char *text)
{
	char digits[20];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	for (size_t i = 0; i < n; i++)
		text[i] = digits[n - 1 - i];
	return n;
}

/* A whole number is its magnitude, and a minus. Most readers of JSON round what
 * is beyond VALUE_EXACT_MAX. */
static size_t
format_whole(bool is_negative, uint64_t magnitude, char *text)
{
	bool is_text = magnitude > (uint64_t)VALUE_EXACT_MAX;
	size_t n = 0;

	if (is_text)
		text[n++] = '"';
	if (is_negative)
		text[n++] = '-';
	n += value_format_unsigned(magnitude, text + n);
	if (is_text)
		text[n++] = '"';
	return n;
}

/* Extend the sign of a number of 1, 2 or 4 words. */
static int64_t
extend(uint64_t bits, unsigned words)
{
	if (words == 1)
		return (int16_t)bits;
	return words == 2 ? (int32_t)bits : (int64_t)bits;
}

static size_t
format_signed(int64_t number, char *text)
{
	bool is_negative = number < 0;
	uint64_t bits = (uint64_t)number;

	return format_whole(is_negative, is_negative ? 0 - bits : bits, text);
}

static float
float_of(uint64_t bits)
{
	uint32_t narrow = (uint32_t)bits;
	float value;

	memcpy(&value, &narrow, sizeof(value));
	return value;
}

double
value_double(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

double
value_load_real(const struct value_form *form, const uint16_t *words)
{
	uint64_t bits = value_load_bits(form, words);

	if (form->type == VALUE_FLOAT32)
		return (double)float_of(bits);
	if (form->type == VALUE_FLOAT64)
		return value_double(bits);
	if (types[form->type].is_signed)
		return (double)extend(bits, types[form->type].words);
	return (double)bits;
}

/* The fewest digits that read back as the same number. */
static size_t
format_real(double value, bool narrow, char *text)
{
	int digits = narrow ? 6 : 15;
	int most = narrow ? 9 : 17;
	char out[VALUE_NUMBER_MAX];
	int n;

	if (isnan(value) || isinf(value)) {
		const char *name = isnan(value) ? "\"NaN\"" :
		    value > 0                   ? "\"Infinity\"" :
						  "\"-Infinity\"";

		return (size_t)snprintf(text, VALUE_NUMBER_MAX, "%s", name);
	}
	/* JSON's "-0" is a whole number, which has no sign. */
	if (value == 0 && signbit(value))
		return (size_t)snprintf(text, VALUE_NUMBER_MAX, "-0.0");
	for (;; digits++) {
		n = snprintf(out, sizeof(out), "%.*g", digits, value);
		if (digits == most || strtod(out, NULL) == value ||
		    (narrow && strtof(out, NULL) == (float)value))
			break;
	}
	memcpy(text, out, (size_t)n);
	return (size_t)n;
}

static size_t
format_string(const struct value_form *form, const uint16_t *words, char *text)
{
	char bytes[VALUE_STRING_MAX] = { 0 };
	size_t length, n = 0;

	value_load_bytes(form, words, bytes);
	length = strnlen(bytes, form->bytes);
	text[n++] = '"';
	for (size_t i = 0; i < length;) {
		size_t used;

		n +=
		    json_text_character(bytes + i, length - i, &used, text + n);
		i += used;
	}
	text[n++] = '"';
	return n;
}

size_t
value_format(const struct value_form *form, const uint16_t *words, char *text)
{
	enum value_type type = form->type;
	uint64_t bits;

	if (type == VALUE_STRING)
		return format_string(form, words, text);
	bits = value_load_bits(form, words);
	if (type == VALUE_FLOAT32)
		return format_real((double)float_of(bits), true, text);
	if (type == VALUE_FLOAT64)
		return format_real(value_double(bits), false, text);
	if (types[type].is_signed)
		return format_signed(extend(bits, types[type].words), text);
	return format_whole(false, bits, text);
}

/* Write the number of some bits, without quotes and with a NUL. */
static void
format_end(enum value_type type, uint64_t bits, char *text)
{
	const struct value_form form = { .type = type };
	uint16_t words[VALUE_WORDS_MAX];
	size_t n;

	value_store_bits(&form, bits, words);
	n = value_format(&form, words, text);
	text[n] = '\0';
	if (text[0] == '"') {
		memmove(text, text + 1, n - 2);
		text[n - 2] = '\0';
	}
}

const char *
value_expected(const struct value_form *form, char *text)
{
	char ends[2][VALUE_NUMBER_MAX + 1], name[VALUE_TYPE_NAME_MAX];
	uint64_t bits[2];

	value_type_name(form, name);
	if (form->type == VALUE_STRING) {
		snprintf(text, VALUE_EXPECTED_MAX,
		    "a text of at most %u bytes in UTF-8, without NUL, for %s",
		    form->bytes, name);
		return text;
	}
	bits[0] = value_ends[form->type].least;
	bits[1] = value_ends[form->type].most;
	for (int i = 0; i < 2; i++)
		format_end(form->type, bits[i], ends[i]);
	snprintf(text, VALUE_EXPECTED_MAX, "a %s from %s to %s for %s",
	    types[form->type].floating ? "number" : "whole number", ends[0],
	    ends[1], name);
	return text;
}

/* From here on numbers round to none of float32. */
#define FLOAT32_END 0x1.ffffffp+127

static int
store_real(const struct value_form *form, double value, uint16_t *words)
{
	uint32_t narrow_bits;
	float narrow;
	uint64_t bits;

	if (form->type == VALUE_FLOAT64) {
		memcpy(&bits, &value, sizeof(bits));
		value_store_bits(form, bits, words);
		return 0;
	}
	if (fabs(value) >= FLOAT32_END && !isinf(value))
		return -1;
	narrow = (float)value;
	memcpy(&narrow_bits, &narrow, sizeof(narrow_bits));
	value_store_bits(form, narrow_bits, words);
	return 0;
}

/* Whether a number is in the range of an integer type of 16 or 32 bits. */
static bool
fits(enum value_type type, int64_t number)
{
	unsigned bits = 16 * types[type].words;
	int64_t span = INT64_C(1) << (bits < 63 ? bits : 62);

	if (types[type].is_signed)
		return number >= -span / 2 && number < span / 2;
	return number >= 0 && number < span;
}

bool
value_is_whole(double real, int64_t *whole)
{
	if (!(fabs(real) <= (double)VALUE_EXACT_MAX) || real != trunc(real))
		return false;
	*whole = (int64_t)real;
	return true;
}

int
value_store(
    const struct value_form *form, struct value_number number, uint16_t *words)
{
	enum value_type type = form->type;

	if (type == VALUE_STRING)
		return -1;
	if (types[type].floating)
		return store_real(form,
		    number.is_real ? number.real : (double)number.whole, words);
	if (number.is_real && !value_is_whole(number.real, &number.whole))
		return -1;
	if (type == VALUE_UINT64 ?
		number.whole < 0 :
		type != VALUE_INT64 && !fits(type, number.whole))
		return -1;
	value_store_bits(form, (uint64_t)number.whole, words);
	return 0;
}

/* Read digits. Returns 0, or -1 when there are none, or too many. */
static int
read_digits(const char *text, size_t length, uint64_t *number)
{
	uint64_t n = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned digit = (unsigned)(unsigned char)text[i] - '0';

		if (digit > 9 || n > (UINT64_MAX - digit) / 10)
			return -1;
		n = n * 10 + digit;
	}
	*number = n;
	return length > 0 ? 0 : -1;
}

static int
store_digits(const struct value_form *form, const char *text, size_t length,
    uint16_t *words)
{
	bool negative = length > 0 && text[0] == '-';
	struct value_number number = { .is_real = false };
	uint64_t digits;

	if (read_digits(text + negative, length - negative, &digits) != 0)
		return -1;
	if (form->type == VALUE_UINT64 && !negative) {
		value_store_bits(form, digits, words);
		return 0;
	}
	if (digits > (uint64_t)INT64_MAX + negative)
		return -1;
	number.whole = (int64_t)(negative ? 0 - digits : digits);
	return value_store(form, number, words);
}

static int
store_string(const struct value_form *form, const char *text, size_t length,
    uint16_t *words)
{
	if (length > form->bytes || memchr(text, '\0', length) != NULL ||
	    !utf8_is_valid(text, length))
		return -1;
	value_store_bytes(form, text, length, words);
	return 0;
}

int
value_store_text(const struct value_form *form, const char *text, size_t length,
    uint16_t *words)
{
	static const struct {
		const char *name;
		double value;
	} names[] = {
		{ "NaN", NAN },
		{ "Infinity", INFINITY },
		{ "-Infinity", -INFINITY },
	};

	if (form->type == VALUE_STRING)
		return store_string(form, text, length, words);
	if (types[form->type].floating)
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (length == strlen(names[i].name) &&
			    memcmp(text, names[i].name, length) == 0)
				return store_real(form, names[i].value, words);
	return store_digits(form, text, length, words);
}
