#include "table/reference.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"

#define ADDRESSES 65536
#define BITS      16

/* The four tables of the data model. */
static const struct form {
	const char *prefix;
	enum datatable_kind kind;
	bool is_input;
	char digit; /* that a reference begins with */
} forms[] = {
	{ "HR", DATATABLE_REGISTERS, false, '4' },
	{ "IR", DATATABLE_REGISTERS, true, '3' },
	{ "C", DATATABLE_COILS, false, '0' },
	{ "DI", DATATABLE_COILS, true, '1' },
};

#define FORMS (sizeof(forms) / sizeof(*forms))

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
count_digits(const char *text)
{
	size_t n = 0;

	while (is_digit(text[n]))
		n++;
	return n;
}

static void
set(struct reference *r, const struct form *form, uint64_t address)
{
	*r = (struct reference){ form->kind, form->is_input, (uint16_t)address,
		-1 };
}

static enum reference_status
take_prefixed(const char **text, struct reference *r)
{
	for (size_t i = 0; i < FORMS; i++) {
		size_t length = strlen(forms[i].prefix);
		const char *number = *text + length;
		uint64_t address;

		if (strncasecmp(*text, forms[i].prefix, length) != 0 ||
		    !is_digit(*number))
			continue;
		*text = number + count_digits(number);
		if (number_take(number, ADDRESSES - 1, &address) == NULL)
			return REFERENCE_OUT_OF_RANGE;
		set(r, &forms[i], address);
		return REFERENCE_OK;
	}
	return REFERENCE_OTHER_FORM;
}

static enum reference_status
take_digits(const char **text, struct reference *r)
{
	const char *digits = *text;
	size_t length = count_digits(digits);

	if (length != 5 && length != 6)
		return REFERENCE_OTHER_FORM;
	for (size_t i = 0; i < FORMS; i++) {
		uint64_t number;

		if (*digits != forms[i].digit)
			continue;
		*text = digits + length;
		if (number_take(digits + 1, ADDRESSES, &number) == NULL ||
		    number == 0)
			return REFERENCE_OUT_OF_RANGE;
		set(r, &forms[i], number - 1);
		return REFERENCE_OK;
	}
	return REFERENCE_OTHER_FORM;
}

enum reference_status
reference_take_named(const char **text, struct reference *r)
{
	enum reference_status status = take_prefixed(text, r);

	if (status != REFERENCE_OTHER_FORM)
		return status;
	if (count_digits(*text) != 6 || **text == '0')
		return REFERENCE_OTHER_FORM;
	return take_digits(text, r);
}

enum reference_status
reference_take(const char **text, enum datatable_kind kind, struct reference *r)
{
	enum reference_status status = reference_take_named(text, r);
	const char *number = *text;
	uint64_t address;

	if (status != REFERENCE_OTHER_FORM || !is_digit(*number))
		return status;
	*text = number + count_digits(number);
	if (number_take(number, ADDRESSES - 1, &address) == NULL)
		return REFERENCE_OUT_OF_RANGE;
	*r = (struct reference){ kind, false, (uint16_t)address, -1 };
	return REFERENCE_OK;
}

enum reference_status
reference_parse_bit(const char *text, enum datatable_kind kind, int *bit)
{
	uint64_t number;

	*bit = -1;
	if (*text == '\0')
		return REFERENCE_OK;
	if (kind != DATATABLE_REGISTERS || *text != '.' ||
	    number_parse(text + 1, 0, BITS - 1, &number) != 0)
		return REFERENCE_BAD_BIT;
	*bit = (int)number;
	return REFERENCE_OK;
}

/* The end of a text whose address was taken, or not: nothing, or a bit. */
static enum reference_status
parse_rest(enum reference_status status, const char *rest, struct reference *r)
{
	if (status == REFERENCE_OTHER_FORM || (*rest != '\0' && *rest != '.'))
		return REFERENCE_OTHER_FORM;
	if (status != REFERENCE_OK)
		return status;
	return reference_parse_bit(rest, r->kind, &r->bit);
}

enum reference_status
reference_parse_prefixed(const char *text, struct reference *r)
{
	enum reference_status status = take_prefixed(&text, r);

	return parse_rest(status, text, r);
}

enum reference_status
reference_parse_digits(const char *text, struct reference *r)
{
	enum reference_status status = take_digits(&text, r);

	return parse_rest(status, text, r);
}

enum reference_status
reference_parse_named(const char *text, struct reference *r)
{
	enum reference_status status = reference_take_named(&text, r);

	return parse_rest(status, text, r);
}

enum reference_status
reference_parse(const char *text, enum datatable_kind kind, struct reference *r)
{
	enum reference_status status = reference_take(&text, kind, r);

	return parse_rest(status, text, r);
}

bool
reference_is_ambiguous(const char *text, struct reference *r)
{
	uint64_t number;

	return number_take(text, ADDRESSES - 1, &number) != NULL &&
	    reference_parse_digits(text, r) == REFERENCE_OK;
}

const char *
reference_note(const char *text, enum datatable_kind kind, char *out)
{
	char name[REFERENCE_TEXT_MAX];
	struct reference r;

	out[0] = '\0';
	if (text != NULL && reference_is_ambiguous(text, &r) && r.kind == kind)
		snprintf(out, REFERENCE_NOTE_MAX,
		    "%s is the address on the wire; the reference %s is %s",
		    text, text, reference_format(&r, name));
	return out;
}

int
reference_parse_address(
    const char *text, enum datatable_kind kind, uint16_t *address)
{
	struct reference r;

	if (reference_parse(text, kind, &r) != REFERENCE_OK || r.kind != kind ||
	    r.bit >= 0)
		return -1;
	*address = r.address;
	return 0;
}

const char *
reference_expected(enum datatable_kind kind)
{
	return kind == DATATABLE_COILS ?
	    "a coil: a number from 0 to 65535, C0 to C65535, DI0 to DI65535, "
	    "or "
	    "100001 to 165536" :
	    "a register: a number from 0 to 65535, HR0 to HR65535, IR0 to "
	    "IR65535, or "
	    "400001 to 465536";
}

static const struct form *
form_of(const struct reference *r)
{
	const struct form *form = forms;

	while (form->kind != r->kind || form->is_input != r->is_input)
		form++;
	return form;
}

const char *
reference_format(const struct reference *r, char *out)
{
	int n = snprintf(out, REFERENCE_TEXT_MAX, "%s%u", form_of(r)->prefix,
	    (unsigned)r->address);

	if (r->bit >= 0)
		snprintf(
		    out + n, REFERENCE_TEXT_MAX - (size_t)n, ".%d", r->bit);
	return out;
}

const char *
reference_format_digits(const struct reference *r, char *out)
{
	unsigned number = r->address + 1U;

	snprintf(out, REFERENCE_TEXT_MAX, "%c%0*u", form_of(r)->digit,
	    number <= 9999 ? 4 : 5, number);
	return out;
}
