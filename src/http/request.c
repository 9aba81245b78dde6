#include "http/request.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http_struct.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/compress.h"
#include "http/connections.h"

#define JSON_TYPE "application/json"
#define ERROR_MAX 400

#define CONTENT_ENCODING "Content-Encoding"

/* A reply that is being compressed. */
struct packing {
	struct compress *compress; /* owned, as are the next two */
	struct evbuffer *in;
	struct evbuffer *out;
	int status;
	const char *type;
	bool in_parts;
	bool last;                      /* nothing follows what is in it */
	http_request_step_fn next_step; /* when a part is packed and sent */
};

static void
packing_free(struct packing *p)
{
	if (p == NULL)
		return;
	compress_free(p->compress);
	if (p->in != NULL)
		evbuffer_free(p->in);
	if (p->out != NULL)
		evbuffer_free(p->out);
	free(p);
}

/* NULL when memory is exhausted. */
static struct packing *
packing_new(void)
{
	struct packing *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->compress = compress_new();
	p->in = evbuffer_new();
	p->out = evbuffer_new();
	if (p->compress != NULL && p->in != NULL && p->out != NULL)
		return p;
	packing_free(p);
	return NULL;
}

static void
request_free(struct http_request *request)
{
	packing_free(request->packing);
	scheduler_remove(request->scheduler, &request->task);
	if (request->free_data != NULL)
		request->free_data(request->data);
	if (request->closed != NULL)
		event_free(request->closed);
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
	if (request->aborted)
		http_connection_close(request->connection);
	else if (request->evhttp == NULL)
		request_free(request);
	else if (request->step != NULL)
		scheduler_add(request->scheduler, &request->task);
}

struct http_request *
http_request_new(struct scheduler *scheduler,
    struct http_connection *connection, struct evhttp_request *evhttp,
    struct http_statuses *statuses, http_request_step_fn step, void *context)
{
	struct http_request *request = calloc(1, sizeof(*request));

	if (request == NULL)
		return NULL;
	request->scheduler = scheduler;
	request->connection = connection;
	request->evhttp = evhttp;
	request->statuses = statuses;
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

static void
client_closed_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_request *request = arg;

	(void)fd;
	(void)what;
	http_connection_close(request->connection);
}

int
http_request_wait(struct http_request *request)
{
	struct bufferevent *bev = request->connection->bev;

	request->closed = event_new(bufferevent_get_base(bev),
	    bufferevent_getfd(bev), EV_CLOSED, client_closed_cb, request);
	if (request->closed == NULL || event_add(request->closed, NULL) != 0)
		return -1;
	bufferevent_set_timeouts(bev, NULL, NULL);
	return 0;
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

void
http_request_count(struct http_request *request, int status)
{
	if (status >= HTTP_STATUS_MIN && status <= HTTP_STATUS_MAX)
		request->statuses->counts[status - HTTP_STATUS_MIN]++;
}

static void
replied(struct http_request *request)
{
	request->evhttp = NULL;
	if (!request->running)
		request_free(request);
}

static void
send_reply(struct http_request *request, int status, const char *type,
    struct evbuffer *body)
{
	struct evhttp_request *evhttp = request->evhttp;

	if (type != NULL)
		http_request_add_header(request, "Content-Type", type);
	http_request_count(request, status);
	http_connection_replied(request->connection, evhttp);
	evhttp_send_reply(evhttp, status, phrase(status), body);
	replied(request);
}

static bool
is_head(const struct http_request *request)
{
	return evhttp_request_get_command(request->evhttp) == EVHTTP_REQ_HEAD;
}

static void
send_end(struct http_request *request)
{
	http_connection_replied(request->connection, request->evhttp);
	evhttp_send_reply_end(request->evhttp);
	replied(request);
}

static void
part_sent_cb(struct evhttp_connection *evcon, void *arg)
{
	struct http_request *request = arg;

	(void)evcon;
	request->step = request->next_step;
	scheduler_add(request->scheduler, &request->task);
}

static void
send_part(struct http_request *request, struct evbuffer *part,
    http_request_step_fn next_step)
{
	request->next_step = next_step;
	request->step = NULL;
	evhttp_send_reply_chunk_with_cb(
	    request->evhttp, part, part_sent_cb, request);
}

/* The reply will not be compressed. */
static void
drop_packing(struct http_request *request)
{
	evhttp_remove_header(evhttp_request_get_output_headers(request->evhttp),
	    CONTENT_ENCODING);
	packing_free(request->packing);
	request->packing = NULL;
}

/* Compress a bit, and send what is complete. */
static void
pack_step(struct http_request *request)
{
	struct packing *p = request->packing;
	enum compress_result result =
	    compress_step(p->compress, p->in, p->out, p->last);

	if (result == COMPRESS_MORE)
		return;
	if (p->in_parts && result == COMPRESS_FAILED) {
		http_request_abort(request);
	} else if (result == COMPRESS_FAILED) {
		drop_packing(request);
		http_request_fail(request, 500, "out of memory");
	} else if (!p->in_parts) {
		send_reply(request, p->status, p->type, p->out);
	} else if (p->last) {
		evhttp_send_reply_chunk(request->evhttp, p->out);
		send_end(request);
	} else if (evbuffer_get_length(p->out) > 0) {
		send_part(request, p->out, p->next_step);
	} else {
		request->step = p->next_step;
	}
}

/* Begin to compress a body of that type, if that is of use; the reply depends
 * on the header then. Returns whether it is. */
static bool
begin_packing(struct http_request *request, const char *type)
{
	struct evkeyvalq *headers =
	    evhttp_request_get_output_headers(request->evhttp);

	if (!compress_suits(type) ||
	    evhttp_find_header(headers, CONTENT_ENCODING) != NULL)
		return false;
	http_request_add_header(request, "Vary", "Accept-Encoding");
	if (!compress_is_accepted(
		http_request_header(request, "Accept-Encoding")))
		return false;
	request->packing = packing_new();
	if (request->packing == NULL)
		return false;
	if (evhttp_add_header(headers, CONTENT_ENCODING, "gzip") == 0)
		return true;
	drop_packing(request);
	return false;
}

/* Have what is in the packing compressed. */
static void
pack(struct http_request *request)
{
	request->step = pack_step;
	if (!request->running)
		scheduler_add(request->scheduler, &request->task);
}

void
http_request_reply(struct http_request *request, int status, const char *type,
    struct evbuffer *body)
{
	if (type == NULL || body == NULL ||
	    evbuffer_get_length(body) < COMPRESS_MIN ||
	    !begin_packing(request, type)) {
		send_reply(request, status, type, body);
		return;
	}
	if (evbuffer_add_buffer(request->packing->in, body) != 0) {
		drop_packing(request);
		send_reply(request, status, type, body);
		return;
	}
	request->packing->status = status;
	request->packing->type = type;
	request->packing->last = true;
	pack(request);
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

/* Without a length and chunks, the end of the reply is that of the connection;
 * evhttp would announce 0 bytes to a client of HTTP/1.0 that wants to keep it.
 */
static void
end_with_connection(struct evhttp_request *evhttp)
{
	if (evhttp->major == 1 && evhttp->minor == 0)
		evhttp_remove_header(
		    evhttp_request_get_input_headers(evhttp), "Connection");
}

void
http_request_begin_reply(
    struct http_request *request, int status, const char *type)
{
	http_request_add_header(request, "Content-Type", type);
	if (begin_packing(request, type))
		request->packing->in_parts = true;
	http_request_count(request, status);
	http_connection_begin_reply(request->connection);
	end_with_connection(request->evhttp);
	evhttp_send_reply_start(request->evhttp, status, phrase(status));
}

void
http_request_add_part(struct http_request *request, struct evbuffer *part)
{
	struct packing *p = request->packing;

	if (is_head(request))
		evbuffer_drain(part, evbuffer_get_length(part));
	if (evbuffer_get_length(part) == 0)
		return;
	if (p == NULL) {
		send_part(request, part, request->step);
	} else if (evbuffer_add_buffer(p->in, part) != 0) {
		http_request_abort(request);
	} else {
		p->next_step = request->step;
		pack(request);
	}
}

void
http_request_end_reply(struct http_request *request)
{
	if (request->packing == NULL || is_head(request)) {
		send_end(request);
		return;
	}
	request->packing->last = true;
	pack(request);
}

/* Closing the connection frees the request, which its step still uses. */
void
http_request_abort(struct http_request *request)
{
	if (request->running)
		request->aborted = true;
	else
		http_connection_close(request->connection);
}
