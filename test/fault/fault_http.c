/*
 * Requests over HTTP while memory is short: each allocation fails once. When it
 * is one of ours, the reply is what it always is, or an error, or it breaks
 * off. When it is libevent's, which does not look at each in its replies, the
 * reply may be anything. Of several points that are to be written, all or none
 * are, and the next request is served as ever.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/api.h"
#include "base/client.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "http/server.h"
#include "inject.h"
#include "net/listener.h"
#include "net/server.h"
#include "points/file.h"
#include "report/client_report.h"
#include "report/recorder.h"
#include "report/request_times.h"
#include "rig_clock.h"
#include "system/socket.h"
#include "table/datatable.h"
#include "table/last_writer.h"

#define ROWS      200
#define RECORDED  400
#define REPLY_MAX (1024 * 1024)

#define PATIENCE_MS 120000

#define must(expression)                                                       \
	((expression) ? (void)0 : give_up(#expression, __LINE__))

static const struct {
	const char *head;
	const char *body;
	bool packed; /* the reply is compressed, if there is memory for it */
} requests[] = {
	{ "GET /api/points", "", false }, /* in parts */
	{ "GET /api/points", "", true },
	{ "GET /api/points.csv", "", false },
	{ "GET /metrics/points", "", false },
	{ "GET /api/points/point%201", "", false },
	{ "GET /api/registers?address=0&quantity=9999", "", true },
	{ "GET /api/registers?point=point+1", "", false },
	{ "GET /api/requests", "", false }, /* in parts, as are the next */
	{ "GET /api/requests?format=jsonl&function=3", "", false },
	{ "GET /api/requests?format=pcapng", "", false },
	{ "PUT /api/points/point%201", "{\"value\":7}", false },
	{ "PUT /api/points", "{\"values\":{\"point 1\":7,\"point 150\":7}}",
	    false },
};

#define REQUESTS (sizeof(requests) / sizeof(*requests))

/* What is being tried, for a failure to tell. */
static size_t tried;
static unsigned long long allocation;

static struct event_base *base;
static struct datatable *table;
static struct points *points;
static struct api *api;
static struct request_times times;
static struct address where;

struct reply {
	char text[REPLY_MAX];
	size_t length;
};

static _Noreturn void
give_up(const char *expression, int line)
{
	fprintf(stderr, "%s, allocation %llu: line %d: does not hold: %s\n",
	    requests[tried].head, allocation, line, expression);
	exit(EXIT_FAILURE);
}

static void
ignore(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

static void
ignore_log(int severity, const char *message)
{
	(void)severity;
	(void)message;
}

/* Points with so much text that a list of them is sent in parts. */
static struct points *
make_points(void)
{
	const struct points_report report = { ignore, ignore, NULL };
	FILE *f = tmpfile();
	struct points *ps;

	must(f != NULL);
	fprintf(f, "name,address,description\n");
	for (int i = 0; i < ROWS; i++)
		fprintf(f, "point %d,HR%d,%0900d\n", i, i, i);
	rewind(f);
	must(points_read_stream(f, "f", DATATABLE_SEPARATE, &report, &ps) ==
	    EX_OK);
	fclose(f);
	return ps;
}

/* Connect and ask; the kernel takes it all. */
static int
ask(size_t i)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(where.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[1000];
	int n = snprintf(text, sizeof(text),
	    "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
	    "%sContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    requests[i].head,
	    requests[i].packed ? "Accept-Encoding: gzip\r\n" : "",
	    strlen(requests[i].body), requests[i].body);

	must(fd >= 0);
	must(connect(fd, (const void *)&to, sizeof(to)) == 0);
	must(write(fd, text, (size_t)n) == n);
	must(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	return fd;
}

/* Read what there is. Returns false at the end. */
static bool
receive(int fd, struct reply *r)
{
	ssize_t n;

	n = read(fd, r->text + r->length, sizeof(r->text) - 1 - r->length);
	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	r->length += (size_t)n;
	must(r->length < sizeof(r->text) - 1);
	return true;
}

/* Let the server do what it can now, and a millisecond pass. */
static void
turn(uint64_t until)
{
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	rig_clock_pass(1);
	must(rig_clock_real() < until);
}

/* Serve a request, at whose n-th allocation memory is exhausted. Until it has
 * arrived, libevent is on its own, and does not survive every failure. */
static void
serve(size_t i, enum inject_kind kind, uint64_t n, struct reply *r)
{
	const struct inject_plan plan = {
		.kinds = 1U << kind,
		.first = n,
		.row = 1,
	};
	uint64_t until = rig_clock_real() + PATIENCE_MS;
	uint64_t arrived = http_server_requests(api->http);
	int fd = ask(i);

	r->length = 0;
	inject_begin(&plan);
	while (http_server_requests(api->http) == arrived)
		turn(until);
	inject_arm(true);
	while (receive(fd, r)) {
		turn(until);
	}
	inject_arm(false);
	r->text[r->length] = '\0';
	close(fd);
}

/* The body, or NULL when not even the head is whole. */
static const char *
body_of(const struct reply *r)
{
	const char *end = strstr(r->text, "\r\n\r\n");

	return end == NULL ? NULL : end + 4;
}

static bool
has_status(const struct reply *r, const char *status)
{
	return strncmp(r->text, "HTTP/1.1 ", 9) == 0 &&
	    strncmp(r->text + 9, status, strlen(status)) == 0;
}

/* Of the body. */
static size_t
length_of(const struct reply *r)
{
	return r->length - (size_t)(body_of(r) - r->text);
}

static bool
is_packed(const struct reply *r)
{
	return strstr(r->text, "Content-Encoding: gzip\r\n") != NULL;
}

/* A body that says 200 and is not the usual one has broken off. */
static void
must_be_whole_or_broken_off(const struct reply *r, const struct reply *usual)
{
	const char *body = body_of(r), *whole = body_of(usual);

	if (body == NULL || !has_status(r, "200") ||
	    is_packed(r) != requests[tried].packed)
		return;
	must(length_of(r) <= length_of(usual));
	must(memcmp(body, whole, length_of(r)) == 0);
}

static void
must_be_all_or_none(const struct reply *r, uint16_t one, uint16_t other)
{
	bool single =
	    requests[tried].head[4 + sizeof("/api/points") - 1] == '/';

	must(single || one == other);
	if (has_status(r, "200"))
		must(one == 7);
	if (has_status(r, "50"))
		must(one == 0);
}

static void
set_registers(uint16_t value)
{
	static const struct client nobody;
	const struct datatable_writer writer = { .client = &nobody };

	for (uint16_t i = 0; i < ROWS; i++)
		datatable_write_registers(table, &writer, i, 1, &value);
}

/* Fail at each allocation in turn, after which the next request is served as
 * ever. Returns how many failed. */
static uint64_t
try_request(size_t i, enum inject_kind kind)
{
	static struct reply usual, reply;
	const uint16_t *registers = datatable_registers(table, 0);
	bool writes = requests[i].body[0] != '\0';
	uint64_t count, failed = 0;

	tried = i;
	allocation = 0;
	set_registers(writes ? 0 : 5);
	serve(i, kind, UINT64_MAX, &usual);
	must(has_status(&usual, "200"));
	must(is_packed(&usual) == requests[i].packed);
	count = inject_count(kind).calls;
	for (allocation = 1; allocation <= count; allocation++) {
		set_registers(writes ? 0 : 5);
		serve(i, kind, allocation, &reply);
		failed += inject_failed();
		if (writes)
			must_be_all_or_none(
			    &reply, registers[1], registers[150]);
		else if (kind == INJECT_OWN_MEMORY)
			must_be_whole_or_broken_off(&reply, &usual);
	}
	serve(i, kind, UINT64_MAX, &reply);
	must(length_of(&reply) == length_of(&usual));
	must(memcmp(body_of(&reply), body_of(&usual), length_of(&usual)) == 0);
	return failed;
}

/* A recorder of requests of as many clients. */
static const struct recorder *
make_recorder(void)
{
	static const uint8_t adu[] = { 0, 1, 0, 0, 0, 6, 1, 3, 0, 1, 0, 1 };
	static const uint8_t response[] = { 3, 2, 0, 5 };
	const struct mbap_frame frame = { adu, sizeof(adu), 0 };
	struct recorder *r = recorder_new(table, RECORDER_BYTES_DEFAULT);
	struct mb_request request;
	struct tap tap;

	must(r != NULL);
	must(mb_request_decode(mbap_pdu(&frame), mbap_pdu_length(&frame),
		 &request) == MB_EX_NONE);
	tap = recorder_tap(r);
	for (uint64_t i = 0; i < RECORDED; i++)
		tap.exchanged(tap.arg,
		    &(struct exchange){ &(struct client){ .id = i }, &frame,
			&request, MB_EX_NONE, response, sizeof(response) });
	return r;
}

/* A server that need not listen, for the API to work on. */
static struct server *
make_server(void)
{
	struct server_config config;

	server_config_init(&config);
	config.service.table = table;
	return server_new(base, &config);
}

static struct api *
make_api(void)
{
	struct api_config parts = {
		.table = table,
		.overlay = DATATABLE_SEPARATE,
		.server = make_server(),
		.last_writer = last_writer_new(table, DATATABLE_SEPARATE),
		.report = client_report_new(),
		.recorder = make_recorder(),
		.times = &times,
		.points = points,
		.writable = true,
	};

	must(parts.server != NULL && parts.last_writer != NULL &&
	    parts.report != NULL);
	must(address_parse("127.0.0.1", 0, &where) == 0);
	parts.fd = listener_bind(&where, false);
	must(parts.fd >= 0 && socket_listen(parts.fd) == 0);
	listener_set_options(parts.fd);
	where = listener_bound(parts.fd);
	return api_new(base, &parts);
}

int
main(void)
{
	inject_install();
	event_set_log_callback(ignore_log);
	log_set_level(LOG_ERROR);
	base = event_base_new();
	table = datatable_new(DATATABLE_SEPARATE);
	must(base != NULL && table != NULL);
	points = make_points();
	api = make_api();
	must(api != NULL);
	for (size_t i = 0; i < REQUESTS; i++) {
		uint64_t own = try_request(i, INJECT_OWN_MEMORY);
		uint64_t event = try_request(i, INJECT_EVENT_MEMORY);

		printf("%s: %d and %d allocations failed\n", requests[i].head,
		    (int)own, (int)event);
	}
	exit(EXIT_SUCCESS); /* what the API works on is in use to the end */
}
