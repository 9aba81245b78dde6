/*
 * What the sources of the store share: store.c with commit.c, retention.c and
 * verify.c; kept.c; create.c, restore.c and place.c; backup.c; and database.c,
 * below all of them.
 */
#ifndef STATE_STORE_PRIVATE_H
#define STATE_STORE_PRIVATE_H

#include "base/client.h"
#include "state/age.h"
#include "state/files.h"
#include "state/header.h"
#include "state/schema.h"
#include "state/scrub.h"
#include "state/sql.h"
#include "state/store.h"
#include "state/wal.h"

/* Statements of commit.c and retention.c, compiled when a store is opened to
 * write. */
enum store_statement {
	STORE_BEGIN,
	STORE_COMMIT,
	STORE_NAME_LOG,
	STORE_ADD_ROW,
	STORE_PAGES,
	STORE_FREE_PAGES,
	STORE_READ_ROWS,
	STORE_DELETE_ROWS,
	STORE_STATEMENTS /* their number */
};

/* What may be done with a store. */
enum store_state {
	STORE_IS_LOOKING, /* read it: opened to read, or no space to begin */
	STORE_IS_WRITING,
	STORE_IS_LOST,   /* close it: the disk has failed */
	STORE_IS_CLOSED, /* free it */
};

/* A client whose writes were committed, and its address as text. */
struct store_client {
	struct client client;
	char text[ADDRESS_TEXT_MAX]; /* empty: none yet */
};

#define STORE_CLIENTS 512

struct store {
	enum store_state state;
	enum store_access access;
	sqlite3 *db;          /* owned */
	int lock;             /* owned descriptor, or -1 */
	struct header header; /* as it was opened */
	enum wal_state log;   /* likewise */
	bool suspect;      /* a sign of damage: the journal is to be checked */
	bool recorded;     /* damage, when it was opened */
	bool has_subjects; /* key subjects of meta exists */
	bool intact;       /* its structure was sound when it was opened */
	bool unpruned;     /* old rows cannot be removed: the file is damaged */
	enum datatable_overlay overlay;
	int version;   /* of its schema */
	int64_t first; /* rows of the journal; last is 0 when there is none */
	int64_t last;
	int64_t kept;            /* no row from this one on has been deleted */
	struct datatable *table; /* owned: as of the last commit */
	int64_t included;        /* blocks in the file are as of this row */
	bool changed[SCHEMA_BLOCKS]; /* since then */
	int64_t unrecorded;          /* key unrecorded of meta; 0: none */
	int wal_frames;
	bool log_is_new; /* it begins with the next transaction */
	bool mixed;      /* FILE and FILE-wal are of different times */
	struct store_keep keep;
	struct age age;
	int64_t stopped; /* see age_begin */
	bool shrinking;
	int64_t look; /* first row of the journal when to shrink, if needed */
	struct scrub_figures check;                 /* of the journal */
	sqlite3_stmt *statements[STORE_STATEMENTS]; /* owned */
	struct store_client clients[STORE_CLIENTS]; /* by id % STORE_CLIENTS */
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

/* Write blocks of t, which is as of a row of the journal: those that have
 * changed, or all if changed is NULL. Returns SQLite's result. */
int store_put_blocks(sqlite3 *db, enum datatable_overlay overlay,
    const struct datatable *t, const bool *changed, int64_t row);

/* The number of a row with its checksum, as the value of a key of table meta:
 * write it, or read it. Return SQLite's result, SQLITE_EMPTY where there is no
 * such key. */
int store_put_row(sqlite3 *db, const char *key, int64_t row);
int store_read_row(sqlite3 *db, const char *key, int64_t *row);

/* Read the table as of the last row: the blocks, and the rows that are newer.
 * Returns 0, or -1 with why. */
int store_read_table(struct store *s, struct store_error *why);

/* Write to the table what was committed. */
void store_write_table(struct store *s, enum datatable_kind kind,
    uint16_t address, uint16_t quantity, const uint16_t *words);

/* In a transaction: write the blocks that have changed, as of the last row
 * before it. Returns SQLite's result. And what to do when the transaction has
 * been committed, before that row is another one. */
int store_put_table(struct store *s);
void store_table_is_put(struct store *s);

/* The same for a table as of this row, with values that no row tells: write the
 * blocks in which they are, too; then it is the table of the store. */
int store_put_unrecorded(
    struct store *s, const struct datatable *table, int64_t row);
void store_unrecorded_is_put(
    struct store *s, const struct datatable *table, int64_t row);

/*
 * From which row on none has been deleted (key kept of table meta): read it
 * once the first row is known, which becomes this one where it is missing. In a
 * transaction: write it, as it must be when the log gets another name. Return
 * SQLite's result.
 */
int store_read_kept(struct store *s);
int store_put_kept(struct store *s, int64_t row);

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

/* Record in the file that it is damaged, and which rows of the journal, for the
 * next start, or with NULL that it is not, in a transaction of its own.
 * STORE_DONE also where the file is too damaged for that, which the next start
 * finds by itself; STORE_FULL also while the file cannot be written. Sets why
 * for STORE_LOST. */
enum store_outcome store_record_damage(
    struct store *s, const struct damage *d, struct store_error *why);

/* Compile the statements. Returns SQLite's result. */
int store_prepare(struct store *s);

/* Begin to write to a verified store that is STORE_IS_LOOKING. STORE_FULL: it
 * still is, and this may be tried again. Any outcome but STORE_DONE sets why.
 */
enum store_outcome
store_begin_writing(struct store *s, struct store_error *why);

/* Move FILE-wal to FILE, close the database, and make FILE one that is complete
 * alone; without space for that, all stays as it is. Returns 0, or -1 with why.
 */
int store_end_writing(struct store *s, struct store_error *why);

/* Move all of FILE-wal to FILE, and make it an empty file. Returns SQLite's
 * result. */
int store_empty_log(struct store *s);

/* Close the database, whose log stays. */
void store_close_database(struct store *s);

/* Begin and commit a transaction. The first one of a log names it (schema.h).
 * Return SQLite's result: SQLITE_FULL while there is no space to begin. */
int store_begin_transaction(struct store *s);
int store_end_transaction(struct store *s);

/* Roll back after a failure, which may have done it already. Returns whether
 * nothing of the transaction is left. */
bool store_roll_back(struct store *s);

/* A write has failed with SQLite's result and an errno: roll back. Returns
 * STORE_FULL when a retry may succeed; else STORE_LOST, which the store then
 * is. Sets why. */
enum store_outcome
store_fail_write(struct store *s, int rc, int error, struct store_error *why);

/* Move the contents of FILE-wal to FILE, whose end is then cut off if it is not
 * needed. */
enum store_outcome store_move_log(struct store *s, struct store_error *why);

/*
 * In the transaction of a commit up to row last: delete some of the rows that a
 * limit excludes, the oldest first, but never the last row, whose number must
 * not be used again; first is then the first row, and kept as in the store.
 * That may put the table, in which case put_table becomes true. And note how
 * old the rows are. Returns SQLite's result; where a row or a page is damaged,
 * none is deleted any more from the next call on (unpruned).
 */
int store_retain(struct store *s, int64_t *first, int64_t *kept, int64_t last,
    bool *put_table);

/* When writing begins, and before it ends. Returns SQLite's result. */
int store_begin_retention(struct store *s);
int store_end_retention(struct store *s);

#endif
