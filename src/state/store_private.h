/*
 * What the sources of the store share: store.c with commit.c and verify.c;
 * create.c, restore.c and place.c; backup.c; and database.c, below all of them.
 */
#ifndef STATE_STORE_PRIVATE_H
#define STATE_STORE_PRIVATE_H

#include "state/files.h"
#include "state/sql.h"
#include "state/store.h"

/* Statements of commit.c, compiled when a store is opened to write. */
enum store_statement {
	STORE_BEGIN,
	STORE_COMMIT,
	STORE_ROLLBACK,
	STORE_ADD_ROW,
	STORE_PUT_BLOCK,
	STORE_FIND_KEPT,
	STORE_DELETE_ROWS,
	STORE_STATEMENTS /* their number */
};

struct store {
	sqlite3 *db;    /* owned */
	int lock;       /* owned descriptor, or -1 */
	bool writes;    /* opened with STORE_WRITE */
	bool verified;  /* then it may be written */
	bool wal_empty; /* before SQLite opened it */
	bool lost;
	enum datatable_overlay overlay;
	int64_t first; /* rows of the journal; last is 0 when there is none */
	int64_t last;
	int wal_frames;
	struct store_keep keep;
	sqlite3_stmt *statements[STORE_STATEMENTS]; /* owned */
	char path[FILES_PATH_MAX];                  /* absolute */
};

/* Set why from SQLite's result and its errno, or 0; what says what failed.
 * Returns -1. */
int store_fail_sql(const char *path, int rc, int error, const char *what,
    struct store_error *why);

/* Set why from errno. Returns -1. */
int
store_fail_system(const char *path, const char *what, struct store_error *why);

/* Open a database. Returns 0, or -1 with why and *db NULL. */
int store_open_database(
    const char *path, int flags, sqlite3 **db, struct store_error *why);

/* Close a database that was being created; rc is the result of that. Returns 0,
 * or -1 with why. */
int
store_close_new(const char *path, sqlite3 *db, int rc, struct store_error *why);

/* Set a pragma and read it back. Returns 0, or -1 with why. */
int store_set(sqlite3 *db, const char *path, const char *pragma,
    const char *value, const char *expected, struct store_error *why);

/* Build a state file at path. Returns 0, or -1 with why. */
typedef int (*store_build_fn)(
    void *arg, const char *path, struct store_error *why);

/* Refuse to create a file at path if path, or path with FILES_UNFINISHED, is
 * the state file of s, its log or its lock file. Returns 0, or -1 with why. */
int store_check_target(
    const struct store *s, const char *path, struct store_error *why);

enum place_claim {
	PLACE_FIRST, /* only where no state file has ever been */
	PLACE_AGAIN, /* also in place of one that is missing */
};

/*
 * Create a state file: it is built under a temporary name and then renamed, so
 * that it is never incomplete. Fails where a state file exists, or its log, or
 * one that was renamed as damaged. Returns 0, or -1 with why.
 */
int store_place(const char *path, enum place_claim how, store_build_fn build,
    void *arg, struct store_error *why);

/* Compile the statements. Returns SQLite's result. */
int store_prepare(struct store *s);

#endif
