/* The line of a points file that names the columns. */
#ifndef POINTS_HEADING_H
#define POINTS_HEADING_H

#include "points/arena.h"
#include "points/column.h"
#include "points/complaints.h"
#include "points/file.h"

struct heading {
	unsigned line;
	unsigned count; /* columns, so far */

	/* What each is, and how the file spells those that are used; NULL where
	 * it has none. */
	uint8_t columns[POINTS_LINE_MAX + 1];
	const char *spelt[COLUMNS];

	struct arena texts;   /* these */
	char unused[500];     /* the names of columns that are not used */
	size_t unused_length; /* of them */
};

/* Add a cell; c is told what is wrong with it. Returns 0, or -1 when memory is
 * exhausted. */
int heading_add(struct heading *h, struct complaints *c, struct cell cell);

/* After the last: tell what is missing, and what is not used. */
void heading_end(struct heading *h, struct complaints *c);

/* The name of a column, as the file has it, if it does. */
const char *heading_spelling(const struct heading *h, enum column column);

void heading_free(struct heading *h);

#endif
