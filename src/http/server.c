#include "http/server.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>

#include "base/address.h"
#include "http/connections.h"
#include "system/socket.h"

/* Seconds without progress after which evhttp closes a connection. */
#define TIMEOUT_S 15

/* Client ids of HTTP requests: none that a Modbus connection has, and not
 * negative as a signed number, in which they are stored. */
#define FIRST_CLIENT (UINT64_C(1) << 62)

/* The method of a request that evhttp does not know. Unless it is allowed,
 * evhttp replies by itself. It leaves the body unread, so that what follows on
 * the connection may be no request. */
#define UNKNOWN_METHOD (1 << 15)

struct http_server {
	struct http_server_config config;
	struct evhttp *evhttp;                /* owned */
	struct http_connections *connections; /* owned */
	uint64_t requests;                    /* received so far */
	struct http_statuses statuses;
};

static struct address
peer_of(struct evhttp_request *evhttp)
{
	const struct sockaddr *from =
	    evhttp_connection_get_addr(evhttp_request_get_connection(evhttp));
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
		request =
		    http_request_new(s->config.scheduler, connection, evhttp,
			&s->statuses, s->config.dispatch, s->config.context);
	if (request == NULL) {
		evhttp_send_error(evhttp, HTTP_SERVUNAVAIL, NULL);
		return;
	}
	if ((int)evhttp_request_get_command(evhttp) == UNKNOWN_METHOD)
		http_request_add_header(request, "Connection", "close");
	request->client.id = FIRST_CLIENT + s->requests++;
	request->client.address = peer_of(evhttp);
	request->client.way = CLIENT_OTHER;
}

static void
configure(struct evhttp *evhttp, size_t body_max)
{
	evhttp_set_max_headers_size(evhttp, HTTP_HEADERS_MAX);
	evhttp_set_max_body_size(evhttp, (ev_ssize_t)body_max);
	evhttp_set_timeout(evhttp, TIMEOUT_S);
	evhttp_set_default_content_type(evhttp, NULL);
	/* Oversized requests are drained, within the deadlines, so that the
	 * client reads the error. */
	evhttp_set_flags(evhttp, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_allowed_methods(evhttp,
	    EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
		EVHTTP_REQ_POST | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
		EVHTTP_REQ_TRACE | EVHTTP_REQ_PATCH | EVHTTP_REQ_CONNECT |
		UNKNOWN_METHOD);
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

	if (s != NULL)
		s->evhttp = evhttp_new(base);
	if (s == NULL || s->evhttp == NULL) {
		socket_close(config->fd);
		goto fail;
	}
	s->config = *config;
	configure(s->evhttp, config->body_max);
	evhttp_set_gencb(s->evhttp, request_cb, s);
	s->connections = http_connections_new(base, s->evhttp, config->fd,
	    HTTP_HEADERS_MAX + config->body_max, config->secure);
	if (s->connections == NULL)
		goto fail;
	return s;
fail:
	http_server_free(s);
	errno = ENOMEM;
	return NULL;
}

void
http_server_renew(struct http_server *s, struct ssl_ctx_st *context)
{
	http_connections_renew(s->connections, context);
}

void
http_server_free(struct http_server *s)
{
	if (s == NULL)
		return;
	if (s->evhttp != NULL)
		evhttp_free(s->evhttp);
	http_connections_free(s->connections);
	free(s);
}

size_t
http_server_connections(const struct http_server *s)
{
	return http_connections_count(s->connections);
}

uint64_t
http_server_requests(const struct http_server *s)
{
	return s->requests;
}

const struct http_statuses *
http_server_statuses(const struct http_server *s)
{
	return &s->statuses;
}
