/*
 * Server-sent events of each write of the table. It is observed only while
 * there is a reader; recorded are at most WRITE_EVENTS_BYTES_MAX bytes in a
 * tick: the rest of the tick is dropped, which the readers are told.
 */
#ifndef API_WRITE_EVENTS_H
#define API_WRITE_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

struct datatable;
struct datatable_change;
struct evbuffer;
struct text_writer;
struct write_events;

#define WRITE_EVENTS_BYTES_MAX (64 * 1024)

/* What events there are of a write. */
struct write_events_kind {
	/* Add the event of a write to t, or nothing. The buffer of t has those
	 * of the tick so far. */
	void (*add)(void *arg, struct text_writer *t,
	    const struct datatable_change *change);
	/* Complete the events of a tick. NULL: they are. */
	void (*end)(void *arg, struct text_writer *t);
	bool numbered; /* readers notice by themselves what they miss */
};

/* The events of table, which outlives them, as do kind, and arg, which its
 * functions are given. NULL when memory is exhausted. */
struct write_events *write_events_new(
    struct datatable *table, const struct write_events_kind *kind, void *arg);

/* Accepts NULL. */
void write_events_free(struct write_events *we);

/* Count the readers. */
void write_events_add_reader(struct write_events *we);
void write_events_remove_reader(struct write_events *we);

bool write_events_are_numbered(const struct write_events *we);

/* To be called before the events of a tick are sent. */
void write_events_end_tick(struct write_events *we);

/* The events of the present tick, borrowed; *complete is false when some of
 * them were dropped. */
struct evbuffer *
write_events_text(const struct write_events *we, bool *complete);

/* Discard the events and begin another tick. */
void write_events_begin_tick(struct write_events *we);

#endif
