/*
 * Durable state: a data table whose writes are acknowledged only once they are
 * on the disk, by way of the seams. It observes the table and gathers the
 * writes of a turn of the event loop, or of the time that the last commit
 * takes, in a batch; the gate holds their replies until the batch is committed.
 *
 * If there is no space, the batch's writes are undone and answered by exception
 * 04, as are further ones until it can be written again, which is tried every
 * second. If the disk fails, held connections are closed without an answer and
 * lost is called: then the program must end.
 *
 *   state_new → state_gate, state_policy given to the server → …
 *   → server_free → state_close
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include <stdbool.h>

#include "base/histogram.h"
#include "service/policy.h"
#include "state/store.h"

struct datatable;
struct event_base;
struct gate;
struct state;

/* Writes that wait for the disk are refused by exception 04 when they take more
 * memory than this. */
#define STATE_WAITING_MAX (32 * 1024 * 1024)

struct state_config {
	struct event_base *base; /* borrowed */
	struct datatable *table; /* borrowed, already loaded */
	/* The disk has failed; on the event loop. */
	void (*lost)(void *arg);
	void *arg;
};

/* Take over an open store, for a table that was loaded from it. Returns NULL
 * with errno set; then the store is still the caller's. */
struct state *state_new(struct store *store, const struct state_config *config);

/* Commit what waits, close the store, and free. NULL is fine. Returns an exit
 * status: EX_OK, or EX_IOERR when the disk has failed at any time. */
int state_close(struct state *s);

/* The gate that holds replies to writes; state's. */
struct gate *state_gate(struct state *s);

/* The policy that refuses writes while they can't be kept. It must be the last
 * in its list: what it lets pass must be executed. */
struct policy state_policy(struct state *s);

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
