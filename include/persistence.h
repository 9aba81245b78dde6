/*
 * What --state and its like ask for: the state file made or opened, the table
 * restored from it, and kept from then on.
 */
#ifndef PERSISTENCE_H
#define PERSISTENCE_H

#include <stddef.h>

#include "state/state.h"

struct options;

/* Descriptors that it takes, with these options. */
size_t persistence_descriptors(const struct options *o);

/*
 * Restore config's table and keep it, if the options ask for that; else *state
 * is NULL.
 *
 * Returns an exit status of sysexits.h: EX_OK, or another after a line that
 * says why.
 */
int persistence_start(const struct options *o,
    const struct state_config *config, struct state **state);

#endif
