#include "api/status.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <string.h>

#include "api/clients.h"
#include "api/context.h"
#include "api/rates.h"
#include "api/shared.h"
#include "api/simulation.h"
#include "api/text_writer.h"
#include "api/write.h"
#include "base/clock.h"
#include "base/timestamp.h"
#include "http/request.h"
#include "net/datagrams.h"
#include "net/server.h"
#include "points/points.h"
#include "state/state.h"
#include "table/last_writer.h"
#include "version.h"

static uint64_t
exceptions_of(const struct counters *counters)
{
	uint64_t n = 0;

	for (size_t i = 1; i < MB_FUNCTION_CODES; i++)
		n += counters->exceptions_by_code[i];
	return n;
}

static void
add_rates(const struct rates *rates, size_t seconds, struct text_writer *t)
{
	size_t count = rates_count(rates);
	size_t first = count > seconds ? count - seconds : 0;
	char time[TIMESTAMP_TEXT_MAX];

	text_writer_add(t, "\"requests_per_s\":%" PRIu64 ",\"rates\":[",
	    count == 0 ? 0 : rates_get(rates, count - 1)->requests);
	for (size_t i = first; i < count; i++) {
		const struct rate *rate = rates_get(rates, i);

		text_writer_add(t,
		    "%s{\"t\":\"%s\",\"requests\":%" PRIu64
		    ",\"writes\":%" PRIu64 "}",
		    i == first ? "" : ",",
		    timestamp_format_utc_ms(rate->time, time), rate->requests,
		    rate->writes);
	}
	text_writer_add(t, "]");
}

static void
add_journal(const struct scrub_figures *f, struct text_writer *t)
{
	static const char *const results[] = {
		[SCRUB_UNKNOWN] = "unknown",
		[SCRUB_SOUND] = "sound",
		[SCRUB_DAMAGED] = "damaged",
	};
	const struct damage *d = &f->damage;

	text_writer_add(t,
	    "\"journal\":{\"result\":\"%s\",\"checking\":%s,"
	    "\"rows\":%" PRId64 ",\"checked\":%" PRId64
	    ",\"damaged_rows\":%" PRId64 ",\"damaged\":[",
	    results[f->result], f->checking ? "true" : "false", f->rows,
	    f->checked, d->rows);
	for (unsigned i = 0; i < d->range_count; i++)
		text_writer_add(t, "%s[%" PRId64 ",%" PRId64 "]",
		    i == 0 ? "" : ",", d->ranges[i].first, d->ranges[i].last);
	text_writer_add(t, "]}");
}

static void
add_state(const struct state *s, struct text_writer *t)
{
	struct scrub_figures f;

	if (s == NULL) {
		text_writer_add(t, "\"state\":null,");
		return;
	}
	f = state_journal(s);
	text_writer_add(t, "\"state\":{\"commit_interval_ms\":%u,",
	    state_commit_interval(s));
	add_journal(&f, t);
	text_writer_add(t, "},");
}

static void
add_shared(struct member *member, struct text_writer *t)
{
	if (member == NULL)
		return;
	text_writer_add(t, "\"shared\":");
	shared_write_status(member, t);
	text_writer_add(t, ",");
}

static void
add_datagrams(const struct datagram_figures *f, struct text_writer *t)
{
	if (f == NULL)
		return;
	text_writer_add(t,
	    "\"udp\":{\"received\":%" PRIu64 ",\"answered\":%" PRIu64
	    ",\"replies_lost\":%" PRIu64 ",\"silent\":%" PRIu64
	    ",\"malformed\":%" PRIu64 ",\"refused\":%" PRIu64
	    ",\"dropped\":%" PRIu64 ",\"waiting\":%zu},",
	    f->received, f->replied, f->lost, f->silent, f->malformed,
	    f->refused, f->dropped, f->waiting);
}

static void
add_points(const struct points *points, struct text_writer *t)
{
	if (points == NULL)
		return;
	text_writer_add(t, "\"points\":{\"file\":");
	text_writer_add_string(t, points_file(points));
	text_writer_add(t, ",\"count\":%zu},", points_count(points));
}

static void
add_simulation(const struct simulation *s, struct text_writer *t)
{
	if (s == NULL)
		return;
	text_writer_add(t, "\"simulation\":");
	simulation_write_status(s, t);
	text_writer_add(t, ",");
}

void
api_write_status(
    const struct api *api, bool writable, size_t seconds, struct text_writer *t)
{
	const struct counters *n = server_counters(api->config.server);
	char started[TIMESTAMP_TEXT_MAX], time[TIMESTAMP_TEXT_MAX];

	text_writer_add(t,
	    "{\"version\":\"%s\",\"mode\":\"%s\",\"port\":%u,"
	    "\"started\":\"%s\",\"time\":\"%s\",\"uptime_s\":%" PRIu64 ",",
	    VERSION, api_mode(api), server_port(api->config.server),
	    timestamp_format_utc_ms(api->started, started),
	    timestamp_format_utc_ms(clock_realtime_ms(), time),
	    (clock_ms() - api->started_ms) / 1000);
	text_writer_add(t,
	    "\"connections\":%" PRIu64 ",\"accepted\":%" PRIu64
	    ",\"refused\":%" PRIu64 ",\"requests\":%" PRIu64
	    ",\"exceptions\":%" PRIu64 ",\"writes\":%" PRIu64 ",",
	    n->connections, n->accepted, n->refused, n->requests,
	    exceptions_of(n),
	    last_writer_totals(api->config.last_writer).writes);
	text_writer_add(t,
	    "\"writable\":%s,\"token_required\":%s,\"health\":\"%s\",",
	    writable ? "true" : "false",
	    api->config.writable && api->config.token != NULL ? "true" :
								"false",
	    api_health(api) == NULL ? "ok" : api_health(api));
	add_state(api->config.state, t);
	add_shared(api->config.member, t);
	add_datagrams(server_datagrams(api->config.server), t);
	add_points(api->config.points, t);
	add_simulation(api->config.simulation, t);
	add_rates(&api->rates, seconds, t);
	text_writer_add(t, "}");
}

/* Reply with body, or with 500 when text is missing in it. Frees body. */
static void
reply_with(
    struct http_request *request, struct text_writer *t, struct evbuffer *body)
{
	if (text_writer_end(t) != 0)
		http_request_fail(request, 500, "out of memory");
	else
		http_request_reply_json_text(request, body);
	evbuffer_free(body);
}

void
api_get_status(struct http_request *request)
{
	struct evbuffer *body = http_request_new_body(request);
	struct text_writer t;

	if (body == NULL)
		return;
	text_writer_begin(&t, body);
	api_write_status(
	    request->context, api_may_write(request), RATES_SECONDS, &t);
	reply_with(request, &t, body);
}

void
api_get_clients(struct http_request *request)
{
	struct evbuffer *body = http_request_new_body(request);
	struct text_writer t;

	if (body == NULL)
		return;
	text_writer_begin(&t, body);
	api_write_clients(request->context, &t);
	reply_with(request, &t, body);
}

void
api_get_health(struct http_request *request)
{
	const char *reason = api_health(request->context);
	struct evbuffer *body = http_request_new_body(request);

	if (body == NULL)
		return;
	evbuffer_add_printf(body, "%s\n", reason == NULL ? "ok" : reason);
	http_request_add_header(request, "Cache-Control", "no-store");
	http_request_reply(request, reason == NULL ? 200 : 503,
	    "text/plain; charset=utf-8", body);
	evbuffer_free(body);
}
