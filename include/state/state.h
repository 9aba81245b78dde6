/*
 * Durable state: an order that executes a write only when it is on stable
 * storage. A submitted write is executed at once on the image, a second table
 * that includes the writes not committed yet. Its changes are added to a batch,
 * which is committed at the end of the turn of the event loop, or as soon as
 * the previous commit has ended. Then its writes are executed on the table that
 * clients read.
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
#include "state/store.h"

struct datatable;
struct event_base;
struct order;
struct state;

/*
 * Descriptors in use: FILE, FILE-wal, FILE-shm, a temporary file of SQLite, the
 * directory while it is synced, FILE-lock, and the committer's eventfd. Those
 * of a backup: the copy, its journal, the directory.
 */
#define STATE_DESCRIPTORS        7
#define STATE_BACKUP_DESCRIPTORS 3

/* Writes are refused while the changes that gather for the next commit take
 * more bytes than this. */
#define STATE_WAITING_MAX (32 * 1024 * 1024)

struct state_config {
	struct event_base *base; /* borrowed */
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
 * EX_OK, or EX_IOERR when the disk has failed at any time. */
int state_close(struct state *s);

/* The order; owned by s. */
struct order *state_order(struct state *s);

/* Whether writes are refused. */
bool state_is_degraded(const struct state *s);

/* Figures of the successful commits, for the metrics. */
struct state_figures {
	struct histogram took;   /* nanoseconds until the loop got the report */
	struct histogram writes; /* in one commit */
	uint64_t failed;         /* commits and retries without space */
};

/* Borrowed; to be read on the event loop's thread. */
const struct state_figures *state_figures(const struct state *s);

/* Copy the state file to path, which outlives s, while commits go on. Start and
 * end are logged. */
void state_back_up(struct state *s, const char *path);

#endif
