/*
 * A recording: all that a server, over several runs, did to the files of one
 * directory, and all that it sent to clients, in one order. Made by recorder.c,
 * which is loaded into the server; played back by disk.c and acknowledged.c.
 *
 * The file begins with struct recording_head. Entries follow, each a struct
 * recording_entry with its data behind it, padded to RECORDING_STEP.
 *
 * What the order means, and why a judgement by it is sound, stands in
 * recorder.c.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include <stdint.h>

#define RECORDING_STEP 8

enum recording_kind {
	RECORDED_CREATE = 1,       /* file; data: name */
	RECORDED_WRITE,            /* file, place; data: what was written */
	RECORDED_TRUNCATE,         /* file, place: the new size */
	RECORDED_SYNC_BEGIN,       /* file */
	RECORDED_SYNC_END,         /* file; it has succeeded */
	RECORDED_NAMES_SYNC_BEGIN, /* of the directory */
	RECORDED_NAMES_SYNC_END,
	RECORDED_RENAME,  /* file; data: from, NUL, to */
	RECORDED_UNLINK,  /* file; data: name */
	RECORDED_SENT,    /* data: client's address, NUL, bytes that it gets */
	RECORDED_SAID,    /* data: what went to the standard output or error */
	RECORDED_STRANGE, /* data: something that the disk's model doesn't know
			   */
};

struct recording_entry {
	uint32_t kind;
	uint32_t length; /* of the data */
	uint64_t file;   /* its inode; used again when a file is gone */
	int64_t place;
};

struct recording_head {
	uint64_t used; /* bytes of the file that are good, these included */
	uint64_t left; /* set by the test: so many entries more, and the process
			* is killed; 0: it lives */
};

#endif
