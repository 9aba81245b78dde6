/*
 * An engine in memory, for tests of what uses one: one log, and any number of
 * engines on it. Each has two connections, a reader and a writer; on each,
 * requests arrive at the log in sequence, and answers come back in sequence,
 * when the test says so. So a test chooses what overtakes what.
 */
#ifndef MEMORY_ENGINE_H
#define MEMORY_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/queue.h"
#include "shared/engine.h"

struct memory_item; /* a request, and then its answer */
TAILQ_HEAD(memory_items, memory_item);

#define MEMORY_SNAPSHOTS 4096

struct memory_log {
	struct engine_entry **entries; /* by number, from 1 on; owned */
	size_t count, room;
	uint64_t first; /* the first that is left */
	bool exists;

	struct {
		uint8_t *bytes; /* owned */
		size_t length;
		uint64_t at; /* number of its snapshot entry */
	} snapshots[MEMORY_SNAPSHOTS];
	size_t snapshot_count;

	bool away;                 /* it takes no connections */
	enum engine_append result; /* of an append; ENGINE_APPENDED at first */
	unsigned copies;
	size_t begun, closed, stored; /* how often */

	struct memory_items late; /* requests of connections that were lost */

	char announced[64][2][400]; /* keys and texts */
	size_t announced_count;

	/* The log has grown, or was cut. */
	void (*changed)(void *arg);
	void *arg;
};

void memory_log_init(struct memory_log *log);
void memory_log_end(struct memory_log *log);

/* Add an entry by nobody's connection, or one of texts that ends with NULL. */
uint64_t memory_log_add(
    struct memory_log *log, const struct engine_field *fields, size_t count);
uint64_t memory_log_add_texts(struct memory_log *log, const char *text, ...)
    __attribute__((sentinel));

/* Lose all entries behind a number, and the snapshots made since. */
void memory_log_cut(struct memory_log *log, uint64_t last);

/* Forget the entries before a number. */
void memory_log_trim(struct memory_log *log, uint64_t first);

/* No log any more, and no snapshot. */
void memory_log_wipe(struct memory_log *log);

/* Change a bit of the snapshot. */
void memory_log_damage(struct memory_log *log);

/* What connections that were lost had on the way arrives now, one at a time;
 * false: there is nothing. */
bool memory_log_arrive_late(struct memory_log *log);

enum memory_channel {
	MEMORY_READER,
	MEMORY_WRITER,
	MEMORY_CHANNELS,
};

struct memory_engine {
	struct engine engine;
	struct memory_log *log; /* borrowed */
	struct memory_items requests[MEMORY_CHANNELS];
	struct memory_items answers[MEMORY_CHANNELS];
	struct memory_item *entries; /* the answer that was borrowed; owned */
	bool hold_requests[MEMORY_CHANNELS];
	bool hold_answers[MEMORY_CHANNELS];
	bool late; /* the writer's requests arrive, even when it was lost */
	bool connected;
	unsigned connects;
	size_t reads; /* how often it was asked for entries */
};

/* Freed by its method. */
struct memory_engine *memory_engine_new(struct memory_log *log);

/* Let the next request of a channel arrive, or its next answer come: false when
 * there is none, or it is held. */
bool memory_engine_arrive(struct memory_engine *e, enum memory_channel which);
bool memory_engine_answer(struct memory_engine *e, enum memory_channel which);

/* Answer a read that waits by no entries. false: none waits. */
bool memory_engine_idle(struct memory_engine *e);

/* The connection is lost. */
void memory_engine_lose(struct memory_engine *e);

#endif
