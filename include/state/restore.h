/* A new state file that holds what another one held once. */
#ifndef STATE_RESTORE_H
#define STATE_RESTORE_H

#include <stdint.h>

struct datatable;
struct store;
struct store_error;

/*
 * Make a state file at path, with the table t and the journal of s up to write
 * number last; t, of the mode of s, is what the table was after that write. The
 * file appears whole or not at all. Refuses as store_create does when there is
 * something already. Returns 0, or -1 with why.
 */
int restore_make(struct store *s, const char *path, const struct datatable *t,
    int64_t last, struct store_error *why);

#endif
