/* Upgrading a state file of an earlier version (state/schema.h). */
#ifndef STATE_UPGRADE_H
#define STATE_UPGRADE_H

#include <sqlite3.h>

/*
 * Make an open database of an earlier version one of SCHEMA_VERSION, within the
 * transaction that the caller has begun. No row of the journal is written.
 * Returns SQLite's extended result code.
 */
int upgrade_database(sqlite3 *db, int version);

#endif
