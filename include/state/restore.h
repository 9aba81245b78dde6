/* A new state file with the contents of another one at an earlier time. */
#ifndef STATE_RESTORE_H
#define STATE_RESTORE_H

#include <stdint.h>

struct datatable;
struct store;
struct store_error;

/*
 * Create a state file at path, with the table t and the journal of s up to
 * write number last; t, of the mode of s, is the table after that write. The
 * file appears only when it is complete. As store_create, fails when a file
 * exists. Returns 0, or -1 with why.
 */
int restore_create(struct store *s, const char *path, const struct datatable *t,
    int64_t last, struct store_error *why);

#endif
