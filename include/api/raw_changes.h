/*
 * Every change singly, with before and after, as events for scripts. Written
 * down only while somebody wants them, and of one tick no more than
 * EVERY_BYTES_MAX: what is more is lost, and known to be.
 */
#ifndef API_RAW_CHANGES_H
#define API_RAW_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

struct datatable;
struct evbuffer;
struct every;

#define EVERY_BYTES_MAX (64 * 1024)

/* Observes table, which outlives it. NULL when there is no memory. */
struct every *every_new(struct datatable *table);

/* NULL is fine. */
void every_free(struct every *e);

/* One reader more, or less. */
void every_want(struct every *e, bool more);

/* The events of this tick, borrowed, and whether they are all there were. */
struct evbuffer *every_events(const struct every *e, bool *complete);

/* Begin another tick. */
void every_begin(struct every *e);

#endif
