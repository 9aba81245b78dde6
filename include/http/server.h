/*
 * The HTTP server: evhttp on an event base that it shares with others. It reads
 * requests within bounds and passes each to a function that handles it.
 *
 * The bounds: HTTP_CONNECTIONS_MAX connections, HTTP_HEADERS_MAX bytes of
 * headers and body_max bytes of body each, deadlines and data rates (see
 * http/connections.h), and a fifth of the event loop's time for the handling of
 * all requests (see http/scheduler.h).
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <event2/util.h>
#include <stddef.h>
#include <stdint.h>

#include "http/request.h"

struct event_base;
struct http_server;
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

#define HTTP_HEADERS_MAX (8 * 1024)

/* Descriptors that it takes: its listener, its connections, and one that is
 * accepted while another is being closed. */
size_t http_server_descriptors(void);

struct http_server_config {
	evutil_socket_t fd;            /* a listening socket */
	struct ssl_ctx_st *secure;     /* borrowed; NULL: not over TLS */
	size_t body_max;               /* bytes of a request's body */
	struct scheduler *scheduler;   /* borrowed: runs the steps */
	http_request_step_fn dispatch; /* the first step of each request */
	void *context;                 /* borrowed: the requests' context */
};

/* Serve the connections of config->fd, which is taken over, also on failure.
 * config is copied. Returns NULL with errno set. */
struct http_server *http_server_new(
    struct event_base *base, const struct http_server_config *config);

/* Serve further connections over TLS by another context, borrowed. The one
 * before, by which open connections go on, may be freed. */
void http_server_renew(struct http_server *s, struct ssl_ctx_st *context);

/* Close all connections and free the requests that have no reply yet. Accepts
 * NULL. */
void http_server_free(struct http_server *s);

/* Connections open now. */
size_t http_server_connections(const struct http_server *s);

/* Requests received so far. */
uint64_t http_server_requests(const struct http_server *s);

/* The replies so far. */
const struct http_statuses *http_server_statuses(const struct http_server *s);

#endif
