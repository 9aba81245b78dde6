#include "state/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "state/freelist.h"
#include "state/lock.h"
#include "state/schema.h"
#include "state/verify.h"
#include "store_private.h"
#include "system/error.h"

/* The longest path that SQLite takes, which adds suffixes to it. */
#define SQLITE_PATH_MAX (512 - 8)

/* Reading needs no lock where there is no lock file. */
static int
take_lock(struct store *s, struct store_error *why)
{
	s->lock = lock_take(
	    s->path, s->access == STORE_WRITE ? LOCK_TO_WRITE : LOCK_TO_READ);
	if (s->lock >= 0 || (s->access == STORE_READ && errno == ENOENT))
		return 0;
	if (errno == EAGAIN)
		return store_fail(
		    why, EX_TEMPFAIL, "%s: in use by another process", s->path);
	return store_fail_system(s->path, "cannot be locked", why);
}

/*
 * Whether FILE and FILE-wal are a pair. If not, one of them is a copy, or
 * missing, and neither is changed: what is missing may come back. Only a file
 * of version 1 has been left without a log by an orderly stop.
 */
static int
check_pair(struct store *s, struct store_error *why)
{
	char log[FILES_PATH_MAX];

	files_beside(s->path, "-wal", log);
	s->log = wal_check(log);
	if (s->log == WAL_UNREADABLE)
		return store_fail_system(log, "cannot be read", why);
	if (s->header.mode == HEADER_ALONE &&
	    (s->log == WAL_SOUND || s->log == WAL_DAMAGED))
		return store_fail(why, EX_DATAERR,
		    "%s: not used: %s is the log of another file: after "
		    "restoring a backup, delete that log",
		    s->path, log);
	if (s->header.mode == HEADER_WITH_LOG && s->log == WAL_MISSING &&
	    s->header.version != SCHEMA_OLDEST_VERSION)
		return store_fail(why, EX_DATAERR,
		    "%s: not used: its log %s, with the newest writes, is "
		    "missing: restore it, or a backup; to do without these "
		    "writes, delete %s-lock, and create an empty log",
		    s->path, log, s->path);
	return 0;
}

static int
check_frames(const struct store *s, struct store_error *why)
{
	if (s->header.mode == HEADER_UNKNOWN)
		return store_fail(
		    why, EX_DATAERR, "%s: damaged: its header", s->path);
	if (s->log != WAL_DAMAGED)
		return 0;
	return store_fail(why, EX_DATAERR,
	    "%s-wal: damaged: committed frames have wrong checksums", s->path);
}

static bool
has_frames(const struct store *s)
{
	return s->log == WAL_SOUND;
}

static void
remove_log(struct store *s)
{
	char log[FILES_PATH_MAX];

	file_remove(files_beside(s->path, "-wal", log));
	s->log = WAL_MISSING;
}

/* Format a URI with which SQLite changes nothing and creates no files. */
static void
immutable_uri(const char *path, char *uri, size_t size)
{
	size_t n = (size_t)snprintf(uri, size, "file:");

	for (; *path != '\0' && n + 20 < size; path++)
		n += (size_t)snprintf(uri + n, size - n,
		    strchr("?#%", *path) == NULL ? "%c" : "%%%02x",
		    (unsigned char)*path);
	snprintf(uri + n, size - n, "?immutable=1");
}

/* Open FILE without its log. */
static int
open_alone(const struct store *s, sqlite3 **db, struct store_error *why)
{
	char uri[3 * FILES_PATH_MAX];

	immutable_uri(s->path, uri, sizeof(uri));
	return store_open_database(
	    uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, db, why);
}

static int
open_database(struct store *s, struct store_error *why)
{
	if (s->access == STORE_READ && !has_frames(s))
		return open_alone(s, &s->db, why);
	/* Left by a stop that was interrupted at its end: SQLite would use it.
	 */
	if (s->header.mode == HEADER_ALONE && s->log == WAL_EMPTY)
		remove_log(s);
	return store_open_database(s->path, SQLITE_OPEN_READWRITE, &s->db, why);
}

/* Set every setting that matters, whatever the defaults of this SQLite. */
static int
configure(struct store *s, struct store_error *why)
{
	static const struct {
		const char *pragma, *value, *expected;
	} settings[] = {
		{ "locking_mode", "EXCLUSIVE", "exclusive" },
		{ "synchronous", "FULL", "2" },
		{ "wal_autocheckpoint", "0", "0" },
		{ "secure_delete", "OFF", "0" },
		{ "temp_store", "MEMORY", "2" },
		{ "mmap_size", "0", "0" },
		{ "cache_size", "-8192", "-8192" },
		{ "trusted_schema", "OFF", "0" },
		{ "cell_size_check", "ON", "1" },
	};

	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (store_set(s->db, s->path, settings[i].pragma,
			settings[i].value, settings[i].expected, why) != 0)
			return -1;
	return 0;
}

/* An upgrade may be in the log, and the header of the file still the old one:
 * to a version that this program does not know, too. */
static int
read_version(struct store *s, struct store_error *why)
{
	int64_t version = 0;
	int rc = sql_number(s->db, "PRAGMA user_version", &version);

	s->version = (int)version;
	if (rc != SQLITE_OK)
		return store_fail_sql(
		    s->path, rc, sql_file_error(s->db), "cannot be read", why);
	if (version <= SCHEMA_VERSION)
		return 0;
	return store_fail(why, EX_CONFIG,
	    "%s: state file version %" PRId64 " is not supported", s->path,
	    version);
}

static int
read_log_name(sqlite3 *db, char *name, size_t size)
{
	*name = '\0';
	return sql_text(
	    db, "SELECT value FROM meta WHERE key = 'log'", name, size);
}

/* Whether FILE alone is as of the last checkpoint before its log, or of a later
 * one, by the names in each (schema.h). */
static bool
is_file_of_log(const char *file, const char *log)
{
	const size_t size = SCHEMA_LOG_NAME_SIZE;

	return strncmp(file, log, size) == 0 ||
	    strncmp(file, log + size, size) == 0;
}

/* A FILE that cannot be read alone may be complete with its log. */
static int
check_log_name(struct store *s, struct store_error *why)
{
	char log[3 * SCHEMA_LOG_NAME_SIZE], file[3 * SCHEMA_LOG_NAME_SIZE];
	sqlite3 *alone;
	int rc;

	if (!has_frames(s) ||
	    read_log_name(s->db, log, sizeof(log)) != SQLITE_OK ||
	    strlen(log) != 2 * SCHEMA_LOG_NAME_SIZE)
		return 0;
	if (open_alone(s, &alone, why) != 0)
		return -1;
	rc = read_log_name(alone, file, sizeof(file));
	sqlite3_close(alone);
	s->mixed = rc == SQLITE_EMPTY ||
	    (rc == SQLITE_OK && !is_file_of_log(file, log));
	if (!s->mixed)
		return 0;
	return store_fail(why, EX_DATAERR,
	    "%s: not used: it is a copy of another time than its log %s-wal: "
	    "restore both, or a backup",
	    s->path, s->path);
}

static const char *
mode_name(enum datatable_overlay overlay)
{
	return overlay == DATATABLE_OVERLAID ? SCHEMA_MODE_OVERLAID :
					       SCHEMA_MODE_SEPARATE;
}

static int
check_mode(struct store *s, const enum datatable_overlay *expected,
    struct store_error *why)
{
	char mode[40];
	int rc = sql_text(s->db, "SELECT value FROM meta WHERE key = 'mode'",
	    mode, sizeof(mode));

	if (rc != SQLITE_OK)
		return store_fail_sql(
		    s->path, rc, sql_file_error(s->db), "cannot be read", why);
	if (strcmp(mode, SCHEMA_MODE_OVERLAID) == 0)
		s->overlay = DATATABLE_OVERLAID;
	else if (strcmp(mode, SCHEMA_MODE_SEPARATE) != 0)
		return store_fail(
		    why, EX_DATAERR, "%s: damaged: unknown mode", s->path);
	if (expected == NULL || s->overlay == *expected)
		return 0;
	return store_fail(why, EX_CONFIG, "%s: its mode is %s, but -d is %s",
	    s->path, mode, mode_name(*expected));
}

/* SQLite reads zeros where the last page is truncated. Pages that are still in
 * FILE-wal need not be in FILE yet. */
static int
check_size(struct store *s, struct store_error *why)
{
	int64_t pages, size;
	int rc = sql_number(s->db, "PRAGMA page_count", &pages);

	if (rc != SQLITE_OK)
		return store_fail_sql(
		    s->path, rc, sql_file_error(s->db), "cannot be read", why);
	size = file_size_of(s->path);
	if (size < 0)
		return store_fail_system(s->path, "cannot be read", why);
	if (has_frames(s) || size >= pages * SCHEMA_PAGE_SIZE)
		return 0;
	return store_fail(why, EX_DATAERR, "%s: damaged: truncated", s->path);
}

/* Before the first write, which may be to a page of the list. */
static int
check_free_pages(struct store *s, struct store_error *why)
{
	char log[FILES_PATH_MAX];
	int rc;

	if (s->access != STORE_WRITE)
		return 0;
	files_beside(s->path, "-wal", log);
	rc = freelist_check(s->db, has_frames(s) ? log : NULL);
	if (rc == SQLITE_OK)
		return 0;
	if (sql_classify(rc, 0) == SQL_DAMAGED)
		return store_fail(why, EX_DATAERR,
		    "%s: damaged: its list of free pages", s->path);
	return store_fail_sql(
	    s->path, rc, sql_file_error(s->db), "cannot be read", why);
}

static int
read_kept(struct store *s, struct store_error *why)
{
	int rc = store_read_kept(s);

	if (rc == SQLITE_OK)
		return 0;
	return store_fail_sql(
	    s->path, rc, sql_file_error(s->db), "cannot be read", why);
}

/* Every acknowledged write must be in the journal. */
static int
check_mark(struct store *s, struct store_error *why)
{
	int64_t mark = s->lock < 0 ? 0 : lock_read_mark(s->lock);

	if (s->last >= mark)
		return 0;
	return store_fail(why, EX_DATAERR,
	    "%s: damaged: ends with write %" PRId64 ", but write %" PRId64
	    " was acknowledged",
	    s->path, s->last, mark);
}

/* What must be right before the file may be taken for a damaged one, or for
 * this one at all. */
static int
open_files(struct store *s, struct store_error *why)
{
	if (header_read(s->path, &s->header, why) != 0 ||
	    take_lock(s, why) != 0)
		return -1;
	/* Meanwhile another process may have ended with it. */
	if (header_read(s->path, &s->header, why) != 0)
		return -1;
	return check_pair(s, why);
}

/* Whether table meta has a key. */
static int
read_key(struct store *s, const char *key, bool *has, struct store_error *why)
{
	char sql[80];
	int64_t keys = 0;
	int rc;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM meta WHERE key = '%s'",
	    key);
	rc = sql_number(s->db, sql, &keys);
	*has = keys != 0;
	if (rc == SQLITE_OK)
		return 0;
	return store_fail_sql(
	    s->path, rc, sql_file_error(s->db), "cannot be read", why);
}

/* Where a check of the journal has recorded damage, a server must know whether
 * the structure is damaged, too; and before an upgrade from version 1 drops an
 * index, whose pages are then freed. */
static int
check_all(struct store *s, struct store_error *why)
{
	if (read_key(s, "damage", &s->recorded, why) != 0)
		return -1;
	if (s->access != STORE_WRITE ||
	    (!s->recorded && s->version != SCHEMA_OLDEST_VERSION))
		return 0;
	if (verify_all(s->db, s->path, why) != 0)
		return -1;
	s->intact = true;
	return 0;
}

static int
open_and_verify(struct store *s, const enum datatable_overlay *overlay,
    struct store_error *why)
{
	if (check_frames(s, why) != 0 || open_database(s, why) != 0 ||
	    configure(s, why) != 0 || read_version(s, why) != 0 ||
	    check_log_name(s, why) != 0 || check_mode(s, overlay, why) != 0 ||
	    check_size(s, why) != 0 ||
	    verify_database(s->db, s->path, s->version, why) != 0 ||
	    check_free_pages(s, why) != 0 ||
	    verify_journal(
		s->db, s->path, s->version, &s->first, &s->last, why) != 0 ||
	    read_kept(s, why) != 0 ||
	    read_key(s, "subjects", &s->has_subjects, why) != 0 ||
	    check_mark(s, why) != 0 || check_all(s, why) != 0 ||
	    store_read_table(s, why) != 0)
		return -1;
	return 0;
}

/* Rename the damaged file, and add its new name to why. */
static void
rename_damaged(struct store *s, struct store_error *why)
{
	char damaged[FILES_PATH_MAX], directory[FILES_PATH_MAX];
	size_t n = strlen(why->text);
	bool moved = files_rename_damaged(s->path, damaged) == 0;

	if (moved)
		lock_write_mark(s->lock, 0);
	snprintf(why->text + n, sizeof(why->text) - n,
	    "; %s%s; restore a backup, or see DAMAGE in mbasyncserver-state(5)",
	    moved ? "renamed to " : "cannot be renamed: ",
	    moved ? file_split(damaged, directory) : error_text(errno));
}

static int
resolve(struct store *s, const char *path, struct store_error *why)
{
	char real[PATH_MAX];

	if (file_resolve(path, real) != 0) {
		if (errno != ENOENT)
			return store_fail_system(path, "cannot be opened", why);
		return store_fail(why, EX_CONFIG, "%s: no such file", path);
	}
	if (strlen(real) > SQLITE_PATH_MAX) {
		errno = ENAMETOOLONG;
		return store_fail_system(path, "cannot be opened", why);
	}
	snprintf(s->path, sizeof(s->path), "%s", real);
	return 0;
}

void
store_close_database(struct store *s)
{
	for (int i = 0; i < STORE_STATEMENTS; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close(s->db);
	s->db = NULL;
	s->state = STORE_IS_CLOSED;
}

/* SQLite may have created an empty log to read the file. */
static void
end_looking(struct store *s)
{
	bool created =
	    s->db != NULL && s->access == STORE_WRITE && s->log == WAL_MISSING;

	store_close_database(s);
	if (created)
		remove_log(s);
}

int
store_close(struct store *s, struct store_error *why)
{
	int result = 0;

	if (s == NULL)
		return 0;
	switch (s->state) {
	case STORE_IS_WRITING:
		result = store_end_writing(s, why);
		break;
	case STORE_IS_LOST:
		result = store_fail(
		    why, EX_IOERR, "%s: the disk has failed", s->path);
		break;
	case STORE_IS_LOOKING:
		end_looking(s);
		break;
	case STORE_IS_CLOSED:
		break;
	}
	if (s->state != STORE_IS_CLOSED)
		store_close_database(s);
	if (s->lock >= 0)
		file_close(s->lock);
	datatable_free(s->table);
	free(s);
	return result;
}

/* Free a store that cannot be used. A file that is damaged is renamed. */
static void
discard(struct store *s, bool damaged, struct store_error *why)
{
	struct store_error ignored;

	end_looking(s);
	if (damaged && s->access == STORE_WRITE)
		rename_damaged(s, why);
	store_close(s, &ignored);
}

static void
log_upgrade(const struct store *s, int before)
{
	if (s->version != before)
		log_line(LOG_INFO, "state: %s: upgraded to version %d", s->path,
		    s->version);
}

/* Where damage was recorded, check the rows, too. */
static int
begin_writing(struct store *s, struct store_error *why)
{
	int version = s->version;

	if (store_begin_writing(s, why) == STORE_LOST)
		return -1;
	log_upgrade(s, version);
	return s->recorded ? scrub_all(s, why) : 0;
}

struct store *
store_open(const char *path, enum store_access access,
    const enum datatable_overlay *overlay, struct store_error *why)
{
	struct store *s = calloc(1, sizeof(*s));
	bool opened, damaged = false;

	if (s == NULL) {
		store_fail_system(path, "cannot be opened", why);
		return NULL;
	}
	s->lock = -1;
	s->access = access;
	opened = resolve(s, path, why) == 0 && open_files(s, why) == 0;
	if (opened) {
		opened = open_and_verify(s, overlay, why) == 0;
		damaged = !opened && why->status == EX_DATAERR && !s->mixed;
	}
	if (opened && access == STORE_WRITE) {
		opened = begin_writing(s, why) == 0;
		damaged = !opened && why->status == EX_DATAERR;
	}
	if (opened)
		return s;
	discard(s, damaged, why);
	return NULL;
}

bool
store_is_writable(const struct store *s)
{
	return s->state == STORE_IS_WRITING;
}

/* The newest row is never deleted. */
bool
store_is_unwritten(const struct store *s)
{
	return s->last == 0;
}

enum datatable_overlay
store_overlay(const struct store *s)
{
	return s->overlay;
}

const char *
store_path(const struct store *s)
{
	return s->path;
}

int
store_version(const struct store *s)
{
	return s->version;
}

bool
store_has_subjects(const struct store *s)
{
	return s->has_subjects;
}

int64_t
store_unrecorded(const struct store *s)
{
	return s->unrecorded;
}

struct sqlite3 *
store_database(const struct store *s)
{
	return s->db;
}

void
store_load(const struct store *s, struct datatable *t)
{
	datatable_copy(t, s->table);
}
