#include "api/clients.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/context.h"
#include "api/text_writer.h"
#include "api/values_json.h"
#include "base/client.h"
#include "base/client_text.h"
#include "base/clock.h"
#include "base/identity.h"
#include "base/timestamp.h"
#include "modbus/function.h"
#include "net/server.h"
#include "points/point.h"
#include "report/client_report.h"
#include "report/poll_points.h"

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
	const char *tls; /* its version; NULL: plain */
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
		f->requests, f->unsent, f->tls };
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
add_poll_points(const struct points *ps, const struct report_poll *poll,
    struct text_writer *t)
{
	const struct poll_points found = poll_points(ps, poll);

	text_writer_add(t, ",\"points\":[");
	for (size_t i = 0; i < points_names_shown(&found.names); i++) {
		text_writer_add(t, "%s", i == 0 ? "" : ",");
		text_writer_add_string(t, found.names.shown[i]->name);
	}
	text_writer_add(t, "],\"point_count\":%zu,\"half\":%s,\"unnamed\":%s",
	    found.names.count, found.half ? "true" : "false",
	    found.unnamed ? "true" : "false");
}

/* Add a text as the value of a parameter of a URL. */
static void
add_encoded(struct text_writer *t, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (isascii(c) && (isalnum(c) || strchr("-._,", c) != NULL))
			text_writer_add(t, "%c", c);
		else
			text_writer_add(t, "%%%02X", c);
	}
}

/* Add the query of /api/requests that finds those of a host that a finding is
 * about, as a member of an object; nothing when none are recorded. */
static void
add_query(const struct api *api, const struct report_host *h,
    const struct report_which *which, struct text_writer *t)
{
	const struct mb_range *range = &which->range;
	char ip[ADDRESS_TEXT_MAX];

	if (api->config.recorder == NULL)
		return;
	if (h->identity != NULL) {
		text_writer_add(t, ",\"query\":\"subject=");
		add_encoded(t, h->identity->subject);
	} else {
		text_writer_add(t, ",\"query\":\"client=");
		add_encoded(t, address_format_ip(&h->host, ip));
	}
	if (which->functions != NULL)
		text_writer_add(t, "&function=%s", which->functions);
	if (which->exceptions != NULL)
		text_writer_add(t, "&exception=%s", which->exceptions);
	if (which->point != NULL) {
		text_writer_add(t, "&point=");
		add_encoded(t, which->point->name);
	}
	if (range->quantity != 0)
		text_writer_add(t, "&address=%s:%u-%u",
		    api_kind_names[which->kind], range->address,
		    range->address + range->quantity - 1);
	text_writer_add(t, "\"");
}

static void
add_poll_query(const struct api *api, const struct report_host *h,
    const struct report_poll *p, struct text_writer *t)
{
	char function[4];

	snprintf(function, sizeof(function), "%u", p->function);
	add_query(api, h,
	    &(struct report_which){
		.functions = function,
		.exceptions = "none",
		.kind = mb_functions[p->function].kind,
		.range = { p->address, p->quantity },
	    },
	    t);
}

static void
add_polls(
    const struct api *api, const struct report_host *h, struct text_writer *t)
{
	const struct points *ps = api->config.points;

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
		    "\"most_ms\":%.3f,\"overlaps\":%s",
		    comma, p->unit, p->function, p->address, p->quantity,
		    p->count, p->period / 1000, report_poll_jitter(p) / 1000,
		    p->least / 1000, p->most / 1000,
		    p->overlaps ? "true" : "false");
		if (ps != NULL)
			add_poll_points(ps, p, t);
		add_poll_query(api, h, p, t);
		text_writer_add(t, "}");
		comma = ",";
	}
	text_writer_add(t, "]");
}

static void
add_illegal_query(const struct api *api, const struct report_host *h,
    const struct report_illegal *illegal, struct text_writer *t)
{
	char function[4], exception[4];

	snprintf(function, sizeof(function), "%u", illegal->function);
	snprintf(exception, sizeof(exception), "%u", illegal->exception);
	add_query(api, h,
	    &(struct report_which){
		.functions = function,
		.exceptions = exception,
	    },
	    t);
}

static void
add_illegals(
    const struct api *api, const struct report_host *h, struct text_writer *t)
{
	text_writer_add(t, ",\"illegal\":[");
	for (size_t i = 0; i < h->illegal_count; i++) {
		const struct report_illegal *illegal = &h->illegals[i];

		text_writer_add(t,
		    "%s{\"function\":%u,\"exception\":%u,\"requests\":%" PRIu64
		    ",\"reason\":\"%s\"",
		    i == 0 ? "" : ",", illegal->function, illegal->exception,
		    illegal->count, illegal->wrong);
		add_illegal_query(api, h, illegal, t);
		text_writer_add(t, "}");
	}
	text_writer_add(t, "]");
}

struct hints {
	const struct api *api;
	const struct report_host *host;
	struct text_writer *t;
	const char *comma;
};

static void
add_hint(void *arg, const char *hint, const struct report_which *which)
{
	struct hints *hints = arg;

	(void)which;
	text_writer_add(hints->t, "%s", hints->comma);
	text_writer_add_string(hints->t, hint);
	hints->comma = ",";
}

static void
add_finding(void *arg, const char *hint, const struct report_which *which)
{
	struct hints *hints = arg;

	text_writer_add(hints->t, "%s{\"hint\":", hints->comma);
	text_writer_add_string(hints->t, hint);
	add_query(hints->api, hints->host, which, hints->t);
	text_writer_add(hints->t, "}");
	hints->comma = ",";
}

static void
add_hints(
    const struct api *api, const struct report_host *h, struct text_writer *t)
{
	struct hints hints = { api, h, t, "" };

	text_writer_add(t, ",\"hints\":[");
	report_hints(h, api->config.points, add_hint, &hints);
	hints.comma = "";
	text_writer_add(t, "],\"findings\":[");
	report_hints(h, api->config.points, add_finding, &hints);
	text_writer_add(t, "]");
}

static void
add_report(
    const struct api *api, const struct report_host *h, struct text_writer *t)
{
	text_writer_add(t, ",\"report\":{");
	add_polls(api, h, t);
	text_writer_add(t,
	    ",\"requests\":%" PRIu64 ",\"exceptions\":%" PRIu64
	    ",\"pipelining\":%" PRIu64 ",\"reconnects\":%" PRIu64
	    ",\"reconnects_per_min\":%.1f",
	    h->requests, h->exceptions, h->depth_max, h->connections - 1,
	    report_reconnects_a_minute(h));
	add_illegals(api, h, t);
	add_hints(api, h, t);
	text_writer_add(t, "}");
}

/* Add the report on a host, once. */
static void
add_host(const struct api *api, const struct report_host *h,
    struct shown *shown, struct text_writer *t)
{
	if (h == NULL || was_shown(shown, h))
		return;
	add_report(api, h, t);
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
	const char *way = client_way_name(row->client.way);

	text_writer_add(t, "{\"id\":%" PRIu64 ",\"peer\":\"%s\"",
	    row->client.id, address_format(&row->client.address, peer));
	api_add_identity(t, row->client.identity);
	if (row->tls != NULL)
		text_writer_add(t, ",\"tls\":\"%s\"", row->tls);
	if (way != NULL)
		text_writer_add(t, ",\"way\":\"%s\"", way);
	text_writer_add(t,
	    ",\"connected\":true,\"since\":\"%s\",\"requests\":%" PRIu64
	    ",\"unsent\":%zu,\"idle_s\":%.1f",
	    timestamp_format_utc_ms(
		time_before_now(now - row->connected), since),
	    row->requests, row->unsent, (double)idle / SECOND);
	if (c != NULL) {
		add_connection(c, t);
		add_host(
		    api, client_report_of(api->config.report, c), shown, t);
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

	text_writer_add(t, "{\"id\":%" PRIu64 ",\"peer\":\"%s\"", c->id,
	    address_format(&c->peer, peer));
	if (c->host != NULL)
		api_add_identity(t, c->host->identity);
	text_writer_add(t,
	    ",\"connected\":false,\"since\":\"%s\",\"requests\":%" PRIu64
	    ",\"unsent\":0,\"idle_s\":%.1f",
	    timestamp_format_utc_ms(
		time_before_now((now - c->first) / 1000), since),
	    c->requests, (double)idle / SECOND);
	add_connection(c, t);
	add_host(api, client_report_of(api->config.report, c), shown, t);
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
