/*
 * The files that belong to a state file: their names, and operations on them
 * that are durable and in order.
 */
#ifndef STATE_FILES_H
#define STATE_FILES_H

#include <stdbool.h>

#include "system/file.h"

/* Room for a state file's path with a suffix. */
#define FILES_PATH_MAX FILE_PATH_MAX

/* Write path and suffix, such as "-wal", to out, which has room for
 * FILES_PATH_MAX. Returns out. */
const char *files_beside(const char *path, const char *suffix, char *out);

/* Whether path names a state file, its FILE-wal or its FILE-lock, also through
 * links, and also when that file does not exist. */
bool files_belongs(const char *path, const char *state_path);

/* Suffix of a file's name until the file is complete. A file with such a name
 * was left by a process that was killed, and is removed. */
#define FILES_UNFINISHED ".unfinished"

/* Make the names in a path's directory durable. Returns 0, or -1 with errno
 * set. */
int files_sync_directory(const char *path);

/*
 * Rename a damaged state file and its FILE-wal to FILE.damaged-TIME and
 * FILE.damaged-TIME-wal. The database is first, so that FILE never exists
 * without its log. Returns 0 with the new name in to, which has room for
 * FILES_PATH_MAX, or -1 with errno set.
 */
int files_rename_damaged(const char *path, char *to);

/* Whether a renamed damaged file exists; then its name is in name, which has
 * room for FILES_PATH_MAX. */
bool files_find_damaged(const char *path, char *name);

#endif
