#include "api/status.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <string.h>

#include "api/clients.h"
#include "api/context.h"
#include "api/rates.h"
#include "api/text_writer.h"
#include "api/write.h"
#include "base/clock.h"
#include "base/timestamp.h"
#include "http/request.h"
#include "net/server.h"
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
add_rates(const struct rates *rates, struct text_writer *t)
{
	size_t count = rates_count(rates);
	char time[TIMESTAMP_TEXT_MAX];

	text_writer_add(t, "\"requests_per_s\":%" PRIu64 ",\"rates\":[",
	    count == 0 ? 0 : rates_get(rates, count - 1)->requests);
	for (size_t i = 0; i < count; i++) {
		const struct rate *rate = rates_get(rates, i);

		text_writer_add(t,
		    "%s{\"t\":\"%s\",\"requests\":%" PRIu64
		    ",\"writes\":%" PRIu64 "}",
		    i == 0 ? "" : ",",
		    timestamp_format_utc_ms(rate->time, time), rate->requests,
		    rate->writes);
	}
	text_writer_add(t, "]");
}

void
api_write_status(const struct api *api, bool writable, struct text_writer *t)
{
	const struct counters *n = server_counters(api->config.server);
	char started[TIMESTAMP_TEXT_MAX], time[TIMESTAMP_TEXT_MAX];

	text_writer_add(t,
	    "{\"version\":\"%s\",\"mode\":\"%s\",\"port\":%u,"
	    "\"started\":\"%s\",\"time\":\"%s\",\"uptime_s\":%" PRIu64 ",",
	    VERSION, api_mode(api), server_address(api->config.server, 0).port,
	    timestamp_format_utc_ms(api->started, started),
	    timestamp_format_utc_ms(clock_realtime_ms(), time),
	    (clock_ms() - api->started_ms) / 1000);
	text_writer_add(t,
	    "\"connections\":%" PRIu64 ",\"accepted\":%" PRIu64
	    ",\"refused\":%" PRIu64 ",\"requests\":%" PRIu64
	    ",\"exceptions\":%" PRIu64 ",",
	    n->connections, n->accepted, n->refused, n->requests,
	    exceptions_of(n));
	text_writer_add(t,
	    "\"writable\":%s,\"token_required\":%s,\"health\":\"%s\",",
	    writable ? "true" : "false",
	    api->config.writable && api->config.token != NULL ? "true" :
								"false",
	    api_health(api) == NULL ? "ok" : api_health(api));
	add_rates(&api->rates, t);
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
	api_write_status(request->context, api_may_write(request), &t);
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
