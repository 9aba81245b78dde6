/*
 * The API's configuration and parts, which every handler works on: api_new
 * creates them. The functions here need nothing else, so that handlers don't
 * depend on api/api.h.
 */
#ifndef API_CONTEXT_H
#define API_CONTEXT_H

#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/rates.h"
#include "table/datatable.h"

struct changes;
struct client_report;
struct door;
struct event;
struct events;
struct http_request;
struct http_server;
struct last_writer;
struct member;
struct points;
struct policy;
struct recorder;
struct request_times;
struct rights;
struct roles_policy;
struct rtu_source;
struct scheduler;
struct server;
struct simulation;
struct ssl_ctx_st;
struct state;
struct tls_source;
struct waits;

/* Modbus/TCP Security, for the metrics: all NULL without it. */
struct api_security {
	const struct tls_source *source;
	const struct door *door;
	const struct roles_policy *roles;
};

/* All pointers are borrowed, and outlive the API. */
struct api_config {
	evutil_socket_t fd;        /* a listening socket, for HTTP */
	struct ssl_ctx_st *secure; /* OpenSSL's; NULL: not over TLS */
	struct datatable *table;
	enum datatable_overlay overlay;
	struct server *server;
	const struct policy *policy; /* NULL: every client may do everything */
	const struct last_writer *last_writer;
	struct client_report *report;      /* its tap is the server's */
	const struct recorder *recorder;   /* likewise; NULL: there is none */
	const struct request_times *times; /* likewise */
	struct state *state;               /* NULL: no durable state */
	const char *backup;                /* its backup's file, or NULL */
	struct member *member;             /* NULL: no shared table */
	const struct points *points;       /* NULL: no names */
	const struct rights *rights;       /* NULL: likewise */
	struct simulation *simulation;     /* NULL: nothing moves */
	bool roles;                        /* there is a roles file */
	struct api_security security;
	const struct rtu_source *rtu; /* NULL: no RTU frames */

	/* Why the server is not healthy, or NULL: a sentence without quotation
	 * marks. The function may be NULL. */
	const char *(*health)(void *arg);
	void *health_arg;

	bool writable;
	const char *token;        /* required to write; NULL: none */
	const char *const *hosts; /* names that the Host header may have */
	size_t host_count;
	const char *const *own_names; /* names that it may have, too */
	size_t own_name_count;
	const char *const *frames; /* origins whose pages may embed ours */
	size_t frame_count;
	const char *const *origins; /* whose pages may use the API */
	size_t origin_count;
};

struct api {
	struct api_config config;
	struct scheduler *scheduler; /* owned, as are the next five */
	struct changes *changes;
	struct events *events;
	struct waits *waits;
	struct event *second;
	struct http_server *http;
	char *page_policy;
	struct rates rates;
	uint64_t started;    /* milliseconds since 1970 */
	uint64_t started_ms; /* the same moment, clock_ms */
};

/* Why the server is not healthy, or NULL: a sentence without quotation marks.
 */
const char *api_health(const struct api *api);

/* "separate" or "overlaid". */
const char *api_mode(const struct api *api);

/* The sequence number of the last change: a client that reads the table now can
 * subscribe to the changes after it. It only rises, across restarts too. */
uint64_t api_sequence(const struct api *api);

/* The sequence number of a tick of changes.h. */
uint64_t api_sequence_of(const struct api *api, uint32_t tick);

/* Whether the request may write: --http-write is given, and the request has the
 * token, if one is required. */
bool api_may_write(const struct http_request *request);

#endif
