#include "points/place.h"

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"

#define DIGITS     "0123456789"
#define HEX_DIGITS "0123456789abcdefABCDEF"

/* Of an address, without zeros in front. */
#define ADDRESS_DIGITS_MAX 5

#define EXPECTED_RANGE "an address from 0 to 65535"

/* --- area --------------------------------------------------------------- */

/* A "_" may be a blank, or left out. */
static const struct {
	const char *name;
	enum datatable_kind kind;
	bool is_input;
} areas[] = {
	{ "holding", DATATABLE_REGISTERS, false },
	{ "holding_register", DATATABLE_REGISTERS, false },
	{ "holding_registers", DATATABLE_REGISTERS, false },
	{ "hr", DATATABLE_REGISTERS, false },
	{ "input", DATATABLE_REGISTERS, true },
	{ "input_register", DATATABLE_REGISTERS, true },
	{ "input_registers", DATATABLE_REGISTERS, true },
	{ "ir", DATATABLE_REGISTERS, true },
	{ "coil", DATATABLE_COILS, false },
	{ "coils", DATATABLE_COILS, false },
	{ "c", DATATABLE_COILS, false },
	{ "discrete", DATATABLE_COILS, true },
	{ "discrete_input", DATATABLE_COILS, true },
	{ "discrete_inputs", DATATABLE_COILS, true },
	{ "di", DATATABLE_COILS, true },
};

static bool
is_area(const char *text, const char *name)
{
	for (; *name != '\0'; name++) {
		if (*name == '_')
			text += *text == '_' || *text == ' ';
		else if (tolower((unsigned char)*text++) != *name)
			return false;
	}
	return *text == '\0';
}

int
area_parse(const char *text, struct area *area, char *expected)
{
	for (size_t i = 0; i < sizeof(areas) / sizeof(*areas); i++)
		if (is_area(text, areas[i].name)) {
			*area = (struct area){ areas[i].kind, areas[i].is_input,
				text };
			return 0;
		}
	return expected_words(expected, "holding, input, coil or discrete");
}

/* --- address ------------------------------------------------------------ */

/* What is wrong with a bit, if text has one at all. */
static int
refuse_bit(const char *text, enum datatable_kind kind, const char *otherwise,
    char *expected)
{
	if (strchr(text, '.') == NULL)
		return expected_words(expected, "%s", otherwise);
	return expected_words(expected,
	    kind == DATATABLE_COILS ? "a coil without a bit" :
				      "a bit from 0 to 15");
}

/* Whether a reference agrees with the area of its row, if there is one. */
static int
agree(const struct reference *place, const struct area *area, char *expected)
{
	if (area == NULL ||
	    (place->kind == area->kind && place->is_input == area->is_input))
		return 0;
	return expected_words(expected,
	    "an address of area \"%.40s\", as the row says", area->text);
}

static int
judge_prefixed(enum reference_status status, const char *text,
    const struct reference *place, const struct area *area, char *expected)
{
	enum datatable_kind kind = strchr("HhIi", text[0]) != NULL ?
	    DATATABLE_REGISTERS :
	    DATATABLE_COILS;

	if (status == REFERENCE_OUT_OF_RANGE)
		return expected_words(expected, EXPECTED_RANGE);
	if (status == REFERENCE_BAD_BIT)
		return refuse_bit(text, kind, PLACE_EXPECTED, expected);
	return agree(place, area, expected);
}

/* Before the first reference, or beyond the last. */
static int
refuse_reference(const char *text, char *expected)
{
	static const char *const prefixes[] = { "C", "DI", "", "IR", "HR" };
	const char digit = text[0];
	const char *prefix = prefixes[digit - '0'];
	const int places = (int)strcspn(text, ".") - 1;
	uint64_t number;

	if (number_take(text + 1, 0, &number) != NULL)
		return expected_words(expected,
		    "a reference from %c%0*d on: %s0 is %c%0*d", digit, places,
		    1, prefix, digit, places, 1);
	return expected_words(expected,
	    "a reference up to %c65536: %s65535 is %c65536", digit, prefix,
	    digit);
}

/* A number with neither a prefix nor an area beside it. */
static int
refuse_number(const char *text, unsigned n, char *expected)
{
	char five[16] = "";

	if (text[1] == 'x' || text[1] == 'X') {
		return expected_words(
		    expected, "an area beside it, or HR%u", n);
	}
	if (n < 9999)
		snprintf(five, sizeof(five), ", 4%04u", n + 1);
	return expected_words(expected,
	    "HR%u, C%u%s or 4%05u, or an area beside it", n, n, five, n + 1);
}

/* Take the number that text begins with: decimal, or hex with 0x. Any that is
 * larger than an address becomes one that is. Returns what follows, or NULL. */
static const char *
take_number(const char *text, uint64_t *n)
{
	const bool is_hex =
	    text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = is_hex ? text + 2 : text;
	size_t length = strspn(digits, is_hex ? HEX_DIGITS : DIGITS);
	size_t zeros = strspn(digits, "0");

	if (length == 0)
		return NULL;
	*n = UINT16_MAX + 1;
	if (length - zeros <= ADDRESS_DIGITS_MAX)
		*n = strtoull(digits, NULL, is_hex ? 16 : 10);
	return digits + length;
}

/* A number beside an area: the address on the wire. */
static int
parse_plain(const char *text, const struct area *area, struct reference *place,
    char *expected)
{
	uint64_t n = 0;
	const char *rest = take_number(text, &n);

	if (rest == NULL || n > UINT16_MAX)
		return expected_words(expected, EXPECTED_RANGE);
	*place =
	    (struct reference){ area->kind, area->is_input, (uint16_t)n, -1 };
	if (reference_parse_bit(rest, area->kind, &place->bit) != REFERENCE_OK)
		return refuse_bit(text, area->kind, EXPECTED_RANGE, expected);
	return 0;
}

/* Without an area, digits are a reference or nothing. */
static int
parse_reference(const char *text, struct reference *place, char *expected)
{
	const char *rest;
	uint64_t n = 0;

	switch (reference_parse_digits(text, place)) {
	case REFERENCE_OK:
		return 0;
	case REFERENCE_OUT_OF_RANGE:
		return refuse_reference(text, expected);
	case REFERENCE_BAD_BIT:
		return refuse_bit(text,
		    text[0] == '3' || text[0] == '4' ? DATATABLE_REGISTERS :
						       DATATABLE_COILS,
		    PLACE_EXPECTED, expected);
	case REFERENCE_OTHER_FORM:
		break;
	}
	rest = take_number(text, &n);
	if (rest != NULL && (*rest == '.' || *rest == '\0') && n <= UINT16_MAX)
		return refuse_number(text, (unsigned)n, expected);
	return expected_words(expected, PLACE_EXPECTED);
}

/* Beside an area, only six digits beyond any address are a reference. */
static bool
is_long_reference(const char *text)
{
	uint64_t n;

	return strspn(text, DIGITS) == 6 && strchr("0134", *text) &&
	    number_take(text, UINT16_MAX, &n) == NULL;
}

int
place_parse_address(const char *text, const struct area *area,
    struct reference *place, char *expected)
{
	enum reference_status status = reference_parse_prefixed(text, place);

	if (status != REFERENCE_OTHER_FORM)
		return judge_prefixed(status, text, place, area, expected);
	if (area != NULL && !is_long_reference(text))
		return parse_plain(text, area, place, expected);
	if (parse_reference(text, place, expected) != 0)
		return -1;
	return agree(place, area, expected);
}

int
place_parse_number(const char *text, const struct area *area,
    struct reference *place, char *expected)
{
	const char *rest;
	uint64_t n;

	if (area == NULL)
		return expected_words(expected, "an area beside it");
	rest = number_take(text, UINT16_MAX + 1, &n);
	if (rest == NULL || n == 0 || (*rest != '.' && *rest != '\0'))
		return expected_words(expected, "a number from 1 to 65536");
	*place = (struct reference){ area->kind, area->is_input,
		(uint16_t)(n - 1), -1 };
	if (reference_parse_bit(rest, area->kind, &place->bit) != REFERENCE_OK)
		return refuse_bit(text, area->kind, EXPECTED_RANGE, expected);
	return 0;
}

bool
place_is_ambiguous(const char *text, struct reference *r)
{
	return strspn(text, DIGITS) == 5 &&
	    reference_parse_digits(text, r) == REFERENCE_OK;
}
