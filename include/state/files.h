/*
 * The files around a state file: their names, and what must happen to them
 * durably and in order.
 */
#ifndef STATE_FILES_H
#define STATE_FILES_H

#include <limits.h>
#include <stdbool.h>

/* Room for a state file's path with whatever is added to it. */
#define FILES_PATH_MAX (PATH_MAX + 64)

/* The name of a file beside it: path and suffix, such as "-wal". Returns out,
 * which has room for FILES_PATH_MAX. */
const char *files_beside(const char *path, const char *suffix, char *out);

/* Whether a path is that of a state file, its FILE-wal or its FILE-lock, by
 * whatever name; also where there is no such file now. */
bool files_belongs(const char *path, const char *state_path);

/* What is added to the name of a file until it is whole. What has such a name
 * was left by one who was killed, and is removed. */
#define FILES_UNFINISHED ".unfinished"

/* Make what is in a file durable. Returns 0, or -1 with errno set. */
int files_sync(const char *path);

/* Make the names in a path's directory durable. Returns 0, or -1 with errno
 * set. */
int files_sync_directory(const char *path);

/* Rename, replacing nothing. Returns 0, or -1 with errno set: EEXIST. */
int files_move(const char *from, const char *to);

/*
 * Put a damaged state file and its FILE-wal aside, as FILE.damaged-TIME and
 * FILE.damaged-TIME-wal; the database first, so that it is never left alone
 * without its log. Returns 0 with the new name in aside, which has room for
 * FILES_PATH_MAX, or -1 with errno set.
 */
int files_put_aside(const char *path, char *aside);

/* Whether a damaged file lies aside; then its name is in aside, likewise. */
bool files_find_aside(const char *path, char *aside);

#endif
