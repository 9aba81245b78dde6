#include "http/parameters.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "table/reference.h"

/* What is not printable ASCII becomes a question mark: values are any bytes. */
static void __attribute__((format(printf, 2, 3)))
fail(struct parameters *q, const char *format, ...)
{
	va_list args;

	if (q->error[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(q->error, sizeof(q->error), format, args);
	va_end(args);
	for (char *c = q->error; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static bool
is_plain(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static struct parameters_pair *
find(struct parameters *q, const char *name)
{
	for (size_t i = 0; i < q->count; i++)
		if (strcmp(q->pairs[i].name, name) == 0)
			return &q->pairs[i];
	return NULL;
}

static bool
is_name(const char *text)
{
	while (is_plain(*text))
		text++;
	return *text == '\0';
}

/* The value of a hexadecimal digit, or -1. */
static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (!isxdigit((unsigned char)c))
		return -1;
	return tolower((unsigned char)c) - 'a' + 10;
}

/* Decode a value in place. Returns NULL, or where it is no encoding: "%" is
 * followed by two hexadecimal digits that are not both 0. */
static const char *
decode(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++) {
		int high, low;

		if (*text != '%') {
			*to = *text;
			if (*to == '+')
				*to = ' ';
			to++;
			continue;
		}
		high = digit_of(text[1]);
		low = high < 0 ? -1 : digit_of(text[2]);
		if (low < 0 || high + low == 0)
			return text;
		*to++ = (char)(high << 4 | low);
		text += 2;
	}
	*to = '\0';
	return NULL;
}

void
parameters_add(struct parameters *q, const char *name, const char *value)
{
	if (find(q, name) != NULL)
		fail(q, "query: \"%.40s\" is given twice", name);
	else if (q->count == PARAMETERS_PAIRS_MAX)
		fail(q, "query: expected at most %d parameters",
		    PARAMETERS_PAIRS_MAX);
	else
		q->pairs[q->count++] =
		    (struct parameters_pair){ name, value, false };
}

/* Take "name=value" apart, in place. */
static void
add_pair(struct parameters *q, char *text)
{
	char *equals = strchr(text, '=');
	const char *bad;

	if (equals == NULL) {
		fail(q, "query: \"%.40s\": expected name=value", text);
		return;
	}
	*equals = '\0';
	bad = decode(equals + 1);
	if (!is_name(text))
		fail(q,
		    "query: \"%.40s\": expected a name of letters, digits, "
		    "\"_\", \"-\" and \".\" only",
		    text);
	else if (bad != NULL)
		fail(q,
		    "%.40s: \"%.3s\": expected \"%%\" and two hexadecimal "
		    "digits "
		    "other than 00",
		    text, bad);
	else
		parameters_add(q, text, equals + 1);
}

void
parameters_parse(struct parameters *q, const char *text)
{
	char *rest;

	q->count = 0;
	q->error[0] = '\0';
	if (text == NULL || text[0] == '\0')
		return;
	if (strlen(text) >= sizeof(q->text)) {
		fail(q, "query: expected fewer than %d bytes",
		    PARAMETERS_TEXT_MAX);
		return;
	}
	memcpy(q->text, text, strlen(text) + 1);
	rest = q->text;
	while (rest != NULL) {
		char *pair = rest;

		rest = strchr(pair, '&');
		if (rest != NULL)
			*rest++ = '\0';
		add_pair(q, pair);
	}
}

const char *
parameters_text(struct parameters *q, const char *name)
{
	struct parameters_pair *pair = find(q, name);

	if (pair == NULL)
		return NULL;
	pair->used = true;
	return pair->value;
}

uint64_t
parameters_number(struct parameters *q, const char *name, uint64_t min,
    uint64_t max, uint64_t fallback)
{
	const char *text = parameters_text(q, name);
	uint64_t number;

	if (text == NULL)
		return fallback;
	if (number_parse(text, min, max, &number) == 0)
		return number;
	fail(q, "%s: \"%.40s\": expected a number from %" PRIu64 " to %" PRIu64,
	    name, text, min, max);
	return fallback;
}

uint16_t
parameters_address(struct parameters *q, const char *name,
    enum datatable_kind kind, uint16_t fallback)
{
	const char *text = parameters_text(q, name);
	uint16_t address = fallback;

	if (text != NULL && reference_parse_address(text, kind, &address) != 0)
		fail(q, "%s: \"%.40s\": expected %s", name, text,
		    reference_expected(kind));
	return address;
}

size_t
parameters_choice(struct parameters *q, const char *name,
    const char *const *words, size_t count, size_t fallback)
{
	const char *text = parameters_text(q, name);
	char list[PARAMETERS_ERROR_MAX / 2] = "";

	if (text == NULL)
		return fallback;
	for (size_t i = 0; i < count; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	for (size_t i = 0, n = 0; i < count && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s",
		    i == 0             ? "" :
			i + 1 == count ? " or " :
					 ", ",
		    words[i]);
	fail(q, "%s: \"%.40s\": expected %s", name, text, list);
	return fallback;
}

struct value_form
parameters_form(struct parameters *q)
{
	const char *type = parameters_text(q, "type");
	struct value_form form = { .type = VALUE_UINT16 };

	if (type != NULL && value_type_parse(type, &form) != 0)
		fail(q, "type: \"%.40s\": expected %s", type,
		    value_types_expected);
	form.order = (enum value_order)parameters_choice(
	    q, "order", value_order_names, VALUE_ORDERS, VALUE_ABCD);
	return form;
}

const char *
parameters_finish(struct parameters *q)
{
	for (size_t i = 0; i < q->count; i++)
		if (!q->pairs[i].used)
			fail(q, "query: \"%.40s\": no such parameter",
			    q->pairs[i].name);
	return q->error[0] == '\0' ? NULL : q->error;
}
