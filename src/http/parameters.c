#include "http/parameters.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

static void __attribute__((format(printf, 2, 3)))
fail(struct params *q, const char *format, ...)
{
	va_list args;

	if (q->error[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(q->error, sizeof(q->error), format, args);
	va_end(args);
}

static int
is_plain(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static struct params_pair *
find(struct params *q, const char *name)
{
	for (size_t i = 0; i < q->count; i++)
		if (strcmp(q->pairs[i].name, name) == 0)
			return &q->pairs[i];
	return NULL;
}

/* Take "name=value" apart, in place. */
static void
add_pair(struct params *q, char *text)
{
	char *equals = strchr(text, '=');

	if (equals == NULL) {
		fail(q, "query: \"%.40s\": expected name=value", text);
		return;
	}
	*equals = '\0';
	if (find(q, text) != NULL)
		fail(q, "query: \"%.40s\" is given twice", text);
	else if (q->count == PARAMS_PAIRS_MAX)
		fail(q, "query: expected at most %d parameters",
		    PARAMS_PAIRS_MAX);
	else
		q->pairs[q->count++] =
		    (struct params_pair){ text, equals + 1, 0 };
}

void
params_parse(struct params *q, const char *text)
{
	char *rest = q->text;

	q->count = 0;
	q->error[0] = '\0';
	if (text == NULL || text[0] == '\0')
		return;
	for (const char *c = text; *c != '\0'; c++)
		if (!is_plain(*c) && *c != '=' && *c != '&') {
			fail(q,
			    "query: expected letters, digits, \"_\", \"-\" "
			    "and \".\" only");
			return;
		}
	if (strlen(text) >= sizeof(q->text)) {
		fail(q, "query: expected fewer than %d bytes", PARAMS_TEXT_MAX);
		return;
	}
	memcpy(q->text, text, strlen(text) + 1);
	while (rest != NULL) {
		char *pair = strsep(&rest, "&");

		add_pair(q, pair);
	}
}

const char *
params_text(struct params *q, const char *name)
{
	struct params_pair *pair = find(q, name);

	if (pair == NULL)
		return NULL;
	pair->used = 1;
	return pair->value;
}

unsigned long
params_number(struct params *q, const char *name, unsigned long min,
    unsigned long max, unsigned long otherwise)
{
	const char *text = params_text(q, name);
	unsigned long number;

	if (text == NULL)
		return otherwise;
	if (number_parse(text, min, max, &number) == 0)
		return number;
	fail(q, "%s: \"%.40s\": expected a number from %lu to %lu", name, text,
	    min, max);
	return otherwise;
}

size_t
params_choice(struct params *q, const char *name, const char *const *words,
    size_t count, size_t otherwise)
{
	const char *text = params_text(q, name);
	char list[PARAMS_ERROR_MAX / 2] = "";

	if (text == NULL)
		return otherwise;
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
	return otherwise;
}

const char *
params_finish(struct params *q)
{
	for (size_t i = 0; i < q->count; i++)
		if (!q->pairs[i].used)
			fail(q, "query: \"%.40s\": no such parameter",
			    q->pairs[i].name);
	return q->error[0] == '\0' ? NULL : q->error;
}
