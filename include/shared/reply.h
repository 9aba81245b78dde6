/*
 * Replies of RESP 2, out of bytes, which may be anything: decoding is total,
 * and what one reply takes is limited.
 */
#ifndef SHARED_REPLY_H
#define SHARED_REPLY_H

#include <stddef.h>

/* A longer reply is none. */
#define REPLY_BYTES_MAX (64UL << 20)

/* What a reply may take in memory. */
#define REPLY_MEMORY_MAX (2 * REPLY_BYTES_MAX)

enum reply_type {
	REPLY_STRING,
	REPLY_ARRAY,
	REPLY_INTEGER,
	REPLY_NIL,
	REPLY_STATUS,
	REPLY_ERROR,
	REPLY_OTHER, /* of RESP 3, which is not asked for */
};

struct reply {
	enum reply_type type;
	long long number; /* an integer's */
	size_t count;     /* an array's */
	struct reply *elements;
	const char *text; /* of a string, status or error, with a NUL behind */
	size_t length;    /* without it */
};

/* The memory of a reply, and of what is made of it. */
struct reply_memory;

/* A block of size bytes, aligned for any type, freed with all others; NULL:
 * there is no memory, or it would be more than REPLY_MEMORY_MAX. */
void *reply_memory_take(struct reply_memory *m, size_t size);

/* Accepts NULL. */
void reply_memory_free(struct reply_memory *m);

struct replies;

/* NULL: no memory. */
struct replies *replies_new(void);
void replies_free(struct replies *r);

/* Add bytes. Returns 0, or -1: no memory. */
int replies_feed(struct replies *r, const void *bytes, size_t length);

enum replies_result {
	REPLIES_PARTIAL, /* more bytes are needed */
	REPLIES_READY,
	REPLIES_INVALID, /* and so is everything behind it */
	REPLIES_TOO_LONG,
};

/* Take the next reply. It is borrowed until the next call, or as long as its
 * memory is kept. */
enum replies_result replies_take(struct replies *r, const struct reply **reply);

/* The memory of the last reply, owned by r. */
struct reply_memory *replies_memory(struct replies *r);

/* The same, from now on owned by the caller; NULL when there is no memory for
 * that of further replies: then it remains r's. */
struct reply_memory *replies_keep(struct replies *r);

/* Room for the text of a reply as a line, with its NUL. */
#define REPLY_LINE_SIZE 256

/* The text of a string, status or error, or as much as fits, as one printable
 * line in out, which has room for REPLY_LINE_SIZE bytes. Returns out. */
const char *reply_line(const struct reply *reply, char *out);

#endif
