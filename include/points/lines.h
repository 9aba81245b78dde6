/* The lines of a points file. */
#ifndef POINTS_LINES_H
#define POINTS_LINES_H

#include <stddef.h>
#include <stdio.h>

#include "points/file.h"

/* Bytes that are skipped behind those that a line may have. */
#define LINES_SKIP_MAX (1024 * 1024)

struct lines {
	FILE *f;         /* borrowed */
	unsigned number; /* of the line, from 1 on */
	size_t length;   /* of text, or of a line that is too long */
	char text[POINTS_LINE_MAX + 8]; /* also a byte order mark; no NUL */
};

enum lines_status {
	LINES_LINE,
	LINES_LONG,    /* a line that is too long was skipped */
	LINES_ENDLESS, /* one that is not worth to be skipped */
	LINES_END,     /* of the file */
	LINES_FAILED,  /* with errno */
};

/* Read a line, which then ends with "\n" even if it is the last one, or ends
 * with "\r\n" in the file. A byte order mark before the first is skipped. */
enum lines_status lines_next(struct lines *l);

#endif
