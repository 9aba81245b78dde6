#include "state/sql.h"

#include <stdio.h>

#include "base/exit_status.h"
#include "state/files.h"
#include "system/error.h"

/* Compile sql, step it once, and pass the row, if there is one, to take. */
static int
query(sqlite3 *db, const char *sql,
    void (*take)(sqlite3_stmt *row, void *to, size_t size), void *to,
    size_t size)
{
	sqlite3_stmt *statement = NULL;
	int end, rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		take(statement, to, size);
	end = sqlite3_finalize(statement);
	if (rc == SQLITE_ROW)
		return end;
	return rc == SQLITE_DONE ? SQLITE_EMPTY : rc;
}

static void
take_number(sqlite3_stmt *row, void *to, size_t size)
{
	(void)size;
	*(int64_t *)to = sqlite3_column_int64(row, 0);
}

static void
take_text(sqlite3_stmt *row, void *to, size_t size)
{
	const unsigned char *text = sqlite3_column_text(row, 0);

	snprintf(to, size, "%s", text == NULL ? "" : (const char *)text);
}

int
sql_number(sqlite3 *db, const char *sql, int64_t *value)
{
	return query(db, sql, take_number, value, 0);
}

int
sql_text(sqlite3 *db, const char *sql, char *text, size_t size)
{
	return query(db, sql, take_text, text, size);
}

int
sql_run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

int
sql_run_all(sqlite3 *db, const char *const *statements, size_t count)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; i < count && rc == SQLITE_OK; i++)
		rc = sql_run(db, statements[i]);
	return rc;
}

int
sql_step(sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);
	int end = sqlite3_reset(statement);

	if (rc == SQLITE_DONE || rc == SQLITE_ROW)
		return end;
	return rc;
}

int
sql_step_number(sqlite3_stmt *statement, int64_t *value)
{
	int end, rc = sqlite3_step(statement);

	if (rc == SQLITE_ROW)
		take_number(statement, value, 0);
	end = sqlite3_reset(statement);
	if (rc == SQLITE_ROW)
		return end;
	return rc == SQLITE_DONE ? SQLITE_EMPTY : rc;
}

/* SQLite reports ENOSPC only as SQLITE_FULL; an exceeded quota or file size
 * limit is the same here. A failed sync never is, whatever its errno. */
static enum sql_failure
classify_io(int rc, int error)
{
	if (rc == SQLITE_IOERR_NOMEM)
		return SQL_NO_MEMORY;
	if ((rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_TRUNCATE) &&
	    file_is_full(error))
		return SQL_FULL;
	return SQL_FAILED;
}

enum sql_failure
sql_classify(int rc, int error)
{
	switch (rc & 0xFF) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_ERROR: /* a table or column is missing */
	case SQLITE_EMPTY: /* a row is missing */
	case SQLITE_MISMATCH:
		return SQL_DAMAGED;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return SQL_BUSY;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_AUTH:
		return SQL_DENIED;
	case SQLITE_FULL:
		return SQL_FULL;
	case SQLITE_NOMEM:
		return SQL_NO_MEMORY;
	case SQLITE_IOERR:
		return classify_io(rc, error);
	default:
		return SQL_FAILED;
	}
}

int
sql_exit_status(int rc, int error)
{
	static const int statuses[] = {
		[SQL_DAMAGED] = EX_DATAERR,
		[SQL_BUSY] = EX_TEMPFAIL,
		[SQL_DENIED] = EX_NOPERM,
		[SQL_FULL] = EX_IOERR,
		[SQL_NO_MEMORY] = EX_OSERR,
		[SQL_FAILED] = EX_IOERR,
	};

	return statuses[sql_classify(rc, error)];
}

int
sql_file_error(sqlite3 *db)
{
	int error = 0;

	sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
	return error_of_system(error);
}

int
sql_log_error(sqlite3 *db)
{
	sqlite3_file *log = NULL;
	int error = 0;

	sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	if (log != NULL && log->pMethods != NULL)
		log->pMethods->xFileControl(
		    log, SQLITE_FCNTL_LAST_ERRNO, &error);
	return error_of_system(error);
}
