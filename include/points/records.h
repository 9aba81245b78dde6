/* The rows of a points file: comma-separated values without the comments. */
#ifndef POINTS_RECORDS_H
#define POINTS_RECORDS_H

#include <csv.h>
#include <stdbool.h>

#include "points/complaints.h"
#include "points/lines.h"

/* Bytes of a row, whose cells may have several lines: in a longer one there is
 * a quote that is not closed. */
#define RECORDS_BYTES_MAX 65536

/* The cells of a row that are kept; it may have more. */
#define RECORDS_CELLS_MAX (POINTS_LINE_MAX + 1)

struct records {
	struct complaints *complaints; /* borrowed */
	struct lines lines;
	struct csv_parser csv;

	/* The row. */
	unsigned line;  /* where it begins */
	unsigned count; /* cells */
	unsigned used;  /* cells, up to the last that is not empty */
	struct cell cells[RECORDS_CELLS_MAX];

	/* For itself. */
	bool has_delimiter;
	bool is_open; /* the row has more lines */
	size_t bytes; /* of the lines of the row */
	size_t length;
	char text[RECORDS_BYTES_MAX + 2 * POINTS_LINE_MAX]; /* of the cells */
};

enum records_status {
	RECORDS_ONE,
	RECORDS_BAD,    /* the complaints know why */
	RECORDS_STOP,   /* likewise, and nothing can be read behind it */
	RECORDS_END,    /* of the file */
	RECORDS_FAILED, /* the file can't be read; with errno */
	RECORDS_NO_MEMORY,
};

/* Read from f; both are borrowed. */
void records_begin(struct records *r, FILE *f, struct complaints *c);

/* Read the next row, which is valid until the next call. The first one says
 * what is between cells. */
enum records_status records_next(struct records *r);

void records_end(struct records *r);

#endif
