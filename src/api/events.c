#include "api/events.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "api/api.h"
#include "api/clients.h"
#include "api/cursor.h"
#include "api/json.h"
#include "api/raw_changes.h"
#include "api/status.h"
#include "base/clock.h"
#include "http/parameters.h"
#include "http/request.h"
#include "net/server.h"
#include "table/changes.h"

#define STREAM_TYPE "text/event-stream"

/* A reader that takes nothing for so long is dropped. */
#define STALLED_MS 10000

struct events {
	struct api *api;                 /* borrowed */
	struct event *tick;              /* owned */
	struct raw_changes *raw_changes; /* owned */
	struct scheduler_task second;    /* to tell of clients and status */
	uint64_t told; /* a sum that differs when clients have acted */
	bool restless; /* what was told of them is soon another */
	uint64_t base; /* sequence number of tick 0: when we started */
	size_t count;
	TAILQ_HEAD(, reader) readers;
};

struct reader {
	TAILQ_ENTRY(reader) link;
	struct events *events;
	struct http_request *request; /* borrowed: it owns the reader */
	struct scheduler_task task;
	struct change_cursor cursor;
	bool gap;       /* tell it that it has missed something */
	bool wants_raw; /* it wants every change singly */

	uint64_t queued; /* bytes given to evhttp */
	uint64_t taken;  /* of these, what had left it at moved */
	uint64_t moved;  /* clock_ms */
};

static size_t
unsent(const struct reader *r)
{
	struct evhttp_connection *connection =
	    evhttp_request_get_connection(r->request->evhttp);

	return evbuffer_get_length(bufferevent_get_output(
	    evhttp_connection_get_bufferevent(connection)));
}

/* Send what is in out, which is drained. */
static void
reader_send(struct reader *r, struct evbuffer *out)
{
	size_t before = unsent(r);

	evhttp_send_reply_chunk(r->request->evhttp, out);
	r->queued += unsent(r) - before;
}

/* Whether it has bytes to take, and has taken none for too long. */
static bool
is_stalled(struct reader *r)
{
	uint64_t now = clock_ms();
	uint64_t taken = r->queued - unsent(r);

	if (unsent(r) == 0 || taken != r->taken) {
		r->taken = taken;
		r->moved = now;
	}
	return now - r->moved > STALLED_MS;
}

/* The number that a tick is known by outside. */
static uint64_t
sequence_of(const struct events *e, uint32_t tick)
{
	return e->base + tick;
}

/* One event of changes, if there are any. */
static void
add_changes(struct reader *r, struct evbuffer *out)
{
	const struct api *api = r->events->api;
	char time[JSON_TEXT_TIME_MAX];
	struct evbuffer *runs;
	struct json_text t;
	unsigned n;

	if (!cursor_begin_scan(&r->cursor, api->changes) ||
	    (runs = evbuffer_new()) == NULL)
		return;
	json_text_begin(&t, runs);
	n = cursor_add_runs(
	    &r->cursor, api->changes, api->config.table, &t, EVENTS_BYTES_MAX);
	if (json_text_end(&t) == 0 && n > 0) {
		evbuffer_add_printf(out,
		    "event: changes\nid: %" PRIu64 "\ndata: {\"seq\":%" PRIu64
		    ",\"time\":"
		    "\"%s\",\"changes\":[",
		    sequence_of(r->events, r->cursor.tick),
		    sequence_of(r->events, r->cursor.tick),
		    json_text_time(clock_realtime_ms(), time));
		evbuffer_add_buffer(out, runs);
		evbuffer_add_printf(out, "]}\n\n");
	}
	evbuffer_free(runs);
}

static void
add_gap(struct reader *r, struct evbuffer *out)
{
	uint64_t now = sequence_of(r->events, r->cursor.tick);

	evbuffer_add_printf(out,
	    "event: gap\nid: %" PRIu64 "\ndata: {\"seq\":%" PRIu64 "}\n\n", now,
	    now);
	r->gap = false;
}

static struct reader *
reader_of(struct scheduler_task *task)
{
	return (void *)((char *)task - offsetof(struct reader, task));
}

/* Send what is new. */
static void
reader_run(struct scheduler_task *task)
{
	struct reader *r = reader_of(task);
	struct evbuffer *out = evbuffer_new();

	if (out == NULL)
		return;
	if (r->gap)
		add_gap(r, out);
	if (!r->wants_raw)
		add_changes(r, out);
	reader_send(r, out);
	evbuffer_free(out);
}

/* What has been written down in this tick, whole or not at all. */
static void
send_raw_changes(struct reader *r)
{
	struct evbuffer *copy;
	bool complete;
	struct evbuffer *events =
	    raw_changes_events(r->events->raw_changes, &complete);

	if (!r->wants_raw)
		return;
	if (!complete || unsent(r) >= EVENTS_UNSENT_MAX ||
	    (copy = evbuffer_new()) == NULL) {
		r->cursor.tick = changes_tick(r->events->api->changes);
		r->gap = true;
		return;
	}
	if (evbuffer_add(copy, evbuffer_pullup(events, -1),
		evbuffer_get_length(events)) != 0)
		r->gap = true;
	reader_send(r, copy);
	evbuffer_free(copy);
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct events *e = arg;
	struct reader *next;

	(void)fd;
	(void)what;
	for (struct reader *r = TAILQ_FIRST(&e->readers); r != NULL; r = next) {
		next = TAILQ_NEXT(r, link);
		if (is_stalled(r)) {
			http_request_abort(r->request);
			continue;
		}
		send_raw_changes(r);
		if (unsent(r) < EVENTS_UNSENT_MAX)
			scheduler_add(r->request->scheduler, &r->task);
	}
	raw_changes_begin_tick(e->raw_changes);
}

/* Send an event to whoever is not behind. */
static void
broadcast(struct events *e, const char *name, struct evbuffer *data)
{
	size_t length = evbuffer_get_length(data);
	const void *bytes = evbuffer_pullup(data, -1);
	struct evbuffer *out = evbuffer_new();
	struct reader *r;

	TAILQ_FOREACH (r, &e->readers, link) {
		if (out == NULL || unsent(r) >= EVENTS_UNSENT_MAX)
			continue;
		evbuffer_add_printf(out, "event: %s\ndata: ", name);
		evbuffer_add(out, bytes, length);
		evbuffer_add(out, "\n\n", 2);
		reader_send(r, out);
	}
	if (out != NULL)
		evbuffer_free(out);
}

/* Rises with every connect, request and disconnect. */
static uint64_t
activity(const struct api *api)
{
	const struct counters *n = server_counters(api->config.server);

	return n->accepted * 2 - n->connections + n->requests;
}

static void
tell_status(struct scheduler_task *task)
{
	struct events *e =
	    (void *)((char *)task - offsetof(struct events, second));
	struct evbuffer *data = evbuffer_new();
	uint64_t now = activity(e->api);
	struct json_text t;

	if (data == NULL)
		return;
	json_text_begin(&t, data);
	api_write_status(e->api,
	    e->api->config.writable && e->api->config.token == NULL, &t);
	if (json_text_end(&t) == 0)
		broadcast(e, "status", data);
	evbuffer_drain(data, evbuffer_get_length(data));
	if (now != e->told || e->restless) {
		e->restless = api_write_clients(e->api, &t);
		if (json_text_end(&t) == 0)
			broadcast(e, "clients", data);
		e->told = now;
	}
	evbuffer_free(data);
}

void
events_second(struct events *e)
{
	if (e->count > 0)
		scheduler_add(e->api->scheduler, &e->second);
}

struct events *
events_new(struct event_base *base, struct api *api)
{
	struct events *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->api = api;
	e->base = clock_realtime_ms();
	e->second.run = tell_status;
	TAILQ_INIT(&e->readers);
	e->tick = event_new(base, -1, EV_PERSIST, tick_cb, e);
	e->raw_changes = raw_changes_new(api->config.table);
	if (e->tick == NULL || e->raw_changes == NULL) {
		events_free(e);
		return NULL;
	}
	return e;
}

void
events_free(struct events *e)
{
	if (e == NULL)
		return;
	scheduler_remove(e->api->scheduler, &e->second);
	if (e->tick != NULL)
		event_free(e->tick);
	raw_changes_free(e->raw_changes);
	free(e);
}

uint64_t
events_sequence(struct events *e)
{
	return sequence_of(e, changes_tick(e->api->changes));
}

size_t
events_readers(const struct events *e)
{
	return e->count;
}

static void
reader_free(void *data)
{
	struct reader *r = data;
	struct events *e = r->events;

	scheduler_remove(r->request->scheduler, &r->task);
	if (r->wants_raw)
		raw_changes_remove_reader(e->raw_changes);
	TAILQ_REMOVE(&e->readers, r, link);
	if (--e->count == 0)
		event_del(e->tick);
	free(r);
}

/* NULL when there is no memory. */
static struct reader *
reader_new(struct events *e, struct http_request *request, bool wants_raw)
{
	const struct timeval tick = { 0, EVENTS_TICK_MS * 1000 };
	struct reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->events = e;
	r->request = request;
	r->task.run = reader_run;
	if (e->count == 0 && event_add(e->tick, &tick) != 0) {
		free(r);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&e->readers, r, link);
	e->count++;
	e->told--; /* the newcomer wants to know of clients */
	r->wants_raw = wants_raw;
	if (wants_raw)
		raw_changes_add_reader(e->raw_changes);
	return r;
}

/* Where the reader begins: behind the last event that it has seen. */
static void
start_from(struct reader *r, uint64_t since)
{
	const struct events *e = r->events;
	uint32_t now = changes_tick(e->api->changes);

	r->cursor.tick = now;
	if (since == 0)
		return;
	if (since < e->base || since - e->base > now)
		r->gap = true;
	else
		r->cursor.tick = (uint32_t)(since - e->base);
}

static void
start_stream(struct reader *r)
{
	struct evhttp_request *evhttp = r->request->evhttp;
	struct bufferevent *bev = evhttp_connection_get_bufferevent(
	    evhttp_request_get_connection(evhttp));
	struct evbuffer *out = evbuffer_new();

	http_request_add_header(r->request, "Content-Type", STREAM_TYPE);
	http_request_add_header(r->request, "Cache-Control", "no-store");
	evhttp_send_reply_start(evhttp, 200, NULL);
	bufferevent_set_timeouts(bev, NULL, NULL); /* we have our own */
	if (out == NULL)
		return;
	evbuffer_add_printf(out,
	    "event: hello\ndata: {\"seq\":%" PRIu64
	    ",\"mode\":\"%s\",\"epoch\":"
	    "\"%" PRIu64 "\"}\n\n",
	    sequence_of(r->events, r->cursor.tick), api_mode(r->events->api),
	    sequence_of(r->events, 0));
	reader_send(r, out);
	evbuffer_free(out);
}

/* The id that a browser sends when it comes back, or else the query's. */
static uint64_t
since_of(struct http_request *request, struct parameters *q)
{
	const char *last = http_request_header(request, "Last-Event-ID");
	uint64_t since = parameters_number(q, "since", 0, INT64_MAX, 0);
	struct parameters header = { .pairs = { { "since", last, false } },
		.count = 1 };

	return last == NULL ?
	    since :
	    parameters_number(&header, "since", 0, INT64_MAX, since);
}

void
events_subscribe(struct http_request *request)
{
	const struct api *api = request->context;
	static const char *const details[] = { "latest", "every" };
	struct events *e = api->events;
	struct reader *r;
	uint64_t since;
	size_t detail;
	struct parameters q;

	parameters_parse(&q, http_request_query(request));
	since = since_of(request, &q);
	detail = parameters_choice(&q, "detail", details, 2, 0);
	if (parameters_finish(&q) != NULL) {
		http_request_fail(request, 400, "%s", q.error);
		return;
	}
	if (evhttp_request_get_command(request->evhttp) == EVHTTP_REQ_HEAD) {
		http_request_add_header(request, "Cache-Control", "no-store");
		http_request_reply(
		    request, 200, STREAM_TYPE, NULL); /* and no stream */
		return;
	}
	if (e->count == EVENTS_READERS_MAX) {
		http_request_fail(request, 503,
		    "events have %d readers already", EVENTS_READERS_MAX);
		return;
	}
	r = reader_new(e, request, detail == 1);
	if (r == NULL) {
		http_request_fail(request, 500, "out of memory");
		return;
	}
	start_from(r, since);
	http_request_continue(request, NULL, r, reader_free);
	start_stream(r);
}
