/* What is wrong with a points file, told a line each. */
#ifndef POINTS_COMPLAINTS_H
#define POINTS_COMPLAINTS_H

#include <stdbool.h>
#include <stddef.h>

#include "points/file.h"

/* A cell of a row. */
struct cell {
	const char *text; /* with a NUL behind it; never NULL */
	size_t length;
};

struct complaints {
	const char *file; /* borrowed, as is the report */
	const struct points_report *report;
	unsigned errors; /* so far */
};

/* Whether the next error is told; others are counted. */
bool complaints_are_told(const struct complaints *c);

/* "FILE: text", and "FILE:LINE: text" where line is not 0. */
void complain(struct complaints *c, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void complaints_warn(struct complaints *c, unsigned line, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/* "FILE:LINE: COLUMN: "CELL": expected ..." */
void complain_of_cell(struct complaints *c, unsigned line, const char *column,
    struct cell cell, const char *expected);

/* How many errors were not told, if any. */
void complaints_end(struct complaints *c);

#endif
