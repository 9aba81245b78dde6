/*
 * The frames of FILE-wal, checked before SQLite sees them. Recovery takes the
 * frames up to the first whose checksum is wrong, and drops what follows: right
 * for a last transaction that was never finished, but after a rotten bit in the
 * middle it silently drops all that was committed since.
 *
 * A transaction is written only once the one before it is on disk. So what
 * follows the first bad frame can be at most one transaction; if there is more,
 * a frame that was safe on disk is bad now. But where the transaction was not
 * finished there may be anything that the disk held before, a copy of this very
 * log too: frames that are known from before the first bad one don't count.
 *
 * Of the last transaction alone nothing in the file tells whether it was
 * finished; that is what the mark is for (state/lock.h).
 */
#ifndef STATE_WAL_H
#define STATE_WAL_H

#include <stdbool.h>
#include <stddef.h>

enum wal_state {
	WAL_EMPTY,      /* no file, or nothing in it */
	WAL_SOUND,      /* to be recovered; its end may be unfinished */
	WAL_ROTTEN,     /* committed frames are bad */
	WAL_UNREADABLE, /* errno says why */
};

/* Check the log at path. */
enum wal_state wal_check(const char *path);

#endif
