#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "state/lock.h"
#include "state/record.h"
#include "state/schema.h"
#include "store_private.h"

int
store_check_place(const char *path, struct store_error *why)
{
	char other[FILES_PATH_MAX];

	if (access(path, F_OK) == 0)
		return store_fail(why, EX_CONFIG, "%s: exists", path);
	if (access(files_beside(path, "-wal", other), F_OK) == 0)
		return store_fail(why, EX_CONFIG,
		    "%s: not made: %s is there, the log of a state file that "
		    "is not; put that file back, or move both away",
		    path, other);
	if (files_find_aside(path, other))
		return store_fail(why, EX_CONFIG,
		    "%s: not made: %s was put aside; restore a backup, or move "
		    "that file away to begin at zero",
		    path, other);
	return 0;
}

static int
put_meta(sqlite3 *db, enum datatable_overlay overlay)
{
	struct timespec now;
	char sql[200];

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(sql, sizeof(sql),
	    "INSERT INTO meta VALUES ('mode', '%s'), ('created', '%" PRId64
	    "')",
	    overlay == DATATABLE_OVERLAID ? SCHEMA_MODE_OVERLAID :
					    SCHEMA_MODE_SEPARATE,
	    (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	return sql_run(db, sql);
}

static int
put_blocks(sqlite3 *db, enum datatable_overlay overlay)
{
	const uint8_t zeros[SCHEMA_BLOCK_SIZE] = { 0 };
	const unsigned blocks = overlay == DATATABLE_OVERLAID ?
	    SCHEMA_REGISTER_BLOCKS :
	    SCHEMA_BLOCKS;
	sqlite3_stmt *insert = NULL;
	int rc = sqlite3_prepare_v2(
	    db, "INSERT INTO block VALUES (?, ?, ?)", -1, &insert, NULL);

	for (unsigned i = 0; rc == SQLITE_OK && i < blocks; i++) {
		sqlite3_bind_int64(insert, 1, i);
		sqlite3_bind_blob(
		    insert, 2, zeros, SCHEMA_BLOCK_SIZE, SQLITE_STATIC);
		sqlite3_bind_int64(insert, 3, record_block_crc(i, zeros));
		rc = sql_step(insert);
	}
	sqlite3_finalize(insert);
	return rc;
}

/* Nobody sees it until it is whole: it needs no journal. */
static int
fill(sqlite3 *db, enum datatable_overlay overlay)
{
	static const char *const statements[] = {
		"PRAGMA page_size = " SCHEMA_TEXT(SCHEMA_PAGE_SIZE),
		"PRAGMA auto_vacuum = NONE",
		"PRAGMA encoding = 'UTF-8'",
		"PRAGMA locking_mode = EXCLUSIVE",
		"PRAGMA journal_mode = OFF",
		"PRAGMA synchronous = FULL",
		"BEGIN",
		"PRAGMA application_id = " SCHEMA_TEXT(SCHEMA_APPLICATION_ID),
		"PRAGMA user_version = " SCHEMA_TEXT(SCHEMA_VERSION),
		SCHEMA_META,
		SCHEMA_BLOCK,
		SCHEMA_JOURNAL,
		SCHEMA_JOURNAL_INDEX,
	};
	int rc = SQLITE_OK;

	for (size_t i = 0;
	     i < sizeof(statements) / sizeof(*statements) && rc == SQLITE_OK;
	     i++)
		rc = sql_run(db, statements[i]);
	if (rc == SQLITE_OK)
		rc = put_meta(db, overlay);
	if (rc == SQLITE_OK)
		rc = put_blocks(db, overlay);
	return rc == SQLITE_OK ? sql_run(db, "COMMIT") : rc;
}

static int
make(const char *path, enum datatable_overlay overlay, struct store_error *why)
{
	sqlite3 *db;
	int rc, end;

	if (store_open_database(path,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, why) != 0)
		return -1;
	rc = fill(db, overlay);
	if (rc != SQLITE_OK)
		store_fail_sql(
		    path, rc, sql_file_error(db), "cannot be made", why);
	end = sqlite3_close(db);
	if (rc == SQLITE_OK && end != SQLITE_OK)
		return store_fail_sql(path, end, 0, "cannot be made", why);
	return rc == SQLITE_OK ? 0 : -1;
}

static int
make_under_lock(const char *path, int lock, enum datatable_overlay overlay,
    struct store_error *why)
{
	char made[FILES_PATH_MAX];

	if (store_check_place(path, why) != 0)
		return -1;
	files_beside(path, ".new", made);
	unlink(made); /* of one who was killed here */
	if (make(made, overlay, why) == 0) {
		/* The mark of a file that was here before must not outlive a
		 * power cut that the new file does. */
		if (files_sync(made) == 0 && lock_write_mark(lock, 0) == 0 &&
		    fsync(lock) == 0 && files_move(made, path) == 0 &&
		    files_sync_directory(path) == 0)
			return 0;
		store_fail_system(path, "cannot be made", why);
	}
	unlink(made);
	return -1;
}

int
store_create(
    const char *path, enum datatable_overlay overlay, struct store_error *why)
{
	char full[FILES_PATH_MAX];
	int lock, result;

	if (strlen(path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return store_fail_system(path, "cannot be made", why);
	}
	/* SQLite would take "file:x" for more than a name. */
	snprintf(full, sizeof(full), "%s%s", *path == '/' ? "" : "./", path);
	if (store_check_place(full, why) != 0)
		return -1;
	lock = lock_take(full, LOCK_TO_WRITE);
	if (lock < 0 && errno == EWOULDBLOCK)
		return store_fail(
		    why, EX_TEMPFAIL, "%s: in use by another process", path);
	if (lock < 0)
		return store_fail_system(path, "cannot be made", why);
	result = make_under_lock(full, lock, overlay, why);
	close(lock);
	return result;
}
