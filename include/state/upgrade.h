/* Upgrading a state file of an earlier version (state/schema.h). */
#ifndef STATE_UPGRADE_H
#define STATE_UPGRADE_H

#include <sqlite3.h>

/*
 * Make an open database of version 1 one of SCHEMA_VERSION, within the
 * transaction that the caller has begun. Returns SQLite's extended result code.
 */
int upgrade_database(sqlite3 *db);

#endif
