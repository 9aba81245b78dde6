/*
 * The state file as a store: create, open and verify, load, commit, close. No
 * threads: each call may take as long as the disk does.
 *
 * A store that is open is locked against everyone else (state/lock.h), and its
 * contents were verified when it was opened: the frames of FILE-wal before
 * SQLite saw them, SQLite's structure, the schema, every checksum of a block,
 * and that all are there. Rows of the journal carry their own checksums, which
 * whoever reads them verifies.
 */
#ifndef STATE_STORE_H
#define STATE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/datatable.h"

struct sqlite3;
struct store;

/* Why something was refused: one line for the log, and the exit status that
 * says the same, of sysexits. */
struct store_error {
	int status;
	char text[600];
};

/*
 * Make a state file with a table of zeros; it appears whole or not at all.
 * Refuses when there is something already: the file, a FILE-wal, or a damaged
 * file that was put aside. Returns 0, or -1 with why.
 */
int store_create(
    const char *path, enum datatable_overlay overlay, struct store_error *why);

enum store_access {
	STORE_WRITE, /* to commit to it */
	STORE_READ,  /* to look: nothing in FILE or FILE-wal changes */
};

/*
 * Open a state file and verify it. overlay, unless NULL, is the mode that it
 * must have.
 *
 * Returns NULL with why: EX_CONFIG no file, not ours, of another version or
 * mode; EX_TEMPFAIL in use; EX_NOPERM; EX_DATAERR damaged: with STORE_WRITE the
 * file and its FILE-wal are then put aside under dated names, which why tells;
 * EX_IOERR or EX_OSERR when it can't be read. Nothing is touched but where it
 * says so.
 */
struct store *store_open(const char *path, enum store_access access,
    const enum datatable_overlay *overlay, struct store_error *why);

enum datatable_overlay store_overlay(const struct store *s);

/* The database itself, for queries. */
struct sqlite3 *store_database(const struct store *s);

/* Fill a table, as yet without observers, of the same mode. Returns 0, or -1
 * with why. */
int store_load(struct store *s, struct datatable *t, struct store_error *why);

#endif
