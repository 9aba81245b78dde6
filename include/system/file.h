/*
 * Files and their names. Descriptors are those of the C library, which no
 * program inherits that this one starts; offsets and sizes have 64 bits.
 *
 * A call that fails returns -1, NULL or false with errno set, to the same
 * values on every system: ENOENT, EEXIST, EACCES, ENOSPC and the like.
 */
#ifndef SYSTEM_FILE_H
#define SYSTEM_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* Room for a path, in UTF-8, and a suffix of at most 63 bytes. */
#define FILE_PATH_MAX (PATH_MAX + 64)

/* --- open files --------------------------------------------------------- */

enum file_use {
	FILE_TO_READ,
	FILE_TO_WRITE, /* what exists, in place */
};

/* Open a file that exists. Waits for nobody, whatever kind of file it is.
 * Returns a descriptor. */
int file_open(const char *path, enum file_use use);

/* Create a file, to read and write, that others may read. */
int file_create(const char *path);

enum file_lock {
	FILE_LOCK_EXCLUSIVE, /* open to read and write; created if missing */
	FILE_LOCK_SHARED,    /* with others that have it so; open to read */
};

/*
 * Open a file and lock it as a whole against other openings that are locked, of
 * this process or another, without waiting: EAGAIN when one excludes this. The
 * lock ends when it is closed, or when the process ends in any way. Others can
 * read and write the file nevertheless.
 */
int file_open_locked(const char *path, enum file_lock lock);

void file_close(int fd);

/* Open a file to read it from the start, as bytes. */
FILE *file_stream(const char *path);

/* Whether it is a regular file: 1 or 0, or -1. */
int file_is_regular(int fd);

/* Its size in bytes, or -1. */
int64_t file_size(int fd);

/* Read or write at a place, whatever the offset of the file is. Return the
 * number of bytes, which is lower at the end or without space, or -1. */
ssize_t file_read_at(int fd, void *bytes, size_t size, int64_t at);
ssize_t file_write_at(int fd, const void *bytes, size_t size, int64_t at);

/* Give back what is behind a size. Returns 0 or -1. */
int file_truncate(int fd, int64_t size);

/* Return when what was written is on stable storage, with all that is needed to
 * read it again; file_sync with all that is known of the file, too. A call that
 * has failed need not fail again. Returns 0 or -1. */
int file_sync_data(int fd);
int file_sync(int fd);

/* Whether errno says that there is no space, quota or file size left. */
bool file_is_full(int error);

/* --- names -------------------------------------------------------------- */

/* Whether there is something of that name. False also where that is not known,
 * with errno set: ENOENT where there is nothing. */
bool file_exists(const char *path);

/* Whether both names are of the same file, which exists. */
bool file_is_same(const char *one, const char *other);

/* The size in bytes of the file that has this name, or -1. */
int64_t file_size_of(const char *path);

/* Create an empty file, which need not be missing, with the permissions and,
 * where this process may give files away, the owner of another. */
int file_create_like(const char *path, const char *other);

/* Sync a file as file_sync does; and the names in a directory, so that after a
 * power cut they are as now. Where a system makes names durable in the order of
 * the calls by itself, the second does nothing. */
int file_sync_path(const char *path);
int file_sync_directory(const char *directory);

/* Rename at once, for others and after a power cut: there is always the old
 * file or the new one. file_replace replaces what has the name; file_move does
 * not: EEXIST. Other programs may have either open. */
int file_replace(const char *from, const char *to);
int file_move(const char *from, const char *to);

/* Remove a name; who has the file open can go on to use it. */
int file_remove(const char *path);

/* A name in a directory that begins with prefix: its path in found, which has
 * room for FILE_PATH_MAX bytes. False: there is none, or none can be read. */
bool file_find(const char *directory, const char *prefix, char *found);

/* Write the directory of a path, "." if it names none, to directory, which has
 * room for FILE_PATH_MAX bytes. Returns the name in it. */
const char *file_split(const char *path, char *directory);

/* Whether a path is the same wherever the process is. */
bool file_is_absolute(const char *path);

/* Write the absolute path of a file, without links, to out, which has room for
 * PATH_MAX bytes. Returns 0 or -1. */
int file_resolve(const char *path, char *out);

#endif
