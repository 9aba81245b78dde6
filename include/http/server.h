/*
 * The HTTP server: the live page, an API in JSON, events, metrics. evhttp on
 * the event base of the Modbus server.
 *
 * What it may cost is bounded: HTTP_CONNECTIONS_MAX connections,
 * HTTP_HEADERS_MAX bytes of headers and HTTP_BODY_MAX of body each, time
 * limits, and a fifth of the time of the event loop (see http/connections.h and
 * http/scheduler.h).
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "table/datatable.h"

struct client_report;
struct event_base;
struct http_server;
struct last_writer;
struct policy;
struct request_times;
struct server;
struct state_figures;

#define HTTP_HEADERS_MAX (8 * 1024)
#define HTTP_BODY_MAX    (1024 * 1024)

/* Where nothing can be written. */
#define HTTP_REFUSED_BODY_MAX (64 * 1024)

/* Descriptors that it takes: its listener, its connections, and one that is
 * accepted while another is being closed. */
size_t http_server_descriptors(void);

/* All pointers are borrowed, and outlive the HTTP server. */
struct http_server_config {
	struct address listen; /* port 0 lets the system choose */
	struct datatable *table;
	enum datatable_overlay overlay;
	struct server *server;
	const struct policy *policy; /* NULL: everyone may do everything */
	const struct last_writer *last_writer;
	struct client_report *report;        /* its tap is the server's */
	const struct request_times *times;   /* likewise */
	const struct state_figures *commits; /* NULL: nothing is kept */

	/* Why not all is well, or NULL: a sentence for people, without
	 * quotation marks. May be NULL itself. */
	const char *(*health)(void *arg);
	void *health_arg;

	bool writable;
	const char *token;        /* what writing takes, or NULL */
	const char *const *hosts; /* further names of this host */
	size_t host_count;
};

/* Begin to serve. Returns NULL with errno set. */
struct http_server *http_server_new(
    struct event_base *base, const struct http_server_config *config);

/* Close everything; NULL is fine. Requests whose writes wait get no reply. */
void http_server_free(struct http_server *s);

/* Where it listens. */
struct address http_server_address(const struct http_server *s);

#endif
