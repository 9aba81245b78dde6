/*
 * Writing FILE-wal in few pieces: a VFS of SQLite that is the default one but
 * for logs.
 *
 * SQLite writes each frame of a log by two calls, of 24 and 512 bytes. Here
 * adjacent pieces are collected, and written by one call before anything else
 * is done with the file: before it is synced, which returns the error of that
 * write, if there is one. So a commit is a write and a sync.
 *
 * Each time when frames make the file longer, it is made longer than needed, by
 * zeros, so that most commits don't change its size, which a sync would have to
 * store as well. Zeros are no frames. A new log has its header on the disk
 * before they are added (state/wal.h).
 */
#ifndef STATE_LOG_FILE_H
#define STATE_LOG_FILE_H

/* The name of the VFS, which is registered by the first call, or NULL when
 * memory is exhausted. Any thread. */
const char *log_file_vfs(void);

#endif
