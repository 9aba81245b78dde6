/*
 * Requests that wait until a value holds: GET /api/wait. Nobody polls: a write
 * that touches what one waits for wakes it, once in a turn of the event loop.
 */
#ifndef API_WAIT_H
#define API_WAIT_H

#include <stddef.h>

struct api;
struct event_base;
struct http_request;
struct waits;

/* Requests that wait at one time: half of the connections that events leave. */
#define WAITS_MAX 8

/* Seconds, at most and unless the request says. */
#define WAIT_TIMEOUT_MAX     3600
#define WAIT_TIMEOUT_DEFAULT 10

/* api is borrowed; it needs its scheduler by now. NULL when memory is
 * exhausted. */
struct waits *waits_new(struct event_base *base, struct api *api);

/* Accepts NULL. No request may wait. */
void waits_free(struct waits *ws);

/* GET /api/wait?point=&equals=&timeout=, or
 * ?address=&type=&order=&equals=&timeout= */
void api_wait(struct http_request *request);

size_t waits_count(const struct waits *ws);

#endif
