/* The columns of a points file. */
#ifndef POINTS_COLUMN_H
#define POINTS_COLUMN_H

#include <stddef.h>

/* In the order in which the cells of a row are checked. */
enum column {
	COLUMN_NAME,
	COLUMN_AREA,
	COLUMN_ADDRESS,
	COLUMN_NUMBER,
	COLUMN_TYPE,
	COLUMN_ORDER,
	COLUMN_SCALE,
	COLUMN_OFFSET,
	COLUMN_DIVISOR,
	COLUMN_VALUE,
	COLUMN_ACCESS,
	COLUMN_SIMULATE,
	COLUMN_UNITS,
	COLUMN_DESCRIPTION,
	COLUMNS,               /* how many there are */
	COLUMN_UNIT = COLUMNS, /* of measurement, or an identifier? */
	COLUMN_UNIT_ID,
	COLUMN_OTHER, /* not used */
};

/* Bytes of a header's cell that are compared. */
#define COLUMN_TEXT_MAX 64

/* The column that a cell of the header names: without regard to case, blanks
 * and "_". */
enum column column_find(const char *text, size_t length);

/* The name of a column, and what it is a column of: "names". */
const char *column_name(enum column column);
const char *column_content(enum column column);

#endif
