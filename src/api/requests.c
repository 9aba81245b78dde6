#include "api/requests.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdlib.h>

#include "api/context.h"
#include "api/request_filter.h"
#include "api/request_json.h"
#include "api/text_writer.h"
#include "http/parameters.h"
#include "http/request.h"
#include "report/pcapng.h"

/* Requests that one step looks at, and bytes that it makes, which takes some
 * tenths of a millisecond. */
#define STEP_REQUESTS 512
#define STEP_BYTES    (8 * 1024)

/* Bytes of a part of the reply, or a few more. */
#define PART_BYTES (64 * 1024)

/* Requests that are sent as JSON unless another limit is given. */
#define JSON_LIMIT 1000
#define LIMIT_MAX  1000000000 /* more than any ring has */

enum format {
	JSON,
	JSONL,
	PCAPNG,
	FORMATS
};

static const char *const format_names[FORMATS] = { "json", "jsonl", "pcapng" };
static const char *const media_types[FORMATS] = {
	"application/json",
	"application/x-ndjson",
	"application/x-pcapng",
};

/*
 * A reply. It begins with a search, from the last request back, for the first
 * one to send: there may be more than the limit. What is overwritten meanwhile
 * is missing.
 */
struct reply {
	const struct recorder *recorder; /* borrowed */
	struct request_filter filter;
	enum format format;
	uint64_t limit;
	uint64_t found;  /* by the search */
	bool is_limited; /* it has found more than the limit */
	uint64_t last;   /* id of the last request when it began */
	uint64_t sent;
	struct recorder_cursor cursor; /* what was looked at last */
	struct pcapng *capture;        /* owned; of PCAPNG */
	struct evbuffer *part;         /* owned: what is sent next */
	bool ended;                    /* part is the last one */
};

static void
reply_free(void *data)
{
	struct reply *r = data;

	if (r->part != NULL)
		evbuffer_free(r->part);
	pcapng_free(r->capture);
	free(r);
}

/* NULL when memory is exhausted. */
static struct reply *
reply_new(const struct recorder *recorder, enum format format)
{
	struct reply *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->recorder = recorder;
	r->format = format;
	r->last = recorder_last_id(recorder);
	r->part = evbuffer_new();
	if (format == PCAPNG)
		r->capture = pcapng_new();
	if (r->part == NULL || (format == PCAPNG && r->capture == NULL)) {
		reply_free(r);
		return NULL;
	}
	return r;
}

static void
begin_body(const struct reply *r, struct text_writer *t)
{
	char *at;

	if (r->format == JSON)
		text_writer_add(t, "{\"requests\":[");
	if (r->format != PCAPNG)
		return;
	at = text_writer_reserve(t, PCAPNG_BYTES_MAX);
	text_writer_commit(t, at + pcapng_begin((uint8_t *)at));
}

static void
end_body(const struct reply *r, struct text_writer *t)
{
	if (r->format == JSON)
		text_writer_add(t,
		    "],\"last\":%" PRIu64
		    ",\"complete\":%s,\"recorded\":%" PRIu64
		    ",\"bytes\":%zu}\n",
		    r->last, r->is_limited ? "false" : "true",
		    recorder_count(r->recorder), recorder_bytes(r->recorder));
}

/* Add a request. Returns 0, or -1 when memory is exhausted. */
static int
add(struct reply *r, const struct api *api, const struct recorded *q,
    const struct asked *a, struct text_writer *t)
{
	char *at;
	size_t length;

	if (r->format == PCAPNG) {
		at = text_writer_reserve(t, PCAPNG_BYTES_MAX);
		length = pcapng_add(r->capture, q, (uint8_t *)at);
		text_writer_commit(t, at + length);
		return length == 0 ? -1 : 0;
	}
	if (r->format == JSON && r->sent > 0)
		text_writer_add(t, ",");
	api_add_request(t, api, q, a);
	if (r->format == JSONL)
		text_writer_add(t, "\n");
	r->sent++;
	return 0;
}

enum walked {
	WALKED_ON,
	WALKED_ALL,
	WALKED_FAILED
};

/* Send some requests. */
static enum walked
walk(struct reply *r, const struct api *api, struct text_writer *t)
{
	size_t until = evbuffer_get_length(r->part) + STEP_BYTES;

	for (int i = 0; i < STEP_REQUESTS; i++) {
		struct recorded q;
		struct asked a;

		if (r->cursor.id >= r->last ||
		    !recorder_next(r->recorder, &r->cursor) ||
		    r->cursor.id > r->last)
			return WALKED_ALL;
		q = recorder_read(r->recorder, &r->cursor);
		if (!request_filter_is_since(&r->filter, &q))
			continue;
		a = asked_decode(&q);
		if (!request_filter_matches(&r->filter, &q, &a))
			continue;
		if (add(r, api, &q, &a, t) != 0)
			return WALKED_FAILED;
		if (evbuffer_get_length(r->part) >= until)
			break;
	}
	return WALKED_ON;
}

static void
step_send(struct http_request *request)
{
	struct reply *r = request->data;
	struct text_writer t;
	enum walked walked;

	if (r->ended) {
		http_request_end_reply(request);
		return;
	}
	text_writer_begin(&t, r->part);
	walked = walk(r, request->context, &t);
	r->ended = walked == WALKED_ALL;
	if (r->ended)
		end_body(r, &t);
	if (text_writer_end(&t) != 0 || walked == WALKED_FAILED)
		http_request_abort(request);
	else if (r->ended || evbuffer_get_length(r->part) >= PART_BYTES)
		http_request_add_part(request, r->part);
}

static void
begin_sending(struct http_request *request)
{
	struct reply *r = request->data;
	struct text_writer t;

	text_writer_begin(&t, r->part);
	begin_body(r, &t);
	if (text_writer_end(&t) != 0) {
		http_request_fail(request, 500, "out of memory");
		return;
	}
	http_request_add_header(request, "Cache-Control", "no-store");
	if (r->format == PCAPNG)
		http_request_add_header(request, "Content-Disposition",
		    "attachment; filename=\"requests.pcapng\"");
	http_request_begin_reply(request, 200, media_types[r->format]);
	http_request_continue(request, step_send, r, reply_free);
}

/* Look at the request before. Returns whether the search goes on; otherwise the
 * cursor is at the one before the first to send, or of none. */
static bool
search_one(struct reply *r)
{
	struct recorder_cursor before = r->cursor;
	struct recorded q;
	struct asked a;

	if (!recorder_previous(r->recorder, &before)) {
		r->cursor = (struct recorder_cursor){ .id = 0 };
		return false;
	}
	q = recorder_read(r->recorder, &before);
	if (!request_filter_is_since(&r->filter, &q)) {
		r->cursor = before;
		return false;
	}
	a = asked_decode(&q);
	if (q.id <= r->last && request_filter_matches(&r->filter, &q, &a) &&
	    r->found++ == r->limit) {
		r->is_limited = true;
		r->cursor = before;
		return false;
	}
	r->cursor = before;
	return true;
}

static void
step_search(struct http_request *request)
{
	struct reply *r = request->data;

	for (int i = 0; i < STEP_REQUESTS; i++)
		if (!search_one(r)) {
			begin_sending(request);
			return;
		}
}

void
api_get_requests(struct http_request *request)
{
	const struct api *api = request->context;
	struct request_filter filter;
	struct parameters q;
	struct reply *r;

	if (api->config.recorder == NULL) {
		http_request_fail(request, 404,
		    "this server records no requests: --http-recorder is 0");
		return;
	}
	parameters_parse(&q, http_request_query(request));
	enum format format = (enum format)parameters_choice(
	    &q, "format", format_names, FORMATS, JSON);
	uint64_t limit = parameters_number(
	    &q, "limit", 1, LIMIT_MAX, format == JSON ? JSON_LIMIT : LIMIT_MAX);
	if (request_filter_read(request, &q, &filter) != 0)
		return;
	if (parameters_finish(&q) != NULL) {
		http_request_fail(request, 400, "%s", q.error);
		return;
	}
	r = reply_new(api->config.recorder, format);
	if (r == NULL) {
		http_request_fail(request, 500, "out of memory");
		return;
	}
	r->filter = filter;
	r->limit = limit;
	http_request_continue(request, step_search, r, reply_free);
}
