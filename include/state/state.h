/*
 * Durable state: an order that executes a write only when it is on stable
 * storage; but see STATE_SYNC_INTERVAL. A submitted write is executed at once
 * on the image, a second table that includes the writes not committed yet. Its
 * changes are added to a batch, which is committed at the end of the turn of
 * the event loop, or as soon as the previous commit has ended. Then its writes
 * are executed on the table that clients read.
 *
 * If no space is left, the writes that are not committed are refused, the table
 * is copied over the image, and further writes are refused until the disk can
 * be written again, which is tried every second. If the disk fails, the outcome
 * of those writes is unknown, and lost is called: then the program must end.
 *
 *   state_new → state_order, given to the server → … → server_free
 *   → state_close
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include <stdbool.h>

#include "base/histogram.h"
#include "state/historian.h"
#include "state/scrub.h"
#include "state/store.h"

struct datatable;
struct event_base;
struct order;
struct state;

/*
 * Descriptors in use: FILE, FILE-wal, FILE-shm, a temporary file of SQLite, the
 * directory while it is synced, FILE-lock, and the committer's eventfd. Those
 * of a backup: the copy twice, or the copy and its directory.
 */
#define STATE_DESCRIPTORS        7
#define STATE_BACKUP_DESCRIPTORS 2

/* Writes are refused while what gathers for the next commit takes more bytes
 * than this. With STATE_SYNC_INTERVAL a commit begins at half of it. */
#define STATE_WAITING_MAX (32 * 1024 * 1024)

/* Which writes wait for a commit; each saves more of them. */
enum state_sync {
	/* Every write has a row in the journal, and waits for a commit. */
	STATE_SYNC_ALWAYS,
	/* A write that changes no value has no row, unless it is the first one
	 * of a new file: state_is_unwritten. It waits only for the commit of
	 * the writes before it, if any. */
	STATE_SYNC_CHANGES,
	/*
	 * Nor does any other. Writes are executed at the end of the turn of the
	 * event loop, and committed after an interval. If no space is left,
	 * those that are executed are kept in memory until they are committed;
	 * further ones are refused. If the disk fails, they are lost.
	 */
	STATE_SYNC_INTERVAL,
};

struct state_config {
	struct event_base *base; /* borrowed */
	enum state_sync sync;
	/* Of STATE_SYNC_INTERVAL: the milliseconds between the first write
	 * after a commit and the next commit, if that is not late. */
	unsigned interval;
	/* Borrowed, already loaded. From now on it is written only through the
	 * order. */
	struct datatable *table;
	/* Called on the event loop's thread when the disk has failed. */
	void (*lost)(void *arg);
	void *arg;
};

/* Take ownership of an open store, for a table that was loaded from it. Returns
 * NULL with errno set; then the store is still the caller's. */
struct state *state_new(struct store *store, const struct state_config *config);

/* Commit pending writes without executing them, close the store, and free. The
 * pending writes must have no owners. Accepts NULL. Returns an exit status:
 * EX_OK, or EX_IOERR when the disk has failed at any time, or when there was no
 * space to commit writes that had been executed. */
int state_close(struct state *s);

/* The order; owned by s. */
struct order *state_order(struct state *s);

/* Whether no write has ever been committed: the table is as store_create made
 * it, and nobody relies on what it holds. */
bool state_is_unwritten(const struct state *s);

/* Whether writes are refused. */
bool state_is_degraded(const struct state *s);

/* How long an acknowledged write may be uncommitted, in milliseconds: 0 unless
 * writes are committed after an interval. */
unsigned state_commit_interval(const struct state *s);

/* Figures of the successful commits, for the metrics. */
struct state_figures {
	struct histogram took;   /* nanoseconds until the loop got the report */
	struct histogram writes; /* in one commit */
	uint64_t failed;         /* commits and retries without space */
};

/* Borrowed; to be read on the event loop's thread. */
const struct state_figures *state_figures(const struct state *s);

/* What is known of the journal: it is checked after the start, and again after
 * a sign of damage. To be called on the event loop's thread. */
struct scrub_figures state_journal(const struct state *s);

/*
 * Search the journal: ended is called on the event loop's thread, not before
 * this returns, unless state_forget comes first. Commits hardly wait for it
 * (state/historian.h). Writes that are not committed yet are not found. Returns
 * NULL when memory is exhausted.
 */
struct search *state_search(struct state *s, const struct history_query *q,
    search_ended_fn ended, void *arg);

void state_forget(struct state *s, struct search *search);

/* Copy the state file to path, which outlives s, while commits go on, after
 * starting to commit what was submitted before. Start and end are logged. */
void state_back_up(struct state *s, const char *path);

/* Told how a backup has ended: why it failed, or NULL. */
typedef void (*state_backed_up_fn)(void *arg, const char *why);

/*
 * The same for somebody who waits: ended is called on the event loop's thread,
 * not before this returns, unless state_forget_backup comes first. Returns 0,
 * or -1 when a backup waits or is running: then nothing is done.
 */
int state_back_up_for(
    struct state *s, const char *path, state_backed_up_fn ended, void *arg);

/* The backup goes on, and nobody is told. */
void state_forget_backup(struct state *s);

#endif
