#include "api/events.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "api/clients.h"
#include "api/context.h"
#include "api/point_events.h"
#include "api/point_request.h"
#include "api/rates.h"
#include "api/raw_changes.h"
#include "api/status.h"
#include "api/subscriber.h"
#include "api/text_writer.h"
#include "api/write_events.h"
#include "api/write_list.h"
#include "http/parameters.h"
#include "http/request.h"
#include "http/scheduler.h"
#include "net/server.h"
#include "table/changes.h"

struct events {
	struct api *api;              /* borrowed */
	struct event *tick;           /* owned */
	struct scheduler_task second; /* sends status and clients */
	struct write_events *writes[SUBSCRIBER_DETAILS]; /* owned; NULL: none */
	struct write_list write_list;                    /* of one of these */
	uint64_t sent_activity; /* activity() when clients were sent last */
	bool clients_pending;   /* what was sent changes without activity */
	size_t count;
	TAILQ_HEAD(, subscriber) subscribers;
};

/* Send the details that a subscriber gets. */
static void
send_writes(struct events *e, struct subscriber *s)
{
	for (int i = 0; i < SUBSCRIBER_DETAILS; i++)
		if (s->gets[i])
			subscriber_send_writes(s, e->writes[i]);
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct events *e = arg;
	struct subscriber *next;

	(void)fd;
	(void)what;
	for (int i = 0; i < SUBSCRIBER_DETAILS; i++)
		if (e->writes[i] != NULL)
			write_events_end_tick(e->writes[i]);
	for (struct subscriber *s = TAILQ_FIRST(&e->subscribers); s != NULL;
	     s = next) {
		next = TAILQ_NEXT(s, link);
		if (subscriber_is_stalled(s)) {
			http_request_abort(s->request);
			continue;
		}
		send_writes(e, s);
		if (!subscriber_is_full(s))
			subscriber_schedule(s);
	}
	for (int i = 0; i < SUBSCRIBER_DETAILS; i++)
		if (e->writes[i] != NULL)
			write_events_begin_tick(e->writes[i]);
}

/* Send an event to the subscribers that get it, by default all, and are not
 * full. */
static void
broadcast(struct events *e, const char *name, struct evbuffer *data,
    bool (*gets)(struct subscriber *))
{
	size_t length = evbuffer_get_length(data);
	const void *bytes = evbuffer_pullup(data, -1);
	struct evbuffer *out = evbuffer_new();
	struct subscriber *s;

	TAILQ_FOREACH (s, &e->subscribers, link) {
		if (out == NULL || subscriber_is_full(s) ||
		    (gets != NULL && !gets(s)))
			continue;
		evbuffer_add_printf(out, "event: %s\ndata: ", name);
		evbuffer_add(out, bytes, length);
		evbuffer_add(out, "\n\n", 2);
		subscriber_send(s, out);
	}
	if (out != NULL)
		evbuffer_free(out);
}

/* A number that rises with each connect, request and disconnect. */
static uint64_t
activity(const struct api *api)
{
	const struct counters *n = server_counters(api->config.server);

	return n->accepted * 2 - n->connections + n->requests;
}

static bool
has_rates(struct subscriber *s)
{
	return s->has_rates;
}

static bool
begins_rates(struct subscriber *s)
{
	bool begins = !s->has_rates;

	s->has_rates = true;
	return begins;
}

static void
send_status_to(struct events *e, struct evbuffer *data, size_t seconds,
    bool (*gets)(struct subscriber *))
{
	const struct api_config *config = &e->api->config;
	struct text_writer t;

	text_writer_begin(&t, data);
	api_write_status(
	    e->api, config->writable && config->token == NULL, seconds, &t);
	if (text_writer_end(&t) == 0)
		broadcast(e, "status", data, gets);
	evbuffer_drain(data, evbuffer_get_length(data));
}

/* A subscriber gets all rates once, and then each new one. */
static void
send_status(struct events *e, struct evbuffer *data)
{
	bool begins = false;
	struct subscriber *s;

	TAILQ_FOREACH (s, &e->subscribers, link)
		begins = begins || !s->has_rates;
	send_status_to(e, data, 1, has_rates);
	if (begins)
		send_status_to(e, data, RATES_SECONDS, begins_rates);
}

static void
send_clients(struct events *e, struct evbuffer *data)
{
	uint64_t now = activity(e->api);
	struct text_writer t;

	if (now == e->sent_activity && !e->clients_pending)
		return;
	text_writer_begin(&t, data);
	e->clients_pending = api_write_clients(e->api, &t);
	if (text_writer_end(&t) == 0)
		broadcast(e, "clients", data, NULL);
	e->sent_activity = now;
}

static void
run_second(struct scheduler_task *task)
{
	struct events *e =
	    (void *)((char *)task - offsetof(struct events, second));
	struct evbuffer *data = evbuffer_new();

	if (data == NULL)
		return;
	send_status(e, data);
	send_clients(e, data);
	evbuffer_free(data);
}

void
events_second(struct events *e)
{
	if (e->count > 0)
		scheduler_add(e->api->scheduler, &e->second);
}

/* Returns 0, or -1 when memory is exhausted. */
static int
observe_writes(struct events *e, struct api_config *config)
{
	e->writes[SUBSCRIBER_RAW_CHANGES] = raw_changes_new(config->table);
	e->writes[SUBSCRIBER_WRITES] =
	    write_list_new(&e->write_list, config->table, config->last_writer);
	if (e->writes[SUBSCRIBER_RAW_CHANGES] == NULL ||
	    e->writes[SUBSCRIBER_WRITES] == NULL)
		return -1;
	if (config->points == NULL)
		return 0;
	e->writes[SUBSCRIBER_POINTS] = point_events_new(config);
	return e->writes[SUBSCRIBER_POINTS] == NULL ? -1 : 0;
}

struct events *
events_new(struct event_base *base, struct api *api)
{
	struct events *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->api = api;
	e->second.run = run_second;
	TAILQ_INIT(&e->subscribers);
	e->tick = event_new(base, -1, EV_PERSIST, tick_cb, e);
	if (e->tick == NULL || observe_writes(e, &api->config) != 0) {
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
	for (int i = 0; i < SUBSCRIBER_DETAILS; i++)
		write_events_free(e->writes[i]);
	write_list_end(&e->write_list);
	free(e);
}

size_t
events_subscribers(const struct events *e)
{
	return e->count;
}

/* Its request has ended. */
static void
unsubscribe(void *data)
{
	struct subscriber *s = data;
	struct events *e = s->api->events;

	for (int i = 0; i < SUBSCRIBER_DETAILS; i++)
		if (s->gets[i])
			write_events_remove_reader(e->writes[i]);
	TAILQ_REMOVE(&e->subscribers, s, link);
	if (--e->count == 0)
		event_del(e->tick);
	subscriber_free(s);
}

/* Returns NULL when memory is exhausted. */
static struct subscriber *
subscribe(struct events *e, struct http_request *request, const bool *gets)
{
	const struct timeval tick = { 0, EVENTS_TICK_MS * 1000 };
	struct subscriber *s = subscriber_new(e->api, request);

	if (s == NULL)
		return NULL;
	if (e->count == 0 && event_add(e->tick, &tick) != 0) {
		subscriber_free(s);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&e->subscribers, s, link);
	e->count++;
	e->clients_pending = true; /* it has not been sent the clients yet */
	for (int i = 0; i < SUBSCRIBER_DETAILS; i++) {
		s->gets[i] = gets[i];
		if (gets[i])
			write_events_add_reader(e->writes[i]);
	}
	return s;
}

/* The sequence number that a browser sends when it reconnects, or else the
 * query's; 0: none. */
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
	struct subscriber *s;
	struct parameters q;

	parameters_parse(&q, http_request_query(request));
	uint64_t since = since_of(request, &q);
	const bool gets[SUBSCRIBER_DETAILS] = {
		[SUBSCRIBER_RAW_CHANGES] =
		    parameters_choice(&q, "detail", details, 2, 0) == 1,
		[SUBSCRIBER_POINTS] =
		    parameters_number(&q, "points", 0, 1, 0) == 1,
		[SUBSCRIBER_WRITES] =
		    parameters_number(&q, "writes", 0, 1, 0) == 1,
	};
	if (parameters_finish(&q) != NULL) {
		http_request_fail(request, 400, "%s", q.error);
		return;
	}
	if (gets[SUBSCRIBER_POINTS] && api_points(request) == NULL)
		return;
	if (evhttp_request_get_command(request->evhttp) == EVHTTP_REQ_HEAD) {
		subscriber_add_headers(request);
		http_request_reply(request, 200, NULL, NULL);
		return;
	}
	if (api->events->count == EVENTS_SUBSCRIBERS_MAX) {
		http_request_fail(request, 503,
		    "there are %d subscribers already", EVENTS_SUBSCRIBERS_MAX);
		return;
	}
	s = subscribe(api->events, request, gets);
	if (s == NULL) {
		http_request_fail(request, 500, "out of memory");
		return;
	}
	http_request_continue(request, NULL, s, unsubscribe);
	subscriber_start(s, since);
}
