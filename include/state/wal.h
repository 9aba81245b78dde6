/*
 * The frames of FILE-wal, checked before SQLite reads them. SQLite's recovery
 * uses the frames up to the first with a wrong checksum, and drops the rest.
 * That is right when the last transaction was not finished, but after damage in
 * the middle it silently drops all later transactions.
 *
 * A transaction is written only when the one before it is on the disk. So at
 * most one transaction can follow the first bad frame; if there are more, a
 * frame that was on the disk has been damaged. But where a transaction was not
 * finished, the disk may contain anything, even a copy of this log: frames that
 * are equal to one before the first bad frame don't count.
 *
 * Nothing in the file shows whether the last transaction was finished; the mark
 * does (state/lock.h).
 */
#ifndef STATE_WAL_H
#define STATE_WAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wal_state {
	WAL_MISSING,    /* no file */
	WAL_EMPTY,      /* a file without frames */
	WAL_SOUND,      /* the last transaction may be unfinished */
	WAL_DAMAGED,    /* committed frames are damaged */
	WAL_UNREADABLE, /* errno is set */
};

/* Check the log at path. */
enum wal_state wal_check(const char *path);

/* The pages 1..count of a database that are in its log, as of the last
 * transaction that was finished. */
struct wal_pages;

/* Find them in the log at path. Returns NULL with errno set. */
struct wal_pages *wal_pages_new(const char *path, uint32_t count);
void wal_pages_free(struct wal_pages *p);

/* Read one of them. Returns whether it is in the log: 1, or 0, or -1 when it
 * cannot be read. */
int wal_pages_read(const struct wal_pages *p, uint32_t page, uint8_t *bytes);

#endif
