/*
 * What can be asked over HTTP: a table of methods, paths and handlers.
 */
#ifndef API_API_H
#define API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/datatable.h"

struct http_request;
struct changes;
struct client_report;
struct events;
struct last_writer;
struct policy;
struct rates;
struct request_times;
struct server;
struct state_figures;
struct scheduler;
struct http_connections;

/* What the handlers work on. All pointers are borrowed. */
struct api {
	struct datatable *table;
	enum datatable_overlay overlay;
	struct server *server;
	const struct policy *policy;      /* or NULL */
	const char *(*health)(void *arg); /* or NULL */
	void *health_arg;
	const struct last_writer *last_writer;
	struct client_report *report;
	const struct request_times *times;
	const struct state_figures *commits; /* or NULL */

	struct changes *changes;
	struct events *events;
	const struct rates *rates;
	struct scheduler *scheduler;
	const struct http_connections *connections;

	bool writable;
	const char *token;        /* or NULL */
	const char *const *hosts; /* names that Host may have */
	size_t host_count;

	uint64_t started;  /* milliseconds since 1970, as the clock was then */
	uint64_t began;    /* the same moment by the steady clock */
	uint64_t requests; /* so far */
};

/* The first step of every request: check the client, find the handler and call
 * it. request->context is the struct api. */
void api_dispatch(struct http_request *request);

/* NULL when all is well, or why not: a sentence for people, without quotation
 * marks. */
const char *api_health(const struct api *api);

/* "separate" or "overlaid". */
const char *api_mode(const struct api *api);

#endif
