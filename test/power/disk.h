/*
 * A disk behind a page cache, played from a recording: what is safe on it, and
 * what has been asked for since and is not. It is the weakest disk that keeps
 * its promises: a sync makes a file's bytes and size safe, and a sync of the
 * directory makes names safe; nothing else does, in no order.
 */
#ifndef DISK_H
#define DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recording.h"

#define DISK_NAME_MAX  64
#define DISK_NAMES_MAX 32

/* A write, or a truncation. */
struct disk_op {
	bool truncates;
	uint32_t length;
	int64_t place;       /* of a truncation, the new size */
	const uint8_t *data; /* the recording's */
};

struct disk_file {
	struct disk_file *older; /* the one made before it */
	uint64_t inode;
	char name[DISK_NAME_MAX]; /* it was made with */
	uint8_t *content;         /* safe; owned */
	size_t size;
	struct disk_op *ops; /* not safe yet; owned */
	size_t count;
	size_t capacity;
	size_t reach; /* so many of them the sync that goes on will make safe */
};

/* A change of the directory: a name gets a file, or loses it. */
struct disk_name_op {
	char name[DISK_NAME_MAX];
	struct disk_file *file; /* NULL: it is removed */
	bool with_next;         /* this and the next are one step */
};

struct disk_name {
	char name[DISK_NAME_MAX];
	struct disk_file *file;
};

struct disk_names {
	struct disk_name list[DISK_NAMES_MAX];
	size_t count;
};

/* Syncs that a disk pretends to do: the test must notice each kind. */
enum disk_lie {
	DISK_HONEST,
	DISK_LIES_LOG,      /* of FILE-wal */
	DISK_LIES_DATABASE, /* of other files */
	DISK_LIES_NAMES,    /* of the directory */
};

struct disk {
	enum disk_lie lie;        /* from now on */
	struct disk_file *newest; /* owned */
	struct disk_names names;  /* safe */
	struct disk_name_op ops[DISK_NAMES_MAX * 4];
	size_t count; /* of ops */
	size_t reach;
	bool strange; /* something happened that the model doesn't know */
};

void disk_init(struct disk *d);
void disk_clear(struct disk *d);

/* Play one entry; those that mean nothing to a disk are ignored. data stays
 * where it is. */
void
disk_play(struct disk *d, const struct recording_entry *e, const uint8_t *data);

void disk_name_apply(struct disk_names *names, const struct disk_name_op *op);

#endif
