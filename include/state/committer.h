/*
 * The thread that waits for the disk instead of the event loop: it commits one
 * batch at a time, and copies backups between commits. Results are reports,
 * which make a descriptor readable.
 */
#ifndef STATE_COMMITTER_H
#define STATE_COMMITTER_H

#include <stdbool.h>

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
};

/* Start the thread, which alone uses s until committer_free. Returns NULL with
 * errno set. */
struct committer *committer_new(struct store *s);

/* Finish the commit or probe, cancel a backup, and end. Accepts NULL. */
void committer_free(struct committer *c);

/* A descriptor that is readable when there is a report. */
int committer_fd(const struct committer *c);

/* Commit a sealed batch, borrowed until the report; NULL: probe. The previous
 * commit or probe must have ended. */
void committer_work(struct committer *c, const struct batch *b);

/* Copy the state file to path, which outlives the committer. Returns -1 when a
 * backup is already running. */
int committer_back_up(struct committer *c, const char *path);

/* The report; the descriptor is then no longer readable. */
struct committer_report committer_take_report(struct committer *c);

/* Wait for the end of the commit or probe, then the same. */
struct committer_report committer_wait(struct committer *c);

#endif
