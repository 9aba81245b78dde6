/*
 * The entries that are appended in one turn of the event loop, sent together at
 * its end. Several become one transaction: Redis answers a read that waits as
 * soon as there is one entry, and would answer with the first one alone.
 */
#ifndef SHARED_REDIS_BATCH_H
#define SHARED_REDIS_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "shared/resp.h"

struct event_base;
struct link;
struct redis_batch;

/* The kinds of its commands. */
struct redis_batch_kinds {
	unsigned multi;
	unsigned append; /* with the tag; sent alone */
	unsigned queue;  /* likewise; sent between MULTI and EXEC */
	unsigned exec;
};

/* For the writer of l, which is borrowed. NULL: no memory. */
struct redis_batch *redis_batch_new(struct event_base *base, struct link *l,
    const struct redis_batch_kinds *kinds);
void redis_batch_free(struct redis_batch *b);

/* Add a command, whose words are copied. Without memory, the link is lost. */
void redis_batch_add(struct redis_batch *b, uint64_t tag,
    const struct resp_word *words, size_t count);

/* Send what was added: to be called before another command is sent. */
void redis_batch_send(struct redis_batch *b);

/* Forget what was added. */
void redis_batch_drop(struct redis_batch *b);

#endif
