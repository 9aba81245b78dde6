/*
 * Misbehaving and idle clients, and one that measures how long it waits
 * meanwhile.
 */
#include <stdio.h>
#include <string.h>

#include "groups.h"
#include "run.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define CLAUSE       "Guide 4.2.1: connections are independent"

/* Seconds for which one client may freeze another: long for a server that
 * answers in milliseconds, short for an operator. On a host that is slow
 * itself, so many times what the client waits when it is alone. */
#define FROZEN_SECONDS 1.0
#define FROZEN_TIMES   20

/* How often a client is frozen by a server that does that: each time. On a busy
 * host it may happen once with any server. */
#define FROZEN_TRIES 5

#define DRIBBLE_SECONDS 0.25
#define SILENT_CLIENTS  20
#define NEVER_READ_MAX  (2L * 1024 * 1024) /* of requests */

/* Something a bad client does from time to time. Returns false when it is
 * done. */
typedef bool (*mischief_fn)(struct run *r, void *arg);

/*
 * Ask and ask while a bad client does what it does, also while an answer is
 * being waited for, until it is done. Returns the longest wait in seconds, or
 * -1 when the connection of the good client was lost.
 */
static double
longest_wait(struct run *r, struct client *c, mischief_fn mischief, void *arg,
    double interval)
{
	double next = clock_now();
	double longest = 0;
	bool more = true;

	while (more && !endpoint_expired(&r->server)) {
		double asked = clock_now();
		struct reply reply = { .kind = REPLY_TIMEOUT };

		(void)client_send_pdu(c, ++r->transaction, r->unit, &r->ping);
		while (reply.kind == REPLY_TIMEOUT &&
		    clock_now() - asked < r->server.timeout + 4) {
			if (clock_now() >= next && more) {
				more = mischief(r, arg);
				next = clock_now() + interval;
			}
			reply = client_receive_within(c, interval / 4);
		}
		if (reply.kind != REPLY_FRAME)
			return -1;
		if (clock_now() - asked > longest)
			longest = clock_now() - asked;
	}
	return longest;
}

static bool
do_nothing(struct run *r, void *arg)
{
	unsigned *left = arg;

	(void)r;
	return --*left > 0;
}

/* What the good client waits with, and how long when it is alone: the best of
 * some times. */
static double
frozen_limit(struct run *r, struct client *c)
{
	double alone = r->server.timeout;

	for (unsigned i = 0; i < 5; i++) {
		unsigned times = 10;
		double longest = longest_wait(r, c, do_nothing, &times, 0.001);

		if (longest < alone)
			alone = longest;
	}
	return alone * FROZEN_TIMES > FROZEN_SECONDS ? alone * FROZEN_TIMES :
						       FROZEN_SECONDS;
}

static struct verdict
judge_wait(double waited, double limit)
{
	if (waited < 0)
		return fail(
		    "expected an answer within %.1f s, got none", limit);
	if (waited > limit)
		return fail(
		    "expected no wait above %.1f s, got %.1f s", limit, waited);
	return pass();
}

/* What must happen each time to be a fault. */
struct frozen {
	check_fn check;
	const void *arg;
};

/* arg: a struct frozen. */
static struct verdict
check_frozen(struct run *r, const void *arg)
{
	const struct frozen *f = arg;
	struct verdict v = f->check(r, f->arg);

	for (unsigned i = 1; i < FROZEN_TRIES && v.outcome == FAILED; i++)
		v = f->check(r, f->arg);
	return v;
}

/* A request of which a byte is sent now and then. */
struct dribble {
	struct client *client;
	struct bytes adu;
	size_t sent;
};

static bool
dribble(struct run *r, void *arg)
{
	struct dribble *d = arg;

	(void)r;
	(void)client_send(d->client, d->adu.data + d->sent, 1);
	return ++d->sent < d->adu.length;
}

/* The good client's wait beside a client that dribbles, and then that client's
 * own answer. arg: whether to judge the latter. */
static struct verdict
check_dribble(struct run *r, const void *arg)
{
	const bool *own = arg;
	struct dribble d = { .sent = 0 };
	struct client *good = client_open(&r->server);
	double limit = frozen_limit(r, good);
	double waited;
	struct reply reply;

	d.adu = adu_of(0x7777, r->unit, &r->ping);
	d.client = client_open(&r->server);
	waited = longest_wait(r, good, dribble, &d, DRIBBLE_SECONDS);
	reply = client_receive(d.client);
	client_close(good);
	client_close(d.client);
	if (!*own)
		return judge_wait(waited, limit);
	if (reply.kind == REPLY_FRAME && reply.transaction == 0x7777)
		return pass();
	return fail("expected an answer to the request that was dribbled, got "
		    "none");
}

/* The longest replies there are, asked for and never read. */
struct never_reader {
	struct client *client;
	struct bytes adus; /* several requests */
	size_t at;         /* of the first byte that has not been taken */
	long sent;
	double until;
};

static bool
ask_and_never_read(struct run *r, void *arg)
{
	struct never_reader *n = arg;

	(void)r;
	for (unsigned i = 0; i < 200; i++) {
		long sent = client_send_some(
		    n->client, n->adus.data + n->at, n->adus.length - n->at);

		if (sent < 0)
			return false;
		n->sent += sent;
		n->at = (n->at + (size_t)sent) % n->adus.length;
		if (sent == 0)
			break;
	}
	return n->sent < NEVER_READ_MAX && clock_now() < n->until;
}

static struct verdict
check_never_reader(struct run *r, const void *arg)
{
	struct never_reader n = { .until = clock_now() + 1.5 };
	struct bytes read = r->ping;
	struct client *good = client_open(&r->server);
	double limit = frozen_limit(r, good);
	double waited;

	(void)arg;
	if (r->items[HOLDING_REGISTERS] >= 125)
		read = pdu_simple(3, 0, 125);
	for (uint16_t i = 1; i <= 20; i++) {
		struct bytes adu = adu_of(i, r->unit, &read);

		bytes_add(&n.adus, adu.data, adu.length);
	}
	n.client = client_open(&r->server);
	client_shrink_receive_buffer(n.client);
	waited = longest_wait(r, good, ask_and_never_read, &n, 0.005);
	client_reset(n.client);
	client_close(good);
	return judge_wait(waited, limit);
}

/* Clients that have connected, or sent so many bytes, and then nothing.
 * arg: how many bytes. */
static struct verdict
check_silent(struct run *r, const void *arg)
{
	struct client *silent[SILENT_CLIENTS];
	struct bytes adu = adu_of(1, r->unit, &r->ping);
	struct client *good = client_open(&r->server);
	double limit = frozen_limit(r, good);
	unsigned times = 100;
	double waited;

	for (size_t i = 0; i < SILENT_CLIENTS; i++) {
		silent[i] = client_open(&r->server);
		(void)client_send(silent[i], adu.data, *(const size_t *)arg);
	}
	waited = longest_wait(r, good, do_nothing, &times, 0.001);
	for (size_t i = 0; i < SILENT_CLIENTS; i++)
		client_close(silent[i]);
	client_close(good);
	return judge_wait(waited, limit);
}

/* A client, tried for several times: a server that has just been rushed may
 * refuse for a moment. */
static struct client *
open_patiently(struct run *r)
{
	struct client *c = NULL;

	for (unsigned i = 0; i < 3 && c == NULL; i++)
		c = client_open(&r->server);
	return c;
}

/* Connections that end at once, as many as the server takes without a pause.
 * arg: whether by RST. */
static struct verdict
check_churn(struct run *r, const void *arg)
{
	struct client *c = open_patiently(r);
	struct verdict v;

	for (unsigned i = 0; i < 200 && c != NULL; i++) {
		if (*(const bool *)arg) {
			(void)client_send(c, "\0\0\0\0\0\6\1\3", 8);
			client_reset(c);
		} else {
			client_close(c);
		}
		c = client_open(&r->server);
	}
	client_close(c);
	c = open_patiently(r);
	v = expect_ping(r, c);
	client_close(c);
	return v;
}

/* What is not Modbus at all. arg: a text. */
static struct verdict
check_junk(struct run *r, const void *arg)
{
	const char *text = arg;
	struct client *good = client_open(&r->server);
	struct client *bad = client_open(&r->server);
	struct verdict v;

	(void)client_send(bad, text, strlen(text));
	v = expect_ping(r, good);
	client_close(bad);
	client_close(good);
	if (v.outcome == PASSED) {
		good = client_open(&r->server);
		v = expect_ping(r, good);
		client_close(good);
	}
	return v;
}

void
group_liveness(struct run *r, unsigned unused)
{
	static const bool no = false;
	static const bool yes = true;
	static const size_t none = 0;
	static const size_t part = 5;
	static const size_t header = HEADER_LENGTH;
	static const struct frozen frozen[] = {
		{ check_dribble, &no },
		{ check_silent, &none },
		{ check_silent, &part },
		{ check_silent, &header },
		{ check_never_reader, NULL },
	};
	static const struct check checks[] = {
		{ "a client that dribbles freezes no other", CLAUSE,
		    check_frozen, frozen },
		{ "a client that dribbles is answered in the end",
		    "Guide 3.1.3: length delimits a request, TCP is a stream",
		    check_dribble, &yes },
		{ "20 clients that are silent freeze no other", CLAUSE,
		    check_frozen, frozen + 1 },
		{ "20 clients silent within a header freeze no other", CLAUSE,
		    check_frozen, frozen + 2 },
		{ "20 clients silent after a header freeze no other", CLAUSE,
		    check_frozen, frozen + 3 },
		{ "served after 200 connections made and closed", CLAUSE,
		    check_churn, &no },
		{ "served after 200 connections reset in a request", CLAUSE,
		    check_churn, &yes },
		{ "served after HTTP on the port", CLAUSE, check_junk,
		    "GET / HTTP/1.1\r\nHost: plc\r\n\r\n" },
		{ "served after text on the port", CLAUSE, check_junk,
		    "the quick brown fox jumps over the lazy dog\n" },
		{ "a client that never reads freezes no other", CLAUSE,
		    check_frozen, frozen + 4 },
	};

	(void)unused;
	run_checks(r, checks, COUNT(checks));
}
