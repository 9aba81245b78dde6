/*
 * Numbers for the clients that write, so that a table of last writers takes two
 * bytes for each and not twenty. A client is who it is by its certificate, or a
 * host (base/who.h), so that a client that reconnects for every request stays
 * the same.
 *
 * There is room for WRITERS_ROOM clients. When it is full, the least recently
 * active half are evicted; their numbers are used again.
 */
#ifndef TABLE_WRITERS_H
#define TABLE_WRITERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/client.h"

struct writers;

/* Two numbers that no client has. */
#define WRITERS_NOBODY    0
#define WRITERS_FORGOTTEN 1

/* Numbers of clients are from WRITERS_FIRST to below WRITERS_END. */
#define WRITERS_FIRST 2
#define WRITERS_ROOM  1024
#define WRITERS_END   (WRITERS_FIRST + WRITERS_ROOM)

struct writer {
	struct address address;          /* the last one; its port is 0 */
	const struct identity *identity; /* or NULL; held */
	uint64_t writes;
	uint64_t time; /* of the last, in milliseconds since 1970 */
};

/* An empty list, or NULL when there is no memory. */
struct writers *writers_new(void);

void writers_free(struct writers *w);

/*
 * Count a write of a client. Returns the client's number, or WRITERS_NOBODY
 * when it is new and there is no room: then call writers_forget.
 */
uint16_t
writers_count(struct writers *w, const struct client *who, uint64_t time);

/* Evict the least recently active half of the clients, and set for each number
 * whether its client is gone. */
void writers_forget(struct writers *w, bool gone[WRITERS_END]);

/* The client with a number, valid until it is evicted; or NULL. */
const struct writer *writers_get(const struct writers *w, uint16_t number);

/* How many clients there are, and how many were evicted. */
size_t writers_known(const struct writers *w);
uint64_t writers_forgotten(const struct writers *w);

#endif
