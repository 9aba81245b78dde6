#include "http/server.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>

#include "api/api.h"
#include "api/events.h"
#include "api/json.h"
#include "api/rates.h"
#include "base/clock.h"
#include "http/connections.h"
#include "http/request.h"
#include "http/scheduler.h"
#include "net/listener.h"
#include "net/server.h"
#include "table/changes.h"

/* A client that sends or takes nothing for so long is dropped. */
#define TIMEOUT_S 15

/* Ids of clients over HTTP, apart from those of connections; and not negative
 * where they are kept as signed numbers. */
#define FIRST_CLIENT (UINT64_C(1) << 62)

struct http_server {
	struct evhttp *evhttp; /* owned, as is all of this */
	struct http_connections *connections;
	struct scheduler *scheduler;
	struct changes *changes;
	struct events *events;
	struct event *second;
	struct rates rates;
	struct api api;
	struct address address;
	uint64_t next_client;
};

static struct address
peer_of(struct evhttp_request *request)
{
	const struct sockaddr *from =
	    evhttp_connection_get_addr(evhttp_request_get_connection(request));
	struct sockaddr_storage storage = { 0 };

	if (from != NULL && from->sa_family == AF_INET)
		*(struct sockaddr_in *)(void *)&storage =
		    *(const struct sockaddr_in *)(const void *)from;
	else if (from != NULL && from->sa_family == AF_INET6)
		*(struct sockaddr_in6 *)(void *)&storage =
		    *(const struct sockaddr_in6 *)(const void *)from;
	return address_from_sockaddr(&storage);
}

/* evhttp has read a whole request. */
static void
request_cb(struct evhttp_request *evhttp, void *arg)
{
	struct http_server *s = arg;
	struct http_connection *connection =
	    http_connections_begin_request(s->connections, evhttp);
	struct http_request *request = NULL;

	if (connection != NULL)
		request = http_request_new(
		    s->scheduler, connection, evhttp, api_dispatch, &s->api);
	if (request == NULL) {
		evhttp_send_error(evhttp, HTTP_SERVUNAVAIL, NULL);
		return;
	}
	s->api.requests++;
	request->client.id = s->next_client++;
	request->client.address = peer_of(evhttp);
}

/* Where nothing can be written, bodies are for the refusal only. */
static size_t
body_max(const struct http_server *s)
{
	return s->api.writable ? HTTP_BODY_MAX : HTTP_REFUSED_BODY_MAX;
}

static void
set_limits(const struct http_server *s)
{
	struct evhttp *evhttp = s->evhttp;

	evhttp_set_max_headers_size(evhttp, HTTP_HEADERS_MAX);
	evhttp_set_max_body_size(evhttp, (ev_ssize_t)body_max(s));
	evhttp_set_timeout(evhttp, TIMEOUT_S);
	evhttp_set_default_content_type(evhttp, NULL);
	/* Those who send too much are heard out, within the time limit: they
	 * would not read the answer before. */
	evhttp_set_flags(evhttp, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_allowed_methods(evhttp,
	    EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
		EVHTTP_REQ_POST | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
		EVHTTP_REQ_TRACE | EVHTTP_REQ_PATCH | EVHTTP_REQ_CONNECT);
}

/* Returns 0, or -1 with errno set. */
static int
start_listening(
    struct http_server *s, struct event_base *base, const struct address *where)
{
	int fd = listener_open(where, false);

	if (fd < 0)
		return -1;
	s->address = listener_bound(fd);
	listener_set_options(fd);
	s->connections = http_connections_new(
	    base, s->evhttp, fd, HTTP_HEADERS_MAX + body_max(s));
	if (s->connections == NULL) {
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

static void
second_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *s = arg;

	(void)fd;
	(void)what;
	rates_sample(
	    &s->rates, server_counters(s->api.server), clock_realtime_ms());
	events_second(s->events);
}

/* What s->api lends to the handlers. Returns 0, or -1 when there is no
 * memory. */
static int
create_parts(struct http_server *s, struct event_base *base)
{
	const struct timeval second = { 1, 0 };

	s->evhttp = evhttp_new(base);
	s->api.scheduler = s->scheduler = scheduler_new(base);
	s->api.changes = s->changes = changes_new(s->api.table, s->api.overlay);
	if (s->evhttp == NULL || s->scheduler == NULL || s->changes == NULL)
		return -1;
	s->api.events = s->events = events_new(base, &s->api);
	s->second = event_new(base, -1, EV_PERSIST, second_cb, s);
	if (s->events == NULL || s->second == NULL)
		return -1;
	return event_add(s->second, &second);
}

size_t
http_server_descriptors(void)
{
	return 1 + HTTP_CONNECTIONS_MAX + 1;
}

struct http_server *
http_server_new(
    struct event_base *base, const struct http_server_config *config)
{
	struct http_server *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->next_client = FIRST_CLIENT;
	s->api = (struct api){
		.table = config->table,
		.overlay = config->overlay,
		.server = config->server,
		.policy = config->policy,
		.health = config->health,
		.health_arg = config->health_arg,
		.writable = config->writable,
		.token = config->token,
		.hosts = config->hosts,
		.host_count = config->host_count,
		.last_writer = config->last_writer,
		.report = config->report,
		.times = config->times,
		.commits = config->commits,
		.rates = &s->rates,
		.started = clock_realtime_ms(),
		.began = clock_ms(),
	};
	rates_init(&s->rates, server_counters(config->server));
	if (create_parts(s, base) != 0) {
		errno = ENOMEM;
		goto fail;
	}
	set_limits(s);
	evhttp_set_gencb(s->evhttp, request_cb, s);
	if (start_listening(s, base, &config->listen) != 0)
		goto fail;
	s->api.connections = s->connections;
	return s;
fail:
	http_server_free(s);
	return NULL;
}

void
http_server_free(struct http_server *s)
{
	int error = errno;

	if (s == NULL)
		return;
	if (s->evhttp != NULL)
		evhttp_free(s->evhttp);
	http_connections_free(s->connections);
	if (s->second != NULL)
		event_free(s->second);
	events_free(s->events);
	scheduler_free(s->scheduler);
	changes_free(s->changes);
	free(s);
	errno = error;
}

struct address
http_server_address(const struct http_server *s)
{
	return s->address;
}
