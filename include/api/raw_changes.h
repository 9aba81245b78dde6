/*
 * Raw changes: each change of the table with the values before and after it,
 * as server-sent events. They are recorded only while there is a reader, and
 * at most RAW_CHANGES_BYTES_MAX bytes in a tick: the rest of the tick is
 * dropped, which the readers are told.
 */
#ifndef API_RAW_CHANGES_H
#define API_RAW_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

struct datatable;
struct evbuffer;
struct raw_changes;

#define RAW_CHANGES_BYTES_MAX (64 * 1024)

/* Observes table, which outlives it. NULL when memory is exhausted. */
struct raw_changes *raw_changes_new(struct datatable *table);

/* Accepts NULL. */
void raw_changes_free(struct raw_changes *rc);

/* Count the readers. */
void raw_changes_add_reader(struct raw_changes *rc);
void raw_changes_remove_reader(struct raw_changes *rc);

/* The events of the present tick, borrowed; *complete is false when some of
 * them were dropped. */
struct evbuffer *
raw_changes_events(const struct raw_changes *rc, bool *complete);

/* Discard the events and begin another tick. */
void raw_changes_begin_tick(struct raw_changes *rc);

#endif
