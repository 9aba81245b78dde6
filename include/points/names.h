/*
 * The names of some points, as a short text: those of the first three, and how
 * many there are beyond them: "flow, status, fault +4".
 */
#ifndef POINTS_NAMES_H
#define POINTS_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "points/points.h"

#define POINTS_NAMES_SHOWN 3

/* Zero: none. */
struct points_names {
	const struct point *shown[POINTS_NAMES_SHOWN]; /* the first ones */
	size_t count;                                  /* of all */
};

void points_names_add(struct points_names *names, const struct point *p);

/* How many of them are shown. */
size_t points_names_shown(const struct points_names *names);

/* Those that a range touches, in the order of points_next; none where ps is
 * NULL. */
struct points_names points_names_of(const struct points *ps,
    enum datatable_kind kind, uint32_t address, uint32_t quantity);

/* Bytes of any text of them, with the NUL. */
#define POINTS_NAMES_TEXT_MAX                                                  \
	(POINTS_NAMES_SHOWN * (POINT_NAME_MAX + sizeof("\"\", ") - 1) +        \
	    sizeof(" +65536"))

/*
 * Write the text: "" where there are none. quote stands on both sides of each
 * name: "" or "\"". Control characters become question marks. text has room for
 * POINTS_NAMES_TEXT_MAX bytes. Returns text.
 */
const char *points_names_text(
    const struct points_names *names, const char *quote, char *text);

#endif
