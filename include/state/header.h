/*
 * The header of a state file, as SQLite has it in the first page:
 * https://www.sqlite.org/fileformat2.html#the_database_header
 *
 * Its mode tells whether FILE alone is complete: a server begins to write by
 * making the file HEADER_WITH_LOG, and ends with HEADER_ALONE, when all that
 * was in FILE-wal is in FILE. Backups, new and restored files are HEADER_ALONE.
 */
#ifndef STATE_HEADER_H
#define STATE_HEADER_H

#include <stdint.h>

struct store_error;

enum header_mode {
	HEADER_ALONE,    /* no write is in FILE-wal */
	HEADER_WITH_LOG, /* FILE-wal is part of it (SQLite's WAL mode) */
	HEADER_UNKNOWN,  /* it is damaged */
};

struct header {
	uint32_t version; /* of the schema; FILE-wal may have a later one */
	enum header_mode mode;
};

/* Read the header of a state file. Nothing else of the file is read. Returns 0,
 * or -1 with why: EX_CONFIG when it is no state file, or of a version that is
 * not supported. */
int header_read(const char *path, struct header *h, struct store_error *why);

/* Make a file that no process has open as a database HEADER_ALONE, durably.
 * Returns 0, or -1 with errno set. */
int header_set_alone(const char *path);

#endif
