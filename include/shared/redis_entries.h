/* Replies of Redis as entries of a log (shared/engine.h). They come from
 * outside: all this is total. */
#ifndef SHARED_REDIS_ENTRIES_H
#define SHARED_REDIS_ENTRIES_H

#include <stddef.h>
#include <stdint.h>

#include "shared/engine.h"
#include "shared/reply.h"

enum redis_entries {
	REDIS_ENTRIES_READY,
	REDIS_ENTRIES_UNFIT,   /* the reply is of another type or shape */
	REDIS_ENTRIES_FOREIGN, /* an identifier is not 1-N, N from 1 on */
	REDIS_ENTRIES_MEMORY,  /* there is none */
};

/* The number of an identifier, 1-N. Returns 0, or -1: it is another. */
int redis_entry_number(const struct reply *id, uint64_t *number);

/*
 * The entries of a reply to XRANGE, or of what XREAD says of a stream. They
 * borrow from the reply, and are in its memory, m.
 */
enum redis_entries
redis_entries_make(struct reply_memory *m, const struct reply *reply,
    const struct engine_entry **entries, size_t *count);

/* What XREAD of one stream says of it; NULL: the reply does not fit. */
const struct reply *redis_entries_of_stream(const struct reply *reply);

/* The strings of an array, an even number of them; NULL: there is no memory, or
 * the reply does not fit. In m. */
const struct engine_field *redis_fields_make(
    struct reply_memory *m, const struct reply *reply, size_t *count);

#endif
