/* Requests to an engine in memory, and their answers: for its two files only.
 */
#ifndef MEMORY_ITEM_H
#define MEMORY_ITEM_H

#include "memory_engine.h"

enum memory_kind {
	MEMORY_CONNECT,
	MEMORY_FIND,
	MEMORY_READ,
	MEMORY_GET_SNAPSHOT,
	MEMORY_BEGIN,
	MEMORY_APPEND,
	MEMORY_COUNT_COPIES,
	MEMORY_PUT_SNAPSHOT,
	MEMORY_ANNOUNCE,
};

struct memory_item {
	TAILQ_ENTRY(memory_item) link;
	enum memory_kind kind;
	uint64_t number, tag, session, write_number, first;
	struct engine_entry *entry; /* owned; to add, or found */
	uint8_t *bytes;             /* owned */
	size_t length;
	char key[32], text[400];
	bool idle;
	int result;

	/* Entries that were read: copies, owned. */
	struct engine_entry *entries;
	size_t count;
};

/* Copies of bytes, and of an entry; from malloc. */
void *memory_copy(const void *bytes, size_t length);
struct engine_entry *memory_make_entry(
    uint64_t number, const struct engine_field *fields, size_t count);

struct memory_item *memory_item_new(enum memory_kind kind);
void memory_item_free(struct memory_item *item);
void memory_items_free(struct memory_items *items);

/* Do what is requested, and make the answer of it; false: it waits. */
bool memory_item_arrive(struct memory_log *log, struct memory_item *item);

#endif
