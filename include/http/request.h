/*
 * An HTTP request from its arrival to its reply, and the ways to reply.
 *
 * A request is handled in short steps, which the scheduler runs in turn with
 * those of other requests (see http/scheduler.h); a long reply takes many. A
 * step ends the request by a reply, or returns without one to be run again, or
 * suspends the request until something else replies. A request whose client
 * closes the connection is freed.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <event2/http.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/client.h"
#include "http/scheduler.h"

struct evbuffer;
struct event;
struct http_connection;
struct http_request;
struct packing;

/* How many replies have begun with each status. */
#define HTTP_STATUS_MIN 100
#define HTTP_STATUS_MAX 599
struct http_statuses {
	uint64_t counts[HTTP_STATUS_MAX - HTTP_STATUS_MIN + 1];
};

typedef void (*http_request_step_fn)(struct http_request *request);

struct http_request {
	struct scheduler_task task;
	struct scheduler *scheduler; /* borrowed */
	void *context;               /* borrowed: what the handlers work on */
	struct http_statuses *statuses; /* borrowed: counts the reply */
	struct client client;
	struct evhttp_request *evhttp;      /* evhttp's; NULL after a reply */
	struct http_connection *connection; /* borrowed */
	http_request_step_fn step;          /* NULL: suspended */
	http_request_step_fn next_step;     /* when a part is sent */
	struct event *closed;               /* owned; NULL: does not wait */
	bool running;                       /* the step is being run */
	bool aborted;                       /* by the step */
	struct packing *packing; /* of the reply; NULL: not compressed */

	/* The handler's data, and how to free it: called once, when the
	 * request ends. */
	void *data;
	void (*free_data)(void *data);
};

/* Create a request that came from a connection, and schedule its first step.
 * Returns NULL when memory is exhausted. */
struct http_request *http_request_new(struct scheduler *scheduler,
    struct http_connection *connection, struct evhttp_request *evhttp,
    struct http_statuses *statuses, http_request_step_fn step, void *context);

/* Set the next step, which is scheduled; NULL suspends the request. Sets the
 * handler's data as well; frees the data that it replaces. */
void http_request_continue(struct http_request *request,
    http_request_step_fn step, void *data, void (*free_data)(void *data));

/* Let a suspended request wait for long: without evhttp's deadline, which ends
 * the connection after some seconds, and not longer than its client, which
 * evhttp notices only when it reads or writes. Returns 0, or -1 when memory is
 * exhausted. */
int http_request_wait(struct http_request *request);

/* The value of a header of the request, or NULL. */
const char *
http_request_header(const struct http_request *request, const char *name);

/* The query of the request's URL, borrowed, or NULL: for parameters_parse. */
const char *http_request_query(const struct http_request *request);

/* The body of the request, borrowed. */
struct evbuffer *http_request_body(const struct http_request *request);

/* Add a header to the reply. */
void http_request_add_header(
    struct http_request *request, const char *name, const char *value);

/*
 * Replies. Each ends the request: within a step it is freed when the step
 * returns, otherwise before the reply function returns; but where the reply is
 * compressed, some steps later. The handler must not use it any more.
 *
 * A body of COMPRESS_MIN bytes or more, and one in parts, is compressed where
 * its type suits and the client accepts it, unless a header Content-Encoding
 * was added.
 */

/* Returns a new evbuffer for a body, owned by the caller; or NULL after a reply
 * with status 500. */
struct evbuffer *http_request_new_body(struct http_request *request);

/* body is drained; NULL is an empty body. type may be NULL then. */
void http_request_reply(struct http_request *request, int status,
    const char *type, struct evbuffer *body);

/* Reply with status 200 and a body that is JSON text. body is drained. */
void http_request_reply_json_text(
    struct http_request *request, struct evbuffer *body);

/* Takes ownership of value. NULL, the result of jansson when memory is
 * exhausted, becomes status 500. */
void http_request_reply_json(
    struct http_request *request, int status, json_t *value);

/* Reply {"error": "..."}. */
void http_request_fail(struct http_request *request, int status,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * A reply in parts, of which one at a time is in memory: begin it; then add
 * parts, one in each step, whose step is run again when the part is sent; and
 * end it. The client has HTTP_CONNECTION_WRITING_MS for all of it.
 */
void http_request_begin_reply(
    struct http_request *request, int status, const char *type);

/* Count a reply that is begun without these functions. */
void http_request_count(struct http_request *request, int status);

/* part is drained. If it is empty, nothing is sent. */
void http_request_add_part(struct http_request *request, struct evbuffer *part);

void http_request_end_reply(struct http_request *request);

/* End a request, also after a part of its reply, by closing its connection. */
void http_request_abort(struct http_request *request);

#endif
