#include "api/wait.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/context.h"
#include "api/point_json.h"
#include "api/point_request.h"
#include "api/text_writer.h"
#include "api/values_json.h"
#include "base/queue.h"
#include "http/parameters.h"
#include "http/request.h"
#include "points/point.h"
#include "points/value.h"
#include "table/reference.h"

#define COILS_A_WORD 16

/* A request that waits, and owns this. */
struct waiter {
	TAILQ_ENTRY(waiter) link;
	struct waits *waits;          /* borrowed */
	struct http_request *request; /* borrowed */
	struct event *timer;          /* owned */
	unsigned timeout;             /* seconds */
	struct point point;           /* what has the value; named, or not */
	uint16_t wanted[POINT_WORDS_MAX];
	bool touched; /* by a write that was not looked at yet */
	bool held;    /* after one of these writes */
};

struct waits {
	struct event_base *base; /* borrowed, as is api */
	struct api *api;
	struct datatable_observer observer; /* the table's while one waits */
	struct scheduler_task task;         /* answers those that are touched */
	size_t count;
	TAILQ_HEAD(, waiter) waiters;
};

/* The bits that a range takes in an overlaid table. */
static void
bits_of(enum datatable_kind kind, uint32_t address, uint32_t quantity,
    uint32_t *first, uint32_t *end)
{
	uint32_t bits = kind == DATATABLE_REGISTERS ? COILS_A_WORD : 1;

	*first = address * bits;
	*end = (address + quantity) * bits;
}

static bool
touches(const struct waits *ws, const struct datatable_change *change,
    const struct point *p)
{
	uint32_t first[2], end[2];

	if (change->kind != p->kind &&
	    ws->api->config.overlay != DATATABLE_OVERLAID)
		return false;
	bits_of(change->kind, change->address, change->quantity, &first[0],
	    &end[0]);
	bits_of(p->kind, p->address, point_quantity(p), &first[1], &end[1]);
	return first[0] < end[1] && first[1] < end[0];
}

static bool
holds_same_words(const struct waiter *w)
{
	uint16_t raw[POINT_WORDS_MAX];

	point_read(&w->point, w->waits->api->config.table, raw);
	return memcmp(raw, w->wanted,
		   point_quantity(&w->point) * sizeof(*raw)) == 0;
}

/* A value may come and go before the task runs. */
static void
changed(void *arg, const struct datatable_change *change)
{
	struct waits *ws = arg;
	struct waiter *w;

	TAILQ_FOREACH (w, &ws->waiters, link) {
		if (w->held || !touches(ws, change, &w->point))
			continue;
		w->held = holds_same_words(w);
		w->touched = true;
		scheduler_add(ws->api->scheduler, &ws->task);
	}
}

/* Format a value as JSON, with a NUL. */
static void
format(const struct point *p, const uint16_t *raw, char *text)
{
	text[point_format_json(p, raw, text)] = '\0';
}

/* Whether the value is the one that is waited for, as people read it: 0 is -0,
 * and a string ends before its first NUL. */
static bool
holds(const struct waiter *w)
{
	char now[POINT_JSON_MAX + 1], wanted[POINT_JSON_MAX + 1];
	uint16_t raw[POINT_WORDS_MAX];

	if (w->held || holds_same_words(w))
		return true;
	if (point_is_bool(&w->point))
		return false;
	point_read(&w->point, w->waits->api->config.table, raw);
	format(&w->point, raw, now);
	format(&w->point, w->wanted, wanted);
	if (now[0] == '"' || wanted[0] == '"')
		return strcmp(now, wanted) == 0;
	return strtod(now, NULL) == strtod(wanted, NULL);
}

/* Reply that the value holds. */
static void
reply(const struct waiter *w)
{
	const struct point *p = &w->point;
	struct evbuffer *body = http_request_new_body(w->request);
	struct text_writer t;

	if (body == NULL)
		return;
	text_writer_begin(&t, body);
	text_writer_add(&t, "{");
	if (p->name[0] != '\0') {
		text_writer_add(&t, "\"name\":");
		text_writer_add_string(&t, p->name);
		text_writer_add(&t, ",");
	}
	text_writer_add(&t, "\"kind\":\"%s\",\"address\":%u",
	    api_kind_names[p->kind], p->address);
	if (p->bit != POINT_NO_BIT)
		text_writer_add(&t, ",\"bit\":%d", p->bit);
	text_writer_add(&t, ",\"value\":");
	api_add_point_value(&t, p, w->wanted);
	text_writer_add(&t, "}\n");
	if (text_writer_end(&t) != 0)
		http_request_fail(w->request, 500, "out of memory");
	else
		http_request_reply_json_text(w->request, body);
	evbuffer_free(body);
}

static void
run(struct scheduler_task *task)
{
	struct waits *ws =
	    (void *)((char *)task - offsetof(struct waits, task));
	struct waiter *next;

	for (struct waiter *w = TAILQ_FIRST(&ws->waiters); w != NULL;
	     w = next) {
		next = TAILQ_NEXT(w, link);
		if (w->touched && holds(w))
			reply(w); /* frees it */
		else
			w->touched = false;
	}
}

static void
timeout_cb(evutil_socket_t fd, short what, void *arg)
{
	struct waiter *w = arg;
	uint16_t raw[POINT_WORDS_MAX];
	char now[POINT_JSON_MAX + 1];

	(void)fd;
	(void)what;
	if (holds(w)) {
		reply(w);
		return;
	}
	point_read(&w->point, w->waits->api->config.table, raw);
	format(&w->point, raw, now);
	/* A string could be too long for the error. */
	if (now[0] == '"')
		http_request_fail(w->request, 504,
		    "the value was another one for %u s", w->timeout);
	else
		http_request_fail(w->request, 504,
		    "the value was another one for %u s: it is %s", w->timeout,
		    now);
}

/* Its request has ended. */
static void
waiter_free(void *data)
{
	struct waiter *w = data;
	struct waits *ws = w->waits;

	TAILQ_REMOVE(&ws->waiters, w, link);
	if (--ws->count == 0)
		datatable_unobserve(ws->api->config.table, &ws->observer);
	event_free(w->timer);
	free(w);
}

/* Take over what w says. Returns 0, or -1 when memory is exhausted. */
static int
begin(struct waits *ws, struct http_request *request, const struct waiter *from)
{
	const struct timeval after = { (time_t)from->timeout, 0 };
	struct waiter *w = malloc(sizeof(*w));

	if (w == NULL)
		return -1;
	*w = *from;
	w->timer = event_new(ws->base, -1, 0, timeout_cb, w);
	if (w->timer == NULL || event_add(w->timer, &after) != 0) {
		if (w->timer != NULL)
			event_free(w->timer);
		free(w);
		return -1;
	}
	if (ws->count++ == 0)
		datatable_observe(ws->api->config.table, &ws->observer);
	TAILQ_INSERT_TAIL(&ws->waiters, w, link);
	http_request_continue(request, NULL, w, waiter_free);
	return http_request_wait(request);
}

/* What the address says, as a point without a name. Returns 0, or -1 after a
 * reply with the error. */
static int
point_of_address(
    struct http_request *request, struct parameters *q, struct point *p)
{
	const char *text = parameters_text(q, "address");
	struct reference r;

	*p = (struct point){
		.name = "",
		.units = "",
		.simulate = "",
		.description = "",
		.scale = 1,
		.bit = POINT_NO_BIT,
	};
	if (text == NULL ||
	    reference_parse(text, DATATABLE_REGISTERS, &r) != REFERENCE_OK) {
		http_request_fail(request, 400,
		    "address: expected a point instead, or a number from 0 to "
		    "65535, HR0 to HR65535, HR0.0 to HR65535.15, C0 to C65535, "
		    "or 400001 to 465536");
		return -1;
	}
	p->kind = r.kind;
	p->address = r.address;
	p->bit = (int8_t)r.bit;
	if (!point_is_bool(p))
		p->form = parameters_form(q);
	return 0;
}

/* Read the point that is named, or make one of an address. Returns 0, or -1
 * after a reply with the error. */
static int
read_point(struct http_request *request, struct parameters *q, struct point *p)
{
	const struct point *named;

	if (q->error[0] != '\0') {
		http_request_fail(request, 400, "%s", q->error);
		return -1;
	}
	if (api_point_of_query(request, q, &named) != 0)
		return -1;
	if (named == NULL)
		return point_of_address(request, q, p);
	*p = *named;
	return 0;
}

/* What is waited for. Returns 0, or -1 after a reply with the error. */
static int
read_question(struct http_request *request, struct waiter *w)
{
	char expected[POINT_EXPECTED_MAX];
	const char *equals;
	struct parameters q;

	parameters_parse(&q, http_request_query(request));
	if (read_point(request, &q, &w->point) != 0)
		return -1;
	equals = parameters_text(&q, "equals");
	w->timeout = (unsigned)parameters_number(
	    &q, "timeout", 0, WAIT_TIMEOUT_MAX, WAIT_TIMEOUT_DEFAULT);
	if (parameters_finish(&q) != NULL)
		http_request_fail(request, 400, "%s", q.error);
	else if (w->point.address + point_quantity(&w->point) > 65536)
		http_request_fail(request, 400,
		    "address: %u: expected room for %u registers",
		    w->point.address, point_quantity(&w->point));
	else if (equals == NULL)
		http_request_fail(
		    request, 400, "equals: expected the value to wait for");
	else if (point_parse_cell(&w->point, equals, strlen(equals), w->wanted,
		     expected) != 0)
		http_request_fail(
		    request, 400, "equals: expected %s", expected);
	else
		return 0;
	return -1;
}

void
api_wait(struct http_request *request)
{
	struct api *api = request->context;
	struct waits *ws = api->waits;
	struct waiter w = { .waits = ws, .request = request };

	if (read_question(request, &w) != 0)
		return;
	if (holds(&w))
		reply(&w);
	else if (ws->count == WAITS_MAX)
		http_request_fail(
		    request, 503, "%d requests are waiting already", WAITS_MAX);
	else if (begin(ws, request, &w) != 0)
		http_request_fail(request, 500, "out of memory");
}

struct waits *
waits_new(struct event_base *base, struct api *api)
{
	struct waits *ws = calloc(1, sizeof(*ws));

	if (ws == NULL)
		return NULL;
	ws->base = base;
	ws->api = api;
	ws->observer.changed = changed;
	ws->observer.arg = ws;
	ws->task.run = run;
	TAILQ_INIT(&ws->waiters);
	return ws;
}

void
waits_free(struct waits *ws)
{
	if (ws == NULL)
		return;
	scheduler_remove(ws->api->scheduler, &ws->task);
	free(ws);
}

size_t
waits_count(const struct waits *ws)
{
	return ws->count;
}
