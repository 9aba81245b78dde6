/*
 * Server-sent events: what changes in the table, as it changes, at most ten
 * times a second.
 *
 * No queue is kept for a reader, only how far it has read. Whoever reads
 * slowly, or comes back after a while, gets the latest values of what has
 * changed since; memory stays bounded, and nothing is ever lost but values
 * that were overwritten meanwhile.
 */
#ifndef API_EVENTS_H
#define API_EVENTS_H

#include <stddef.h>
#include <stdint.h>

struct api;
struct http_request;
struct event_base;
struct events;

/* Readers at once. */
#define EVENTS_READERS_MAX 16

/* Milliseconds from one look for changes to the next. */
#define EVENTS_TICK_MS 100

/* A reader that has so many bytes unsent gets no more for now. */
#define EVENTS_UNSENT_MAX (64 * 1024)

/* An event has hardly more bytes than this; what is left comes in the next. */
#define EVENTS_BYTES_MAX (32 * 1024)

/* api is borrowed. NULL when there is no memory. */
struct events *events_new(struct event_base *base, struct api *api);

/* NULL is fine. No reader may be left. */
void events_free(struct events *e);

/* To be called once a second: tells of the status, and of clients until what
 * was told of them stays so. */
void events_second(struct events *e);

/* GET /api/events?since=&detail= */
void events_subscribe(struct http_request *request);

/* The number of the last change, for whoever reads the table now and the events
 * from there on. Rises, also from one start of the server to the next. */
uint64_t events_sequence(struct events *e);

size_t events_readers(const struct events *e);

#endif
