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
request_free(struct http_request *request)
{
	scheduler_remove(request->scheduler, &request->task);
	if (request->free_data != NULL)
		request->free_data(request->data);
	free(request);
}

/* The client has closed the connection before the reply. The evhttp request is
 * ours to free then, unless evhttp itself is being freed. */
static void
closed_cb(void *arg)
{
	struct http_request *request = arg;

	if (evhttp_request_get_connection(request->evhttp) == NULL)
		evhttp_request_free(request->evhttp);
	request_free(request);
}

static void
run_step(struct scheduler_task *task)
{
	struct http_request *request =
	    (void *)((char *)task - offsetof(struct http_request, task));

	request->running = true;
	request->step(request);
	request->running = false;
	if (request->evhttp == NULL)
		request_free(request);
	else if (request->step != NULL)
		scheduler_add(request->scheduler, &request->task);
}

struct http_request *
http_request_new(struct scheduler *scheduler,
    struct http_connection *connection, struct evhttp_request *evhttp,
    http_request_step_fn step, void *context)
{
	struct http_request *request = calloc(1, sizeof(*request));

	if (request == NULL)
		return NULL;
	request->scheduler = scheduler;
	request->connection = connection;
	request->evhttp = evhttp;
	request->step = step;
	request->context = context;
	connection->on_close = closed_cb;
	connection->arg = request;
	request->task.run = run_step;
	scheduler_add(scheduler, &request->task);
	return request;
}

void
http_request_continue(struct http_request *request, http_request_step_fn step,
    void *data, void (*free_data)(void *data))
{
	if (request->free_data != NULL && data != request->data)
		request->free_data(request->data);
	request->step = step;
	request->data = data;
	request->free_data = free_data;
	if (step != NULL && !request->running)
		scheduler_add(request->scheduler, &request->task);
}

const char *
http_request_header(const struct http_request *request, const char *name)
{
	return evhttp_find_header(
	    evhttp_request_get_input_headers(request->evhttp), name);
}

const char *
http_request_query(const struct http_request *request)
{
	return evhttp_uri_get_query(
	    evhttp_request_get_evhttp_uri(request->evhttp));
}

struct evbuffer *
http_request_body(const struct http_request *request)
{
	return evhttp_request_get_input_buffer(request->evhttp);
}

void
http_request_add_header(
    struct http_request *request, const char *name, const char *value)
{
	evhttp_add_header(
	    evhttp_request_get_output_headers(request->evhttp), name, value);
}

/* The reason phrases that evhttp lacks. */
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
replied(struct http_request *request)
{
	request->evhttp = NULL;
	if (!request->running)
		request_free(request);
}

void
http_request_reply(struct http_request *request, int status, const char *type,
    struct evbuffer *body)
{
	struct evhttp_request *evhttp = request->evhttp;

	if (type != NULL)
		http_request_add_header(request, "Content-Type", type);
	http_connection_replied(request->connection, evhttp);
	evhttp_send_reply(evhttp, status, phrase(status), body);
	replied(request);
}

/* Reply with a line, or with an empty body when memory is exhausted. */
static void
reply_text(struct http_request *request, int status, const char *type,
    const char *text)
{
	struct evbuffer *body = evbuffer_new();

	if (body == NULL || text == NULL ||
	    evbuffer_add_printf(body, "%s\n", text) < 0)
		http_request_reply(request, 500, NULL, NULL);
	else
		http_request_reply(request, status, type, body);
	if (body != NULL)
		evbuffer_free(body);
}

void
http_request_reply_json_text(
    struct http_request *request, struct evbuffer *body)
{
	http_request_add_header(request, "Cache-Control", "no-store");
	http_request_reply(request, 200, JSON_TYPE, body);
}

void
http_request_reply_json(struct http_request *request, int status, json_t *value)
{
	char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);

	json_decref(value);
	http_request_add_header(request, "Cache-Control", "no-store");
	reply_text(request, status, JSON_TYPE, text);
	free(text);
}

void
http_request_fail(
    struct http_request *request, int status, const char *format, ...)
{
	char message[ERROR_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	http_request_reply_json(
	    request, status, json_pack("{s:s}", "error", message));
}

struct evbuffer *
http_request_new_body(struct http_request *request)
{
	struct evbuffer *body = evbuffer_new();

	if (body == NULL)
		http_request_fail(request, 500, "out of memory");
	return body;
}

void
http_request_abort(struct http_request *request)
{
	http_connection_close(request->connection);
}
