/*
 * mbfault's pair of connections, with a client and a server, over socket pairs
 * and on a clock of the target's own.
 *
 * Input: flags (below), three bytes that choose rules, then steps: a byte for
 * what to do, one for how much, and the bytes that it takes (step_take).
 *
 * Holds: with SERVING, where the server answers each frame as it comes, the
 * client gets what the rules make of that, and the server what they leave, byte
 * for byte, however time passes; without rules all bytes of both pass. Whatever
 * comes, memory is bounded, the loop comes to rest, and when both have ended
 * nothing is left.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault/pair.h"
#include "fuzz.h"

#define SEED 7

enum flags {
	SERVING = 1,
};

static const char *const rule_texts[] = {
	"delay 0ms..50ms function 3",
	"delay 1s chance 30%",
	"silence unit 2",
	"silence chance 20%",
	"exception 6 function 4",
	"exception 11 chance 50%",
	"close function 5",
	"close chance 3%",
	"corrupt transaction chance 50%",
	"corrupt unit",
	"corrupt function function 3",
	"corrupt length chance 10%",
	"corrupt data unit 3",
	"split function 6",
	"split chance 40%",
	"delay 60m after 30",
};

#define RULES (sizeof(rule_texts) / sizeof(rule_texts[0]))

/* A client or a server. */
struct peer {
	int fd;
	bool reads;
	bool ended;            /* it has half-closed */
	struct evbuffer *sent; /* in all, also what the system has not taken */
	size_t taken;          /* of that, by the system */
	struct evbuffer *got;  /* in all */
};

struct run {
	unsigned flags;
	struct fault_proxy_config config;
	struct fault_rules *again; /* the same rules, for what is expected */
	struct fault_figures figures;
	struct pair_host host;
	struct peer client, server;
	size_t answered; /* bytes that the server has answered */
	bool deaf;       /* it got what is no frame */
	unsigned closed;
};

static struct event_base *base;
static uint64_t now;

static uint64_t
fuzz_clock(void)
{
	return now;
}

static void
note_closed(void *arg, const struct address *from, uint64_t number,
    const char *why, uint64_t requests)
{
	struct run *r = arg;

	(void)from;
	must(number == 1);
	must(why != NULL);
	must(requests == r->figures.requests);
	r->closed++;
}

/* --- peers -------------------------------------------------------------- */

static struct bufferevent *
peer_begin(struct peer *p)
{
	const int little = 4096;
	int fds[2];

	*p = (struct peer){ .reads = true };
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	for (int i = 0; i < 2; i++) {
		setsockopt(
		    fds[i], SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
		must(fcntl(fds[i], F_SETFL, O_NONBLOCK) == 0);
	}
	p->fd = fds[0];
	p->sent = evbuffer_new();
	p->got = evbuffer_new();
	return bufferevent_socket_new(base, fds[1], BEV_OPT_CLOSE_ON_FREE);
}

static void
peer_close(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static void
peer_end(struct peer *p)
{
	peer_close(p);
	evbuffer_free(p->sent);
	evbuffer_free(p->got);
}

/* Returns whether anything has moved. */
static bool
peer_send(struct peer *p)
{
	size_t left = evbuffer_get_length(p->sent) - p->taken;
	const uint8_t *all = evbuffer_pullup(p->sent, -1);
	ssize_t n = 0;

	if (left != 0)
		n = send(p->fd, all + p->taken, left, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		n = (ssize_t)left; /* it is gone */
	if (n > 0)
		p->taken += (size_t)n;
	if (p->ended && p->taken == evbuffer_get_length(p->sent))
		shutdown(p->fd, SHUT_WR);
	return n > 0;
}

static bool
peer_receive(struct peer *p)
{
	uint8_t bytes[4096];
	ssize_t n = p->reads ? recv(p->fd, bytes, sizeof(bytes), 0) : 0;

	if (n > 0)
		evbuffer_add(p->got, bytes, (size_t)n);
	return n > 0;
}

static bool
peer_turn(struct peer *p)
{
	bool sent, received;

	if (p->fd < 0)
		return false;
	sent = peer_send(p);
	received = peer_receive(p);
	return sent || received;
}

/* --- the server --------------------------------------------------------- */

/* The reply to a frame: as many bytes as its transaction says. Returns its
 * length. */
static size_t
reply_to(const uint8_t *adu, uint8_t *reply)
{
	size_t data = adu[1] % 64U;

	memcpy(reply, adu, 8);
	reply[4] = 0;
	reply[5] = (uint8_t)(2 + data);
	memset(reply + 8, adu[1], data);
	return 8 + data;
}

/* Answer what has come. */
static void
serve(struct run *r)
{
	size_t length = evbuffer_get_length(r->server.got), whole = 0;
	const uint8_t *got = evbuffer_pullup(r->server.got, -1);
	uint8_t reply[MB_ADU_MAX];
	enum mbap_result result = MBAP_READY;

	while (!r->deaf && r->answered < length) {
		result = reference_frame(
		    got + r->answered, length - r->answered, &whole);
		if (result != MBAP_READY)
			break;
		evbuffer_add(
		    r->server.sent, reply, reply_to(got + r->answered, reply));
		r->answered += whole;
	}
	r->deaf = r->deaf || (result != MBAP_READY && result != MBAP_PARTIAL);
}

/* --- the loop ----------------------------------------------------------- */

/* Turn until nothing moves any more. What one sends takes a few turns to the
 * other one. */
static void
turn(struct run *r)
{
	unsigned turns = 0;

	for (unsigned quiet = 0; quiet < 4; quiet++) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		if (r->flags & SERVING)
			serve(r);
		if ((unsigned)peer_turn(&r->client) |
		    (unsigned)peer_turn(&r->server))
			quiet = 0;
		must(++turns < 100000);
	}
}

static void
pass_time(struct run *r, uint64_t ms)
{
	turn(r);
	now += ms;
	pair_host_check_time(&r->host);
	turn(r);
}

/* --- steps -------------------------------------------------------------- */

enum step {
	CLIENT_SENDS,
	SERVER_SENDS,
	CLIENT_ASKS, /* whole frames, made of the bytes */
	SERVER_ANSWERS,
	TIME_PASSES,
	CLIENT_TOGGLES,
	SERVER_TOGGLES,
	ENDS,
	STEPS,
};

static void
add_frame(struct peer *p, uint8_t transaction, uint8_t unit, uint8_t function)
{
	const uint8_t adu[] = { 0, transaction, 0, 0, 0, 6, unit % 4,
		function % 8, 0, 0, 0, 1 };

	evbuffer_add(p->sent, adu, sizeof(adu));
}

static void
end(struct peer *p)
{
	p->ended = true;
}

/* The server of SERVING does nothing by itself. */
static void
server_step(struct run *r, enum step step, uint8_t n, struct input *in)
{
	size_t length = 1 + n % 64U;
	const uint8_t *bytes = input_take(in, &length);

	if (r->flags & SERVING || r->server.ended)
		return;
	if (step == SERVER_TOGGLES)
		r->server.reads = !r->server.reads;
	else if (step == SERVER_SENDS)
		evbuffer_add(r->server.sent, bytes, length);
	else
		for (size_t i = 0; i < length; i++)
			add_frame(
			    &r->server, bytes[i], bytes[i] >> 2, bytes[i] >> 4);
}

static void
client_step(struct run *r, enum step step, uint8_t n, struct input *in)
{
	size_t length = 1 + n % 64U;
	const uint8_t *bytes = input_take(in, &length);

	if (r->client.ended)
		return;
	if (step == CLIENT_SENDS)
		evbuffer_add(r->client.sent, bytes, length);
	else
		for (size_t i = 0; i < length; i++)
			for (unsigned k = 0; k <= n >> 6; k++)
				add_frame(&r->client, bytes[i] + (uint8_t)k,
				    bytes[i] >> 2, bytes[i] >> 4);
}

static void
step_take(struct run *r, enum step step, uint8_t n, struct input *in)
{
	switch (step) {
	case CLIENT_SENDS:
	case CLIENT_ASKS:
		client_step(r, step, n, in);
		break;
	case SERVER_SENDS:
	case SERVER_ANSWERS:
	case SERVER_TOGGLES:
		server_step(r, step, n, in);
		break;
	case TIME_PASSES:
		pass_time(r, n * 16U);
		break;
	case CLIENT_TOGGLES:
		r->client.reads = !r->client.reads;
		break;
	default:
		if (n % 2 == 0)
			end(&r->client);
		else if (!(r->flags & SERVING))
			end(&r->server);
	}
	if (n % 8 != 7) /* otherwise with what comes next */
		turn(r);
}

/* --- what is expected --------------------------------------------------- */

/* What the client and the server of SERVING should get. */
struct expected {
	struct evbuffer *client, *server;
	bool closed; /* by a rule; then the client may not have sent all */
};

/* What becomes of one frame. */
static void
expect_frame(struct run *r, struct expected *e, const uint8_t *adu,
    size_t length, uint64_t number)
{
	const struct mbap_frame frame = { .adu = adu, .length = length };
	const struct address from = address_any(1);
	const struct fault_request request = { &from, 1, number, &frame };
	struct fault_act act = fault_rules_judge(r->again, &request);
	uint8_t reply[MB_ADU_MAX];
	size_t replies = reply_to(adu, reply);

	e->closed = act.effect == FAULT_CLOSE;
	if (e->closed)
		return;
	if (act.effect == FAULT_EXCEPTION) {
		replies = fault_exception(&act, &frame, reply);
		evbuffer_add(e->client, reply, replies);
		return;
	}
	if (act.effect == FAULT_CORRUPT)
		fault_corrupt(&act, reply, replies);
	evbuffer_add(e->server, adu, length);
	if (act.effect != FAULT_SILENCE)
		evbuffer_add(e->client, reply, replies);
}

static void
expect(struct run *r, struct expected *e)
{
	size_t left = evbuffer_get_length(r->client.sent), whole = 0;
	const uint8_t *next = evbuffer_pullup(r->client.sent, -1);

	for (uint64_t number = 1; left != 0 && !e->closed; number++) {
		if (reference_frame(next, left, &whole) != MBAP_READY) {
			evbuffer_add(e->server, next, left);
			return;
		}
		expect_frame(r, e, next, whole, number);
		next += whole;
		left -= whole;
	}
}

static bool
equal(struct evbuffer *a, struct evbuffer *b)
{
	size_t length = evbuffer_get_length(a);

	return length == evbuffer_get_length(b) &&
	    (length == 0 ||
		memcmp(evbuffer_pullup(a, -1), evbuffer_pullup(b, -1),
		    length) == 0);
}

static void
check(struct run *r)
{
	struct expected e = { evbuffer_new(), evbuffer_new(), false };

	if (r->flags & SERVING) {
		expect(r, &e);
		must(equal(r->client.got, e.client));
		must(equal(r->server.got, e.server));
	} else if (fault_rules_count(r->again) == 0) {
		must(equal(r->client.got, r->server.sent));
		must(equal(r->server.got, r->client.sent));
	}
	evbuffer_free(e.client);
	evbuffer_free(e.server);
}

/* --- one run ------------------------------------------------------------ */

static void
run_begin(struct run *r, struct input *in)
{
	const struct address from = address_any(1);
	struct stream_source client = { .plain = true };
	struct stream_source server = { .plain = true };
	char error[FAULT_RULES_ERROR_MAX];

	*r = (struct run){ .flags = input_byte(in) };
	r->config.rules = fault_rules_new(SEED);
	r->again = fault_rules_new(SEED);
	for (int i = 0; i < 3; i++) {
		size_t which = input_byte(in);

		if (which >= RULES)
			continue;
		if (fault_rules_add(
			r->config.rules, rule_texts[which], error) == 0)
			must(fault_rules_add(
				 r->again, rule_texts[which], error) == 0);
	}
	must(pair_host_init(&r->host) == 0);
	r->host.flow.config = &r->config;
	r->host.flow.figures = &r->figures;
	r->host.flow.clock = fuzz_clock;
	r->host.base = base;
	r->host.closed = note_closed;
	r->host.arg = r;
	client.bev = peer_begin(&r->client);
	server.bev = peer_begin(&r->server);
	must(pair_new(&r->host, &client, &server, &from, 1) == 0);
}

/* Let time pass while that moves anything. */
static void
rest(struct run *r)
{
	size_t before, moved = 0;
	unsigned times = 0;

	do {
		before = moved;
		pass_time(r, 61 * 60 * 1000);
		moved = evbuffer_get_length(r->client.got) +
		    evbuffer_get_length(r->server.got) + r->client.taken +
		    r->server.taken;
		must(++times < 100000);
	} while (moved != before);
}

/* Both read, and end. */
static void
run_out(struct run *r)
{
	r->client.reads = r->server.reads = true;
	end(&r->client);
	rest(r);
	end(&r->server);
	rest(r);
}

static void
run_end(struct run *r)
{
	peer_close(&r->client);
	peer_close(&r->server);
	for (int i = 0; i < 3; i++)
		pass_time(r, 61 * 60 * 1000);
	must(r->closed == 1);
	must(LIST_EMPTY(&r->host.pairs));
	pair_host_end(&r->host);
	peer_end(&r->client);
	peer_end(&r->server);
	fault_rules_free(r->config.rules);
	fault_rules_free(r->again);
	event_base_loop(base, EVLOOP_NONBLOCK); /* what is freed later */
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	signal(SIGPIPE, SIG_IGN); /* as main does */
	log_set_level(LOG_ERROR);
	base = event_base_new();
	must(base != NULL);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct run r;

	now = 1000000;
	run_begin(&r, &in);
	for (unsigned i = 0; i < 200 && in.left > 0; i++) {
		enum step step = input_byte(&in) % STEPS;
		uint8_t n = input_byte(&in);

		step_take(&r, step, n, &in);
	}
	run_out(&r);
	check(&r);
	run_end(&r);
	return 0;
}
