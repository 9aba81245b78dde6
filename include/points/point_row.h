/* A row of a points file, and the point that it describes. Pure. */
#ifndef POINTS_POINT_ROW_H
#define POINTS_POINT_ROW_H

#include "points/column.h"
#include "points/complaints.h"
#include "points/place.h"
#include "points/point.h"
#include "points/shape.h"

/* Bytes of texts that are shown. So a row in the canonical form has fewer than
 * POINTS_LINE_MAX. */
#define UNITS_MAX       80
#define DESCRIPTION_MAX 1000

struct point_row {
	unsigned line;              /* of the file, where it begins */
	bool has_addresses;         /* the file has that column */
	struct cell cells[COLUMNS]; /* "" where the file has no such column */
};

/* What a row says by itself. */
struct parsed_row {
	struct point point; /* its texts are those of the row, or name */
	char name[POINT_REFERENCE_MAX]; /* where the row has none */
	uint16_t value[POINT_WORDS_MAX];

	/* What is wrong, if anything is. */
	enum column column;
	char expected[POINT_EXPECTED_MAX];
};

/* Parse the cells. Returns 0, or -1 with column and expected of the first one
 * that is wrong. */
int point_row_parse(const struct point_row *row, struct parsed_row *parsed);

#endif
