/*
 * The answers of Redis to what src/shared/redis.c asks, told as those of an
 * engine. They come from outside: all this is total.
 */
#ifndef SHARED_REDIS_ANSWERS_H
#define SHARED_REDIS_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/engine.h"
#include "shared/link.h"

struct redis_batch;
struct ssl_ctx_st;

/* Entries of a read, at most. */
#define REDIS_READ_MAX 1000

/* What is asked; the tag of REDIS_FIND is the number, those of REDIS_APPEND and
 * REDIS_QUEUE are the caller's. */
enum redis_kind {
	REDIS_FIND = LINK_KINDS,
	REDIS_READ,
	REDIS_GET,
	REDIS_APPEND,
	REDIS_MULTI,
	REDIS_QUEUE,
	REDIS_EXEC,
	REDIS_BEGIN,
	REDIS_COPIES,
	REDIS_PUT,
	REDIS_ANNOUNCE,
	REDIS_ANNOUNCED,
};

/* Entries between MULTI and EXEC, of which EXEC has no answer. */
struct redis_queued {
	uint64_t *tags; /* owned */
	size_t count, room;
	bool refused; /* one was, so that none is executed */
	char why[LINK_WHY_SIZE];
	bool dropped;                 /* nothing more is to be told of them */
	struct redis_queued *telling; /* borrowed: those whose outcomes are
					 being told; NULL: none are */
};

struct redis {
	struct engine engine;
	struct link *link;         /* owned */
	struct ssl_ctx_st *tls;    /* owned; NULL: none */
	struct redis_batch *batch; /* owned: what is appended in this turn */
	struct redis_queued queued;
	struct reply_memory *kept; /* owned: of the entries given last */
	char *log_key;             /* owned, NAME:log */
	char *snapshot_key;
	char *servers_key;
	bool reading;  /* a read has no answer */
	unsigned most; /* entries of a read: fewer after an answer that was too
			  long */
};

/* Nothing more is to be told of any. */
void redis_queued_forget(struct redis_queued *q);

/* An answer has come: of its link, with a struct redis. */
void redis_answer(
    void *arg, const struct resp_command *command, const struct reply *reply);

#endif
