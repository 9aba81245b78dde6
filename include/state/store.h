/*
 * The state file as a store: create, open and verify, load, commit, close. No
 * threads: each call waits for the disk.
 *
 * An open store is locked against other processes (state/lock.h). Its contents
 * were verified when it was opened: the frames of FILE-wal before SQLite read
 * them, the structure of the database, the schema, the checksum of every block,
 * and that no block is missing. The checksums of the journal's rows are
 * verified when a row is read (journal/rows.h).
 */
#ifndef STATE_STORE_H
#define STATE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/datatable.h"

struct batch;
struct sqlite3;
struct store;

/* Why a call failed: one line for the log, and an exit status of sysexits.h. */
struct store_error {
	int status;
	char text[600];
};

/*
 * Create a state file with a table of zeros. It appears only when it is
 * complete. Fails where one of these exists: the file, a FILE-wal, a renamed
 * damaged file, or a FILE-lock with the mark of a missing file. Returns 0, or
 * -1 with why.
 */
int store_create(
    const char *path, enum datatable_overlay overlay, struct store_error *why);

enum store_access {
	STORE_WRITE, /* to commit to it */
	STORE_READ,  /* FILE and FILE-wal are not changed */
};

/*
 * Open a state file and verify it. overlay, unless NULL, is the mode that it
 * must have.
 *
 * Returns NULL with why: EX_CONFIG: no file, not a state file, or of another
 * version or mode; EX_TEMPFAIL: in use; EX_NOPERM; EX_DATAERR: damaged, and
 * with STORE_WRITE the file and its FILE-wal are then renamed, to a name in
 * why; EX_IOERR or EX_OSERR: it cannot be read.
 */
struct store *store_open(const char *path, enum store_access access,
    const enum datatable_overlay *overlay, struct store_error *why);

enum datatable_overlay store_overlay(const struct store *s);

/* The database, for queries. */
struct sqlite3 *store_database(const struct store *s);

/* Fill a table of the same mode, which has no observers yet. Returns 0, or -1
 * with why. */
int store_load(struct store *s, struct datatable *t, struct store_error *why);

/* How much of the journal is kept; 0: no such limit. */
struct store_keep {
	int64_t rows;         /* the newest so many */
	int64_t microseconds; /* those not older than this */
};

void store_keep_journal(struct store *s, struct store_keep keep);

enum store_outcome {
	STORE_DONE,
	STORE_FULL, /* nothing was written; a retry may succeed */
	STORE_LOST, /* the outcome is unknown; the store may only be closed */
};

/* Commit a sealed batch, completely or not at all. After STORE_DONE the system
 * has reported that it is on stable storage. Any other outcome sets why. */
enum store_outcome
store_commit(struct store *s, const struct batch *b, struct store_error *why);

/* Move the contents of FILE-wal to FILE if FILE-wal is long. To be called after
 * a commit was reported, as it delays the next one. */
enum store_outcome store_checkpoint(struct store *s, struct store_error *why);

/* After STORE_FULL: write a transaction to find out whether there is space. */
enum store_outcome store_probe(struct store *s, struct store_error *why);

/*
 * Close. FILE-wal is moved to FILE and removed, unless the store is lost or was
 * opened to read. Accepts NULL. Returns 0, or -1 with why; always -1 when the
 * store is lost.
 */
int store_close(struct store *s, struct store_error *why);

/* Set why, with a format of printf. Returns -1. */
int store_fail(struct store_error *why, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
