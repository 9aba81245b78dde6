#include <errno.h>
#include <stdio.h>

#include "state/lock.h"
#include "state/schema.h"
#include "state/upgrade.h"
#include "store_private.h"

static int
log_grows(void *arg, sqlite3 *db, const char *name, int frames)
{
	struct store *s = arg;

	(void)db;
	(void)name;
	s->wal_frames = frames;
	return SQLITE_OK;
}

int
store_empty_log(struct store *s)
{
	int rc = sqlite3_wal_checkpoint_v2(
	    s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	if (rc == SQLITE_OK)
		s->log_is_new = true;
	return rc;
}

/* Set why from SQLite's result. */
static enum store_outcome
fail(struct store *s, int rc, struct store_error *why)
{
	int error = sql_log_error(s->db);

	if (error == 0)
		error = sql_file_error(s->db);
	store_fail_sql(s->path, rc, error, "cannot be written", why);
	return sql_classify(rc, error) == SQL_FULL ? STORE_FULL : STORE_LOST;
}

/* Set why from errno. */
static enum store_outcome
fail_system(const char *path, struct store_error *why)
{
	bool full = file_is_full(errno);

	store_fail_system(path, "cannot be created", why);
	return full ? STORE_FULL : STORE_LOST;
}

/*
 * Put the file into WAL mode. Its log exists before the header says so: hence a
 * log that is missing later has been taken away. The header is written in
 * place, without a rollback journal, as its two bytes are in one sector.
 */
static enum store_outcome
begin_log(struct store *s, struct store_error *why)
{
	char log[FILES_PATH_MAX];
	int rc = SQLITE_OK;

	files_beside(s->path, "-wal", log);
	if (s->header.mode == HEADER_ALONE) {
		if (file_create_like(log, s->path) != 0)
			return fail_system(log, why);
		/* It stays, as the header may say so even after a failure. */
		s->log = WAL_EMPTY;
		if (files_sync_directory(log) != 0)
			return fail_system(log, why);
		rc = sql_run(s->db, "PRAGMA journal_mode=MEMORY");
	}
	if (rc == SQLITE_OK)
		rc = sql_run(s->db, "PRAGMA journal_mode=WAL");
	if (rc != SQLITE_OK)
		return fail(s, rc, why);
	s->header.mode = HEADER_WITH_LOG;
	s->log = WAL_EMPTY;
	sqlite3_wal_hook(s->db, log_grows, s);
	return STORE_DONE;
}

/* An upgrade is the first transaction of a log, and names it as any other
 * would. In version 1 nothing has a name yet. */
static int
name_log(struct store *s)
{
	int rc;

	if (s->version == SCHEMA_OLDEST_VERSION)
		return SQLITE_OK;
	rc = sql_run(s->db, SCHEMA_RENAME_LOG);
	return rc == SQLITE_OK ? store_put_kept(s, s->kept) : rc;
}

/* Upgrade a file of an earlier version. Without space for that it stays what it
 * is. */
static int
upgrade(struct store *s)
{
	int rc = sql_run(s->db, "BEGIN IMMEDIATE");

	if (rc == SQLITE_OK)
		rc = name_log(s);
	if (rc == SQLITE_OK)
		rc = upgrade_database(s->db, s->version);
	if (rc == SQLITE_OK)
		rc = sql_run(s->db, "COMMIT");
	if (rc != SQLITE_OK) {
		store_roll_back(s);
		return rc;
	}
	s->version = SCHEMA_VERSION;
	return store_empty_log(s);
}

/*
 * The log is emptied, so that no frames of an unfinished transaction stay in
 * it: once others overwrite the first of them, wal_check could not distinguish
 * the rest from damaged frames.
 */
enum store_outcome
store_begin_writing(struct store *s, struct store_error *why)
{
	enum store_outcome outcome = begin_log(s, why);
	int rc;

	if (outcome != STORE_DONE)
		return outcome;
	rc = store_empty_log(s);
	if (rc != SQLITE_OK)
		return fail(s, rc, why);
	if (s->version != SCHEMA_VERSION)
		rc = upgrade(s);
	if (rc == SQLITE_OK)
		rc = store_prepare(s);
	if (rc == SQLITE_OK)
		rc = store_begin_retention(s);
	if (rc != SQLITE_OK)
		return fail(s, rc, why);
	s->state = STORE_IS_WRITING;
	return STORE_DONE;
}

/*
 * Move what is in FILE-wal to FILE. The header says that the file is alone only
 * when the log is durably empty. Without space for that, the log stays valid,
 * and so does the mark.
 */
int
store_end_writing(struct store *s, struct store_error *why)
{
	char log[FILES_PATH_MAX];
	int rc = store_end_retention(s);
	int error;

	if (rc == SQLITE_OK)
		rc = store_empty_log(s);
	error = sql_file_error(s->db);
	if (error == 0)
		error = sql_log_error(s->db);
	if (rc != SQLITE_OK && sql_classify(rc, error) == SQL_FULL)
		return 0;
	if (rc != SQLITE_OK)
		return store_fail_sql(
		    s->path, rc, error, "cannot be closed", why);
	store_close_database(s);
	files_beside(s->path, "-wal", log);
	if (file_sync_path(log) != 0 || header_set_alone(s->path) != 0)
		return store_fail_system(s->path, "cannot be closed", why);
	file_remove(log);
	lock_write_mark(s->lock, 0);
	return 0;
}
