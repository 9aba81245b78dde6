/*
 * The connections of the HTTP server: their number, deadlines and data rates.
 * evhttp has no such limits of its own; it obtains the bufferevents of its
 * connections from here.
 *
 * Each bufferevent is kept alive until evhttp has freed its side, and closes
 * its descriptor only then: evhttp reports the end of a connection only when
 * the connection has sent a request.
 */
#ifndef HTTP_CONNECTIONS_H
#define HTTP_CONNECTIONS_H

#include <event2/http.h>
#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bufferevent;
struct event_base;
struct http_connections;
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

/* Connections open at one time; further ones wait in the listen queue. */
#define HTTP_CONNECTIONS_MAX 32

/* Deadlines in milliseconds, each enforced at most HTTP_CONNECTIONS_SWEEP_MS
 * late. FULL: while HTTP_CONNECTIONS_MAX connections are open. */
#define HTTP_CONNECTIONS_SWEEP_MS       100
#define HTTP_CONNECTION_READING_MS      10000 /* to receive a request */
#define HTTP_CONNECTION_READING_FULL_MS 1000
#define HTTP_CONNECTION_WRITING_MS      60000 /* to send a reply */

/*
 * Bytes per second that all connections together may receive and send: the
 * time evhttp needs to parse them is taken from Modbus. And the number of
 * connections accepted between two sweeps.
 */
#define HTTP_CONNECTIONS_READ_RATE    (1536 * 1024)
#define HTTP_CONNECTIONS_WRITE_RATE   (32 * 1024 * 1024)
#define HTTP_CONNECTIONS_ACCEPT_BURST 32
#define HTTP_CONNECTIONS_SECURE_BURST 4 /* a handshake takes 2 ms */

/* One connection. */
struct http_connection {
	struct bufferevent *bev; /* shared with evhttp; NULL: unused */
	enum http_connection_state {
		HTTP_CONNECTION_READING,  /* waits for or reads a request */
		HTTP_CONNECTION_HANDLING, /* the reply is being prepared */
		HTTP_CONNECTION_WRITING,  /* the reply is being sent */
	} state;
	bool secure;    /* over TLS */
	uint64_t since; /* start of the state, clock_ms */

	/* Called once if the connection ends before the whole reply has been
	 * passed to evhttp. */
	void (*on_close)(void *arg);
	void *arg;
};

/*
 * Listen on fd, a listening socket, and have http serve its connections, over
 * TLS if there is a context, which is borrowed. Takes fd over, also on failure.
 * input_max is the most bytes of input that are buffered per connection.
 * Returns NULL when memory is exhausted. http must be freed before the
 * connections.
 */
struct http_connections *
http_connections_new(struct event_base *base, struct evhttp *http,
    evutil_socket_t fd, size_t input_max, struct ssl_ctx_st *context);

/* Serve further connections by another context. */
void
http_connections_renew(struct http_connections *cs, struct ssl_ctx_st *context);

/* Accepts NULL. */
void http_connections_free(struct http_connections *cs);

/* The number of open connections. */
size_t http_connections_count(const struct http_connections *cs);

/* Find the connection of a request that has just been read, and change its
 * state to HANDLING. Returns NULL when it is not one of these. */
struct http_connection *http_connections_begin_request(
    struct http_connections *cs, struct evhttp_request *request);

/* Close a connection at once. */
void http_connection_close(struct http_connection *connection);

/* A reply to a request has begun: state WRITING until all of it is sent. */
void http_connection_begin_reply(struct http_connection *connection);

/* The whole reply to request has been passed to evhttp: state WRITING until it
 * is sent. */
void http_connection_replied(
    struct http_connection *connection, struct evhttp_request *request);

#endif
