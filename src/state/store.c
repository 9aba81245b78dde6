#include "state/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "state/lock.h"
#include "state/schema.h"
#include "state/verify.h"
#include "state/wal.h"
#include "store_private.h"

/* The header of a database,
 * https://www.sqlite.org/fileformat2.html#the_database_header */
#define HEADER_SIZE           100
#define HEADER_MAGIC          "SQLite format 3"
#define HEADER_VERSION        60
#define HEADER_APPLICATION_ID 68

/* The longest path that SQLite takes, which adds suffixes to it. */
#define SQLITE_PATH_MAX (512 - 8)

static uint32_t
get32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

/* Read the header. A file whose header is not that of a state file is not read
 * any further. */
static int
read_header(const char *path, uint8_t *header, struct store_error *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return store_fail_system(path, "cannot be opened", why);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = pread(fd, header, HEADER_SIZE, 0);
	else
		errno = 0;
	if (n < 0 && errno != 0)
		store_fail_system(path, "cannot be read", why);
	else if (n != HEADER_SIZE || memcmp(header, HEADER_MAGIC, 16) != 0)
		n = store_fail(why, EX_CONFIG, "%s: not a state file", path);
	close(fd);
	return n == HEADER_SIZE ? 0 : -1;
}

static int
check_header(const char *path, struct store_error *why)
{
	uint8_t header[HEADER_SIZE] = { 0 };
	uint32_t version;

	if (read_header(path, header, why) != 0)
		return -1;
	if (get32(header + HEADER_APPLICATION_ID) != SCHEMA_APPLICATION_ID)
		return store_fail(why, EX_CONFIG,
		    "%s: not a state file: a database of another program",
		    path);
	version = get32(header + HEADER_VERSION);
	if (version != SCHEMA_VERSION)
		return store_fail(why, EX_CONFIG,
		    "%s: state file version %" PRIu32
		    " is not supported: expected version %d",
		    path, version, SCHEMA_VERSION);
	return 0;
}

/* Reading needs no lock where there is no lock file. */
static int
take_lock(struct store *s, struct store_error *why)
{
	s->lock = lock_take(s->path, s->writes ? LOCK_TO_WRITE : LOCK_TO_READ);
	if (s->lock >= 0 || (!s->writes && errno == ENOENT))
		return 0;
	if (errno == EWOULDBLOCK)
		return store_fail(
		    why, EX_TEMPFAIL, "%s: in use by another process", s->path);
	return store_fail_system(s->path, "cannot be locked", why);
}

static int
check_wal(struct store *s, struct store_error *why)
{
	char path[FILES_PATH_MAX];

	switch (wal_check(files_beside(s->path, "-wal", path))) {
	case WAL_MISSING:
	case WAL_EMPTY:
		s->wal_empty = true;
		return 0;
	case WAL_SOUND:
		return 0;
	case WAL_DAMAGED:
		return store_fail(why, EX_DATAERR,
		    "%s: damaged: committed frames have wrong checksums", path);
	case WAL_UNREADABLE:
		break;
	}
	return store_fail_system(path, "cannot be read", why);
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

static int
open_database(struct store *s, struct store_error *why)
{
	char uri[3 * FILES_PATH_MAX];

	if (s->writes || !s->wal_empty)
		return store_open_database(
		    s->path, SQLITE_OPEN_READWRITE, &s->db, why);
	immutable_uri(s->path, uri, sizeof(uri));
	return store_open_database(
	    uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, &s->db, why);
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
	struct stat st;
	int64_t pages;
	int rc = sql_number(s->db, "PRAGMA page_count", &pages);

	if (rc != SQLITE_OK)
		return store_fail_sql(
		    s->path, rc, sql_file_error(s->db), "cannot be read", why);
	if (stat(s->path, &st) != 0)
		return store_fail_system(s->path, "cannot be read", why);
	if (!s->wal_empty || st.st_size >= pages * SCHEMA_PAGE_SIZE)
		return 0;
	return store_fail(why, EX_DATAERR, "%s: damaged: truncated", s->path);
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

static int
wal_grows(void *arg, sqlite3 *db, const char *name, int frames)
{
	struct store *s = arg;

	(void)db;
	(void)name;
	s->wal_frames = frames;
	return SQLITE_OK;
}

/*
 * From now on the file may change. FILE-wal is emptied, so that no frames of an
 * unfinished transaction stay in it: once others overwrite the first of them,
 * wal_check could not distinguish the rest from damaged frames.
 */
static int
begin_writing(struct store *s, struct store_error *why)
{
	int rc;

	s->verified = true;
	if (store_set(s->db, s->path, "journal_mode", "WAL", "wal", why) != 0)
		return -1;
	sqlite3_wal_hook(s->db, wal_grows, s);
	rc = sqlite3_wal_checkpoint_v2(
	    s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = store_prepare(s);
	if (rc == SQLITE_OK)
		return 0;
	return store_fail_sql(
	    s->path, rc, sql_file_error(s->db), "cannot be written", why);
}

static int
open_and_verify(struct store *s, const enum datatable_overlay *overlay,
    struct store_error *why)
{
	if (check_header(s->path, why) != 0 || take_lock(s, why) != 0 ||
	    check_wal(s, why) != 0 || open_database(s, why) != 0 ||
	    configure(s, why) != 0 || check_mode(s, overlay, why) != 0 ||
	    check_size(s, why) != 0 ||
	    verify_database(s->db, s->path, s->overlay, why) != 0 ||
	    verify_journal(s->db, s->path, &s->first, &s->last, why) != 0 ||
	    check_mark(s, why) != 0)
		return -1;
	return s->writes ? begin_writing(s, why) : 0;
}

/* Rename the damaged file, and add its new name to why. */
static void
rename_damaged(struct store *s, struct store_error *why)
{
	char damaged[FILES_PATH_MAX];
	size_t n = strlen(why->text);
	bool moved = files_rename_damaged(s->path, damaged) == 0;

	if (moved)
		lock_write_mark(s->lock, 0);
	snprintf(why->text + n, sizeof(why->text) - n, "; %s%s",
	    moved ? "renamed to " : "cannot be renamed: ",
	    moved ? strrchr(damaged, '/') + 1 : strerror(errno));
}

static int
resolve(struct store *s, const char *path, struct store_error *why)
{
	char real[PATH_MAX];

	if (realpath(path, real) == NULL) {
		if (errno != ENOENT)
			return store_fail_system(path, "cannot be opened", why);
		return store_fail(why, EX_CONFIG,
		    "%s: no such file; --state-init creates one, all zeros",
		    path);
	}
	if (strlen(real) > SQLITE_PATH_MAX) {
		errno = ENAMETOOLONG;
		return store_fail_system(path, "cannot be opened", why);
	}
	snprintf(s->path, sizeof(s->path), "%s", real);
	return 0;
}

/* FILE-wal stays; but an empty one that SQLite has created to read is removed.
 */
static void
close_database(struct store *s)
{
	for (int i = 0; i < STORE_STATEMENTS; i++)
		sqlite3_finalize(s->statements[i]);
	if (s->db != NULL && s->wal_empty && !s->verified)
		sqlite3_db_config(
		    s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	sqlite3_close(s->db);
	s->db = NULL;
}

/* Move FILE-wal to FILE, and have it removed. If there is no space for that, it
 * stays valid, and so does the mark. */
static int
finish_writing(struct store *s, struct store_error *why)
{
	int rc = sqlite3_wal_checkpoint_v2(
	    s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	if (rc != SQLITE_OK &&
	    sql_classify(rc, sql_file_error(s->db)) == SQL_FULL)
		return 0;
	if (rc != SQLITE_OK)
		return store_fail_sql(s->path, rc, sql_file_error(s->db),
		    "cannot be closed", why);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	lock_write_mark(s->lock, 0);
	return 0;
}

int
store_close(struct store *s, struct store_error *why)
{
	int result = 0;

	if (s == NULL)
		return 0;
	if (s->lost)
		result = store_fail(
		    why, EX_IOERR, "%s: the disk has failed", s->path);
	else if (s->verified)
		result = finish_writing(s, why);
	if (s->db != NULL)
		close_database(s);
	if (s->lock >= 0)
		close(s->lock);
	free(s);
	return result;
}

struct store *
store_open(const char *path, enum store_access access,
    const enum datatable_overlay *overlay, struct store_error *why)
{
	struct store *s = calloc(1, sizeof(*s));
	struct store_error ignored;
	bool damaged;

	if (s == NULL) {
		store_fail_system(path, "cannot be opened", why);
		return NULL;
	}
	s->lock = -1;
	s->writes = access == STORE_WRITE;
	if (resolve(s, path, why) == 0 && open_and_verify(s, overlay, why) == 0)
		return s;
	damaged = why->status == EX_DATAERR;
	close_database(s);
	if (damaged && s->writes)
		rename_damaged(s, why);
	store_close(s, &ignored);
	return NULL;
}

enum datatable_overlay
store_overlay(const struct store *s)
{
	return s->overlay;
}

struct sqlite3 *
store_database(const struct store *s)
{
	return s->db;
}

int
store_load(struct store *s, struct datatable *t, struct store_error *why)
{
	return verify_blocks(s->db, s->path, s->overlay, t, why);
}

void
store_keep_journal(struct store *s, struct store_keep keep)
{
	s->keep = keep;
}
