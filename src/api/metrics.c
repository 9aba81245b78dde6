#include "api/metrics.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdio.h>

#include "api/context.h"
#include "api/events.h"
#include "api/metric.h"
#include "api/shared.h"
#include "api/simulation.h"
#include "api/text_writer.h"
#include "api/wait.h"
#include "http/request.h"
#include "http/scheduler.h"
#include "http/server.h"
#include "net/datagrams.h"
#include "net/door.h"
#include "net/server.h"
#include "report/request_times.h"
#include "roles/policy.h"
#include "rtu/transport.h"
#include "state/state.h"
#include "system/process.h"
#include "table/last_writer.h"
#include "tls/context.h"
#include "tls/transport.h"
#include "version.h"

static void
add_connections(struct text_writer *t, const struct counters *n)
{
	metric_add_one(t, "connections", "gauge",
	    "Modbus connections open now.", n->connections);
	metric_add_one(t, "connections_accepted_total", "counter",
	    "Modbus connections that were served.", n->accepted);
	metric_add_one(t, "connections_refused_total", "counter",
	    "Modbus connections refused by rule, by limit, or because memory "
	    "was "
	    "exhausted.",
	    n->refused);
	metric_add_one(t, "accept_errors_total", "counter",
	    "Failures to accept a connection.", n->accept_errors);
	metric_add_head(t, "connections_closed_total", "counter",
	    "Modbus connections that ended, by cause.");
	for (size_t i = 0; i < CONN_CAUSES; i++)
		metric_add_labelled(t, "connections_closed_total", "cause",
		    causes[i].label, n->closed[i]);
}

/* Each of these errors closes its connection. */
static void
add_protocol_errors(struct text_writer *t, const struct counters *n)
{
	static const char name[] = "protocol_errors_total";

	metric_add_head(
	    t, name, "counter", "Bytes that were no request, by kind.");
	metric_add_labelled(t, name, "kind", "protocol_identifier",
	    n->closed[CONN_BAD_PROTOCOL] + n->closed[CONN_NOT_THE_WORD]);
	metric_add_labelled(
	    t, name, "kind", "length", n->closed[CONN_BAD_LENGTH]);
	metric_add_labelled(
	    t, name, "kind", "incomplete", n->closed[CONN_FRAME_LATE]);
}

/* Supported function codes are always listed, so that their first request is
 * visible as an increase. */
static void
add_requests(struct text_writer *t, const struct counters *n)
{
	char code[8];

	metric_add_head(t, "requests_total", "counter",
	    "Requests answered, by function code.");
	for (unsigned i = 0; i < MB_FUNCTION_CODES; i++) {
		if (n->requests_by_function[i] == 0 &&
		    mb_function_name((uint8_t)i) == NULL)
			continue;
		snprintf(code, sizeof(code), "%u", i);
		metric_add_labelled(t, "requests_total", "function", code,
		    n->requests_by_function[i]);
	}
	metric_add_head(t, "exceptions_total", "counter",
	    "Requests answered by an exception, by exception code.");
	for (unsigned i = MB_EX_ILLEGAL_FUNCTION;
	     i <= MB_EX_GATEWAY_TARGET_FAILED; i++) {
		if (i > MB_EX_SERVER_DEVICE_FAILURE &&
		    n->exceptions_by_code[i] == 0)
			continue;
		snprintf(code, sizeof(code), "%u", i);
		metric_add_labelled(t, "exceptions_total", "code", code,
		    n->exceptions_by_code[i]);
	}
}

/* Only where there are any, as nearly everywhere all units are served. */
static void
add_ignored(struct text_writer *t, const struct counters *n)
{
	if (n->ignored != 0)
		metric_add_one(t, "ignored_requests_total", "counter",
		    "Requests to other units, which got no answer.",
		    n->ignored);
}

static void
add_traffic(struct text_writer *t, const struct counters *n)
{
	metric_add_one(t, "received_bytes_total", "counter",
	    "Bytes of requests received.", n->bytes_in);
	metric_add_one(t, "sent_bytes_total", "counter", "Bytes of responses.",
	    n->bytes_out);
	metric_add_one(t, "connection_pauses_total", "counter",
	    "Times that reading from a connection was paused because its "
	    "client "
	    "did not read its responses.",
	    n->paused);
	metric_add_one(t, "held_responses_total", "counter",
	    "Requests that waited until a write was durable.", n->held);
}

/* Each datagram that was received has one outcome, or is of a request that
 * waits. */
static void
add_datagrams(struct text_writer *t, const struct datagram_figures *f)
{
	static const char name[] = "udp_datagrams_total";

	metric_add_head(t, name, "counter",
	    "Datagrams received, by what has become of them.");
	metric_add_labelled(t, name, "outcome", "answered", f->replied);
	metric_add_labelled(t, name, "outcome", "reply_lost", f->lost);
	metric_add_labelled(t, name, "outcome", "silent", f->silent);
	metric_add_labelled(t, name, "outcome", "malformed", f->malformed);
	metric_add_labelled(t, name, "outcome", "refused", f->refused);
	metric_add_labelled(t, name, "outcome", "dropped", f->dropped);
	metric_add_one(t, "udp_waiting_requests", "gauge",
	    "Requests in datagrams that wait until a write is durable.",
	    f->waiting);
}

static void
add_writers(struct text_writer *t, const struct last_writer *last_writer)
{
	static const char name[] = "contended_addresses";
	struct last_writer_totals totals = last_writer_totals(last_writer);

	metric_add_one(t, "table_writes_total", "counter",
	    "Writes to the data table.", totals.writes);
	metric_add_head(
	    t, name, "gauge", "Addresses that several clients write in turn.");
	metric_add_labelled(
	    t, name, "kind", "coils", totals.contended[DATATABLE_COILS]);
	metric_add_labelled(t, name, "kind", "registers",
	    totals.contended[DATATABLE_REGISTERS]);
}

static void
add_commits(struct text_writer *t, const struct state_figures *f)
{
	metric_add_histogram(t, "commit_duration_seconds",
	    "Time that a commit to the state file took.", &f->took, NANOSECOND);
	metric_add_histogram(
	    t, "commit_writes", "Writes that shared a commit.", &f->writes, 1);
	metric_add_one(t, "commit_failures_total", "counter",
	    "Commits and retries that failed because no space was left.",
	    f->failed);
}

/* Of a number of rows that is 0 or more. */
static void
add_rows(
    struct text_writer *t, const char *name, const char *help, int64_t rows)
{
	metric_add_one(t, name, "gauge", help, (uint64_t)rows);
}

static void
add_journal(struct text_writer *t, const struct scrub_figures *f)
{
	add_rows(t, "state_journal_rows",
	    "Rows of the journal when its check began.", f->rows);
	add_rows(t, "state_journal_checked_rows",
	    "Rows of these that are checked.", f->checked);
	add_rows(t, "state_journal_damaged_rows",
	    "Rows of the journal that were found damaged.", f->damage.rows);
	metric_add_one(t, "state_journal_damaged", "gauge",
	    "1 when the journal was found damaged, else 0.",
	    f->result == SCRUB_DAMAGED);
}

static void
add_state(struct text_writer *t, const struct state *s)
{
	const struct scrub_figures f = state_journal(s);

	add_commits(t, state_figures(s));
	add_journal(t, &f);
}

/* Of a moment, in seconds since 1970. */
static void
add_moment(
    struct text_writer *t, const char *name, const char *help, int64_t seconds)
{
	metric_add_head(t, name, "gauge", help);
	text_writer_add(t, "mbasyncserver_%s %" PRId64 "\n", name, seconds);
}

static void
add_handshakes(struct text_writer *t, const struct tls_source *source)
{
	static const char name[] = "tls_handshakes_total";

	metric_add_head(
	    t, name, "counter", "TLS handshakes that ended, by their result.");
	for (size_t i = 0; i < TLS_RESULTS; i++)
		metric_add_labelled(t, name, "result",
		    tls_result_name((enum tls_result)i), source->results[i]);
}

static void
add_security(struct text_writer *t, const struct api_security *s)
{
	const struct tls_context *context = s->source->context;

	add_handshakes(t, s->source);
	metric_add_one(t, "tls_handshakes_waiting", "gauge",
	    "Clients that are connected, and whose TLS handshake is not done.",
	    door_guests(s->door));
	metric_add_one(t, "tls_connections", "gauge",
	    "Modbus connections over TLS open now.", s->source->connections);
	metric_add_one(t, "role_refusals_total", "counter",
	    "Requests that a role, or the lack of one, did not allow.",
	    s->roles->refusals);
	add_moment(t, "tls_certificate_expiry_timestamp_seconds",
	    "When the server's certificate ends, in seconds since 1970.",
	    tls_context_expiry(context));
	if (tls_context_next_update(context) != INT64_MAX)
		add_moment(t, "tls_crl_next_update_timestamp_seconds",
		    "When the first revocation list expires, in seconds since "
		    "1970.",
		    tls_context_next_update(context));
}

static void
add_rtu(struct text_writer *t, const struct rtu_source *s)
{
	static const char name[] = "rtu_dropped_total";

	metric_add_one(t, "rtu_connections", "gauge",
	    "Connections open now that carry RTU frames.", s->connections);
	metric_add_one(t, "rtu_requests_total", "counter",
	    "Requests that came as RTU frames.", s->requests);
	metric_add_head(t, name, "counter",
	    "Times that bytes were no RTU frame and were dropped, by reason.");
	metric_add_labelled(t, name, "reason", "crc", s->crc_errors);
	metric_add_labelled(t, name, "reason", "incomplete", s->incomplete);
}

/* The status of success is always listed, so that an alert on all others can be
 * a share of it. */
static void
add_statuses(struct text_writer *t, const struct http_statuses *s)
{
	static const char name[] = "http_requests_total";
	char status[8];

	metric_add_head(
	    t, name, "counter", "HTTP requests, by status of the reply.");
	for (unsigned i = HTTP_STATUS_MIN; i <= HTTP_STATUS_MAX; i++) {
		if (s->counts[i - HTTP_STATUS_MIN] == 0 && i != 200)
			continue;
		snprintf(status, sizeof(status), "%u", i);
		metric_add_labelled(
		    t, name, "status", status, s->counts[i - HTTP_STATUS_MIN]);
	}
}

static void
add_http(struct text_writer *t, const struct api *api)
{
	metric_add_one(t, "http_connections", "gauge",
	    "HTTP connections open now.", http_server_connections(api->http));
	metric_add_one(t, "http_event_readers", "gauge",
	    "Subscribers of server-sent events.",
	    events_subscribers(api->events));
	metric_add_one(t, "http_waiting_requests", "gauge",
	    "Requests of /api/wait that wait.", waits_count(api->waits));
	add_statuses(t, http_server_statuses(api->http));
	metric_add_head(t, "http_busy_seconds_total", "counter",
	    "Time that the event loop has spent on HTTP requests.");
	text_writer_add(t, "mbasyncserver_http_busy_seconds_total %.6f\n",
	    (double)scheduler_spent(api->scheduler) * NANOSECOND);
}

/* What client libraries of Prometheus call the same in every program. What the
 * system does not tell is left out. */
static void
add_process_one(
    struct text_writer *t, const char *name, const char *help, uint64_t value)
{
	if (value != 0)
		text_writer_add(t,
		    "# HELP process_%s %s\n# TYPE process_%s gauge\n"
		    "process_%s %" PRIu64 "\n",
		    name, help, name, name, value);
}

static void
add_process(struct text_writer *t, const struct api *api)
{
	struct process_memory memory = process_memory();

	text_writer_add(t,
	    "# HELP process_cpu_seconds_total CPU time, of all threads.\n"
	    "# TYPE process_cpu_seconds_total counter\n"
	    "process_cpu_seconds_total %.3f\n",
	    (double)process_cpu_ns() * NANOSECOND);
	text_writer_add(t,
	    "# HELP process_start_time_seconds When the process started, in "
	    "seconds since 1970.\n"
	    "# TYPE process_start_time_seconds gauge\n"
	    "process_start_time_seconds %.3f\n",
	    (double)api->started / 1000);
	add_process_one(
	    t, "resident_memory_bytes", "Resident memory.", memory.resident);
	add_process_one(
	    t, "virtual_memory_bytes", "Virtual memory.", memory.total);
	add_process_one(
	    t, "open_fds", "Descriptors open now.", process_open_descriptors());
	add_process_one(t, "max_fds", "Descriptors that may be open.",
	    process_max_descriptors());
}

void
metrics_write(const struct api *api, struct text_writer *t)
{
	const struct counters *n = server_counters(api->config.server);

	metric_add_head(
	    t, "build_info", "gauge", "Always 1; the version is a label.");
	metric_add_labelled(t, "build_info", "version", VERSION, 1);
	metric_add_head(t, "start_time_seconds", "gauge",
	    "When the server started, in seconds since 1970.");
	text_writer_add(t, "mbasyncserver_start_time_seconds %.3f\n",
	    (double)api->started / 1000);
	metric_add_one(t, "healthy", "gauge",
	    "1, or 0 when /healthz gives a reason.", api_health(api) == NULL);
	add_connections(t, n);
	add_protocol_errors(t, n);
	add_requests(t, n);
	add_ignored(t, n);
	add_traffic(t, n);
	if (server_datagrams(api->config.server) != NULL)
		add_datagrams(t, server_datagrams(api->config.server));
	add_writers(t, api->config.last_writer);
	metric_add_histogram(t, "request_duration_seconds",
	    "Time from reading the bytes of a client until a request's "
	    "response was complete.",
	    &api->config.times->took, NANOSECOND);
	if (api->config.state != NULL)
		add_state(t, api->config.state);
	if (api->config.member != NULL)
		shared_write_metrics(api->config.member, t);
	if (api->config.security.door != NULL)
		add_security(t, &api->config.security);
	if (api->config.simulation != NULL)
		simulation_write_metrics(api->config.simulation, t);
	if (api->config.rtu != NULL)
		add_rtu(t, api->config.rtu);
	add_http(t, api);
	add_process(t, api);
}

void
api_get_metrics(struct http_request *request)
{
	struct evbuffer *body = http_request_new_body(request);
	struct text_writer t;

	if (body == NULL)
		return;
	text_writer_begin(&t, body);
	metrics_write(request->context, &t);
	if (text_writer_end(&t) != 0)
		http_request_fail(request, 500, "out of memory");
	else
		http_request_reply(request, 200, METRICS_TYPE, body);
	evbuffer_free(body);
}
