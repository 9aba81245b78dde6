/*
 * Small functions on SQLite's C interface. They return SQLite's extended result
 * codes: SQLITE_OK on success.
 */
#ifndef STATE_SQL_H
#define STATE_SQL_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* Run one statement to its end; its rows are discarded. */
int sql_run(sqlite3 *db, const char *sql);

/* Run count statements, up to the first that fails. */
int sql_run_all(sqlite3 *db, const char *const *statements, size_t count);

/* The first column of the first row of a query, as a number, or as text that is
 * cut to size. SQLITE_EMPTY when there is no row. */
int sql_number(sqlite3 *db, const char *sql, int64_t *value);
int sql_text(sqlite3 *db, const char *sql, char *text, size_t size);

/* Step a statement that has no rows, and reset it. */
int sql_step(sqlite3_stmt *statement);

/* Step a statement, take the first column of its row, and reset it.
 * SQLITE_EMPTY when there is no row. */
int sql_step_number(sqlite3_stmt *statement, int64_t *value);

/* Kinds of failure. */
enum sql_failure {
	SQL_DAMAGED, /* the file is damaged */
	SQL_BUSY,    /* another program has it open */
	SQL_DENIED,  /* no permission */
	SQL_FULL,    /* no space, quota or file size left */
	SQL_NO_MEMORY,
	SQL_FAILED, /* the disk has failed, or another error */
};

/* The kind of a result code, which is not SQLITE_OK; error is the errno that
 * caused it, or 0. */
enum sql_failure sql_classify(int rc, int error);

/* The exit status of sysexits.h for a result code. */
int sql_exit_status(int rc, int error);

/* The errno of the last failure on the file, or on its log in WAL mode.
 * (sqlite3_system_errno loses it when a statement is reset.) */
int sql_file_error(sqlite3 *db);
int sql_log_error(sqlite3 *db);

#endif
