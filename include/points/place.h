/* Where a point is: the cells area, address and number of a points file.
 * Pure. */
#ifndef POINTS_PLACE_H
#define POINTS_PLACE_H

#include <stdbool.h>

#include "points/expected.h"
#include "table/reference.h"

/* Where nothing else is known. */
#define PLACE_EXPECTED "an address such as HR10, IR10, C10, DI10 or 400011"

/* One of the four areas, as the cell of a row names it. */
struct area {
	enum datatable_kind kind;
	bool is_input;
	const char *text; /* the cell, for messages */
};

/* Parse a cell area. Returns 0, or -1 and what was expected. */
int area_parse(const char *text, struct area *area, char *expected);

/* Parse a cell address, of a row with that area, or NULL: it has none. Returns
 * 0, or -1 and what was expected. */
int place_parse_address(const char *text, const struct area *area,
    struct reference *place, char *expected);

/* Parse a cell number, likewise. */
int place_parse_number(const char *text, const struct area *area,
    struct reference *place, char *expected);

/* Whether an address beside an area is what some take for a reference, as
 * 40030 is: then r is what that is. */
bool place_is_ambiguous(const char *text, struct reference *r);

#endif
