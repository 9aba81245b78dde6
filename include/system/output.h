/*
 * Standard output and standard error, as a server needs them: to write to them
 * never waits. For one thread.
 */
#ifndef SYSTEM_OUTPUT_H
#define SYSTEM_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

enum output {
	OUTPUT_STANDARD,
	OUTPUT_ERROR,
};

/*
 * Call before any descriptor is opened. What is closed of standard input,
 * output and error is opened so that it takes and gives nothing: no other file
 * gets its descriptor. Terminals no longer make a writer wait.
 */
void output_open(void);

/* Write a line as a whole, in one call, if that is possible at once. Returns 0,
 * or -1: it was dropped, or a part of it. */
int output_write(enum output where, const char *line, size_t length);

/* Whether standard error leads to the systemd journal. */
bool output_is_journal(void);

#endif
