#include "api/writers.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/context.h"
#include "api/point_request.h"
#include "api/text_writer.h"
#include "api/values_json.h"
#include "base/clock.h"
#include "base/hosts.h"
#include "base/timestamp.h"
#include "base/who.h"
#include "http/parameters.h"
#include "http/request.h"
#include "points/point.h"
#include "table/last_writer.h"
#include "table/reference.h"

#define ADDRESSES 65536

/* Addresses of one step, which takes some tenths of a millisecond. */
#define STEP_ROWS 256
#define STEP_MAP  1024

/* The most clients that a map distinguishes. */
#define MAP_CLIENTS_MAX 256

/* An iteration over written addresses, in many steps. */
struct walk {
	struct evbuffer *body; /* owned */
	enum datatable_kind kind;
	uint32_t from;
	uint32_t end;
	uint64_t now; /* when it began, in milliseconds since 1970 */
	size_t count; /* of rows or ranges so far */
	bool failed;  /* text is missing in body */

	struct hosts *clients;                /* owned; NULL: this is no map */
	struct client known[MAP_CLIENTS_MAX]; /* by number in it; their
				  identities are held */
	bool has_identities;
	uint64_t since;  /* only what was written after so many writes,
			    and its neighbours; 0: all */
	uint64_t writes; /* writes when it began */
};

static void
walk_free(void *data)
{
	struct walk *w = data;

	evbuffer_free(w->body);
	for (size_t i = 0; w->has_identities && i < MAP_CLIENTS_MAX; i++)
		identity_release(w->known[i].identity);
	hosts_free(w->clients);
	free(w);
}

/* Returns NULL after a reply when memory is exhausted. */
static struct walk *
walk_new(struct http_request *request, enum datatable_kind kind)
{
	struct walk *w = calloc(1, sizeof(*w));

	if (w != NULL)
		w->body = evbuffer_new();
	if (w == NULL || w->body == NULL) {
		free(w);
		http_request_fail(request, 500, "out of memory");
		return NULL;
	}
	w->kind = kind;
	w->end = ADDRESSES;
	w->now = clock_realtime_ms();
	return w;
}

/* End a step; reply if it was the last. */
static void
end_step(struct http_request *request, struct text_writer *t, bool finished)
{
	struct walk *w = request->data;

	if (text_writer_end(t) != 0)
		w->failed = true;
	if (w->failed)
		http_request_fail(request, 500, "out of memory");
	else if (finished)
		http_request_reply_json_text(request, w->body);
}

static const char *
host_or_null(const struct address *host, char *text)
{
	char ip[ADDRESS_TEXT_MAX];

	if (host == NULL)
		return "null";
	snprintf(
	    text, ADDRESS_TEXT_MAX + 2, "\"%s\"", address_format_ip(host, ip));
	return text;
}

static void
add_row(struct walk *w, struct text_writer *t, uint16_t address,
    const struct last_write *write)
{
	char host[ADDRESS_TEXT_MAX + 2], other[ADDRESS_TEXT_MAX + 2];
	char time[TIMESTAMP_TEXT_MAX];

	text_writer_add(t, "%s{\"kind\":\"%s\",\"address\":%u,\"client\":%s",
	    w->count++ == 0 ? "" : ",", api_kind_names[w->kind], address,
	    host_or_null(write->client, host));
	api_add_subject(t, "subject", write->identity);
	text_writer_add(t,
	    ",\"time\":\"%s\",\"changes\":%" PRIu32 ",\"contended\":%s",
	    timestamp_format_utc_ms(write->time, time), write->changes,
	    write->contentions > 0 ? "true" : "false");
	if (write->contentions > 0) {
		text_writer_add(
		    t, ",\"other\":%s", host_or_null(write->other, other));
		api_add_subject(t, "other_subject", write->other_identity);
		text_writer_add(t,
		    ",\"contentions\":%" PRIu32 ",\"handover\":\"%s\"",
		    write->contentions,
		    timestamp_format_utc_ms(write->handover, time));
	}
	text_writer_add(t, "}");
}

/* Add the rows of the next written addresses. */
static void
step_rows(struct http_request *request)
{
	const struct api *api = request->context;
	struct walk *w = request->data;
	struct last_write write;
	struct text_writer t;

	text_writer_begin(&t, w->body);
	for (int i = 0; i < STEP_ROWS && w->from < w->end; i++) {
		int32_t next = last_writer_next_written(
		    api->config.last_writer, w->kind, 0, w->from);

		if (next < 0 || (uint32_t)next >= w->end) {
			w->from = w->end;
			break;
		}
		w->from = (uint32_t)next + 1;
		if (last_writer_read(api->config.last_writer, w->kind,
			(uint16_t)next, &write))
			add_row(w, &t, (uint16_t)next, &write);
	}
	if (w->from >= w->end)
		text_writer_add(&t, "]\n");
	end_step(request, &t, w->from >= w->end);
}

/* Begin an iteration with the first text of its body. */
static void
begin_walk(struct http_request *request, struct walk *w, const char *first,
    http_request_step_fn step)
{
	if (evbuffer_add(w->body, first, strlen(first)) != 0)
		w->failed = true;
	http_request_continue(request, step, w, walk_free);
}

/* The kind that the address names, or else registers. */
static enum datatable_kind
kind_of(struct parameters *q)
{
	const char *text = parameters_text(q, "address");
	struct reference r;

	if (text != NULL && reference_parse_named(text, &r) == REFERENCE_OK)
		return r.kind;
	return DATATABLE_REGISTERS;
}

struct range {
	enum datatable_kind kind;
	size_t address;
	size_t quantity;
};

/* The requested range: that of p, if there is a point. */
static struct range
requested_range(struct parameters *q, const struct point *p)
{
	struct range range;
	size_t left;

	if (p != NULL)
		return (struct range){ p->kind, p->address, point_quantity(p) };
	range.kind = (enum datatable_kind)parameters_choice(
	    q, "kind", api_kind_names, 2, kind_of(q));
	range.address = parameters_address(q, "address", range.kind, 0);
	left = ADDRESSES - range.address;
	range.quantity = (size_t)parameters_number(q, "quantity", 1,
	    left < API_WRITERS_MAX ? left : API_WRITERS_MAX, 1);
	return range;
}

void
api_get_writers(struct http_request *request)
{
	const struct point *p;
	struct parameters q;
	struct range range;
	struct walk *w;

	parameters_parse(&q, http_request_query(request));
	if (api_point_of_query(request, &q, &p) != 0)
		return;
	range = requested_range(&q, p);
	if (parameters_finish(&q) != NULL) {
		http_request_fail(request, 400, "%s", q.error);
		return;
	}
	w = walk_new(request, range.kind);
	if (w == NULL)
		return;
	w->from = (uint32_t)range.address;
	w->end = (uint32_t)(range.address + range.quantity);
	begin_walk(request, w, "[", step_rows);
}

/* Add the rows of the contended addresses of one kind. */
static void
step_contended(struct http_request *request)
{
	const struct api *api = request->context;
	struct walk *w = request->data;
	struct last_write write;
	struct text_writer t;
	int listed = 0;
	int32_t next;

	w->from = 0;
	text_writer_begin(&t, w->body);
	while (listed < API_CONTENDED_MAX &&
	    (next = last_writer_next_contended(
		 api->config.last_writer, w->kind, w->from)) >= 0) {
		w->from = (uint32_t)next + 1;
		if (!last_writer_read(api->config.last_writer, w->kind,
			(uint16_t)next, &write))
			continue;
		add_row(w, &t, (uint16_t)next, &write);
		listed++;
	}
	if (w->kind == DATATABLE_REGISTERS) {
		w->kind = DATATABLE_COILS;
		end_step(request, &t, false);
	} else {
		text_writer_add(&t, "]\n");
		end_step(request, &t, true);
	}
}

void
api_get_contended(struct http_request *request)
{
	struct parameters q;
	struct walk *w;

	parameters_parse(&q, http_request_query(request));
	if (parameters_finish(&q) != NULL) {
		http_request_fail(request, 400, "%s", q.error);
		return;
	}
	w = walk_new(request, DATATABLE_REGISTERS);
	if (w != NULL)
		begin_walk(request, w, "[", step_contended);
}

/* The number of a client in the map, or -1. */
static int
client_number(struct walk *w, const struct last_write *write)
{
	struct client who;
	uint32_t number, before = hosts_count(w->clients);

	if (write->client == NULL)
		return -1;
	who = (struct client){
		.address = *write->client,
		.identity = write->identity,
	};
	number = who_use(w->clients, &who, 0);
	if (number == HOSTS_NONE)
		return -1;
	if (hosts_count(w->clients) != before) {
		w->known[number] = who;
		if (identity_hold(who.identity) != NULL)
			w->has_identities = true;
	}
	return (int)number;
}

static int32_t
next_in_map(const struct api *api, const struct walk *w, uint32_t from)
{
	return last_writer_next_written(
	    api->config.last_writer, w->kind, w->since, from);
}

/* Add a range: the last writers of the consecutive written addresses from first
 * on, at most `most`, and the ages of their writes. Returns their number. */
static uint32_t
add_range(const struct api *api, struct walk *w, struct text_writer *t,
    uint32_t first, uint32_t most)
{
	uint64_t ages[STEP_MAP];
	uint32_t n = 0;
	struct last_write write;

	text_writer_add(t, "%s{\"address\":%" PRIu32 ",\"client\":[",
	    w->count++ == 0 ? "" : ",", first);
	for (; n < most && first + n < ADDRESSES; n++) {
		if (next_in_map(api, w, first + n) != (int32_t)(first + n) ||
		    !last_writer_read(api->config.last_writer, w->kind,
			(uint16_t)(first + n), &write))
			break;
		ages[n] = w->now > write.time ? w->now - write.time : 0;
		text_writer_add(
		    t, "%s%d", n == 0 ? "" : ",", client_number(w, &write));
	}
	text_writer_add(t, "],\"age_s\":[");
	for (uint32_t i = 0; i < n; i++)
		text_writer_add(t, "%s%" PRIu64 ".%u", i == 0 ? "" : ",",
		    ages[i] / 1000, (unsigned)(ages[i] / 100 % 10));
	text_writer_add(t, "]}");
	return n;
}

/* For each client its subject, or null. */
static void
add_subjects(const struct walk *w, struct text_writer *t)
{
	text_writer_add(t, ",\"subjects\":[");
	for (uint32_t i = 0; i < hosts_count(w->clients); i++) {
		const struct identity *identity = w->known[i].identity;

		text_writer_add(t, "%s", i == 0 ? "" : ",");
		if (identity == NULL)
			text_writer_add(t, "null");
		else
			text_writer_add_string(t, identity->subject);
	}
	text_writer_add(t, "]");
}

static void
add_clients(const struct walk *w, struct text_writer *t)
{
	char host[ADDRESS_TEXT_MAX];

	text_writer_add(t, "],\"clients\":[");
	for (uint32_t i = 0; i < hosts_count(w->clients); i++)
		text_writer_add(t, "%s\"%s\"", i == 0 ? "" : ",",
		    address_format_ip(&w->known[i].address, host));
	text_writer_add(t, "]");
	if (w->has_identities)
		add_subjects(w, t);
	text_writer_add(t, ",\"writes\":%" PRIu64 "}\n", w->writes);
}

static void
step_map(struct http_request *request)
{
	const struct api *api = request->context;
	struct walk *w = request->data;
	uint32_t left = STEP_MAP;
	struct text_writer t;

	text_writer_begin(&t, w->body);
	while (left > 0 && w->from < ADDRESSES) {
		int32_t next = next_in_map(api, w, w->from);
		uint32_t n;

		if (next < 0) {
			w->from = ADDRESSES;
			break;
		}
		n = add_range(api, w, &t, (uint32_t)next, left);
		w->from = (uint32_t)next + n;
		left -= n;
	}
	if (w->from == ADDRESSES)
		add_clients(w, &t);
	end_step(request, &t, w->from == ADDRESSES);
}

void
api_get_writers_map(struct http_request *request)
{
	const struct api *api = request->context;
	struct parameters q;
	struct walk *w;

	parameters_parse(&q, http_request_query(request));
	size_t kind = parameters_choice(
	    &q, "kind", api_kind_names, 2, DATATABLE_REGISTERS);
	uint64_t since = parameters_number(&q, "since", 0, INT64_MAX, 0);
	if (parameters_finish(&q) != NULL) {
		http_request_fail(request, 400, "%s", q.error);
		return;
	}
	w = walk_new(request, (enum datatable_kind)kind);
	if (w == NULL)
		return;
	w->since = since;
	w->writes = last_writer_totals(api->config.last_writer).writes;
	w->clients = hosts_new(MAP_CLIENTS_MAX);
	if (w->clients == NULL) {
		walk_free(w);
		http_request_fail(request, 500, "out of memory");
		return;
	}
	begin_walk(request, w, "{\"ranges\":[", step_map);
}
