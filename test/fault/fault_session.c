/*
 * One session of a server and clients of all kinds, again and again: the first
 * time the first call of some kind fails, then the second, and so on until a
 * session has no failure left. fault_session KIND WAY; see sweeps.
 *
 * Holds: no crash, no memory and no descriptor is lost; a client may be
 * disconnected, but every reply that it gets is the next one and right, and
 * whoever stays gets all; afterwards the server serves as if nothing had been.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "inject.h"
#include "net/server.h"
#include "rig.h"
#include "rig_tls.h"

/* More than the kernel and the server will hold for one who reads nothing. */
#define FLOOD 1100

/* Time for a stop, when clients do as they should; its grace is half of it. */
#define STOP_MS 1000

enum {
	TALKER,
	DRIBBLER,
	SLEEPER,
	WRITER,
	CLOSER,
	VANDAL,
	RESETTER,
	LOSER,
	STOPPER
};

static struct rig rig;

/* Whether all clients have to come through unharmed. */
static bool
nothing_failed(void)
{
	return inject_failed() == 0;
}

/* Connect a client, and wait until it is served; a pause in accepting, the
 * consequence of a failure, takes its time. */
static struct rig_client *
join(int which, bool small)
{
	struct rig_client *c = rig_connect(&rig, which, small);

	rig_settle(&rig);
	rig_await(&rig, rig_is_served(c));
	return c;
}

static void
check_unharmed(const struct rig_client *c)
{
	rig_await(&rig, rig_is_served(c));
	if (nothing_failed())
		must(rig_is_answered(c) && !c->closed);
}

static void
talk(void)
{
	struct rig_client *c = join(TALKER, false);

	for (unsigned kind = 0; kind < 12; kind++)
		rig_ask_kind(c, kind, (uint16_t)(0xABC0 + kind));
	rig_settle(&rig);
	check_unharmed(c);
}

static void
dribble(void)
{
	struct rig_client *c = join(DRIBBLER, false);

	c->burst = 5;
	rig_ask_kind(c, 4, 7);
	rig_ask_kind(c, 2, 0);
	rig_settle(&rig);
	check_unharmed(c);
}

static void
flood(struct rig_client *c)
{
	for (unsigned i = 0; i < FLOOD; i++)
		rig_ask_kind(c, 2, 0);
}

/* Ask for much and read nothing; then read it all. */
static void
sleep_and_wake(void)
{
	struct rig_client *c = join(SLEEPER, true);

	c->reading = false;
	flood(c);
	rig_settle(&rig);
	if (nothing_failed())
		rig_await(&rig, server_counters(rig.server)->paused > 0);
	c->reading = true;
	rig_settle(&rig);
	check_unharmed(c);
}

/* Ask for a write that will be refused. */
static void
ask_to_fail(struct rig_client *c)
{
	const uint8_t pdu[] = { 6, (uint8_t)(c->area >> 8), (uint8_t)c->area, 1,
		2 };

	rig_ask(c, RIG_FAILED_UNIT, pdu, sizeof(pdu));
}

/* Writes are held, and let go in three steps. */
static void
write_through_the_order(void)
{
	struct rig_client *c = join(WRITER, false);
	uint64_t first;

	rig_settle(&rig);
	first = rig.order.submitted;
	rig.holding = true;
	rig_ask_kind(c, 4, 1);
	rig_ask_kind(c, 6, 2);
	rig_ask_kind(c, 2, 0);
	ask_to_fail(c);
	ask_to_fail(c);
	rig_ask_kind(c, 3, 0);
	rig_ask_kind(c, 5, 3);
	rig_settle(&rig);
	rig_await(&rig, c->closed || rig.order.submitted == first + 5);
	rig_settle_writes(&rig, first + 2, ORDER_EXECUTE);
	rig_settle(&rig);
	rig_settle_writes(&rig, first + 4, ORDER_REFUSED);
	rig_settle(&rig);
	rig_settle_writes(&rig, first + 5, ORDER_EXECUTE);
	rig.holding = false;
	rig_settle(&rig);
	check_unharmed(c);
}

/* Ask for much and half-close; then read it all. */
static void
half_close(void)
{
	struct rig_client *c = join(CLOSER, true);

	c->reading = false;
	flood(c);
	rig_half_close(c);
	rig_settle(&rig);
	c->reading = true;
	rig_settle(&rig);
	rig_await(&rig, c->closed);
	if (nothing_failed())
		must(rig_is_answered(c));
	rig_disconnect(c, false);
}

static void
send_garbage(void)
{
	struct rig_client *c = join(VANDAL, false);
	unsigned replies = c->replies;

	rig_ask_kind(c, 2, 0);
	rig_send_raw(c, "GET / HTTP/1.1\r\n\r\n", 18);
	rig_settle(&rig);
	rig_await(&rig, c->closed);
	if (nothing_failed())
		must(c->replies == replies + 1);
	rig_disconnect(c, false);
	rig_settle(&rig);
}

/* Of "rtu": a frame with a wrong CRC has no answer, and the next one has. */
static void
send_broken_frame(void)
{
	static const uint8_t broken[] = { 1, 3, 0, 0, 0, 1, 0x12, 0x34 };
	struct rig_client *c = join(VANDAL, false);

	if (!c->closed)
		must(send(c->fd, broken, sizeof(broken), MSG_NOSIGNAL) > 0);
	rig_settle(&rig);
	rig_ask_kind(c, 2, 0);
	rig_settle(&rig);
	check_unharmed(c);
}

static void
reset(void)
{
	struct rig_client *c = join(RESETTER, false);

	for (unsigned kind = 0; kind < 4; kind++)
		rig_ask_kind(c, kind, 5);
	rig_turn(&rig);
	rig_disconnect(c, true);
	rig_settle(&rig);
}

static void
lose(void)
{
	struct rig_client *c = join(LOSER, false);
	uint64_t first;
	unsigned replies;

	rig_settle(&rig);
	first = rig.order.submitted;
	replies = c->replies;
	rig.holding = true;
	rig_ask_kind(c, 4, 1);
	rig_settle(&rig);
	rig_await(&rig, c->closed || rig.order.submitted == first + 1);
	rig_settle_writes(&rig, rig.order.submitted, ORDER_UNKNOWN);
	rig.holding = false;
	rig_settle(&rig);
	rig_await(&rig, c->closed);
	must(c->replies == replies);
	rig_disconnect(c, false);
}

/* Those who are still connected have, or get, all of their replies. */
static void
check_all_served(void)
{
	for (int i = 0; i < RIG_CLIENTS; i++) {
		struct rig_client *c = &rig.clients[i];

		if (c->fd >= 0)
			check_unharmed(c);
	}
}

/* A client closes when the server does. Returns whether the stop is over. */
static bool
is_over(void)
{
	for (int i = 0; i < RIG_CLIENTS; i++)
		if (rig.clients[i].closed)
			rig_disconnect(&rig.clients[i], false);
	return rig.stops > 0;
}

static void
check_stops_since(uint64_t began)
{
	rig_settle(&rig);
	rig_await(&rig, is_over());
	must(clock_ms() - began < STOP_MS);
	must(rig.stops == 1);
	must(server_counters(rig.server)->connections == 0);
}

/* The shut-down word; where failures may have closed the one who sends it, the
 * operator helps. */
static void
stop_by_word(void)
{
	struct rig_client *c = join(STOPPER, false);
	uint64_t began;

	rig_ask_kind(c, 2, 0);
	rig_send_raw(c, RIG_WORD, sizeof(RIG_WORD) - 1);
	rig_settle(&rig);
	rig_await(&rig, c->closed);
	began = clock_ms();
	if (!nothing_failed())
		rig_stop(&rig);
	check_stops_since(began);
	if (nothing_failed())
		must(server_counters(rig.server)->closed[CONN_SHUT_DOWN] == 1);
}

/* Where there is no word. */
static void
stop_while_asked(void)
{
	struct rig_client *c = join(STOPPER, false);
	uint64_t began;

	rig_ask_kind(c, 2, 0);
	rig_settle(&rig);
	check_unharmed(c);
	began = clock_ms();
	rig_stop(&rig);
	check_stops_since(began);
}

static void
session_to_the_word(void)
{
	if (rig_begin(&rig)) {
		talk();
		dribble();
		sleep_and_wake();
		write_through_the_order();
		half_close();
		if (rig_tells_frames_apart())
			send_garbage();
		else
			send_broken_frame();
		reset();
		lose();
		rig.calm = true;
		check_all_served();
		rig_check_serves(&rig);
		rig.calm = false;
		if (rig_tells_frames_apart())
			stop_by_word();
		else
			stop_while_asked();
	}
	rig_end(&rig);
}

/* The operator's stop, while replies are owed: unread ones, held ones. */
static void
session_to_a_stop(void)
{
	if (rig_begin(&rig)) {
		struct rig_client *sleeper = join(SLEEPER, true);
		struct rig_client *writer = join(WRITER, false);
		uint64_t began, submitted;

		sleeper->reading = false;
		for (unsigned i = 0; i < FLOOD / 4; i++)
			rig_ask_kind(sleeper, 2, 0);
		rig_settle(&rig);
		submitted = rig.order.submitted;
		rig.holding = true;
		rig_ask_kind(writer, 4, 1);
		rig_settle(&rig);
		rig_await(&rig,
		    writer->closed || rig.order.submitted == submitted + 1);
		began = clock_ms();
		rig_stop(&rig);
		rig_settle(&rig);
		rig_settle_writes(&rig, rig.order.submitted, ORDER_EXECUTE);
		sleeper->reading = true;
		rig_settle(&rig);
		rig_await(&rig, sleeper->closed && writer->closed);
		if (nothing_failed())
			must(rig_is_answered(sleeper) &&
			    rig_is_answered(writer));
		check_stops_since(began);
	}
	rig_end(&rig);
}

/* --- sweeps ------------------------------------------------------------- */

#define ROWS 2

/* Handshakes take time and make many calls: over TLS every third call fails,
 * of each variant another third. So it is in "rtu", where clients send frame by
 * frame, if there are variants. */
#define SLOW_STEP 3

static const struct sweep {
	const char *name;
	unsigned kinds;
	unsigned variants;
	uint64_t rows[ROWS]; /* so many calls in a row fail */
} sweeps[] = {
	{ "memory", 1U << INJECT_EVENT_MEMORY | 1U << INJECT_OWN_MEMORY, 1,
	    { 1, 6 } },
	{ "accept", 1U << INJECT_ACCEPT, 8, { 1, 6 } },
	{ "read", 1U << INJECT_READ | 1U << INJECT_IOCTL, 6, { 1, 6 } },
	{ "write", 1U << INJECT_WRITE, 6, { 1, 6 } },
	{ "queue", 1U << INJECT_WRITE | 1U << INJECT_EVENT_MEMORY, 6,
	    { 2, 3 } }, /* what was not sent can't be queued */
	{ "resume", 1U << INJECT_ACCEPT | 1U << INJECT_EPOLL, 1, { 2, 9 } },
	{ "poll", 1U << INJECT_EPOLL | 1U << INJECT_WAIT, 1, { 1, 6 } },
};

/* Returns whether anything failed. */
static bool
try_plan(const struct sweep *s, void (*session)(void), struct inject_plan *plan,
    uint64_t *failed)
{
	rig_say("%s, call %llu, %llu in a row, variant %u", s->name,
	    (unsigned long long)plan->first, (unsigned long long)plan->row,
	    plan->variant);
	inject_begin(plan);
	session();
	for (int kind = 0; kind < INJECT_KINDS; kind++)
		failed[kind] += inject_count((enum inject_kind)kind).failed;
	return inject_failed() > 0;
}

static void
run_sweep(const struct sweep *s, void (*session)(void), const char *which)
{
	const bool slow =
	    rig_tls_on() || (!rig_tells_frames_apart() && s->variants > 1);
	const unsigned step = slow ? SLOW_STEP : 1;
	uint64_t failed[INJECT_KINDS] = { 0 };
	unsigned sessions = 0;

	for (unsigned variant = 0; variant < s->variants; variant++)
		for (unsigned row = 0; row < ROWS; row++) {
			struct inject_plan plan = { .kinds = s->kinds,
				.first = 1 + variant % step,
				.row = s->rows[row],
				.variant = variant };

			for (; try_plan(s, session, &plan, failed);
			     plan.first += step)
				sessions++;
		}
	must(sessions > 0);
	printf("%s: %u sessions", which, sessions);
	for (int kind = 0; kind < INJECT_KINDS; kind++)
		if (s->kinds & 1U << kind)
			printf("; %s: %llu failed of %llu calls in one",
			    inject_names[kind],
			    (unsigned long long)failed[kind],
			    (unsigned long long)inject_count(
				(enum inject_kind)kind)
				.calls);
	printf("\n");
	fflush(stdout);
	for (int kind = 0; kind < INJECT_KINDS; kind++)
		must((failed[kind] > 0) == ((s->kinds >> kind & 1) != 0));
}

int
main(int argc, char **argv)
{
	rig_init();
	if (argc != 3 || !rig_choose(argv[2])) {
		fprintf(stderr,
		    "usage: fault_session KIND plain|transport|tls|rtu\n");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < sizeof(sweeps) / sizeof(*sweeps); i++)
		if (strcmp(argv[1], sweeps[i].name) == 0) {
			struct sweep s = sweeps[i];

			s.kinds &= rig_kinds();
			run_sweep(
			    &s, session_to_the_word, "stopped by the word");
			run_sweep(
			    &s, session_to_a_stop, "stopped by the operator");
			return EXIT_SUCCESS;
		}
	fprintf(stderr, "fault_session: no such kind: %s\n", argv[1]);
	return EXIT_FAILURE;
}
