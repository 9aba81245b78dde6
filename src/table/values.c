#include "table/values.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

unsigned
value_words(enum value_type type)
{
	return types[type].words;
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

static uint64_t
gather(enum value_type type, enum value_order order, const uint16_t *words)
{
	unsigned n = types[type].words;
	uint64_t bits = 0;

	for (unsigned i = 0; i < n; i++)
		bits = bits << 16 | ordered(words[place(i, n, order)], order);
	return bits;
}

static void
scatter(enum value_type type, enum value_order order, uint64_t bits,
    uint16_t *words)
{
	unsigned n = types[type].words;

	for (unsigned i = n; i > 0; i--, bits >>= 16)
		words[place(i - 1, n, order)] = ordered((uint16_t)bits, order);
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
	if (number >= 0)
		return value_format_unsigned((uint64_t)number, text);
	text[0] = '-';
	return 1 + value_format_unsigned(0 - (uint64_t)number, text + 1);
}

static float
float_of(uint64_t bits)
{
	uint32_t narrow = (uint32_t)bits;
	float value;

	memcpy(&value, &narrow, sizeof(value));
	return value;
}

static double
double_of(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* The fewest digits that read back as the same number. */
static size_t
format_real(double value, bool narrow, char *text)
{
	int digits = narrow ? 6 : 15;
	int most = narrow ? 9 : 17;
	char out[VALUE_TEXT_MAX];
	int n;

	if (isnan(value) || isinf(value)) {
		const char *name = isnan(value) ? "\"NaN\"" :
		    value > 0                   ? "\"Infinity\"" :
						  "\"-Infinity\"";

		return (size_t)snprintf(text, VALUE_TEXT_MAX, "%s", name);
	}
	for (;; digits++) {
		n = snprintf(out, sizeof(out), "%.*g", digits, value);
		if (digits == most || strtod(out, NULL) == value ||
		    (narrow && strtof(out, NULL) == (float)value))
			break;
	}
	memcpy(text, out, (size_t)n);
	return (size_t)n;
}

size_t
value_format(enum value_type type, enum value_order order,
    const uint16_t *words, char *text)
{
	uint64_t bits = gather(type, order, words);

	if (type == VALUE_FLOAT32)
		return format_real((double)float_of(bits), true, text);
	if (type == VALUE_FLOAT64)
		return format_real(double_of(bits), false, text);
	if (types[type].is_signed)
		return format_signed(extend(bits, types[type].words), text);
	return value_format_unsigned(bits, text);
}

static int
store_real(
    enum value_type type, enum value_order order, double value, uint16_t *words)
{
	float narrow = (float)value;
	uint32_t narrow_bits;
	uint64_t bits;

	if (type == VALUE_FLOAT64) {
		memcpy(&bits, &value, sizeof(bits));
		scatter(type, order, bits, words);
		return 0;
	}
	if (isinf(narrow) && !isinf(value))
		return -1;
	memcpy(&narrow_bits, &narrow, sizeof(narrow_bits));
	scatter(type, order, narrow_bits, words);
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

int
value_store(enum value_type type, enum value_order order,
    struct value_number number, uint16_t *words)
{
	if (types[type].floating)
		return store_real(type, order,
		    number.is_real ? number.real : (double)number.whole, words);
	if (number.is_real)
		return -1;
	if (type == VALUE_UINT64 ?
		number.whole < 0 :
		type != VALUE_INT64 && !fits(type, number.whole))
		return -1;
	scatter(type, order, (uint64_t)number.whole, words);
	return 0;
}

static int
store_unsigned_text(enum value_type type, enum value_order order,
    const char *text, uint16_t *words)
{
	uint64_t number;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0')
		return -1;
	if (type != VALUE_UINT64) {
		if (number > INT64_MAX)
			return -1;
		return value_store(type, order,
		    (struct value_number){ .whole = (int64_t)number }, words);
	}
	scatter(type, order, number, words);
	return 0;
}

static int
store_signed_text(enum value_type type, enum value_order order,
    const char *text, uint16_t *words)
{
	long long number;
	char *end;

	if (text[1] < '0' || text[1] > '9')
		return -1;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0')
		return -1;
	return value_store(
	    type, order, (struct value_number){ .whole = number }, words);
}

int
value_store_text(enum value_type type, enum value_order order, const char *text,
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

	if (types[type].floating)
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (strcmp(text, names[i].name) == 0)
				return store_real(
				    type, order, names[i].value, words);
	if (text[0] == '-')
		return store_signed_text(type, order, text, words);
	return store_unsigned_text(type, order, text, words);
}
