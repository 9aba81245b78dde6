#include "http/request.h"

#include <event2/buffer.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/connections.h"

#define JSON_TYPE "application/json"
#define ERROR_MAX 400

static void
call_free(struct call *call)
{
	scheduler_remove(call->scheduler, &call->task);
	if (call->end_job != NULL)
		call->end_job(call->job);
	free(call);
}

/* The client has gone before it got a reply. evhttp leaves us the request,
 * unless it is closing down itself. */
static void
call_gone(void *arg)
{
	struct call *call = arg;

	if (evhttp_request_get_connection(call->request) == NULL)
		evhttp_request_free(call->request);
	call_free(call);
}

static void
call_run(struct scheduler_task *task)
{
	struct call *call =
	    (void *)((char *)task - offsetof(struct call, task));

	call->running = true;
	call->step(call);
	call->running = false;
	if (call->request == NULL)
		call_free(call);
	else if (call->step != NULL)
		scheduler_add(call->scheduler, &call->task);
}

struct call *
call_new(struct scheduler *scheduler, struct http_connection *connection,
    struct evhttp_request *request, call_step_fn step, void *context)
{
	struct call *call = calloc(1, sizeof(*call));

	if (call == NULL)
		return NULL;
	call->scheduler = scheduler;
	call->connection = connection;
	call->request = request;
	call->step = step;
	call->context = context;
	connection->on_close = call_gone;
	connection->arg = call;
	call->task.run = call_run;
	scheduler_add(scheduler, &call->task);
	return call;
}

void
call_continue(
    struct call *call, call_step_fn step, void *job, void (*end_job)(void *job))
{
	if (call->end_job != NULL && job != call->job)
		call->end_job(call->job);
	call->step = step;
	call->job = job;
	call->end_job = end_job;
	if (step != NULL && !call->running)
		scheduler_add(call->scheduler, &call->task);
}

const char *
call_header(const struct call *call, const char *name)
{
	return evhttp_find_header(
	    evhttp_request_get_input_headers(call->request), name);
}

const char *
call_query(const struct call *call)
{
	return evhttp_uri_get_query(
	    evhttp_request_get_evhttp_uri(call->request));
}

struct evbuffer *
call_body(const struct call *call)
{
	return evhttp_request_get_input_buffer(call->request);
}

void
call_add_header(struct call *call, const char *name, const char *value)
{
	evhttp_add_header(
	    evhttp_request_get_output_headers(call->request), name, value);
}

/* evhttp knows few phrases. */
static const char *
phrase(int status)
{
	switch (status) {
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 413:
		return "Content Too Large";
	case 415:
		return "Unsupported Media Type";
	case 421:
		return "Misdirected Request";
	default:
		return NULL;
	}
}

static void
call_ended(struct call *call)
{
	call->request = NULL;
	if (!call->running)
		call_free(call);
}

void
call_reply(
    struct call *call, int status, const char *type, struct evbuffer *body)
{
	struct evhttp_request *request = call->request;

	if (type != NULL)
		call_add_header(call, "Content-Type", type);
	http_connection_replied(call->connection, request);
	evhttp_send_reply(request, status, phrase(status), body);
	call_ended(call);
}

/* Send a line, or an empty reply when there is no memory for one. */
static void
reply_text(struct call *call, int status, const char *type, const char *text)
{
	struct evbuffer *body = evbuffer_new();

	if (body == NULL || text == NULL ||
	    evbuffer_add_printf(body, "%s\n", text) < 0)
		call_reply(call, 500, NULL, NULL);
	else
		call_reply(call, status, type, body);
	if (body != NULL)
		evbuffer_free(body);
}

void
call_reply_made(struct call *call, struct evbuffer *body)
{
	call_add_header(call, "Cache-Control", "no-store");
	call_reply(call, 200, JSON_TYPE, body);
}

void
call_reply_json(struct call *call, int status, json_t *value)
{
	char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);

	json_decref(value);
	call_add_header(call, "Cache-Control", "no-store");
	reply_text(call, status, JSON_TYPE, text);
	free(text);
}

void
call_fail(struct call *call, int status, const char *format, ...)
{
	char sentence[ERROR_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	call_reply_json(call, status, json_pack("{s:s}", "error", sentence));
}

struct evbuffer *
call_new_body(struct call *call)
{
	struct evbuffer *body = evbuffer_new();

	if (body == NULL)
		call_fail(call, 500, "out of memory");
	return body;
}

void
call_drop(struct call *call)
{
	http_connection_close(call->connection);
}
