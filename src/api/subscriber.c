#include "api/subscriber.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "api/context.h"
#include "api/text_writer.h"
#include "base/clock.h"
#include "base/timestamp.h"
#include "http/request.h"
#include "table/changes.h"

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
	if (!s->raw)
		add_changes(s, out);
	subscriber_send(s, out);
	evbuffer_free(out);
}

void
subscriber_schedule(struct subscriber *s)
{
	scheduler_add(s->api->scheduler, &s->task);
}

void
subscriber_send_raw(
    struct subscriber *s, struct evbuffer *events, bool complete)
{
	struct evbuffer *copy;

	if (!complete || subscriber_is_full(s) ||
	    (copy = evbuffer_new()) == NULL) {
		s->cursor.tick = changes_tick(s->api->changes);
		s->gap = true;
		return;
	}
	if (evbuffer_add(copy, evbuffer_pullup(events, -1),
		evbuffer_get_length(events)) != 0)
		s->gap = true;
	subscriber_send(s, copy);
	evbuffer_free(copy);
}

struct subscriber *
subscriber_new(const struct api *api, struct http_request *request, bool raw)
{
	struct subscriber *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->api = api;
	s->request = request;
	s->task.run = send_changes;
	s->raw = raw;
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
subscriber_start(struct subscriber *s, uint64_t since)
{
	struct evbuffer *out = evbuffer_new();

	set_position(s, since);
	http_request_add_header(s->request, "Content-Type", EVENT_STREAM_TYPE);
	http_request_add_header(s->request, "Cache-Control", "no-store");
	http_request_count(s->request, 200);
	evhttp_send_reply_start(s->request->evhttp, 200, NULL);
	/* subscriber_is_stalled replaces evhttp's timeouts. */
	bufferevent_set_timeouts(bufferevent_of(s), NULL, NULL);
	if (out == NULL)
		return;
	evbuffer_add_printf(out,
	    "event: hello\ndata: {\"seq\":%" PRIu64
	    ",\"mode\":\"%s\",\"epoch\":\"%" PRIu64 "\"}\n\n",
	    api_sequence_of(s->api, s->cursor.tick), api_mode(s->api),
	    api_sequence_of(s->api, 0));
	subscriber_send(s, out);
	evbuffer_free(out);
}
