/*
 * mbfault's proxy between a client and a server, again and again: the first
 * time the first call of some kind fails, then the second, and so on until a
 * session has no failure left; in each way in which such a call can fail.
 *
 * Holds: no crash, no memory and no descriptor is lost; the client gets what
 * the rules make of the server's replies, in order, though perhaps not all; and
 * then another client is served as if nothing had been.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fault/proxy.h"
#include "inject.h"
#include "net/listener.h"
#include "rig.h"
#include "system/socket.h"

#define DESCRIPTORS 256
#define REPLY       20 /* bytes of each reply of the server */
#define EXCEPTION   9
#define CONNECTS    5

static struct fault_rules *rules;
static const char *const rule_texts[] = {
	"delay 20ms function 1",
	"exception 6 function 2",
	"split function 3",
	"silence function 4",
	"delay 5ms function 5",
	"close function 6",
};

/* What the client asks, as function codes, and how many have a reply. */
static const uint8_t asked[] = { 7, 1, 2, 3, 4, 7, 5, 2, 6 };
#define ANSWERED (sizeof(asked) - 2)

struct session {
	struct event_base *base;
	struct fault_proxy *proxy;
	int listening;
	int client, server; /* -1: closed, or not there yet */
	uint8_t in[12];     /* of the server: a request, or part of it */
	size_t in_length;
	uint8_t got[512];
	size_t got_length;
	bool ended; /* for the client */
};

/* --- failures of connect ------------------------------------------------ */

static unsigned connect_fails; /* the next one, so; 0: it does not */

/* Libevent finds this one before libc's. */
int fail_connect(int fd, const void *to, socklen_t length) __asm__("connect");

int
fail_connect(int fd, const void *to, socklen_t length)
{
	static const int errors[CONNECTS] = { 0, ENETUNREACH, ECONNREFUSED,
		EADDRNOTAVAIL, EACCES };

	if (connect_fails != 0) {
		errno = errors[connect_fails];
		connect_fails = 0;
		return -1;
	}
	return (int)syscall(SYS_connect, fd, to, length);
}

/* --- peers -------------------------------------------------------------- */

static void
close_peer(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The reply to a request that is 12 bytes long. */
static void
make_reply(const uint8_t *request, uint8_t *reply)
{
	memset(reply, request[1], REPLY);
	memcpy(reply, request, 8);
	reply[5] = REPLY - 6;
}

static void
make_request(uint8_t number, uint8_t function, uint8_t *request)
{
	const uint8_t adu[12] = { 0, number, 0, 0, 0, 6, 1, function };

	memcpy(request, adu, sizeof(adu));
}

/* The flags of recv do not reach the system here: see inject_system.c. */

/* Returns whether anything has moved. */
static bool
serve(struct session *s)
{
	uint8_t reply[REPLY];
	ssize_t n;

	if (s->server < 0) {
		s->server = accept4(s->listening, NULL, NULL, SOCK_NONBLOCK);
		s->in_length = 0;
	}
	if (s->server < 0)
		return false;
	n = recv(
	    s->server, s->in + s->in_length, sizeof(s->in) - s->in_length, 0);
	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		close_peer(&s->server);
		return true;
	}
	if (n > 0)
		s->in_length += (size_t)n;
	if (s->in_length < sizeof(s->in))
		return n > 0;
	s->in_length = 0;
	make_reply(s->in, reply);
	(void)!send(s->server, reply, sizeof(reply), 0);
	return true;
}

static bool
listen_to(struct session *s)
{
	ssize_t n;

	if (s->client < 0 || s->ended)
		return false;
	n = recv(s->client, s->got + s->got_length,
	    sizeof(s->got) - s->got_length, 0);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n > 0)
		s->got_length += (size_t)n;
	else
		s->ended = true;
	return true;
}

static bool
turn(struct session *s, bool calm)
{
	bool served, heard;

	inject_arm(!calm);
	event_base_loop(s->base, EVLOOP_NONBLOCK);
	inject_arm(false);
	served = serve(s);
	heard = listen_to(s);
	return served || heard;
}

/* Turn until the expression holds; time flies while nothing moves. */
#define await(s, calm, expression)                                             \
	do {                                                                   \
		uint64_t until_ = rig_clock_real() + RIG_PATIENCE_MS;          \
                                                                               \
		while (!(expression)) {                                        \
			if (turn(s, calm))                                     \
				continue;                                      \
			poll(NULL, 0, 1);                                      \
			rig_clock_pass(5);                                     \
			if (rig_clock_real() > until_)                         \
				rig_fail(#expression, __FILE__, __LINE__);     \
		}                                                              \
	} while (0)

static void
join(struct session *s)
{
	struct address at = fault_proxy_address(s->proxy);
	struct sockaddr_storage to;
	socklen_t length = address_to_sockaddr(&at, &to);

	s->client = socket(AF_INET, SOCK_STREAM, 0);
	s->ended = false;
	s->got_length = 0;
	must(syscall(SYS_connect, s->client, &to, length) == 0);
	must(fcntl(s->client, F_SETFL, O_NONBLOCK) == 0);
}

static void
ask(struct session *s, const uint8_t *functions, size_t n)
{
	uint8_t request[12];

	for (size_t i = 0; i < n; i++) {
		make_request((uint8_t)i, functions[i], request);
		(void)!send(s->client, request, sizeof(request), 0);
	}
}

/* --- what the client got ------------------------------------------------ */

/* What the client should get for one that it asked, if anything. Returns its
 * length. */
static size_t
expected(uint8_t number, uint8_t *reply)
{
	uint8_t function = asked[number], request[12];
	const uint8_t exception[EXCEPTION] = { 0, number, 0, 0, 0, 3, 1, 0x82,
		6 };

	if (function == 4 || function == 6)
		return 0;
	if (function == 2) {
		memcpy(reply, exception, EXCEPTION);
		return EXCEPTION;
	}
	make_request(number, function, request);
	make_reply(request, reply);
	return REPLY;
}

/* Replies in order, some of which may be missing if anything has failed; the
 * last one may be cut then. */
static void
check_replies(const struct session *s, bool all)
{
	uint8_t reply[REPLY];
	size_t at = 0, replies = 0;

	for (uint8_t i = 0; i < sizeof(asked) && at < s->got_length; i++) {
		size_t length = expected(i, reply);
		size_t left = s->got_length - at;
		bool cut = left < length;

		if (length == 0 ||
		    memcmp(s->got + at, reply, cut ? left : length) != 0)
			continue;
		must(!cut || !all);
		at += cut ? left : length;
		replies++;
	}
	must(at == s->got_length);
	must(!all || replies == ANSWERED);
}

/* --- one session -------------------------------------------------------- */

static void
session_begin(struct session *s)
{
	struct address where;

	*s = (struct session){ .client = -1, .server = -1 };
	s->base = event_base_new();
	must(address_parse("127.0.0.1", 0, &where) == 0);
	s->listening = listener_bind(&where, false);
	must(s->listening >= 0);
	must(socket_listen(s->listening) == 0);
}

/* Returns whether it was made; failures may prevent it. */
static bool
make_proxy(struct session *s)
{
	struct fault_proxy_config config = {
		.base = s->base,
		.rules = rules,
		.to = listener_bound(s->listening),
	};
	struct address where;

	must(address_parse("127.0.0.1", 0, &where) == 0);
	s->proxy = fault_proxy_new(&config);
	return s->proxy != NULL &&
	    fault_proxy_listen(s->proxy, &where, false) == 0;
}

static void
leave(struct session *s)
{
	close_peer(&s->client);
	await(s, true, fault_proxy_figures(s->proxy)->connections == 0);
	close_peer(&s->server);
	while (serve(s))
		close_peer(&s->server);
}

/* A client that is harmed, and then one that is not. */
static void
session_run(struct session *s)
{
	static const uint8_t one[] = { 7 };

	join(s);
	ask(s, asked, sizeof(asked));
	await(s, false, s->ended);
	check_replies(s,
	    inject_failed() == 0 && connect_fails == 0 &&
		fault_proxy_figures(s->proxy)->unreachable == 0);
	leave(s);
	join(s);
	ask(s, one, sizeof(one));
	await(s, true, s->got_length == REPLY);
	leave(s);
}

static void
session_end(struct session *s)
{
	close_peer(&s->client);
	close_peer(&s->server);
	fault_proxy_free(s->proxy);
	close(s->listening);
	event_base_free(s->base);
}

static size_t
count_descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* A session under a plan. Returns how many calls have failed. */
static uint64_t
run(const struct inject_plan *plan)
{
	size_t own = inject_live_own(), event = inject_live_event();
	size_t descriptors = count_descriptors();
	struct session s;
	uint64_t failed;
	bool made;

	inject_begin(plan);
	session_begin(&s);
	inject_arm(true);
	made = make_proxy(&s);
	inject_arm(false);
	must(made || inject_failed() != 0);
	if (made)
		session_run(&s);
	failed = inject_failed();
	session_end(&s);
	must(inject_live_own() == own);
	must(inject_live_event() == event);
	must(count_descriptors() == descriptors);
	return failed;
}

/* Each call of a kind, in one way. */
static uint64_t
sweep(enum inject_kind kind, unsigned variant)
{
	struct inject_plan plan = {
		.kinds = 1U << kind,
		.row = 1,
		.variant = variant,
	};

	for (plan.first = 1;; plan.first++) {
		rig_say("%s %u, call %d", inject_names[kind], variant,
		    (int)plan.first);
		if (run(&plan) == 0)
			return plan.first - 1;
	}
}

static const enum inject_kind kinds[] = { INJECT_EVENT_MEMORY,
	INJECT_OWN_MEMORY, INJECT_ACCEPT, INJECT_READ, INJECT_WRITE,
	INJECT_EPOLL, INJECT_WAIT };

static void
make_rules(void)
{
	char error[FAULT_RULES_ERROR_MAX];

	rules = fault_rules_new(1);
	for (size_t i = 0; i < sizeof(rule_texts) / sizeof(*rule_texts); i++)
		must(fault_rules_add(rules, rule_texts[i], error) == 0);
}

/* Each failure of connect. */
static void
sweep_connect(void)
{
	const struct inject_plan nothing = { 0 };

	for (unsigned which = 1; which < CONNECTS; which++) {
		rig_say("connect %u", which);
		connect_fails = which;
		run(&nothing);
		must(connect_fails == 0);
	}
}

int
main(void)
{
	rig_init();
	make_rules();
	sweep_connect();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		uint64_t calls = 0;

		for (unsigned v = 0; v < inject_variants(kinds[i]); v++)
			calls += sweep(kinds[i], v);
		printf("%s: %d failures\n", inject_names[kinds[i]], (int)calls);
		must(calls != 0);
	}
	fault_rules_free(rules);
	return EXIT_SUCCESS;
}
