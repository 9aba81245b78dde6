#include "api/subscriber.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "api/context.h"
#include "api/text_writer.h"
#include "api/write_events.h"
#include "base/clock.h"
#include "base/timestamp.h"
#include "http/request.h"
#include "table/changes.h"
#include "table/last_writer.h"

#define STALLED_MS 10000

static struct bufferevent *
bufferevent_of(const struct subscriber *s)
{
	return evhttp_connection_get_bufferevent(
	    evhttp_request_get_connection(s->request->evhttp));
}

static size_t
unsent(const struct subscriber *s)
{
	return evbuffer_get_length(bufferevent_get_output(bufferevent_of(s)));
}

void
subscriber_send(struct subscriber *s, struct evbuffer *out)
{
	size_t before = unsent(s);

	evhttp_send_reply_chunk(s->request->evhttp, out);
	s->queued += unsent(s) - before;
}

bool
subscriber_is_full(const struct subscriber *s)
{
	return unsent(s) >= SUBSCRIBER_UNSENT_MAX;
}

bool
subscriber_is_stalled(struct subscriber *s)
{
	uint64_t now = clock_ms();
	uint64_t sent = s->queued - unsent(s);

	if (unsent(s) == 0 || sent != s->sent) {
		s->sent = sent;
		s->progress = now;
	}
	return now - s->progress > STALLED_MS;
}

/* Add an event of changes, if there are any. */
static void
add_changes(struct subscriber *s, struct evbuffer *out)
{
	const struct api *api = s->api;
	char time[TIMESTAMP_TEXT_MAX];
	struct evbuffer *runs;
	struct text_writer t;
	unsigned n;

	if (!cursor_begin_scan(&s->cursor, api->changes) ||
	    (runs = evbuffer_new()) == NULL)
		return;
	text_writer_begin(&t, runs);
	n = cursor_add_runs(&s->cursor, api->changes, api->config.table, &t,
	    SUBSCRIBER_EVENT_MAX);
	if (text_writer_end(&t) == 0 && n > 0) {
		uint64_t sequence = api_sequence_of(api, s->cursor.tick);

		evbuffer_add_printf(out,
		    "event: changes\nid: %" PRIu64 "\ndata: {\"seq\":%" PRIu64
		    ",\"time\":\"%s\",\"changes\":[",
		    sequence, sequence,
		    timestamp_format_utc_ms(clock_realtime_ms(), time));
		evbuffer_add_buffer(out, runs);
		evbuffer_add_printf(out, "]}\n\n");
	}
	evbuffer_free(runs);
}

static void
add_gap(struct subscriber *s, struct evbuffer *out)
{
	uint64_t sequence = api_sequence_of(s->api, s->cursor.tick);

	evbuffer_add_printf(out,
	    "event: gap\nid: %" PRIu64 "\ndata: {\"seq\":%" PRIu64 "}\n\n",
	    sequence, sequence);
	s->gap = false;
}

static void
send_changes(struct scheduler_task *task)
{
	struct subscriber *s =
	    (void *)((char *)task - offsetof(struct subscriber, task));
	struct evbuffer *out = evbuffer_new();

	if (out == NULL)
		return;
	if (s->gap)
		add_gap(s, out);
	if (!s->gets[SUBSCRIBER_RAW_CHANGES])
		add_changes(s, out);
	subscriber_send(s, out);
	evbuffer_free(out);
}

void
subscriber_schedule(struct subscriber *s)
{
	scheduler_add(s->api->scheduler, &s->task);
}

/* Some of these events are missing in what s is sent. */
static void
note_gap(struct subscriber *s, const struct write_events *writes)
{
	if (write_events_are_numbered(writes))
		return;
	/* There are no changes to continue with, only present values. */
	if (s->gets[SUBSCRIBER_RAW_CHANGES])
		s->cursor.tick = changes_tick(s->api->changes);
	s->gap = true;
}

void
subscriber_send_writes(struct subscriber *s, const struct write_events *writes)
{
	bool complete;
	struct evbuffer *events = write_events_text(writes, &complete);
	struct evbuffer *copy;

	if (!complete || subscriber_is_full(s) ||
	    (copy = evbuffer_new()) == NULL) {
		note_gap(s, writes);
		return;
	}
	if (evbuffer_add(copy, evbuffer_pullup(events, -1),
		evbuffer_get_length(events)) != 0)
		note_gap(s, writes);
	subscriber_send(s, copy);
	evbuffer_free(copy);
}

struct subscriber *
subscriber_new(const struct api *api, struct http_request *request)
{
	struct subscriber *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->api = api;
	s->request = request;
	s->task.run = send_changes;
	return s;
}

void
subscriber_free(struct subscriber *s)
{
	scheduler_remove(s->api->scheduler, &s->task);
	free(s);
}

/* Set the position: after the last event that the client has received. */
static void
set_position(struct subscriber *s, uint64_t since)
{
	uint64_t first = api_sequence_of(s->api, 0);
	uint32_t now = changes_tick(s->api->changes);

	s->cursor.tick = now;
	if (since == 0)
		return;
	if (since < first || since - first > now)
		s->gap = true;
	else
		s->cursor.tick = (uint32_t)(since - first);
}

void
subscriber_add_headers(struct http_request *request)
{
	http_request_add_header(request, "Content-Type", "text/event-stream");
	/* Caches, compressors and proxies would hold events back. */
	http_request_add_header(
	    request, "Cache-Control", "no-store, no-transform");
	http_request_add_header(request, "X-Accel-Buffering", "no");
}

void
subscriber_start(struct subscriber *s, uint64_t since)
{
	struct evbuffer *out = evbuffer_new();

	set_position(s, since);
	subscriber_add_headers(s->request);
	http_request_count(s->request, 200);
	evhttp_send_reply_start(s->request->evhttp, 200, NULL);
	/* subscriber_is_stalled replaces evhttp's timeouts. */
	bufferevent_set_timeouts(bufferevent_of(s), NULL, NULL);
	if (out == NULL)
		return;
	evbuffer_add_printf(out,
	    "event: hello\ndata: {\"seq\":%" PRIu64
	    ",\"mode\":\"%s\",\"epoch\":\"%" PRIu64 "\",\"writes\":%" PRIu64
	    "}\n\n",
	    api_sequence_of(s->api, s->cursor.tick), api_mode(s->api),
	    api_sequence_of(s->api, 0),
	    last_writer_totals(s->api->config.last_writer).writes);
	subscriber_send(s, out);
	evbuffer_free(out);
}
