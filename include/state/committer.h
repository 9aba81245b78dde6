/*
 * The thread that waits for the disk, so that the event loop need not: commits,
 * and backups in between. One batch at a time; whatever it has to say comes as
 * a report, which makes a descriptor readable.
 */
#ifndef STATE_COMMITTER_H
#define STATE_COMMITTER_H

#include <stdbool.h>

#include "state/store.h"

struct batch;
struct committer;

/* What has come to an end since the last report. */
struct committer_report {
	bool worked;                /* a batch or a probe is done with */
	enum store_outcome outcome; /* of that; STORE_LOST also without it */
	struct store_error why;

	bool backed_up; /* a backup is done with */
	bool backup_failed;
	struct store_error backup_why;
};

/* Start a thread that works on s, which is its alone until it ends. Returns
 * NULL with errno set. */
struct committer *committer_new(struct store *s);

/* Let it finish the work it has, give up a backup, and end. NULL is fine. */
void committer_free(struct committer *c);

/* A descriptor that is readable when there is a report. */
int committer_fd(const struct committer *c);

/* Commit a sealed batch, borrowed until the report; or, with NULL, probe. Only
 * when the last one is done with. */
void committer_work(struct committer *c, const struct batch *b);

/* Copy the state file to path, which outlives the committer. Returns -1 when it
 * is still at the last one. */
int committer_back_up(struct committer *c, const char *path);

/* What there is to report: the descriptor is then no longer readable. */
struct committer_report committer_take_report(struct committer *c);

/* Wait until the work it has is done with, then the same. */
struct committer_report committer_wait(struct committer *c);

#endif
