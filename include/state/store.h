/*
 * The state file as a store: create, open and verify, load, commit, close. No
 * threads: each call waits for the disk.
 *
 * An open store is locked against other processes (state/lock.h). Its table
 * was verified when it was opened: the frames of FILE-wal before SQLite read
 * them, the schema, the structure of the table, the checksum of every block,
 * that no block is missing, and the rows of the journal that are newer than the
 * blocks. Other rows are verified when they are read (state/row.h), and all of
 * them by the scrub (state/scrub.h).
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

/* Why a call failed: one line for the log, and an exit status of
 * base/exit_status.h. */
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
 * why; or, with nothing changed, FILE and FILE-wal do not belong together;
 * EX_IOERR or EX_OSERR: it cannot be read.
 */
struct store *store_open(const char *path, enum store_access access,
    const enum datatable_overlay *overlay, struct store_error *why);

/* Whether writes can be committed. False after store_open with STORE_WRITE when
 * there was no space to begin; then store_probe tries again. */
bool store_is_writable(const struct store *s);

/* Whether nobody has ever written: the journal never had a row, and the table
 * is as store_create made it. */
bool store_is_unwritten(const struct store *s);

enum datatable_overlay store_overlay(const struct store *s);

/* The path of the file, absolute. It does not change: any thread may read it.
 */
const char *store_path(const struct store *s);

/* The version of its schema. An upgrade may come late: store_probe. */
int store_version(const struct store *s);

/* Whether a row of the journal has, or has had, a subject. */
bool store_has_subjects(const struct store *s);

/* Up to which row of the journal the values in between may have changed without
 * a row; 0: they have not. Each row behind it tells what the one before it to
 * the same address left. */
int64_t store_unrecorded(const struct store *s);

/* The database, for queries. */
struct sqlite3 *store_database(const struct store *s);

/* Fill a table of the same mode, which has no observers yet. */
void store_load(const struct store *s, struct datatable *t);

/*
 * How much of the journal is kept: a row is deleted when any of the limits
 * excludes it, in small steps as rows are added; never the last row. 0: no such
 * limit.
 */
struct store_keep {
	int64_t rows;         /* the newest so many */
	int64_t microseconds; /* those not older than this */
	int64_t bytes;        /* while the pages in use take no more */
};

void store_keep_journal(struct store *s, struct store_keep keep);

enum store_outcome {
	STORE_DONE,
	STORE_FULL, /* nothing was written; a retry may succeed */
	STORE_LOST, /* the outcome is unknown; the store may only be closed */
};

/* Commit a batch, completely or not at all, with its table if it has one. After
 * STORE_DONE the system has reported that it is on stable storage. Any other
 * outcome sets why. */
enum store_outcome
store_commit(struct store *s, const struct batch *b, struct store_error *why);

/* Move the contents of FILE-wal to FILE if FILE-wal is long. To be called after
 * a commit was reported, as it delays the next one. */
enum store_outcome store_checkpoint(struct store *s, struct store_error *why);

/*
 * Give unused pages of the file back to the file system, some of them in one
 * transaction, once they are more than an eighth of it and more than 1 MiB;
 * down to half of that. To be called when there is nothing else to do, while
 * *more is set. STORE_FULL needs no retry.
 */
enum store_outcome
store_shrink(struct store *s, bool *more, struct store_error *why);

/* After STORE_FULL, or to begin a store that is not writable: write a
 * transaction to find out whether there is space. */
enum store_outcome store_probe(struct store *s, struct store_error *why);

/*
 * Close. FILE-wal is moved to FILE and removed, unless the store is lost or
 * nothing was written. Accepts NULL. Returns 0, or -1 with why; always -1 when
 * the store is lost.
 */
int store_close(struct store *s, struct store_error *why);

/* Set why, with a format of printf. Returns -1. */
int store_fail(struct store_error *why, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
