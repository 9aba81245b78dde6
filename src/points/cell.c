#include "points/cell.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* --- type --------------------------------------------------------------- */

/* Other names of types, of Kepware and in short. */
static const struct {
	const char *name;
	const char *type;
} other_types[] = {
	{ "word", "uint16" },
	{ "u16", "uint16" },
	{ "short", "int16" },
	{ "s16", "int16" },
	{ "i16", "int16" },
	{ "dword", "uint32" },
	{ "u32", "uint32" },
	{ "long", "int32" },
	{ "s32", "int32" },
	{ "i32", "int32" },
	{ "float", "float32" },
	{ "f32", "float32" },
	{ "real", "float32" },
	{ "single", "float32" },
	{ "qword", "uint64" },
	{ "u64", "uint64" },
	{ "s64", "int64" },
	{ "i64", "int64" },
	{ "double", "float64" },
	{ "f64", "float64" },
	{ "lreal", "float64" },
	{ "bit", "bool" },
	{ "boolean", "bool" },
};

/* Write a type of fewer than POINT_TYPE_MAX bytes in lower case, and string(10)
 * as string10; what is longer is empty. */
static void
normalise(const char *text, char *out)
{
	static const char string[] = "string(";
	size_t length = strlen(text), n = 0;
	bool bracket = length < POINT_TYPE_MAX && length > sizeof(string) &&
	    strncasecmp(text, string, sizeof(string) - 1) == 0 &&
	    text[length - 1] == ')';

	if (length >= POINT_TYPE_MAX)
		length = 0;
	for (size_t i = 0; i < length; i++)
		if (!bracket || (i != sizeof(string) - 2 && i != length - 1))
			out[n++] = (char)tolower((unsigned char)text[i]);
	out[n] = '\0';
}

int
cell_parse_type(
    const char *text, struct value_form *form, bool *is_bool, char *expected)
{
	char name[POINT_TYPE_MAX];
	const char *type = name;

	normalise(text, name);
	for (size_t i = 0; i < COUNT(other_types); i++)
		if (strcmp(name, other_types[i].name) == 0)
			type = other_types[i].type;
	*is_bool = strcmp(type, "bool") == 0;
	if (*is_bool || value_type_parse(type, form) == 0)
		return 0;
	if (strncasecmp(text, "string", strlen("string")) == 0)
		return expected_words(
		    expected, "string1 to string250, in bytes");
	return expected_words(expected,
	    "uint16, int16, uint32, int32, float32, uint64, int64, float64, "
	    "string10 or bool");
}

/* --- order and access --------------------------------------------------- */

int
cell_parse_order(const char *text, enum value_order *order, char *expected)
{
	for (int i = 0; i < VALUE_ORDERS; i++)
		if (strcasecmp(text, value_order_names[i]) == 0) {
			*order = (enum value_order)i;
			return 0;
		}
	return expected_words(expected, "ABCD, CDAB, BADC or DCBA");
}

int
cell_parse_access(const char *text, bool *read_only, char *expected)
{
	static const char *const writable[] = { "rw", "w", "r/w", "read-write",
		"read/write", "yes" };
	static const char *const readable[] = { "ro", "r", "read", "read-only",
		"no" };

	for (size_t i = 0; i < COUNT(writable); i++)
		if (strcasecmp(text, writable[i]) == 0) {
			*read_only = false;
			return 0;
		}
	for (size_t i = 0; i < COUNT(readable); i++)
		if (strcasecmp(text, readable[i]) == 0) {
			*read_only = true;
			return 0;
		}
	return expected_words(expected, "ro or rw");
}

/* --- scale, offset and divisor ------------------------------------------ */

/* A factor is written like the value of such a point. */
static const struct point float64 = {
	.kind = DATATABLE_REGISTERS,
	.bit = POINT_NO_BIT,
	.form = { .type = VALUE_FLOAT64 },
	.scale = 1,
};

#define WORDS 4

int
cell_parse_factor(const char *text, double *factor, char *expected)
{
	char ignored[POINT_EXPECTED_MAX];
	uint16_t words[WORDS];
	uint64_t bits = 0;

	if (strpbrk(text, "xX") == NULL &&
	    point_parse_cell(&float64, text, strlen(text), words, ignored) ==
		0) {
		for (int i = 0; i < WORDS; i++)
			bits = bits << 16 | words[i];
		memcpy(factor, &bits, sizeof(*factor));
		if (isfinite(*factor))
			return 0;
	}
	return expected_words(expected,
	    strchr(text, ',') != NULL ? "a number with a decimal point" :
					"a number");
}

size_t
cell_format_factor(double factor, char *text)
{
	uint16_t words[WORDS];
	uint64_t bits;

	memcpy(&bits, &factor, sizeof(bits));
	for (int i = 0; i < WORDS; i++)
		words[i] = (uint16_t)(bits >> 16 * (WORDS - 1 - i));
	return point_format_cell(&float64, words, text);
}
