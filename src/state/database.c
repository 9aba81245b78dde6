#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/exit_status.h"
#include "state/block.h"
#include "state/log_file.h"
#include "state/record.h"
#include "store_private.h"
#include "system/error.h"

#define STORE_ROW_MAX 32

int
store_fail(struct store_error *why, int status, const char *format, ...)
{
	va_list args;

	why->status = status;
	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return -1;
}

int
store_fail_system(const char *path, const char *what, struct store_error *why)
{
	int error = errno;
	int status = EX_IOERR;

	if (error == EACCES || error == EPERM || error == EROFS)
		status = EX_NOPERM;
	else if (error == ENOENT || error == ENOTDIR || error == ELOOP ||
	    error == ENAMETOOLONG)
		status = EX_CONFIG;
	else if (error == ENOMEM || error == EMFILE || error == ENFILE)
		status = EX_OSERR;
	return store_fail(
	    why, status, "%s: %s: %s", path, what, error_text(error));
}

int
store_fail_sql(const char *path, int rc, int error, const char *what,
    struct store_error *why)
{
	return store_fail(why, sql_exit_status(rc, error), "%s: %s: %s%s%s",
	    path, what, sqlite3_errstr(rc), error == 0 ? "" : ": ",
	    error == 0 ? "" : error_text(error));
}

int
store_open_database(
    const char *path, int flags, sqlite3 **db, struct store_error *why)
{
	int rc = sqlite3_open_v2(path, db,
	    flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
	    log_file_vfs());

	if (rc == SQLITE_OK)
		return 0;
	store_fail_sql(path, rc, error_of_system(sqlite3_system_errno(*db)),
	    "cannot be opened", why);
	sqlite3_close(*db);
	*db = NULL;
	return -1;
}

int
store_close_new(const char *path, sqlite3 *db, int rc, struct store_error *why)
{
	int error = rc == SQLITE_OK ? 0 : sql_file_error(db);
	int end = sqlite3_close(db);

	if (rc == SQLITE_OK)
		rc = end;
	return rc == SQLITE_OK ?
	    0 :
	    store_fail_sql(path, rc, error, "cannot be created", why);
}

int
store_set(sqlite3 *db, const char *path, const char *pragma, const char *value,
    const char *expected, struct store_error *why)
{
	char sql[80], got[40];
	int rc;

	snprintf(sql, sizeof(sql), "PRAGMA %s=%s", pragma, value);
	rc = sql_run(db, sql);
	snprintf(sql, sizeof(sql), "PRAGMA %s", pragma);
	if (rc == SQLITE_OK)
		rc = sql_text(db, sql, got, sizeof(got));
	if (rc != SQLITE_OK)
		return store_fail_sql(path, rc, sql_file_error(db), sql, why);
	if (strcmp(got, expected) == 0)
		return 0;
	return store_fail(why, EX_OSERR, "%s: %s is %s: expected %s", path, sql,
	    got, expected);
}

static int
put_block(sqlite3_stmt *put, const struct datatable *t, unsigned number)
{
	uint8_t bytes[SCHEMA_BLOCK_SIZE];

	block_encode(t, number, bytes);
	sqlite3_bind_int64(put, 1, number);
	sqlite3_bind_blob(put, 2, bytes, sizeof(bytes), SQLITE_STATIC);
	sqlite3_bind_int64(put, 3, record_block_crc(number, bytes));
	return sql_step(put);
}

static void
store_format_row(int64_t row, char *text)
{
	uint8_t bytes[8];

	bytes_put(bytes, (uint64_t)row, sizeof(bytes));
	snprintf(text, STORE_ROW_MAX, "%" PRId64 " %08" PRIX32, row,
	    crc32c(0, bytes, sizeof(bytes)));
}

int
store_put_row(sqlite3 *db, const char *key, int64_t row)
{
	char text[STORE_ROW_MAX], sql[STORE_ROW_MAX + 60];

	store_format_row(row, text);
	snprintf(sql, sizeof(sql), "REPLACE INTO meta VALUES ('%s', '%s')", key,
	    text);
	return sql_run(db, sql);
}

int
store_read_row(sqlite3 *db, const char *key, int64_t *row)
{
	char text[STORE_ROW_MAX], expected[STORE_ROW_MAX], sql[60];
	int rc;

	snprintf(
	    sql, sizeof(sql), "SELECT value FROM meta WHERE key = '%s'", key);
	rc = sql_text(db, sql, text, sizeof(text));
	if (rc != SQLITE_OK)
		return rc;
	*row = strtoll(text, NULL, 10);
	store_format_row(*row, expected);
	return strcmp(text, expected) == 0 ? SQLITE_OK : SQLITE_CORRUPT;
}

int
store_put_blocks(sqlite3 *db, enum datatable_overlay overlay,
    const struct datatable *t, const bool *changed, int64_t row)
{
	sqlite3_stmt *put = NULL;
	int rc = sqlite3_prepare_v2(
	    db, "REPLACE INTO block VALUES (?, ?, ?)", -1, &put, NULL);

	for (unsigned i = 0; rc == SQLITE_OK && i < block_count(overlay); i++)
		if (changed == NULL || changed[i])
			rc = put_block(put, t, i);
	sqlite3_finalize(put);
	return rc == SQLITE_OK ? store_put_row(db, "blocks", row) : rc;
}
