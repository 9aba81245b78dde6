/*
 * Redis 7.0 or Valkey 7.2, or later, as an engine (shared/engine.h): the log is
 * the stream NAME:log with identifiers 1-1, 1-2 …, the snapshot the string
 * NAME:snapshot. Two connections: one reads, one writes.
 *
 * It is lost after 1.5 s without an answer that is due, by an error of the
 * connection, and where it is no primary.
 */
#ifndef SHARED_REDIS_H
#define SHARED_REDIS_H

#include "shared/engine.h"
#include "shared/url.h"

struct event_base;
struct ssl_ctx_st;

/* Descriptors in use: two connections, and the sockets that look up names. */
#define REDIS_DESCRIPTORS 6

struct redis_config {
	struct event_base *base;      /* borrowed */
	const struct shared_url *url; /* copied */
	const char *name;             /* of the keys, copied */
	unsigned patience;            /* ms, at least 8; 0: 1,500 */
	const char *ca; /* file of certificates, for rediss://; NULL: those of
			   the system. Borrowed */
};

/* An engine that is not connected yet, freed by its method; NULL when there is
 * no memory, or ca cannot be read: then why is one line. */
struct engine *redis_new(const struct redis_config *config, char *why);

#define REDIS_WHY_MAX 256

#endif
