/*
 * FILE-lock: who uses a state file, and the mark.
 *
 * The lock is a flock on it: the system frees it when its holder ends, however
 * that comes. The file itself stays.
 *
 * The mark is the number of the last row of the journal whose write a client
 * may have been told of. It is written behind each commit, without waiting for
 * the disk, and cleared when the state file is closed in order. A state file
 * whose journal ends below its mark has lost writes: after a crash of the
 * server that is how a rotten last commit in FILE-wal shows, which SQLite takes
 * for one that was never finished. After a power cut the mark may be older than
 * the commits, which says less but nothing wrong.
 *
 *   bytes  0..3   "MBSM"
 *          4..11  the number, high byte first; 0: no mark
 *         12..15  CRC-32C of bytes 0..11, high byte first
 */
#ifndef STATE_LOCK_H
#define STATE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

enum lock_kind {
	LOCK_TO_WRITE, /* alone; the lock file is made if need be */
	LOCK_TO_READ,  /* with others who read */
};

/*
 * Open the lock file of a state file and lock it. Returns a descriptor, which
 * unlocks when it is closed, or -1 with errno set: EWOULDBLOCK when another
 * has it, ENOENT when there is none to read.
 */
int lock_take(const char *state_path, enum lock_kind kind);

/* Whether there is a mark, be it a cleared one: then there has been a state
 * file beside it. */
bool lock_is_marked(int fd);

/* The mark, or 0 when there is none that can be read. */
int64_t lock_read_mark(int fd);

/* Returns 0, or -1 with errno set. The first one allocates what it needs. */
int lock_write_mark(int fd, int64_t number);

#endif
