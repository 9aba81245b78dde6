/*
 * FILE-lock: excludes other processes, and holds the mark.
 *
 * The lock is one of the file (system/file.h): the system releases it when its
 * holder ends in any way. The file itself is never removed.
 *
 * The mark is the number of the last row of the journal whose write may have
 * been acknowledged. It is written after each commit, without a sync, and
 * cleared when the state file is closed. A state file whose journal ends below
 * the mark has lost writes: so a damaged last commit in FILE-wal is detected
 * after a crash, which SQLite takes for a transaction that was not finished.
 * After a power cut the mark may be older than the last commit; then it detects
 * less, but is never wrong.
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
	LOCK_TO_WRITE, /* exclusive; creates the lock file */
	LOCK_TO_READ,  /* shared with other readers */
};

/*
 * Open the lock file of a state file and lock it. Returns a descriptor, whose
 * closing releases the lock, or -1 with errno set: EAGAIN when another
 * process holds it, ENOENT when there is no lock file to read.
 */
int lock_take(const char *state_path, enum lock_kind kind);

/* Whether there is a mark, also a cleared one: then there has been a state
 * file. */
bool lock_has_mark(int fd);

/* The mark, or 0 when there is no valid one. */
int64_t lock_read_mark(int fd);

/* Returns 0, or -1 with errno set. Only the first call allocates space. */
int lock_write_mark(int fd, int64_t number);

#endif
