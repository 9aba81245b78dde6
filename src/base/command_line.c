#include "base/command_line.h"

#include <assert.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/printable.h"

/* What getopt_long returns for long options; letters are themselves. */
#define LONG_OPTION(i) (256 + (int)(i))

/* Convert the table for getopt_long. letters has room for every letter, a colon
 * after each, and a colon in front: report errors, do not print them. */
static void
describe(const struct command_line *line, struct option *longs, char *letters)
{
	*letters++ = ':';
	for (size_t i = 0; i < line->count; i++) {
		const struct command_line_option *d = &line->options[i];

		longs[i] = (struct option){
			.name = d->name,
			.has_arg =
			    d->value != NULL ? required_argument : no_argument,
			.val = LONG_OPTION(i),
		};
		for (const char *l = d->letters; *l != '\0'; l++) {
			*letters++ = *l;
			if (d->value != NULL)
				*letters++ = ':';
		}
	}
	longs[line->count] = (struct option){ .name = NULL };
	*letters = '\0';
}

/* The definition of an option that getopt_long has found. */
static const struct command_line_option *
find(const struct command_line *line, int found)
{
	const struct command_line_option *d = line->options;

	if (found >= LONG_OPTION(0))
		return &line->options[found - LONG_OPTION(0)];
	while (strchr(d->letters, found) == NULL)
		d++;
	return d;
}

static bool
is_secret(const struct command_line *line, const char *name)
{
	for (const char *const *s = line->secrets; s != NULL && *s != NULL; s++)
		if (strcmp(*s, name) == 0)
			return true;
	return false;
}

static int
fail_value(const struct command_line *line, const struct command_line_option *d,
    const char *value, char *error)
{
	char shown[PRINTABLE_SIZE];

	if (is_secret(line, d->name))
		snprintf(error, COMMAND_LINE_ERROR_MAX, "--%s: expected %s",
		    d->name, d->expected);
	else
		snprintf(error, COMMAND_LINE_ERROR_MAX,
		    "--%s: \"%s\": expected %s", d->name,
		    printable(value, shown), d->expected);
	return -1;
}

static int
fail_missing(const struct command_line *line, int option, char *error)
{
	const struct command_line_option *d = find(line, option);

	snprintf(error, COMMAND_LINE_ERROR_MAX, "--%s: no value: expected %s",
	    d->name, d->expected);
	return -1;
}

static int
fail_unknown(const char *argument, char *error)
{
	char shown[PRINTABLE_SIZE];

	snprintf(error, COMMAND_LINE_ERROR_MAX,
	    "%s: unknown option; see --help", printable(argument, shown));
	return -1;
}

/* getopt_long has found an unknown option, or a value for one that takes none.
 * argument may be the one before, as getopt_long stops between joined letters;
 * and text after "=" may be a secret meant for another option. */
static int
fail_option(const struct command_line *line, const char *argument, char *error)
{
	const char letter[] = { '-', (char)optopt, '\0' };
	char name[PRINTABLE_SIZE];

	if (optopt >= LONG_OPTION(0)) {
		snprintf(error, COMMAND_LINE_ERROR_MAX,
		    "--%s: expected no value", find(line, optopt)->name);
		return -1;
	}
	snprintf(
	    name, sizeof(name), "%.*s", (int)strcspn(argument, "="), argument);
	return fail_unknown(optopt != 0 ? letter : name, error);
}

/* The bit of an option in the set of those that were given. */
static uint64_t
given_bit(const struct command_line *line, const struct command_line_option *d)
{
	return UINT64_C(1) << (d - line->options);
}

static bool
is_given(const struct command_line *line, uint64_t given, const char *name)
{
	const struct command_line_option *d = line->options;

	while (strcmp(d->name, name) != 0)
		d++;
	return (given & given_bit(line, d)) != 0;
}

static int
check_requirements(const struct command_line *line, uint64_t given, char *error)
{
	for (size_t i = 0; i < line->requirement_count; i++) {
		const struct command_line_requirement *r =
		    &line->requirements[i];

		if (!is_given(line, given, r->option) ||
		    is_given(line, given, r->required) ||
		    (r->alternative != NULL &&
			is_given(line, given, r->alternative)))
			continue;
		snprintf(error, COMMAND_LINE_ERROR_MAX,
		    "--%s: requires --%s%s%s", r->option, r->required,
		    r->alternative != NULL ? " or --" : "",
		    r->alternative != NULL ? r->alternative : "");
		return -1;
	}
	return 0;
}

/* Returns false when the value is invalid. */
static bool
store_number(const struct command_line_action *a, char *to, const char *value)
{
	uint64_t number;
	uint32_t small;

	if (number_parse(value, a->least, a->most, &number) != 0)
		return false;
	small = (uint32_t)number;
	assert(a->size == sizeof(number) ||
	    (a->size == sizeof(small) && a->most <= UINT32_MAX));
	memcpy(to, a->size == sizeof(number) ? (void *)&number : (void *)&small,
	    a->size);
	return true;
}

static enum command_line_set
act(const struct command_line_action *a, void *into, const char *value)
{
	char *to = (char *)into + a->offset;
	bool stored = true;

	if (a->set != NULL)
		return a->set(into, value);
	switch (a->kind) {
	case COMMAND_LINE_FLAG:
		memcpy(to, &stored, sizeof(stored));
		break;
	case COMMAND_LINE_TEXT:
		stored = *value != '\0';
		memcpy(to, &value, sizeof(value));
		break;
	case COMMAND_LINE_NUMBER:
		stored = store_number(a, to, value);
		break;
	}
	return stored ? COMMAND_LINE_SET : COMMAND_LINE_BAD;
}

int
command_line_parse(const struct command_line *line, int argc, char **argv,
    void *into, char *error)
{
	struct option longs[COMMAND_LINE_OPTIONS_MAX + 1];
	char letters[2 * 26 * 2 + 2];
	uint64_t given = 0;
	int found;

	assert(line->count <= COMMAND_LINE_OPTIONS_MAX);
	describe(line, longs, letters);
	optind = 0; /* glibc: restart */
	opterr = 0;
	while ((found = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct command_line_option *d;

		if (found == ':')
			return fail_missing(line, optopt, error);
		if (found == '?')
			return fail_option(line, argv[optind - 1], error);
		d = find(line, found);
		given |= given_bit(line, d);
		switch (act(&d->action, into, optarg)) {
		case COMMAND_LINE_BAD:
			return fail_value(line, d, optarg, error);
		case COMMAND_LINE_STOP:
			return 0;
		case COMMAND_LINE_SET:
			break;
		}
	}
	if (optind < argc)
		return fail_unknown(argv[optind], error);
	return check_requirements(line, given, error);
}

/* --help, which is put together twice: first without text, to measure it. */
struct help {
	char *text;
	size_t length, room;
};

static void __attribute__((format(printf, 2, 3)))
put(struct help *h, const char *format, ...)
{
	char *end = h->text == NULL ? NULL : h->text + h->length;
	size_t room = h->text == NULL ? 0 : h->room - h->length;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(end, room, format, args);
	va_end(args);
	h->length += (size_t)n;
}

/* The first column of --help, such as "  -p, --port PORT". */
static void
put_names(struct help *h, const struct command_line_option *d)
{
	char names[64];
	size_t n = 0;

	for (const char *l = d->letters; *l != '\0'; l++)
		n +=
		    (size_t)snprintf(names + n, sizeof(names) - n, "-%c, ", *l);
	snprintf(names + n, sizeof(names) - n, "--%s%s%s", d->name,
	    d->value != NULL ? " " : "", d->value != NULL ? d->value : "");
	put(h, "  %-24s ", names);
}

/* The second column of --help; lines after the first are indented. */
static void
put_help(struct help *h, const char *help)
{
	for (; *help != '\0'; help++) {
		put(h, "%c", *help);
		if (*help == '\n')
			put(h, "%27s", "");
	}
	put(h, "\n");
}

static void
put_all(struct help *h, const struct command_line *line)
{
	put(h, "%s", line->introduction);
	for (size_t i = 0; i < line->count; i++) {
		if (line->options[i].help == NULL)
			continue;
		put_names(h, &line->options[i]);
		put_help(h, line->options[i].help);
	}
	put(h, "%s", line->ending);
}

char *
command_line_help(const struct command_line *line)
{
	struct help help = { .text = NULL };

	put_all(&help, line);
	help.room = help.length + 1;
	help.length = 0;
	help.text = malloc(help.room);
	if (help.text != NULL)
		put_all(&help, line);
	return help.text;
}
