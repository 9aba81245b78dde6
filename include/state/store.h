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

struct batch;
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
 * Refuses when there is something already: the file, a FILE-wal, a damaged file
 * that was put aside, or a FILE-lock that tells of a file that is gone. Returns
 * 0, or -1 with why.
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

/* Fill a table of the same mode, which has no observers as yet. Returns 0, or
 * -1 with why. */
int store_load(struct store *s, struct datatable *t, struct store_error *why);

/* How much of the journal is kept; each 0: not limited by this. */
struct store_keep {
	int64_t rows;         /* the last so many */
	int64_t microseconds; /* those no older than this, by their time */
};

void store_keep_journal(struct store *s, struct store_keep keep);

enum store_outcome {
	STORE_DONE,
	STORE_FULL, /* nothing was written; it may go better later */
	STORE_LOST, /* what is on the disk is not known; only close it now */
};

/* Write a sealed batch, all of it or nothing. When it returns STORE_DONE, it is
 * on the disk as far as the system knows. why is for what is not done. */
enum store_outcome
store_commit(struct store *s, const struct batch *b, struct store_error *why);

/* After a commit: move what has gathered in FILE-wal to FILE, if it is much. To
 * be called when nobody waits for it. */
enum store_outcome store_tidy(struct store *s, struct store_error *why);

/* After STORE_FULL: whether a transaction can be written again. Writes one. */
enum store_outcome store_probe(struct store *s, struct store_error *why);

/*
 * Close: what is in FILE-wal is moved to FILE, and FILE-wal removed, unless the
 * store is lost or was opened to read. NULL is fine. Returns 0, or -1 with why,
 * always so when it is lost.
 */
int store_close(struct store *s, struct store_error *why);

/* Say why, in the way of printf. Returns -1. */
int store_fail(struct store_error *why, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
