/*
 * The points file: comma-separated values with a line that names the columns.
 * mbasyncserver-points(5) has the format.
 */
#ifndef POINTS_FILE_H
#define POINTS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "points/points.h"
#include "table/datatable.h"

/* Bytes of a line of the file, without its end. */
#define POINTS_LINE_MAX 4096

/* Errors that are told, each; then one line that counts the rest. */
#define POINTS_ERRORS_TOLD 20

/* What is told of a file while it is read. */
struct points_report {
	/* One line, without a newline, each: an error, or a warning. */
	void (*error)(void *arg, const char *line);
	void (*warn)(void *arg, const char *line);
	void *arg;
};

/*
 * Read a file for a table of that mode. Warnings and errors are told in the
 * order of their lines, "FILE:LINE: COLUMN: "CELL": expected ...".
 *
 * Returns EX_OK and the points, or the exit status and *points is NULL:
 * EX_CONFIG when there is an error in the file or no such file, EX_NOPERM,
 * EX_IOERR, EX_OSERR when memory is exhausted.
 */
int points_read(const char *file, enum datatable_overlay overlay,
    const struct points_report *report, struct points **points);

/* The same for a stream, which is read to its end; file is for messages. */
int points_read_stream(FILE *stream, const char *file,
    enum datatable_overlay overlay, const struct points_report *report,
    struct points **points);

/* The line that names the columns of points_format_row, without its end. */
extern const char points_header[];

/* Bytes of any row with its end. */
#define POINTS_ROW_MAX (16 * 1024)

/*
 * Write the row of a point in the canonical form, with its end. words are those
 * of its value, or NULL: an empty cell. text has room for POINTS_ROW_MAX bytes.
 * Returns the length.
 */
size_t
points_format_row(const struct point *p, const uint16_t *words, char *text);

/* Print the points as they were understood, each with the value of the file. */
void points_print(const struct points *ps, FILE *out);

#endif
