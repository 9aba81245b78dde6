/* What an open database must look like to be taken for a state file. */
#ifndef STATE_VERIFY_H
#define STATE_VERIFY_H

#include <stdint.h>

#include "table/datatable.h"

struct sqlite3;
struct store_error;

/* All of it: structure, schema and blocks. Returns 0, or -1 with why. */
int verify_database(struct sqlite3 *db, const char *path,
    enum datatable_overlay overlay, struct store_error *why);

/* The blocks: all there, each with the right checksum. They go into t, unless
 * it is NULL. Returns 0, or -1 with why; then t may be filled in part. */
int verify_blocks(struct sqlite3 *db, const char *path,
    enum datatable_overlay overlay, struct datatable *t,
    struct store_error *why);

/* The journal has no gaps. Its first and its last row are put into first and
 * last: 1 and 0 when it is empty. Returns 0, or -1 with why. */
int verify_journal(struct sqlite3 *db, const char *path, int64_t *first,
    int64_t *last, struct store_error *why);

#endif
