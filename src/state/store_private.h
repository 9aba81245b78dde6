/*
 * What the sources of the store share: store.c and what it is made of, commit.c
 * and verify.c; create.c, restore.c and place.c; backup.c; and below them all
 * database.c.
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
	STORE_STATEMENTS /* how many there are */
};

struct store {
	sqlite3 *db;    /* owned */
	int lock;       /* owned descriptor, or -1 */
	bool writes;    /* opened with STORE_WRITE */
	bool verified;  /* and so it may be written */
	bool wal_empty; /* it was, before SQLite opened it */
	bool lost;
	enum datatable_overlay overlay;
	int64_t first; /* rows of the journal; last is 0 when there is none */
	int64_t last;
	int wal_frames;
	struct store_keep keep;
	sqlite3_stmt *statements[STORE_STATEMENTS]; /* owned */
	char path[FILES_PATH_MAX];                  /* absolute */
};

/* Say why by SQLite's result and the errno behind it, or 0; what says what was
 * being done. Returns -1. */
int store_fail_sql(const char *path, int rc, int error, const char *what,
    struct store_error *why);

/* Say why by errno. Returns -1. */
int
store_fail_system(const char *path, const char *what, struct store_error *why);

/* Open a database: path is taken as it is. Returns 0, or -1 with why and *db
 * NULL. */
int store_open_database(
    const char *path, int flags, sqlite3 **db, struct store_error *why);

/* Close a database that was being made; rc is how that went. Returns 0, or -1
 * with why. */
int store_close_made(
    const char *path, sqlite3 *db, int rc, struct store_error *why);

/* Set a pragma and read it back. Returns 0, or -1 with why. */
int store_set(sqlite3 *db, const char *path, const char *pragma,
    const char *value, const char *expected, struct store_error *why);

/* Build a state file at path. Returns 0, or -1 with why. */
typedef int (*store_build_fn)(
    void *arg, const char *path, struct store_error *why);

/* Refuse to make a file at path if that, or what it is called until it is
 * whole, is the state file of s, its log or its lock. Returns 0, or -1 with
 * why.
 */
int store_check_target(
    const struct store *s, const char *path, struct store_error *why);

enum place_claim {
	PLACE_FIRST, /* only where there has never been a state file */
	PLACE_AGAIN, /* also in place of one that is gone */
};

/*
 * Bring a state file into being, whole or not at all: it is built beside its
 * place and then moved there. Not where one is, or its log or what was put
 * aside of it. Returns 0, or -1 with why.
 */
int store_place(const char *path, enum place_claim how, store_build_fn build,
    void *arg, struct store_error *why);

/* Compile the statements. Returns SQLite's result. */
int store_prepare(struct store *s);

#endif
