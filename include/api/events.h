/*
 * Server-sent events: the changes of the table, at most ten times a second,
 * and once a second the status and the clients.
 */
#ifndef API_EVENTS_H
#define API_EVENTS_H

#include <stddef.h>

struct api;
struct event_base;
struct events;
struct http_request;

/* Subscribers at one time. */
#define EVENTS_SUBSCRIBERS_MAX 16

/* Milliseconds between two searches for changes. */
#define EVENTS_TICK_MS 100

/* api is borrowed; it needs its scheduler by now. NULL when memory is
 * exhausted. */
struct events *events_new(struct event_base *base, struct api *api);

/* Accepts NULL. No subscriber may be left. */
void events_free(struct events *e);

/* To be called once a second: sends the status; and the clients if their
 * figures have changed. */
void events_second(struct events *e);

/* GET /api/events?since=&detail=&points=&writes= */
void events_subscribe(struct http_request *request);

size_t events_subscribers(const struct events *e);

#endif
