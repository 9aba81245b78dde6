#include "points/complaints.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/escape.h"
#include "base/printable.h"

/* The longest are those of a long name of a file. */
#define LINE_MAX_BYTES (PATH_MAX + 1024)

bool
complaints_are_told(const struct complaints *c)
{
	return c->errors < POINTS_ERRORS_TOLD;
}

static void __attribute__((format(printf, 4, 0)))
tell(const struct complaints *c, void (*to)(void *arg, const char *line),
    unsigned line, const char *format, va_list args)
{
	char text[LINE_MAX_BYTES];
	int n = snprintf(text, sizeof(text), "%.*s", PATH_MAX, c->file);

	if (line != 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ":%u", line);
	n += snprintf(text + n, sizeof(text) - (size_t)n, ": ");
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
	printable_line(text);
	to(c->report->arg, text);
}

void
complain(struct complaints *c, unsigned line, const char *format, ...)
{
	va_list args;

	if (complaints_are_told(c)) {
		va_start(args, format);
		tell(c, c->report->error, line, format, args);
		va_end(args);
	}
	c->errors++;
}

void
complaints_warn(struct complaints *c, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(c, c->report->warn, line, format, args);
	va_end(args);
}

void
complain_of_cell(struct complaints *c, unsigned line, const char *column,
    struct cell cell, const char *expected)
{
	char text[ESCAPED_MAX];

	if (complaints_are_told(c))
		text_escape(cell.text, cell.length, text);
	complain(c, line, "%s: \"%s\": expected %s", column, text, expected);
}

void
complaints_end(struct complaints *c)
{
	char text[32];

	if (c->errors <= POINTS_ERRORS_TOLD)
		return;
	snprintf(
	    text, sizeof(text), "and %u more", c->errors - POINTS_ERRORS_TOLD);
	c->report->error(c->report->arg, text);
}
