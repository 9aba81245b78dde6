/*
 * The options --state and related ones: create or open the state file, restore
 * the table from it, and store every write from then on.
 */
#ifndef PERSISTENCE_H
#define PERSISTENCE_H

#include <stddef.h>

#include "state/state.h"

struct options;

/* Descriptors that it needs with these options. */
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

/*
 * Create the state file, all zeros, where there never was one, as --state-init
 * does. An existing file is not changed.
 *
 * Returns an exit status of sysexits.h: EX_OK after a line that says so, or
 * another after a line that says why: EX_CONFIG where there is or was a file.
 */
int persistence_create(const struct options *o);

#endif
