#include "api/clients.h"

#include <inttypes.h>
#include <string.h>

#include "api/context.h"
#include "api/text_writer.h"
#include "base/client.h"
#include "base/clock.h"
#include "base/timestamp.h"
#include "net/server.h"
#include "report/client_report.h"

#define SECOND 1000000 /* microseconds */

/* Microseconds without a request after which the rate is 0. */
#define RATE_ENDS (2 * SECOND)

/* An open connection. */
struct row {
	struct client client;
	uint64_t connected;
	uint64_t last_request;
	uint64_t requests;
	size_t unsent;
};

/* The most recently active connections, the latest first. */
struct rows {
	struct row rows[API_CLIENTS_MAX];
	size_t count;
};

/* The hosts whose report has been added. */
struct shown {
	const struct report_host *hosts[REPORT_HOSTS_MAX];
	size_t count;
};

static void
gather(void *arg, const struct conn_figures *f)
{
	struct rows *r = arg;
	size_t i = r->count;

	if (i == API_CLIENTS_MAX) {
		if (r->rows[--i].last_request >= f->last_request)
			return;
	} else {
		r->count++;
	}
	for (; i > 0 && r->rows[i - 1].last_request < f->last_request; i--)
		r->rows[i] = r->rows[i - 1];
	r->rows[i] = (struct row){ *f->client, f->connected, f->last_request,
		f->requests, f->unsent };
}

static bool
was_shown(const struct shown *shown, const struct report_host *h)
{
	for (size_t i = 0; i < shown->count; i++)
		if (shown->hosts[i] == h)
			return true;
	return false;
}

static void
add_codes(const struct report_connection *c, struct text_writer *t)
{
	const char *comma = "";

	text_writer_add(t, ",\"functions\":{");
	for (size_t i = 0; i <= REPORT_FUNCTIONS_MAX; i++) {
		uint8_t function = report_function(i);

		if (c->functions[i] == 0)
			continue;
		if (function != 0)
			text_writer_add(t, "%s\"%u\":", comma, function);
		else
			text_writer_add(t, "%s\"other\":", comma);
		text_writer_add(t, "%" PRIu64, c->functions[i]);
		comma = ",";
	}
	comma = "";
	text_writer_add(t, "},\"exceptions\":{");
	for (size_t i = 1; i < REPORT_EXCEPTIONS; i++) {
		if (c->exceptions[i] == 0)
			continue;
		text_writer_add(
		    t, "%s\"%zu\":%" PRIu64, comma, i, c->exceptions[i]);
		comma = ",";
	}
	text_writer_add(t, "}");
}

static void
add_connection(const struct report_connection *c, struct text_writer *t)
{
	text_writer_add(t,
	    ",\"requests_per_s\":%" PRIu32 ",\"bytes_in\":%" PRIu64
	    ",\"bytes_out\":%" PRIu64,
	    report_rate_now(&c->rate, clock_us()), c->bytes_in, c->bytes_out);
	add_codes(c, t);
}

static void
add_polls(const struct report_host *h, struct text_writer *t)
{
	const char *comma = "";

	text_writer_add(t, "\"polls\":[");
	for (size_t i = 0; i < h->poll_count; i++) {
		const struct report_poll *p = &h->polls[i];

		if (p->count < 2)
			continue;
		text_writer_add(t,
		    "%s{\"unit\":%u,\"function\":%u,\"address\":%u,"
		    "\"quantity\":%u,\"requests\":%" PRIu64
		    ",\"period_ms\":%.3f,\"jitter_ms\":%.3f,\"least_ms\":%.3f,"
		    "\"most_ms\":%.3f,\"overlaps\":%s}",
		    comma, p->unit, p->function, p->address, p->quantity,
		    p->count, p->period / 1000, report_poll_jitter(p) / 1000,
		    p->least / 1000, p->most / 1000,
		    p->overlaps ? "true" : "false");
		comma = ",";
	}
	text_writer_add(t, "]");
}

static void
add_illegals(const struct report_host *h, struct text_writer *t)
{
	text_writer_add(t, ",\"illegal\":[");
	for (size_t i = 0; i < h->illegal_count; i++) {
		const struct report_illegal *illegal = &h->illegals[i];

		text_writer_add(t,
		    "%s{\"function\":%u,\"exception\":%u,\"requests\":%" PRIu64
		    ",\"reason\":\"%s\"}",
		    i == 0 ? "" : ",", illegal->function, illegal->exception,
		    illegal->count, illegal->wrong);
	}
	text_writer_add(t, "]");
}

struct hints {
	struct text_writer *t;
	const char *comma;
};

static void
add_hint(void *arg, const char *hint, const struct report_which *which)
{
	struct hints *hints = arg;

	(void)which;
	text_writer_add(hints->t, "%s\"%s\"", hints->comma, hint);
	hints->comma = ",";
}

static void
add_report(const struct report_host *h, struct text_writer *t)
{
	struct hints hints = { t, "" };

	text_writer_add(t, ",\"report\":{");
	add_polls(h, t);
	text_writer_add(t,
	    ",\"requests\":%" PRIu64 ",\"exceptions\":%" PRIu64
	    ",\"pipelining\":%" PRIu64 ",\"reconnects\":%" PRIu64
	    ",\"reconnects_per_min\":%.1f",
	    h->requests, h->exceptions, h->depth_max, h->connections - 1,
	    report_reconnects_a_minute(h));
	add_illegals(h, t);
	text_writer_add(t, ",\"hints\":[");
	report_hints(h, NULL, add_hint, &hints);
	text_writer_add(t, "]}");
}

/* Add the report on a host, once. */
static void
add_host(
    const struct report_host *h, struct shown *shown, struct text_writer *t)
{
	if (h == NULL || was_shown(shown, h))
		return;
	add_report(h, t);
	if (shown->count < REPORT_HOSTS_MAX)
		shown->hosts[shown->count++] = h;
}

/* The time so many milliseconds ago, in milliseconds since 1970. */
static uint64_t
time_before_now(uint64_t ago)
{
	return clock_realtime_ms() - ago;
}

/* The report on a connection, or NULL. */
static const struct report_connection *
find_report(const struct api *api, const struct row *row)
{
	int slot = client_report_slot(api->config.report, row->client.id);

	return slot < 0 ?
	    NULL :
	    client_report_connection(api->config.report, (size_t)slot);
}

/* Returns whether it will change without activity. */
static bool
add_row(const struct api *api, const struct row *row, struct shown *shown,
    struct text_writer *t)
{
	const struct report_connection *c = find_report(api, row);
	uint64_t now = clock_ms();
	/* The row's last_request is up to a second early. */
	uint64_t idle =
	    c == NULL ? (now - row->last_request) * 1000 : clock_us() - c->last;
	char peer[ADDRESS_TEXT_MAX], since[TIMESTAMP_TEXT_MAX];

	text_writer_add(t,
	    "{\"id\":%" PRIu64 ",\"peer\":\"%s\",\"connected\":true,"
	    "\"since\":\"%s\",\"requests\":%" PRIu64
	    ",\"unsent\":%zu,\"idle_s\":%.1f",
	    row->client.id, address_format(&row->client.address, peer),
	    timestamp_format_utc_ms(
		time_before_now(now - row->connected), since),
	    row->requests, row->unsent, (double)idle / SECOND);
	if (c != NULL) {
		add_connection(c, t);
		add_host(client_report_of(api->config.report, c), shown, t);
	}
	text_writer_add(t, "}");
	return row->unsent > 0 || idle < RATE_ENDS;
}

/* Add the last connection of a host that has none now. Returns whether it will
 * change without activity. */
static bool
add_closed(const struct api *api, const struct report_connection *c,
    struct shown *shown, struct text_writer *t)
{
	uint64_t now = clock_us();
	uint64_t idle = now - c->last;
	char peer[ADDRESS_TEXT_MAX], since[TIMESTAMP_TEXT_MAX];

	text_writer_add(t,
	    "{\"id\":%" PRIu64 ",\"peer\":\"%s\",\"connected\":false,"
	    "\"since\":\"%s\",\"requests\":%" PRIu64
	    ",\"unsent\":0,\"idle_s\":%.1f",
	    c->id, address_format(&c->peer, peer),
	    timestamp_format_utc_ms(
		time_before_now((now - c->first) / 1000), since),
	    c->requests, (double)idle / SECOND);
	add_connection(c, t);
	add_host(client_report_of(api->config.report, c), shown, t);
	text_writer_add(t, "}");
	return idle < RATE_ENDS;
}

/* The most recently active connection of a host. */
static const struct report_connection *
last_of(const struct client_report *report, const struct report_host *h)
{
	const struct report_connection *last = NULL, *c;

	for (size_t i = 0; (c = client_report_connection(report, i)) != NULL;
	     i++)
		if (c->host == h && (last == NULL || c->last > last->last))
			last = c;
	return last;
}

bool
api_write_clients(const struct api *api, struct text_writer *t)
{
	struct rows rows = { .count = 0 };
	struct shown shown = { .count = 0 };
	const struct report_host *h;
	const char *comma = "";
	bool has_pending_changes = false;

	server_each_client(api->config.server, gather, &rows);
	text_writer_add(t, "[");
	for (size_t i = 0; i < rows.count; i++) {
		text_writer_add(t, "%s", comma);
		if (add_row(api, &rows.rows[i], &shown, t))
			has_pending_changes = true;
		comma = ",";
	}
	for (size_t i = 0;
	     (h = client_report_host(api->config.report, i)) != NULL; i++) {
		const struct report_connection *c = was_shown(&shown, h) ?
		    NULL :
		    last_of(api->config.report, h);

		if (c == NULL)
			continue;
		text_writer_add(t, "%s", comma);
		if (add_closed(api, c, &shown, t))
			has_pending_changes = true;
		comma = ",";
	}
	text_writer_add(t, "]");
	return has_pending_changes;
}
