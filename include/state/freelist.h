/*
 * The list of a database's free pages. SQLite trusts it: it writes new contents
 * to a page of the list without a look at what is there. Where the list is
 * damaged, that may be a page of the table, whose checksums are still right
 * until then.
 */
#ifndef STATE_FREELIST_H
#define STATE_FREELIST_H

#include <sqlite3.h>

/*
 * Check that no page of the list is one of the table, or listed twice, and that
 * there are as many as the header says. log is the path of the database's log,
 * or NULL if that has no frames. Nothing is changed. Returns SQLite's result:
 * SQLITE_CORRUPT.
 */
int freelist_check(sqlite3 *db, const char *log);

#endif
