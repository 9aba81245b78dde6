/* How much of the journal is kept, as the command line says it. Pure. */
#ifndef STATE_KEEP_H
#define STATE_KEEP_H

#include "state/store.h"

/* Rows, where nothing is said. */
#define KEEP_ROWS_DEFAULT 1000000

/*
 * Parse limits, each of them at most once, in any order: a number of rows from
 * 1 to 1000000000, of days from 1d to 36500d, and of bytes from 1M to 1024G:
 * "1000000,30d,200M". Those that are not said become 0, no limit. Returns 0, or
 * -1 and leaves keep as it is.
 */
int keep_parse(const char *text, struct store_keep *keep);

#endif
