/*
 * What the server offers over HTTP: the data table, its changes, the clients,
 * the metrics, and the page that shows them. Described in
 * mbasyncserver-http(7).
 */
#ifndef API_API_H
#define API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/rates.h"
#include "table/datatable.h"

struct changes;
struct client_report;
struct event_base;
struct events;
struct http_server;
struct last_writer;
struct policy;
struct request_times;
struct scheduler;
struct server;
struct state_figures;

/* Bytes of a request's body; of one that is refused, when nothing may be
 * written. */
#define API_BODY_MAX         (1024 * 1024)
#define API_REFUSED_BODY_MAX (64 * 1024)

/* All pointers are borrowed, and outlive the API. */
struct api_config {
	int fd; /* a listening socket, for HTTP */
	struct datatable *table;
	enum datatable_overlay overlay;
	struct server *server;
	const struct policy *policy; /* NULL: every client may do everything */
	const struct last_writer *last_writer;
	struct client_report *report;        /* its tap is the server's */
	const struct request_times *times;   /* likewise */
	const struct state_figures *commits; /* NULL: no durable state */

	/* Why the server is not healthy, or NULL: a sentence without quotation
	 * marks. The function may be NULL. */
	const char *(*health)(void *arg);
	void *health_arg;

	bool writable;
	const char *token;        /* required to write; NULL: none */
	const char *const *hosts; /* names that the Host header may have */
	size_t host_count;
};

/* What the handlers work on. */
struct api {
	struct api_config config;
	struct scheduler *scheduler; /* owned, as are the next four */
	struct changes *changes;
	struct events *events;
	struct event *second;
	struct http_server *http;
	struct rates rates;
	uint64_t started;    /* milliseconds since 1970 */
	uint64_t started_ms; /* the same moment, clock_ms */
};

/* Serve HTTP on config->fd, which is taken over, also on failure. config is
 * copied. Returns NULL with errno set. */
struct api *api_new(struct event_base *base, const struct api_config *config);

/* Close all HTTP connections. Accepts NULL. */
void api_free(struct api *api);

/* Why the server is not healthy, or NULL: a sentence without quotation marks.
 */
const char *api_health(const struct api *api);

/* "separate" or "overlaid". */
const char *api_mode(const struct api *api);

#endif
