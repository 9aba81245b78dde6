#include "http/parameters.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

static void __attribute__((format(printf, 2, 3)))
fail(struct parameters *q, const char *format, ...)
{
	va_list args;

	if (q->error[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(q->error, sizeof(q->error), format, args);
	va_end(args);
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

/* Take "name=value" apart, in place. */
static void
add_pair(struct parameters *q, char *text)
{
	char *equals = strchr(text, '=');

	if (equals == NULL) {
		fail(q, "query: \"%.40s\": expected name=value", text);
		return;
	}
	*equals = '\0';
	if (find(q, text) != NULL)
		fail(q, "query: \"%.40s\" is given twice", text);
	else if (q->count == PARAMETERS_PAIRS_MAX)
		fail(q, "query: expected at most %d parameters",
		    PARAMETERS_PAIRS_MAX);
	else
		q->pairs[q->count++] =
		    (struct parameters_pair){ text, equals + 1, false };
}

void
parameters_parse(struct parameters *q, const char *text)
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
		fail(q, "query: expected fewer than %d bytes",
		    PARAMETERS_TEXT_MAX);
		return;
	}
	memcpy(q->text, text, strlen(text) + 1);
	while (rest != NULL) {
		char *pair = strsep(&rest, "&");

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

const char *
parameters_finish(struct parameters *q)
{
	for (size_t i = 0; i < q->count; i++)
		if (!q->pairs[i].used)
			fail(q, "query: \"%.40s\": no such parameter",
			    q->pairs[i].name);
	return q->error[0] == '\0' ? NULL : q->error;
}
