/*
 * Loaded into the server by LD_PRELOAD, for the test of the test: SQLite is
 * told synchronous=NORMAL where the server says FULL, and FULL where the server
 * asks what it is. Then a commit is no longer followed by a sync.
 */
#include <sqlite3.h>
#include <string.h>

#include "next.h"

int
sqlite3_exec(sqlite3 *db, const char *sql,
    int (*row)(void *, int, char **, char **), void *arg, char **message)
{
	int (*real)(sqlite3 *, const char *,
	    int (*)(void *, int, char **, char **), void *, char **);

	next_find("sqlite3_exec", &real);
	if (strcmp(sql, "PRAGMA synchronous=FULL") == 0)
		sql = "PRAGMA synchronous=NORMAL";
	return real(db, sql, row, arg, message);
}

int
sqlite3_prepare_v2(sqlite3 *db, const char *sql, int length,
    sqlite3_stmt **statement, const char **tail)
{
	int (*real)(
	    sqlite3 *, const char *, int, sqlite3_stmt **, const char **);

	next_find("sqlite3_prepare_v2", &real);
	if (strcmp(sql, "PRAGMA synchronous") == 0)
		sql = "SELECT 2";
	return real(db, sql, length, statement, tail);
}
