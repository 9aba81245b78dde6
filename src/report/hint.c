#include "report/hint.h"

#include <stdarg.h>
#include <stdio.h>

#include "points/names.h"

#define HINT_MAX (400 + POINTS_NAMES_TEXT_MAX)

void
hint_put(const struct hint_receiver *to, const struct report_which *which,
    const char *format, ...)
{
	char text[HINT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	to->put(to->arg, text, which);
}
