/*
 * A request over HTTP on its way to a reply: who asks, what, and the ways to
 * answer.
 *
 * A call is worked on in steps that take turns with those of others (see
 * http/scheduler.h), each as short as can be: a long reply takes many. A step
 * ends the call by one of the replies, asks for another step by returning, or
 * parks the call until something else replies. A call whose client has gone
 * ends by itself.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <event2/http.h>
#include <jansson.h>
#include <stdbool.h>

#include "base/client.h"
#include "http/scheduler.h"

struct call;
struct evbuffer;
struct http_connection;

typedef void (*call_step_fn)(struct call *call);

struct call {
	struct scheduler_task task;
	struct scheduler *scheduler; /* borrowed */
	void *context;               /* borrowed: what the handlers work on */
	struct client client;
	struct evhttp_request *request;     /* evhttp's; NULL once replied */
	struct http_connection *connection; /* borrowed */
	call_step_fn step;                  /* NULL: parked */
	bool running;                       /* within its step */

	/* A handler's own; ended once, by a reply or because the client has
	 * gone. */
	void *job;
	void (*end_job)(void *job);
};

/* A call for a request that came from a connection, which waits for its first
 * step; or NULL when there is no memory. */
struct call *
call_new(struct scheduler *scheduler, struct http_connection *connection,
    struct evhttp_request *request, call_step_fn step, void *context);

/* Go on with another step at another turn; with NULL, park. Gives the call a
 * job; the one that it had stays its own when job is that one. */
void call_continue(struct call *call, call_step_fn step, void *job,
    void (*end_job)(void *job));

/* The value of a header of the request, or NULL. */
const char *call_header(const struct call *call, const char *name);

/* The query of the request's URL, borrowed, or NULL: for params_parse. */
const char *call_query(const struct call *call);

/* The body of the request, borrowed. */
struct evbuffer *call_body(const struct call *call);

/* Give the reply a header. */
void call_add_header(struct call *call, const char *name, const char *value);

/*
 * Replies. Each ends the call: outside of its step it is gone when this
 * returns, within it when the step returns.
 */

/* A body to be; or NULL, then the call is answered with 500. */
struct evbuffer *call_new_body(struct call *call);

/* body is drained; NULL is an empty one. type may be NULL then. */
void call_reply(
    struct call *call, int status, const char *type, struct evbuffer *body);

/* A whole body of JSON, with status 200. It is drained. */
void call_reply_made(struct call *call, struct evbuffer *body);

/* Takes value over; NULL, as when there was no memory for it, is status 500. */
void call_reply_json(struct call *call, int status, json_t *value);

/* {"error": "..."} */
void call_fail(struct call *call, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* End a call that is parked by closing its connection. */
void call_drop(struct call *call);

#endif
