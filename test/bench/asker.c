#include "asker.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pause.h"

#define EVENTS_MAX  1024
#define INPUT_MAX   65536
#define PATIENCE_MS 30000
#define NS_PER_S    1000000000U

struct conn {
	int fd;
	struct ssl_st *ssl;   /* owned; NULL: no TLS */
	uint16_t transaction; /* of the next response */
	uint32_t variant;     /* of the next response */
	uint32_t owed;        /* responses that are to come */
	uint64_t asked;       /* when, in ns */
	size_t partial;       /* bytes of a response that is not complete */
	uint8_t bytes[FRAME_MAX];
};

struct asker {
	struct plan plan;
	struct workload workload;
	struct pause pause;
	int epoll;
	struct ssl_ctx_st *secure; /* owned; NULL: no TLS */
	struct conn *conns;        /* owned, of plan.connections */
	uint32_t next;             /* whose turn it is to ask in a burst */
	bool asked[WORKLOAD_VARIANTS_MAX]; /* the variants that were */

	uint64_t left;  /* requests to ask */
	uint64_t until; /* ns; ask no more then */
	uint64_t owed;  /* responses that are to come, of all connections */
	struct latency *latency; /* borrowed, may be NULL */

	uint8_t *output; /* owned, a whole pipeline */
	uint8_t input[FRAME_MAX + INPUT_MAX];
};

void
asker_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("mbload: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(EXIT_FAILURE);
}

uint64_t
asker_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void
print_bytes(const char *what, const uint8_t *bytes, size_t length)
{
	fprintf(stderr, "%s", what);
	for (size_t i = 0; i < length; i++)
		fprintf(stderr, " %02x", bytes[i]);
	fputc('\n', stderr);
}

static void
fail_response(const struct conn *c, const uint8_t *got, size_t got_length,
    const struct frame *expected)
{
	fprintf(stderr, "expected: transaction %u", c->transaction);
	print_bytes(" and", expected->bytes + 2, expected->length - 2);
	print_bytes("received:", got, got_length);
	asker_fail("wrong response");
}

static void
wait_ready(const struct conn *c, short events)
{
	struct pollfd p = { .fd = c->fd, .events = events };

	if (poll(&p, 1, PATIENCE_MS) == 0)
		asker_fail("the server does not %s",
		    events == POLLIN ? "answer" : "read");
}

/* The same with what OpenSSL waits for. */
static void
wait_secure(const struct conn *c, long wants)
{
	if (wants == SECURE_LOST)
		asker_fail("a connection over TLS is lost");
	wait_ready(c, wants == SECURE_WANTS_WRITE ? POLLOUT : POLLIN);
}

static void
send_secure(const struct conn *c, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		long sent = secure_send(c->ssl, bytes, length);

		if (sent > 0) {
			bytes += sent;
			length -= (size_t)sent;
		} else {
			wait_secure(c, sent);
		}
	}
}

static void
send_all(const struct conn *c, const uint8_t *bytes, size_t length)
{
	if (c->ssl != NULL) {
		send_secure(c, bytes, length);
		return;
	}
	while (length > 0) {
		ssize_t sent = send(c->fd, bytes, length, MSG_NOSIGNAL);

		if (sent >= 0) {
			bytes += sent;
			length -= (size_t)sent;
		} else if (errno == EAGAIN) {
			wait_ready(c, POLLOUT);
		} else {
			asker_fail("send: %s", strerror(errno));
		}
	}
}

/* Returns how many bytes there were, which may be 0: none yet. */
static size_t
receive(const struct conn *c, uint8_t *bytes, size_t room)
{
	ssize_t got;

	if (c->ssl != NULL) {
		got = secure_receive(c->ssl, bytes, room);
		if (got == SECURE_LOST)
			asker_fail("a connection over TLS is lost");
		return got < 0 ? 0 : (size_t)got;
	}
	got = recv(c->fd, bytes, room, 0);
	if (got == 0)
		asker_fail("the server closed a connection");
	if (got < 0 && errno != EAGAIN)
		asker_fail("receive: %s", strerror(errno));
	return got < 0 ? 0 : (size_t)got;
}

static void
put_transaction(uint8_t *adu, unsigned transaction)
{
	adu[0] = (uint8_t)(transaction >> 8);
	adu[1] = (uint8_t)transaction;
}

/* Whether these bytes may be the beginning of the response. */
static bool
is_right(const struct conn *c, const uint8_t *bytes, size_t length,
    const struct exchange *x)
{
	uint8_t transaction[2];

	put_transaction(transaction, c->transaction);
	if (length < 2)
		return length == 0 || bytes[0] == transaction[0];
	if (length > x->judged)
		length = x->judged;
	return memcmp(bytes, transaction, 2) == 0 &&
	    memcmp(bytes + 2, x->response.bytes + 2, length - 2) == 0;
}

/* Judge what was received. Returns how many bytes whole responses took. */
static size_t
judge(struct asker *a, struct conn *c, const uint8_t *bytes, size_t length)
{
	const uint8_t *at = bytes;
	const uint8_t *end = bytes + length;

	while (at < end) {
		const struct exchange *x = &a->workload.variants[c->variant];
		size_t size = x->response.length;

		workload_vary(&a->workload, c->variant, c->transaction);
		if (c->owed == 0)
			asker_fail("more responses than requests");
		if (size > (size_t)(end - at))
			size = (size_t)(end - at);
		if (!is_right(c, at, size, x))
			fail_response(c, at, size, &x->response);
		if (size < x->response.length)
			break;
		at += size;
		c->owed--;
		c->transaction++;
		c->variant = workload_next(&a->workload, c->variant, 1);
	}
	return (size_t)(at - bytes);
}

static void
take_responses(struct asker *a, struct conn *c)
{
	uint32_t owed = c->owed;
	size_t length = c->partial;
	size_t used;

	if (length != 0)
		memcpy(a->input, c->bytes, length);
	length += receive(c, a->input + length, INPUT_MAX);
	used = judge(a, c, a->input, length);
	c->partial = length - used;
	if (c->partial != 0)
		memcpy(c->bytes, a->input + used, c->partial);
	a->owed -= owed - c->owed;
}

/* Ask as much as a connection may at a time, and as there is left to ask. */
static void
ask(struct asker *a, struct conn *c, uint64_t now)
{
	uint32_t n = a->plan.pipeline;
	uint8_t *out = a->output;

	if (now >= a->until)
		return;
	if (n > a->left)
		n = (uint32_t)a->left;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t variant = workload_next(&a->workload, c->variant, i);
		const struct frame *f = &a->workload.variants[variant].request;
		uint16_t transaction = (uint16_t)(c->transaction + i);

		workload_vary(&a->workload, variant, transaction);
		memcpy(out, f->bytes, f->length);
		put_transaction(out, transaction);
		out += f->length;
		a->asked[variant] = true;
	}
	c->asked = now;
	c->owed = n;
	a->owed += n;
	a->left -= n;
	send_all(c, a->output, (size_t)(out - a->output));
}

static void
serve_connection(struct asker *a, struct conn *c)
{
	uint32_t owed = c->owed;
	uint64_t now;

	take_responses(a, c);
	now = asker_now();
	if (a->latency != NULL && owed != c->owed)
		latency_add(a->latency, now - c->asked, owed - c->owed);
	if (c->owed == 0 && a->plan.paused == 0)
		ask(a, c, now);
}

static void
await_responses(struct asker *a)
{
	struct epoll_event events[EVENTS_MAX];

	while (a->owed > 0) {
		int n = epoll_wait(a->epoll, events, EVENTS_MAX, PATIENCE_MS);

		if (n == 0)
			asker_fail("%llu responses did not come",
			    (unsigned long long)a->owed);
		for (int i = 0; i < n; i++)
			serve_connection(a, events[i].data.ptr);
	}
}

static void
hold_server(struct asker *a)
{
	if (a->plan.paused != 0 && pause_begin(&a->pause) != 0)
		asker_fail("the server cannot be paused");
}

static void
release_server(struct asker *a)
{
	if (a->plan.paused != 0)
		pause_end(&a->pause);
}

/* So many connections, each in its turn, find the server held when they ask;
 * the next ones ask when these have their answers. */
static void
run_in_bursts(struct asker *a)
{
	while (a->left > 0) {
		hold_server(a);
		for (uint32_t i = 0; i < a->plan.burst && a->left > 0; i++) {
			ask(a, &a->conns[a->next], asker_now());
			a->next = (a->next + 1) % a->plan.connections;
		}
		release_server(a);
		await_responses(a);
	}
}

uint64_t
asker_run(
    struct asker *a, uint64_t requests, double seconds, struct latency *latency)
{
	uint64_t start = asker_now();

	a->left = requests;
	a->latency = latency;
	a->until = UINT64_MAX;
	if (seconds > 0)
		a->until = start + (uint64_t)(seconds * NS_PER_S);
	if (a->plan.paused != 0) {
		run_in_bursts(a);
	} else {
		for (uint32_t i = 0; i < a->plan.connections; i++)
			ask(a, &a->conns[i], asker_now());
		await_responses(a);
	}
	return requests - a->left;
}

/* One request and its response, outside the workload. */
static void
talk(struct conn *c, struct exchange *x)
{
	uint8_t bytes[FRAME_MAX];
	size_t length = 0;

	put_transaction(x->request.bytes, c->transaction);
	send_all(c, x->request.bytes, x->request.length);
	while (length < x->response.length) {
		wait_ready(c, POLLIN);
		length +=
		    receive(c, bytes + length, x->response.length - length);
		if (!is_right(c, bytes, length, x))
			fail_response(c, bytes, length, &x->response);
	}
	c->transaction++;
}

void
asker_confirm(struct asker *a)
{
	struct exchange x;
	uint8_t byte;

	for (size_t n = 0;
	     a->plan.data && workload_confirm(&a->workload, a->asked, n, &x);
	     n++)
		talk(&a->conns[0], &x);
	for (uint32_t i = 0; i < a->plan.connections; i++)
		if (receive(&a->conns[i], &byte, 1) != 0)
			asker_fail("more responses than requests");
}

static void
fill_table(struct asker *a)
{
	struct exchange x;

	for (size_t n = 0; workload_prepare(&a->workload, n, &x); n++)
		talk(&a->conns[0], &x);
}

static void
open_connection(struct asker *a, struct conn *c, const struct addrinfo *to)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	const int on = 1;

	c->fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, to->ai_addr, to->ai_addrlen) != 0)
		asker_fail("connect: %s", strerror(errno));
	if (setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0 ||
	    epoll_ctl(a->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
		asker_fail("connection: %s", strerror(errno));
}

/* Shake hands on these connections, one after the other. */
static void
secure_connections(struct asker *a, uint32_t from, uint32_t end)
{
	for (uint32_t i = from; i < end && a->secure != NULL; i++) {
		struct conn *c = &a->conns[i];
		long step;

		c->ssl = secure_open(a->secure, c->fd);
		if (c->ssl == NULL)
			asker_fail("out of memory");
		while ((step = secure_shake_hands(c->ssl)) != 0)
			wait_secure(c, step);
	}
}

static void
open_connections(struct asker *a)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	uint32_t secured = 0;
	struct addrinfo *to;
	int status = getaddrinfo(a->plan.host, a->plan.port, &hints, &to);

	if (status != 0)
		asker_fail("%s port %s: %s", a->plan.host, a->plan.port,
		    gai_strerror(status));
	for (uint32_t i = 0; i < a->plan.connections; i++) {
		struct conn *c = &a->conns[i];

		if (i % a->plan.burst == 0) {
			release_server(a);
			secure_connections(a, secured, i);
			secured = i;
			hold_server(a);
		}
		/* No two connections expect the same at a time. */
		c->transaction = (uint16_t)(i * 257);
		c->variant = workload_first(&a->workload, i);
		open_connection(a, c, to);
	}
	release_server(a);
	secure_connections(a, secured, a->plan.connections);
	freeaddrinfo(to);
}

struct asker *
asker_new(const struct plan *plan)
{
	struct asker *a = calloc(1, sizeof(*a));

	if (a == NULL)
		asker_fail("out of memory");
	a->plan = *plan;
	if (a->plan.burst > a->plan.connections)
		a->plan.burst = a->plan.connections;
	a->epoll = epoll_create1(EPOLL_CLOEXEC);
	a->conns = calloc(plan->connections, sizeof(*a->conns));
	a->output = malloc((size_t)plan->pipeline * FRAME_MAX);
	if (a->epoll < 0 || a->conns == NULL || a->output == NULL)
		asker_fail("out of resources: %s", strerror(errno));
	if (workload_init(&a->workload, plan->workload, plan->data) != 0)
		asker_fail("no such workload: %s", plan->workload);
	if (plan->tls != NULL) {
		char error[200];

		a->secure = secure_context(plan->tls, error);
		if (a->secure == NULL)
			asker_fail("--tls: %s", error);
	}
	if (plan->paused != 0 && pause_init(&a->pause, plan->paused) != 0)
		asker_fail("no process %d", (int)plan->paused);
	open_connections(a);
	if (plan->data)
		fill_table(a);
	asker_run(a, (uint64_t)plan->connections * plan->pipeline, 0, NULL);
	return a;
}

void
asker_free(struct asker *a)
{
	hold_server(a);
	for (uint32_t i = 0; i < a->plan.connections; i++) {
		secure_free(a->conns[i].ssl);
		close(a->conns[i].fd);
	}
	release_server(a);
	secure_context_free(a->secure);
	close(a->epoll);
	free(a->output);
	free(a->conns);
	free(a);
}

double
asker_registers(const struct asker *a)
{
	return workload_registers(&a->workload);
}
