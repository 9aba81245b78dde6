#include "state/backup.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "state/files.h"
#include "store_private.h"
#include "system/thread.h"

#define STEP_PAGES  256  /* 128 KiB, about 1 ms */
#define FLUSH_PAGES 2048 /* 1 MiB: what a commit may have to wait for */

/* https://www.sqlite.org/fileformat2.html#the_database_header: both bytes are
 * 2 in WAL mode. */
#define VERSIONS_AT 18
#define NO_WAL      "\1\1"

/*
 * Two threads take turns. COPYING is the turn of the one that calls
 * backup_step; the flusher has all others, which wait for the disk.
 *
 *   OPENING → COPYING → PUBLISHING → DONE
 *             │     ↑        └─────────────→ FAILED, but a backup is in place
 *             ↓     │
 *            FLUSHING
 *
 *   each of these → REMOVING → FAILED
 */
struct backup {
	char path[FILES_PATH_MAX];
	char temporary[FILES_PATH_MAX]; /* its name until it is complete */
	struct store *store;            /* borrowed */
	sqlite3 *to;                    /* owned, while it is copied */
	sqlite3_backup *copier;         /* owned, while it is copied */
	int unflushed;                  /* pages */

	pthread_t flusher;
	int fd; /* owned by the flusher, or -1 */
	backup_wake_fn wake;
	void *arg;

	pthread_mutex_t lock; /* protects what follows */
	pthread_cond_t changed;
	enum backup_state state;
	struct store_error why; /* of REMOVING and FAILED */
};

static bool
has_ended(enum backup_state state)
{
	return state == BACKUP_DONE || state == BACKUP_FAILED;
}

static enum backup_state
get_state(struct backup *b)
{
	enum backup_state state;

	pthread_mutex_lock(&b->lock);
	state = b->state;
	pthread_mutex_unlock(&b->lock);
	return state;
}

/* Go on to another state, unless it was cancelled meanwhile. why, if its status
 * is set, is the reason. */
static void
change(struct backup *b, enum backup_state from, enum backup_state to,
    const struct store_error *why)
{
	pthread_mutex_lock(&b->lock);
	if (b->state == from) {
		b->state = to;
		if (why->status != 0)
			b->why = *why;
		pthread_cond_signal(&b->changed);
	}
	pthread_mutex_unlock(&b->lock);
}

/* The flusher --------------------------------------------------------------*/

/* Removing what a process that was killed has left may take long. */
static enum backup_state
create_copy(struct backup *b, struct store_error *why)
{
	file_remove(b->temporary);
	b->fd = file_create(b->temporary);
	if (b->fd >= 0)
		return BACKUP_COPYING;
	store_fail_system(b->path, "cannot be written", why);
	return BACKUP_REMOVING;
}

static enum backup_state
flush_copy(struct backup *b, struct store_error *why)
{
	if (file_sync_data(b->fd) == 0)
		return BACKUP_COPYING;
	store_fail_system(b->path, "cannot be written", why);
	return BACKUP_REMOVING;
}

/* The copy is in WAL mode, as its original is. Without it, the copy can be read
 * where no files can be created. */
static int
leave_wal_mode(struct backup *b)
{
	ssize_t n = file_write_at(b->fd, NO_WAL, 2, VERSIONS_AT);

	if (n == 1)
		errno = ENOSPC;
	return n == 2 ? 0 : -1;
}

static enum backup_state
publish(struct backup *b, struct store_error *why)
{
	if (leave_wal_mode(b) != 0 || file_sync_data(b->fd) != 0) {
		store_fail_system(b->path, "cannot be written", why);
		return BACKUP_REMOVING;
	}
	if (file_replace(b->temporary, b->path) != 0) {
		store_fail_system(b->path, "cannot be replaced", why);
		return BACKUP_REMOVING;
	}
	if (files_sync_directory(b->path) == 0)
		return BACKUP_DONE;
	store_fail_system(
	    b->path, "replaced, but its directory cannot be synced", why);
	return BACKUP_FAILED;
}

/* The space is released here, as the thread that copies still has the file
 * open; should that fail, then when it closes it. */
static enum backup_state
remove_copy(struct backup *b, struct store_error *why)
{
	(void)why;
	if (b->fd >= 0) {
		file_remove(b->temporary);
		(void)!file_truncate(b->fd, 0);
	}
	return BACKUP_FAILED;
}

static enum backup_state
await_turn(struct backup *b)
{
	enum backup_state state;

	pthread_mutex_lock(&b->lock);
	while (b->state == BACKUP_COPYING)
		pthread_cond_wait(&b->changed, &b->lock);
	state = b->state;
	pthread_mutex_unlock(&b->lock);
	return state;
}

static void *
run(void *arg)
{
	static enum backup_state (*const turns[])(
	    struct backup * b, struct store_error * why) = {
		[BACKUP_OPENING] = create_copy,
		[BACKUP_FLUSHING] = flush_copy,
		[BACKUP_PUBLISHING] = publish,
		[BACKUP_REMOVING] = remove_copy,
	};
	struct backup *b = arg;
	enum backup_state state;

	while (!has_ended(state = await_turn(b))) {
		struct store_error why = { .status = 0 };

		change(b, state, turns[state](b, &why), &why);
		b->wake(b->arg);
	}
	if (b->fd >= 0)
		file_close(b->fd);
	return NULL;
}

/* The thread that copies ---------------------------------------------------*/

struct backup *
backup_begin(struct store *s, const char *path, backup_wake_fn wake, void *arg,
    struct store_error *why)
{
	struct backup *b;

	if (store_check_target(s, path, why) != 0)
		return NULL;
	b = calloc(1, sizeof(*b));
	if (b == NULL || strlen(path) >= PATH_MAX) {
		free(b);
		store_fail(why, EX_OSERR, "%s: cannot be written", path);
		return NULL;
	}
	snprintf(b->path, sizeof(b->path), "%s%s",
	    file_is_absolute(path) ? "" : "./", path);
	files_beside(b->path, FILES_UNFINISHED, b->temporary);
	b->store = s;
	b->fd = -1;
	b->wake = wake;
	b->arg = arg;
	b->state = BACKUP_OPENING;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->changed, NULL);
	errno = thread_start(&b->flusher, run, b);
	if (errno == 0)
		return b;
	store_fail_system(path, "cannot be written", why);
	free(b);
	return NULL;
}

static int
fail_sql(struct backup *b, int rc, struct store_error *why)
{
	return store_fail_sql(b->path, rc,
	    b->to == NULL ? 0 : sql_file_error(b->to), "cannot be written",
	    why);
}

/* The copy has a temporary name until it is complete, so it needs no journal.
 * It needs no cache either: what it would hold is not flushed with the rest. */
static int
open_copy(struct backup *b, struct store_error *why)
{
	static const struct {
		const char *pragma, *value, *expected;
	} settings[] = {
		{ "locking_mode", "EXCLUSIVE", "exclusive" },
		{ "journal_mode", "OFF", "off" },
		{ "synchronous", "OFF", "0" },
		{ "cache_size", "-64", "-64" },
	};

	if (store_open_database(
		b->temporary, SQLITE_OPEN_READWRITE, &b->to, why) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (store_set(b->to, b->path, settings[i].pragma,
			settings[i].value, settings[i].expected, why) != 0)
			return -1;
	b->copier = sqlite3_backup_init(b->to, "main", b->store->db, "main");
	if (b->copier == NULL)
		return fail_sql(b, sqlite3_extended_errcode(b->to), why);
	return 0;
}

static int
close_copy(struct backup *b)
{
	int rc = sqlite3_backup_finish(b->copier);

	b->copier = NULL;
	if (rc == SQLITE_OK)
		rc = sqlite3_close(b->to);
	if (rc == SQLITE_OK)
		b->to = NULL;
	return rc;
}

/* Copy the next pages. Returns the next state. */
static enum backup_state
copy(struct backup *b, struct store_error *why)
{
	int rc;

	if (b->to == NULL && open_copy(b, why) != 0)
		return BACKUP_REMOVING;
	rc = sqlite3_backup_step(b->copier, STEP_PAGES);
	if (rc == SQLITE_OK) {
		b->unflushed += STEP_PAGES;
		if (b->unflushed < FLUSH_PAGES)
			return BACKUP_COPYING;
		b->unflushed = 0;
		return BACKUP_FLUSHING;
	}
	if (rc == SQLITE_DONE)
		rc = close_copy(b);
	if (rc == SQLITE_OK)
		return BACKUP_PUBLISHING;
	fail_sql(b, rc, why);
	/* What could not be read is of the store: the copy is only written. */
	if (rc == SQLITE_IOERR_READ || (rc & 0xFF) == SQLITE_CORRUPT)
		b->store->suspect = true;
	return BACKUP_REMOVING;
}

enum backup_state
backup_step(struct backup *b)
{
	struct store_error why = { .status = 0 };
	enum backup_state state = get_state(b);

	if (state != BACKUP_COPYING)
		return state;
	state = copy(b, &why);
	change(b, BACKUP_COPYING, state, &why);
	return state;
}

/* A complete copy is published nevertheless: that does not take longer than to
 * remove it. */
static void
cancel(struct backup *b)
{
	pthread_mutex_lock(&b->lock);
	if (b->state == BACKUP_OPENING || b->state == BACKUP_COPYING ||
	    b->state == BACKUP_FLUSHING) {
		b->state = BACKUP_REMOVING;
		store_fail(&b->why, EX_TEMPFAIL, "%s: cancelled", b->path);
		pthread_cond_signal(&b->changed);
	}
	pthread_mutex_unlock(&b->lock);
}

int
backup_end(struct backup *b, struct store_error *why)
{
	int result;

	cancel(b);
	sqlite3_backup_finish(b->copier);
	sqlite3_close(b->to);
	pthread_join(b->flusher, NULL);
	result = b->state == BACKUP_DONE ? 0 : -1;
	*why = b->why;
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->changed);
	free(b);
	return result;
}
