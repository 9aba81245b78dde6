/*
 * Little helpers over SQLite's C interface. They return SQLite's extended
 * result codes, SQLITE_OK when all went well.
 */
#ifndef STATE_SQL_H
#define STATE_SQL_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* Run one statement to its end; rows that it gives are dropped. */
int sql_run(sqlite3 *db, const char *sql);

/* Run count of them, up to the first that fails. */
int sql_run_all(sqlite3 *db, const char *const *statements, size_t count);

/* The first column of the first row of a query, as a number or as text, cut to
 * fit. SQLITE_EMPTY when there is no row. */
int sql_number(sqlite3 *db, const char *sql, int64_t *value);
int sql_text(sqlite3 *db, const char *sql, char *text, size_t size);

/* Step a statement that gives no rows, and make it ready for the next time. */
int sql_step(sqlite3_stmt *statement);

/* What kind of trouble a result code is. */
enum sql_trouble {
	SQL_DAMAGED, /* the file is not what it was */
	SQL_BUSY,    /* another program has it open */
	SQL_DENIED,  /* no permission */
	SQL_FULL,    /* no space, quota or file size left */
	SQL_NO_MEMORY,
	SQL_FAILED, /* the disk, or something unforeseen */
};

/* rc is not SQLITE_OK; error is the system's errno behind it, or 0. */
enum sql_trouble sql_trouble(int rc, int error);

/* The exit status that says so, as sysexits.h has them. */
int sql_exit_status(int rc, int error);

/* That errno: of what failed last on the file, or on its log in WAL mode.
 * (sqlite3_system_errno forgets it when a statement is reset.) */
int sql_file_error(sqlite3 *db);
int sql_log_error(sqlite3 *db);

#endif
