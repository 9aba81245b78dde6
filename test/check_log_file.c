#include "state/log_file.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "suite.h"

/*
 * A default VFS that notes what is done to a log, a letter each: w a write of
 * the log's header, W another write, S a sync. It can make a write fail.
 */
static char notes[200];
static int good;  /* writes that go well before */
static int error; /* this one, and all others; or SQLITE_OK */

struct noting_file {
	sqlite3_file file; /* must be first */
	sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs vfs;
static sqlite3_io_methods methods;

static sqlite3_file *
real(sqlite3_file *file)
{
	return ((struct noting_file *)file)->real;
}

static void
note(char what)
{
	size_t n = strlen(notes);

	if (n + 1 < sizeof(notes))
		notes[n] = what;
}

static int
noted_close(sqlite3_file *file)
{
	return real(file)->pMethods->xClose(real(file));
}

static int
noted_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 at)
{
	return real(file)->pMethods->xRead(real(file), bytes, length, at);
}

static int
noted_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 at)
{
	note(at == 0 ? 'w' : 'W');
	if (error != SQLITE_OK && good-- <= 0)
		return error;
	return real(file)->pMethods->xWrite(real(file), bytes, length, at);
}

static int
noted_sync(sqlite3_file *file, int flags)
{
	note('S');
	return real(file)->pMethods->xSync(real(file), flags);
}

static int
noted_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return real(file)->pMethods->xTruncate(real(file), size);
}

static int
noted_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real(file)->pMethods->xFileSize(real(file), size);
}

static int
noted_control(sqlite3_file *file, int operation, void *arg)
{
	return real(file)->pMethods->xFileControl(real(file), operation, arg);
}

static int
noted_sector_size(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int
noted_characteristics(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int
noted_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
    int *out_flags)
{
	struct noting_file *f = (struct noting_file *)file;
	int rc;

	(void)self;
	if ((flags & SQLITE_OPEN_WAL) == 0)
		return real_vfs->xOpen(real_vfs, name, file, flags, out_flags);
	f->real = (sqlite3_file *)(f + 1);
	rc = real_vfs->xOpen(real_vfs, name, f->real, flags, out_flags);
	f->file.pMethods = rc == SQLITE_OK ? &methods : NULL;
	return rc;
}

static void
register_noting_vfs(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	vfs = *real_vfs;
	vfs.zName = "noting";
	vfs.szOsFile += (int)sizeof(struct noting_file);
	vfs.xOpen = noted_open;
	methods = (sqlite3_io_methods){ .iVersion = 1,
		.xClose = noted_close,
		.xRead = noted_read,
		.xWrite = noted_write,
		.xTruncate = noted_truncate,
		.xSync = noted_sync,
		.xFileSize = noted_size,
		.xFileControl = noted_control,
		.xSectorSize = noted_sector_size,
		.xDeviceCharacteristics = noted_characteristics };
	ck_assert_int_eq(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

static sqlite3 *db;

static void
setup(void)
{
	scratch_begin();
	register_noting_vfs();
	ck_assert_int_eq(
	    sqlite3_open_v2(scratch_path("db"), &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, log_file_vfs()),
	    SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_exec(db,
		"PRAGMA page_size = 512; PRAGMA locking_mode = EXCLUSIVE; "
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
		"PRAGMA wal_autocheckpoint = 0; "
		"CREATE TABLE t (n INTEGER PRIMARY KEY, data BLOB)",
		NULL, NULL, NULL),
	    SQLITE_OK);
}

static void
teardown(void)
{
	sqlite3_close(db);
	scratch_end();
}

/* Run SQL; notes are those of this. */
static int
run(const char *sql)
{
	memset(notes, 0, sizeof(notes));
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static void
assert_rows(sqlite3 *from, int rows)
{
	sqlite3_stmt *count = NULL;

	ck_assert_int_eq(sqlite3_prepare_v2(from,
			     "SELECT count(*), integrity_check FROM t, "
			     "pragma_integrity_check",
			     -1, &count, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(count), SQLITE_ROW);
	ck_assert_int_eq(sqlite3_column_int(count, 0), rows);
	ck_assert_str_eq((const char *)sqlite3_column_text(count, 1), "ok");
	sqlite3_finalize(count);
}

#define INSERT "INSERT INTO t (data) VALUES (randomblob(400))"

START_TEST(a_commit_is_a_write_and_a_sync)
{
	ck_assert_int_eq(run(INSERT), SQLITE_OK);
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(
		    run("BEGIN; " INSERT "; " INSERT "; " INSERT "; COMMIT"),
		    SQLITE_OK);
		ck_assert_str_eq(notes, "WS");
	}
	assert_rows(db, 16);
}
END_TEST

/* Else what is then in the file could be taken for frames of a log whose header
 * was damaged. */
START_TEST(a_log_grows_when_its_header_is_on_the_disk)
{
	ck_assert_int_eq(run("PRAGMA wal_checkpoint(TRUNCATE)"), SQLITE_OK);
	ck_assert_int_eq(run(INSERT), SQLITE_OK);
	ck_assert_msg(strncmp(notes, "wSWW", 4) == 0, "%s", notes);
	ck_assert_msg(
	    strstr(notes + 2, "S") == notes + strlen(notes) - 1, "%s", notes);
}
END_TEST

/* By the loop: the errors of a write. */
START_TEST(a_commit_returns_the_error_of_its_write)
{
	const int errors[] = { SQLITE_FULL, SQLITE_IOERR_WRITE };

	ck_assert_int_eq(run(INSERT), SQLITE_OK);
	error = errors[_i];
	good = 0;
	run(INSERT);
	ck_assert_int_eq(sqlite3_extended_errcode(db), errors[_i]);
	ck_assert_str_eq(notes, "W"); /* no sync */
	error = SQLITE_OK;
	ck_assert_int_eq(run(INSERT), SQLITE_OK);
	assert_rows(db, 2);
}
END_TEST

START_TEST(without_space_to_grow_the_log_commits)
{
	ck_assert_int_eq(run("PRAGMA wal_checkpoint(TRUNCATE)"), SQLITE_OK);
	error = SQLITE_FULL;
	good = 2; /* the header, the frames */
	ck_assert_int_eq(run(INSERT), SQLITE_OK);
	ck_assert_str_eq(notes, "wSWWS");
	error = SQLITE_OK;
	assert_rows(db, 1);
}
END_TEST

START_TEST(a_transaction_may_be_larger_than_the_buffer)
{
	ck_assert_int_eq(run("PRAGMA cache_size = 10; BEGIN; "
			     "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL "
			     "SELECT i + 1 FROM c WHERE i < 500) "
			     "INSERT INTO t SELECT i, randomblob(400) FROM c; "
			     "UPDATE t SET data = randomblob(300); COMMIT"),
	    SQLITE_OK);
	assert_rows(db, 500);
}
END_TEST

/* As after a crash: the log is found as SQLite would have written it. */
START_TEST(a_log_can_be_read_without_this_vfs)
{
	const char *const names[][2] = { { "db", "copy" },
		{ "db-wal", "copy-wal" } };
	sqlite3 *copy = NULL;

	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(run(INSERT), SQLITE_OK);
	for (int i = 0; i < 2; i++) {
		size_t length;
		char *bytes = scratch_read(names[i][0], &length);

		scratch_write(names[i][1], bytes, length);
		free(bytes);
	}
	ck_assert_int_eq(sqlite3_open_v2(scratch_path("copy"), &copy,
			     SQLITE_OPEN_READWRITE, real_vfs->zName),
	    SQLITE_OK);
	assert_rows(copy, 40);
	sqlite3_close(copy);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("log_file");
	TCase *tc = tcase_create("log_file");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_commit_is_a_write_and_a_sync);
	tcase_add_test(tc, a_log_grows_when_its_header_is_on_the_disk);
	tcase_add_loop_test(tc, a_commit_returns_the_error_of_its_write, 0, 2);
	tcase_add_test(tc, without_space_to_grow_the_log_commits);
	tcase_add_test(tc, a_transaction_may_be_larger_than_the_buffer);
	tcase_add_test(tc, a_log_can_be_read_without_this_vfs);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
