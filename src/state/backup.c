#include "state/backup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "state/files.h"
#include "store_private.h"

#define STEP_PAGES 256 /* 128 KiB, about 1 ms */

struct backup {
	sqlite3 *to;            /* owned */
	sqlite3_backup *copier; /* owned */
	char path[FILES_PATH_MAX];
	char temporary[FILES_PATH_MAX]; /* its name until it is complete */
};

static int
fail(struct backup *b, int rc, struct store_error *why)
{
	return store_fail_sql(b->path, rc,
	    b->to == NULL ? 0 : sql_file_error(b->to), "cannot be written",
	    why);
}

/* The copy has a temporary name until it is complete, so it needs neither a
 * journal nor syncs before its end. */
static int
open_copy(struct backup *b, struct store *s, struct store_error *why)
{
	unlink(b->temporary); /* left by a process that was killed */
	if (store_open_database(b->temporary,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &b->to, why) != 0)
		return -1;
	if (store_set(b->to, b->path, "locking_mode", "EXCLUSIVE", "exclusive",
		why) != 0 ||
	    store_set(b->to, b->path, "journal_mode", "OFF", "off", why) != 0 ||
	    store_set(b->to, b->path, "synchronous", "OFF", "0", why) != 0)
		return -1;
	b->copier = sqlite3_backup_init(b->to, "main", s->db, "main");
	if (b->copier == NULL)
		return fail(b, sqlite3_extended_errcode(b->to), why);
	return 0;
}

struct backup *
backup_begin(struct store *s, const char *path, struct store_error *why)
{
	struct backup *b = calloc(1, sizeof(*b));

	if (b == NULL || strlen(path) >= PATH_MAX) {
		free(b);
		store_fail(why, EX_OSERR, "%s: cannot be written", path);
		return NULL;
	}
	snprintf(
	    b->path, sizeof(b->path), "%s%s", *path == '/' ? "" : "./", path);
	files_beside(b->path, FILES_UNFINISHED, b->temporary);
	if (store_check_target(s, path, why) != 0) {
		free(b);
		return NULL;
	}
	if (open_copy(b, s, why) != 0) {
		backup_end(b);
		return NULL;
	}
	return b;
}

/* The copy is in WAL mode, as its original is. Without it, the copy can be read
 * where no files can be created. */
static int
finish_copy(struct backup *b, struct store_error *why)
{
	int rc = sqlite3_backup_finish(b->copier);

	b->copier = NULL;
	if (rc == SQLITE_OK)
		rc = sql_run(b->to, "PRAGMA journal_mode=DELETE");
	if (rc != SQLITE_OK)
		return fail(b, rc, why);
	rc = sqlite3_close(b->to);
	b->to = NULL;
	return rc == SQLITE_OK ? 0 : fail(b, rc, why);
}

static int
publish(struct backup *b, struct store_error *why)
{
	if (finish_copy(b, why) != 0)
		return -1;
	if (files_sync(b->temporary) == 0 &&
	    rename(b->temporary, b->path) == 0 &&
	    files_sync_directory(b->path) == 0)
		return 0;
	return store_fail_system(b->path, "cannot be written", why);
}

enum backup_state
backup_step(struct backup *b, struct store_error *why)
{
	int rc = sqlite3_backup_step(b->copier, STEP_PAGES);

	if (rc == SQLITE_OK)
		return BACKUP_IN_PROGRESS;
	if (rc == SQLITE_DONE)
		return publish(b, why) == 0 ? BACKUP_DONE : BACKUP_FAILED;
	fail(b, rc, why);
	return BACKUP_FAILED;
}

void
backup_end(struct backup *b)
{
	if (b == NULL)
		return;
	sqlite3_backup_finish(b->copier);
	sqlite3_close(b->to);
	unlink(b->temporary); /* fails when it was renamed to path */
	free(b);
}
