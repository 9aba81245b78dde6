/*
 * Durable state: an order that lets a write be executed only once it is on the
 * disk. Submitted writes are executed at once on an image, a second table that
 * runs ahead of the one that everybody sees; what changes there is gathered in
 * a batch, for a turn of the event loop or for the time that the last commit
 * takes. After the commit the same writes are executed on the table.
 *
 * If there is no space, the writes that are not committed are refused, the
 * image becomes what the table is, and further writes are refused until the
 * disk can be written again, which is tried every second. If the disk fails,
 * nobody knows what became of those writes, and lost is called: then the
 * program must end.
 *
 *   state_new → state_order, given to the server → … → server_free
 *   → state_close
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include <stdbool.h>

#include "base/histogram.h"
#include "state/store.h"

struct datatable;
struct event_base;
struct order;
struct state;

/*
 * Descriptors that it takes: FILE, FILE-wal, FILE-shm, a temporary file of
 * SQLite, the directory while it is synced, FILE-lock, and the committer's
 * eventfd. And those of a backup: the copy, its journal, the directory.
 */
#define STATE_DESCRIPTORS        7
#define STATE_BACKUP_DESCRIPTORS 3

/* Writes are refused while the changes that gather for the next commit take more
 * bytes than this. */
#define STATE_WAITING_MAX (32 * 1024 * 1024)

struct state_config {
	struct event_base *base; /* borrowed */
	/* Borrowed, already loaded. From now on nothing writes it but what
	 * went through the order. */
	struct datatable *table;
	/* The disk has failed; on the event loop. */
	void (*lost)(void *arg);
	void *arg;
};

/* Take over an open store, for a table that was loaded from it. Returns NULL
 * with errno set; then the store is still the caller's. */
struct state *state_new(struct store *store, const struct state_config *config);

/* Commit what waits, without executing it; close the store, and free. Nobody
 * owns a write that waits. NULL is fine. Returns an exit status: EX_OK, or
 * EX_IOERR when the disk has failed at any time. */
int state_close(struct state *s);

/* The order of its writes; state's. */
struct order *state_order(struct state *s);

/* Whether writes are being refused: healthy or degraded. */
bool state_is_degraded(const struct state *s);

/* What the commits were like, those that succeeded. */
struct state_figures {
	struct histogram took;   /* nanoseconds until the loop was told */
	struct histogram writes; /* in one commit */
	uint64_t failed;         /* commits and retries for want of space */
};

/* Borrowed; to be read on the event loop's thread. */
const struct state_figures *state_figures(const struct state *s);

/* Copy the state file to path, which outlives the state, beside the commits;
 * the log tells the end of it. */
void state_back_up(struct state *s, const char *path);

#endif
