#include "http/connections.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http_struct.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "http/secure.h"
#include "system/socket.h"

/* The most bytes read from one connection per event. */
#define SINGLE_READ 4096

struct http_connections {
	struct event_base *base;                    /* borrowed */
	struct ssl_ctx_st *context;                 /* borrowed, or NULL */
	struct evconnlistener *listener;            /* evhttp's */
	struct event *sweep;                        /* owned */
	struct ev_token_bucket_cfg *rate;           /* owned */
	struct bufferevent_rate_limit_group *group; /* owned */
	size_t input_max;
	size_t count;
	unsigned accepted; /* since the last sweep */

	/* Over TLS: for the next connection, owned. evhttp would serve HTTP
	 * without TLS if it got none, so nobody is accepted without it. */
	struct bufferevent *spare;
	struct http_connection connections[HTTP_CONNECTIONS_MAX];
};

/* Whether evhttp has freed its side: it removes its callbacks then. */
static bool
is_freed(const struct http_connection *connection)
{
	bufferevent_event_cb ended;

	bufferevent_getcb(connection->bev, NULL, NULL, &ended, NULL);
	return ended == NULL;
}

static void
release(struct http_connection *connection)
{
	bufferevent_remove_from_rate_limit_group(connection->bev);
	bufferevent_decref(connection->bev);
	connection->bev = NULL;
}

/* Release the connections that evhttp has freed. A new bufferevent has no
 * callbacks yet either, but there is none when this is called. */
static void
reap(struct http_connections *cs)
{
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		struct http_connection *connection = &cs->connections[i];

		if (connection->bev == NULL || !is_freed(connection))
			continue;
		release(connection);
		cs->count--;
	}
}

/* evhttp is told that the client has closed the connection, and frees its
 * side. */
void
http_connection_close(struct http_connection *connection)
{
	bufferevent_trigger_event(
	    connection->bev, BEV_EVENT_READING | BEV_EVENT_EOF, 0);
}

static void
check_deadline(
    const struct http_connections *cs, struct http_connection *connection)
{
	uint64_t age = clock_ms() - connection->since;
	bool full = cs->count == HTTP_CONNECTIONS_MAX;
	uint64_t limit = UINT64_MAX;

	if (connection->state == HTTP_CONNECTION_READING)
		limit = full ? HTTP_CONNECTION_READING_FULL_MS :
			       HTTP_CONNECTION_READING_MS;
	else if (connection->state == HTTP_CONNECTION_WRITING)
		limit = HTTP_CONNECTION_WRITING_MS;
	if (age > limit)
		http_connection_close(connection);
}

/* Whether one more connection can be accepted. Over TLS, makes what is needed
 * for it. */
static bool
has_room(struct http_connections *cs)
{
	if (cs->context != NULL && cs->spare == NULL)
		cs->spare = secure_bufferevent_new(cs->base, cs->context);
	return cs->count < HTTP_CONNECTIONS_MAX &&
	    (cs->context == NULL || cs->spare != NULL);
}

static unsigned
burst(const struct http_connections *cs)
{
	return cs->context != NULL ? HTTP_CONNECTIONS_SECURE_BURST :
				     HTTP_CONNECTIONS_ACCEPT_BURST;
}

/* What a connection needs ten times a second. */
static void
look_after(
    const struct http_connections *cs, struct http_connection *connection)
{
	if (connection->secure)
		secure_bufferevent_wake(connection->bev);
	check_deadline(cs, connection);
}

static void
sweep_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_connections *cs = arg;

	(void)fd;
	(void)what;
	reap(cs);
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		if (cs->connections[i].bev != NULL)
			look_after(cs, &cs->connections[i]);
	cs->accepted = 0;
	if (has_room(cs))
		evconnlistener_enable(cs->listener);
}

static struct bufferevent *
take_bufferevent(struct http_connections *cs)
{
	struct bufferevent *bev = cs->spare;

	cs->spare = NULL;
	return cs->context != NULL ?
	    bev :
	    bufferevent_socket_new(cs->base, -1, BEV_OPT_CLOSE_ON_FREE);
}

/* evhttp asks for the bufferevent of a connection that it has accepted. */
static struct bufferevent *
new_bufferevent(struct event_base *base, void *arg)
{
	struct http_connections *cs = arg;
	struct http_connection *connection = cs->connections;
	struct bufferevent *bev;

	(void)base;
	reap(cs);
	bev = take_bufferevent(cs);
	if (bev == NULL)
		return NULL; /* evhttp's own attempt fails as well */
	while (connection->bev != NULL)
		connection++; /* one is free while accepting */
	*connection = (struct http_connection){
		.bev = bev, .secure = cs->context != NULL, .since = clock_ms()
	};
	bufferevent_incref(bev);
	bufferevent_setwatermark(bev, EV_READ, 0, cs->input_max);
	bufferevent_set_max_single_read(bev, SINGLE_READ);
	bufferevent_add_to_rate_limit_group(bev, cs->group);
	cs->count++;
	if (++cs->accepted == burst(cs) || !has_room(cs))
		evconnlistener_disable(cs->listener);
	return bev;
}

/* For example when no descriptors are left: the sweep tries again. (The
 * argument is evhttp's own.) */
static void
accept_error_cb(struct evconnlistener *listener, void *arg)
{
	(void)arg;
	evconnlistener_disable(listener);
}

/* Create a listener and pass its ownership to evhttp. */
static struct evconnlistener *
listen_on(struct event_base *base, struct evhttp *http, evutil_socket_t fd)
{
	struct evconnlistener *listener = evconnlistener_new(base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);

	if (listener == NULL) {
		socket_close(fd);
		return NULL;
	}
	if (evhttp_bind_listener(http, listener) == NULL) {
		evconnlistener_free(listener);
		return NULL;
	}
	evconnlistener_set_error_cb(listener, accept_error_cb);
	return listener;
}

/* Returns 0, or -1 when memory is exhausted. */
static int
limit_rate(struct http_connections *cs, struct event_base *base)
{
	const size_t ticks = 1000 / HTTP_CONNECTIONS_SWEEP_MS;
	const size_t reads = HTTP_CONNECTIONS_READ_RATE / ticks;
	const size_t writes = HTTP_CONNECTIONS_WRITE_RATE / ticks;
	const struct timeval tick = { 0, HTTP_CONNECTIONS_SWEEP_MS * 1000 };

	cs->rate = ev_token_bucket_cfg_new(reads, reads, writes, writes, &tick);
	if (cs->rate == NULL)
		return -1;
	cs->group = bufferevent_rate_limit_group_new(base, cs->rate);
	return cs->group == NULL ? -1 : 0;
}

struct http_connections *
http_connections_new(struct event_base *base, struct evhttp *http,
    evutil_socket_t fd, size_t input_max, struct ssl_ctx_st *context)
{
	const struct timeval interval = { 0, HTTP_CONNECTIONS_SWEEP_MS * 1000 };
	struct http_connections *cs = calloc(1, sizeof(*cs));

	if (cs == NULL) {
		socket_close(fd);
		return NULL;
	}
	cs->base = base;
	cs->context = context;
	cs->input_max = input_max;
	cs->sweep = event_new(base, -1, EV_PERSIST, sweep_cb, cs);
	cs->listener = listen_on(base, http, fd);
	if (cs->sweep == NULL || cs->listener == NULL ||
	    limit_rate(cs, base) != 0 || !has_room(cs) ||
	    event_add(cs->sweep, &interval) != 0) {
		http_connections_free(cs);
		return NULL;
	}
	evhttp_set_bevcb(http, new_bufferevent, cs);
	return cs;
}

void
http_connections_free(struct http_connections *cs)
{
	if (cs == NULL)
		return;
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		if (cs->connections[i].bev != NULL)
			release(&cs->connections[i]);
	if (cs->spare != NULL)
		bufferevent_free(cs->spare);
	if (cs->group != NULL)
		bufferevent_rate_limit_group_free(cs->group);
	if (cs->rate != NULL)
		ev_token_bucket_cfg_free(cs->rate);
	if (cs->sweep != NULL)
		event_free(cs->sweep);
	free(cs);
}

void
http_connections_renew(struct http_connections *cs, struct ssl_ctx_st *context)
{
	cs->context = context;
	if (cs->spare != NULL)
		bufferevent_free(cs->spare);
	cs->spare = NULL;
	if (!has_room(cs))
		evconnlistener_disable(cs->listener);
}

size_t
http_connections_count(const struct http_connections *cs)
{
	return cs->count;
}

static void
closed_cb(struct evhttp_connection *evcon, void *arg)
{
	struct http_connection *connection = arg;

	(void)evcon;
	if (connection->on_close != NULL)
		connection->on_close(connection->arg);
}

struct http_connection *
http_connections_begin_request(
    struct http_connections *cs, struct evhttp_request *request)
{
	struct evhttp_connection *evcon =
	    evhttp_request_get_connection(request);
	struct bufferevent *bev = evhttp_connection_get_bufferevent(evcon);

	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		if (cs->connections[i].bev == bev) {
			evhttp_connection_set_closecb(
			    evcon, closed_cb, &cs->connections[i]);
			cs->connections[i].state = HTTP_CONNECTION_HANDLING;
			cs->connections[i].since = clock_ms();
			cs->connections[i].on_close = NULL;
			return &cs->connections[i];
		}
	return NULL;
}

static bool
says(const struct evkeyvalq *headers, const char *what)
{
	const char *value = evhttp_find_header(headers, "Connection");

	return value != NULL && strcasecmp(value, what) == 0;
}

/* Whether evhttp will now close the connection, as evhttp_send_done judges. */
static bool
is_last(struct evhttp_request *request)
{
	const struct evkeyvalq *asked =
	    evhttp_request_get_input_headers(request);

	return says(asked, "close") ||
	    says(evhttp_request_get_output_headers(request), "close") ||
	    (request->major == 1 && request->minor == 0 &&
		!says(asked, "keep-alive"));
}

static void
sent_cb(struct evhttp_request *request, void *arg)
{
	struct http_connection *connection = arg;

	if (connection->secure && is_last(request))
		secure_bufferevent_say_end(connection->bev);
	connection->state = HTTP_CONNECTION_READING;
	connection->since = clock_ms();
}

void
http_connection_begin_reply(struct http_connection *connection)
{
	connection->state = HTTP_CONNECTION_WRITING;
	connection->since = clock_ms();
}

void
http_connection_replied(
    struct http_connection *connection, struct evhttp_request *request)
{
	if (connection->state != HTTP_CONNECTION_WRITING)
		http_connection_begin_reply(connection);
	connection->on_close = NULL;
	evhttp_request_set_on_complete_cb(request, sent_cb, connection);
}
