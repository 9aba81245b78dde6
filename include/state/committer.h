/*
 * The thread that waits for the disk instead of the event loop. It commits one
 * batch at a time. While there is none it steps the first of its idle jobs that
 * has something to do: a search of the journal, the backup, then the check of
 * the journal, which takes a sixth of the time at most. Results are reports,
 * which make it readable (committer_socket).
 */
#ifndef STATE_COMMITTER_H
#define STATE_COMMITTER_H

#include <event2/util.h>
#include <stdbool.h>

#include "state/historian.h"
#include "state/scrub.h"
#include "state/store.h"

struct batch;
struct committer;

/* What has ended since the last report. */
struct committer_report {
	bool worked; /* a commit or a probe has ended */
	enum store_outcome
	    outcome; /* its outcome; STORE_LOST also without one */
	struct store_error why;

	bool backed_up; /* a backup has ended */
	bool backup_failed;
	struct store_error backup_why;

	bool scrubbed; /* a check of the journal has ended */
	bool searched; /* a search of it has: see committer_tell */
};

/* Start the thread, which alone uses s until committer_free. Returns NULL with
 * errno set. */
struct committer *committer_new(struct store *s);

/* Finish the commit or probe, cancel a backup, which waits for its flush, and
 * end. Returns the last report. Accepts NULL. */
struct committer_report committer_free(struct committer *c);

/* A socket or descriptor that is readable when there is a report. */
evutil_socket_t committer_socket(const struct committer *c);

/* Commit a batch, borrowed until the report; NULL: probe. The previous
 * commit or probe must have ended. */
void committer_work(struct committer *c, const struct batch *b);

/* Copy the state file to path, which outlives the committer. Returns -1 when a
 * backup is already running. */
int committer_back_up(struct committer *c, const char *path);

/* The report; the socket is then no longer readable. */
struct committer_report committer_take_report(struct committer *c);

/* Wait for the end of the commit or probe, then the same. */
struct committer_report committer_wait(struct committer *c);

/* Search the journal: see historian_search, historian_forget and
 * historian_tell. */
struct search *committer_search(struct committer *c,
    const struct history_query *q, search_ended_fn ended, void *arg);
void committer_forget(struct committer *c, struct search *s);
void committer_tell(struct committer *c);

/* What is known of the journal now. */
struct scrub_figures committer_scrub_figures(struct committer *c);

#endif
