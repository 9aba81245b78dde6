#include "api/journal.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/context.h"
#include "api/point_json.h"
#include "api/point_request.h"
#include "api/text_writer.h"
#include "api/values_json.h"
#include "base/clock.h"
#include "base/exit_status.h"
#include "base/timestamp.h"
#include "http/parameters.h"
#include "http/request.h"
#include "points/point.h"
#include "service/access.h"
#include "state/state.h"

/* Rows that one step formats, fewer where they have many values. */
#define STEP_ROWS  64
#define STEP_BYTES (16 * 1024)

/* Bytes of a part of the reply, or a few more. */
#define PART_BYTES (64 * 1024)

#define LIMIT_DEFAULT HISTORY_ROWS_MAX

struct past {
	struct state *state;     /* borrowed */
	struct search *search;   /* while it goes on */
	struct history *history; /* owned, when it has ended */
	struct history_query query;
	const struct point *point;    /* borrowed; NULL: addresses */
	struct http_request *request; /* whose data this is */
	struct evbuffer *part;        /* owned: what is sent next */
	bool begun;                   /* a part has been sent */
	bool ended;                   /* part is the last one */
	unsigned rows;
};

static void
past_free(void *data)
{
	struct past *p = data;

	if (p->search != NULL)
		state_forget(p->state, p->search);
	history_free(p->history);
	if (p->part != NULL)
		evbuffer_free(p->part);
	free(p);
}

/* The query ----------------------------------------------------------------*/

/* Set an error of the query, unless there is one. */
static void
refuse(struct parameters *q, const char *name, const char *text,
    const char *expected)
{
	if (q->error[0] == '\0')
		snprintf(q->error, sizeof(q->error),
		    "%s: \"%.40s\": expected %s", name, text, expected);
}

static int64_t
requested_time(struct parameters *q, const char *name, int64_t fallback)
{
	const char *text = parameters_text(q, name);
	int64_t moment;

	if (text == NULL)
		return fallback;
	if (timestamp_parse(text, clock_realtime_us(), &moment) == 0)
		return moment;
	refuse(q, name, text, TIMESTAMP_EXPECTED);
	return fallback;
}

/* Whether text names its kind by itself. */
static bool
is_named(const char *text)
{
	struct access_range range;

	return access_range_parse(text, &range) == 0;
}

/* The addresses that are asked for: a number or a range of numbers is of that
 * kind. */
static void
take_addresses(struct parameters *q, struct history_query *query)
{
	static const char *const expected =
	    "HR16, HR16-20, C5 or numbers such as 16-20, at most 125 registers "
	    "or 2000 coils";
	const char *given = parameters_text(q, "kind");
	enum datatable_kind kind = (enum datatable_kind)parameters_choice(
	    q, "kind", api_kind_names, 2, DATATABLE_REGISTERS);
	const char *text = parameters_text(q, "address");
	char named[64];
	struct access_range range;
	unsigned most;

	if (text == NULL) {
		if (q->error[0] == '\0')
			snprintf(q->error, sizeof(q->error),
			    "expected point or address");
		return;
	}
	snprintf(named, sizeof(named), "%s%s%.40s",
	    is_named(text) ? "" : api_kind_names[kind],
	    is_named(text) ? "" : ":", text);
	if (strlen(text) > 40 || access_range_parse(named, &range) != 0) {
		refuse(q, "address", text, expected);
		return;
	}
	most = range.kind == DATATABLE_COILS ? HISTORY_COILS_MAX :
					       HISTORY_REGISTERS_MAX;
	if ((given != NULL && range.kind != kind) ||
	    range.last - range.first + 1U > most) {
		refuse(q, "address", text, expected);
		return;
	}
	query->kind = range.kind;
	query->address = range.first;
	query->quantity = (uint16_t)(range.last - range.first + 1);
}

static void
take_point(const struct point *p, struct history_query *query)
{
	query->kind = p->kind;
	query->address = p->address;
	query->quantity = (uint16_t)point_quantity(p);
	query->bit = p->bit == POINT_NO_BIT ? HISTORY_NO_BIT : p->bit;
}

/* Returns 0, or -1 after a reply with the error. */
static int
take_query(struct http_request *request, struct parameters *q,
    struct history_query *query, const struct point **point)
{
	parameters_parse(q, http_request_query(request));
	if (api_point_of_query(request, q, point) != 0)
		return -1;
	*query = (struct history_query){ .bit = HISTORY_NO_BIT };
	if (*point != NULL)
		take_point(*point, query);
	else
		take_addresses(q, query);
	query->since = requested_time(q, "since", INT64_MIN);
	query->until = requested_time(q, "until", INT64_MAX);
	query->after = (int64_t)parameters_number(q, "after", 0, INT64_MAX, 0);
	query->limit = (unsigned)parameters_number(
	    q, "limit", 1, HISTORY_ROWS_MAX, LIMIT_DEFAULT);
	if (query->since > query->until)
		refuse(q, "until", parameters_text(q, "until"),
		    "a time that is not before since");
	if (parameters_finish(q) == NULL)
		return 0;
	http_request_fail(request, 400, "%s", q->error);
	return -1;
}

/* The reply ----------------------------------------------------------------*/

static void
add_time(struct text_writer *t, int64_t moment)
{
	char text[TIMESTAMP_TEXT_MAX];

	text_writer_add(t, "\"%s\"",
	    timestamp_format_utc_ms(
		moment < 0 ? 0 : (uint64_t)moment / 1000, text));
}

static bool
is_known(const uint16_t *known, unsigned first, unsigned bits)
{
	for (unsigned i = first; i < first + bits; i++)
		if ((known[i / 16] >> i % 16 & 1) == 0)
			return false;
	return true;
}

/* The value of a point, or null while some of it is not known. */
static void
add_point_value(struct text_writer *t, const struct past *p,
    const uint16_t *words, const uint16_t *known)
{
	const struct point *point = p->point;
	uint16_t raw[POINT_WORDS_MAX] = { 0 };
	bool all;

	if (point->bit != POINT_NO_BIT) {
		raw[0] = words[0] >> point->bit & 1;
		all = is_known(known, (unsigned)point->bit, 1);
	} else if (point->kind == DATATABLE_COILS) {
		raw[0] = words[0] & 1;
		all = is_known(known, 0, 1);
	} else {
		memcpy(raw, words, 2 * point_quantity(point));
		all = is_known(known, 0, 16 * point_quantity(point));
	}
	if (all)
		api_add_point_value(t, point, raw);
	else
		text_writer_add(t, "null");
}

/* The values of the addresses that were written. */
static void
add_raw(struct text_writer *t, const struct past *p,
    const struct history_row *row, const uint16_t *words)
{
	bool coils = p->query.kind == DATATABLE_COILS;
	unsigned size = coils ? 1 : 16;

	text_writer_add(t, "[");
	for (unsigned i = 0; i < row->quantity; i++) {
		unsigned item = row->address - p->query.address + i;

		if (i > 0)
			text_writer_add(t, ",");
		if (!is_known(row->known, item * size, size))
			text_writer_add(t, "null");
		else if (coils)
			api_add_coils(t, false, words, item, 1);
		else
			api_add_words(t, false, words + item, 1);
	}
	text_writer_add(t, "]");
}

static void
add_values(struct text_writer *t, const struct past *p,
    const struct history_row *row, const char *name, const uint16_t *words)
{
	text_writer_add(t, ",\"%s\":", name);
	if (p->point != NULL)
		add_point_value(t, p, words, row->known);
	else
		add_raw(t, p, row, words);
}

static void
add_row(
    struct text_writer *t, const struct past *p, const struct history_row *row)
{
	struct address client;

	text_writer_add(t, "{\"number\":%" PRId64 ",\"time\":", row->number);
	add_time(t, row->time);
	if (p->point == NULL)
		text_writer_add(t, ",\"address\":%u", row->address);
	add_values(t, p, row, "before", row->before);
	add_values(t, p, row, "after", row->after);
	text_writer_add(t, ",");
	if (address_parse_client(row->client, &client) == 0)
		api_add_writer(t, &client, NULL, row->unit, row->function);
	else
		api_add_writer(t, NULL, NULL, 0, 0);
	if (row->subject[0] != '\0')
		api_add_identity(t,
		    &(struct identity){
			.subject = row->subject, .role = row->role });
	text_writer_add(t, "}");
}

static void
add_head(struct text_writer *t, const struct past *p)
{
	const struct history_query *q = &p->query;

	text_writer_add(t, "{");
	if (p->point != NULL) {
		text_writer_add(t, "\"point\":");
		text_writer_add_string(t, p->point->name);
		text_writer_add(t, ",\"units\":");
		text_writer_add_string(t, p->point->units);
		text_writer_add(t, ",");
	}
	text_writer_add(t, "\"kind\":\"%s\",\"address\":%u,\"quantity\":%u",
	    api_kind_names[q->kind], q->address, q->quantity);
	text_writer_add(t, ",\"rows\":[");
}

static void
add_end(struct text_writer *t, const struct past *p)
{
	int64_t next = history_next(p->history);

	if (next == 0)
		text_writer_add(t, "],\"next\":null}\n");
	else
		text_writer_add(t, "],\"next\":%" PRId64 "}\n", next);
}

static void
fail(struct http_request *request, const struct past *p)
{
	if (p->begun)
		http_request_abort(request);
	else
		http_request_fail(request, 500, "out of memory");
}

/* Send the part, which may be all of the reply. */
static void
send_part(struct http_request *request, struct past *p)
{
	if (!p->begun && p->ended) {
		http_request_reply_json_text(request, p->part);
		return;
	}
	if (!p->begun) {
		http_request_add_header(request, "Cache-Control", "no-store");
		http_request_begin_reply(request, 200, "application/json");
	}
	p->begun = true;
	http_request_add_part(request, p->part);
}

/* Format some rows. */
static void
step(struct http_request *request)
{
	struct past *p = request->data;
	size_t length = evbuffer_get_length(p->part);
	struct history_row row;
	struct text_writer t;

	if (p->ended) {
		http_request_end_reply(request);
		return;
	}
	text_writer_begin(&t, p->part);
	if (p->rows == 0)
		add_head(&t, p);
	for (int i = 0; i < STEP_ROWS && !p->ended &&
	     evbuffer_get_length(p->part) < length + STEP_BYTES;
	     i++) {
		p->ended = !history_take(p->history, &row);
		if (p->ended)
			break;
		if (p->rows++ > 0)
			text_writer_add(&t, ",");
		add_row(&t, p, &row);
	}
	if (p->ended)
		add_end(&t, p);
	if (text_writer_end(&t) != 0)
		fail(request, p);
	else if (p->ended || evbuffer_get_length(p->part) >= PART_BYTES)
		send_part(request, p);
}

static void
ended_cb(void *arg, struct history *h)
{
	struct past *p = arg;
	const struct store_error *why = history_error(h);

	p->search = NULL;
	p->history = h;
	if (why != NULL)
		http_request_fail(p->request, 500, "%s", why->text);
	else
		http_request_continue(p->request, step, p, past_free);
}

/* NULL when memory is exhausted. */
static struct past *
past_new(struct http_request *request, const struct history_query *query,
    const struct point *point)
{
	const struct api *api = request->context;
	struct past *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->state = api->config.state;
	p->query = *query;
	p->point = point;
	p->request = request;
	p->part = evbuffer_new();
	if (p->part != NULL)
		p->search = state_search(p->state, query, ended_cb, p);
	if (p->search != NULL)
		return p;
	past_free(p);
	return NULL;
}

void
api_get_journal(struct http_request *request)
{
	const struct api *api = request->context;
	struct history_query query;
	const struct point *point;
	struct parameters q;
	struct past *p;

	if (api->config.state == NULL) {
		http_request_fail(request, 404,
		    "this server has no journal: --state would keep one");
		return;
	}
	if (take_query(request, &q, &query, &point) != 0)
		return;
	p = past_new(request, &query, point);
	if (p == NULL)
		http_request_fail(request, 500, "out of memory");
	else
		http_request_continue(request, NULL, p, past_free);
}
