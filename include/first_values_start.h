/*
 * The first values of a points file, at the start of the server.
 */
#ifndef FIRST_VALUES_START_H
#define FIRST_VALUES_START_H

#include "table/datatable.h"

struct event_base;
struct points;
struct state;

/* All borrowed. */
struct first_values_target {
	const struct points *points;
	struct datatable *table;
	enum datatable_overlay overlay; /* of the table */
	struct state *state;            /* NULL: the table is not stored */
	struct event_base *base;
};

/*
 * Bring the first values into a table that nobody has written: one that is not
 * stored, or whose file has no write in its journal. They are one write by the
 * client "start", and with a state they are committed before this returns; it
 * runs the event loop until then. Any other table is as it is: the log says how
 * many points differ from their first values.
 *
 * Returns an exit status of sysexits.h: EX_OK, or another after a line that
 * says why; then nobody may be served, and the next start tries it again.
 */
int first_values_start(const struct first_values_target *v);

/* Log how many points, if any, differ from their first values. */
void first_values_start_compare(
    const struct points *points, const struct datatable *table);

#endif
