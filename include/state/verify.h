/*
 * Verifying that an open database is a sound state file, in the time that the
 * table takes: the rows of the journal are left to the scrub.
 */
#ifndef STATE_VERIFY_H
#define STATE_VERIFY_H

#include <stdint.h>

#include "table/datatable.h"

struct sqlite3;
struct store_error;

/* Verify the schema of a version, and the structure of the table. Returns 0, or
 * -1 with why. */
int verify_database(
    struct sqlite3 *db, const char *path, int version, struct store_error *why);

/* Verify the structure of the whole file, which takes its time. Returns 0, or
 * -1 with why. */
int verify_all(struct sqlite3 *db, const char *path, struct store_error *why);

/* Verify that no block is missing and each has the right checksum, and write
 * them to t. Returns 0, or -1 with why; then t may be written in part. */
int verify_blocks(struct sqlite3 *db, const char *path,
    enum datatable_overlay overlay, struct datatable *t,
    struct store_error *why);

/* Verify the edges of the journal, of a version. first and last become the
 * numbers of its first and last row: 1 and 0 when it is empty. Returns 0, or -1
 * with why. */
int verify_journal(struct sqlite3 *db, const char *path, int version,
    int64_t *first, int64_t *last, struct store_error *why);

#endif
