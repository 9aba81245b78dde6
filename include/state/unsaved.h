/*
 * The words of a table that may hold values which are not in the state file, as
 * they have no row in its journal. A word is a register, or 16 coils.
 */
#ifndef STATE_UNSAVED_H
#define STATE_UNSAVED_H

#include <stdbool.h>
#include <stdint.h>

#include "table/datatable.h"

#define UNSAVED_REGISTERS 65536
#define UNSAVED_COILS     (65536 / 16) /* where they are not overlaid */

/* Of zeros: none. */
struct unsaved {
	enum datatable_overlay overlay;
	bool any;
	uint8_t bits[(UNSAVED_REGISTERS + UNSAVED_COILS) / 8];
};

/* Add the words of a change. */
void unsaved_add(struct unsaved *u, const struct datatable_change *change);

/* Whether a change is to one of them. */
bool
unsaved_has(const struct unsaved *u, const struct datatable_change *change);

/* All is in the state file. */
void unsaved_clear(struct unsaved *u);

#endif
