/*
 * Sixteen clients with random actions, while one call in 200 of each kind
 * fails: fault_load STEPS [SEED]. Prints the seed, which repeats the run.
 *
 * Holds what fault_session.c says. In the end nothing fails any more, and all
 * that is still owed has to come.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject.h"
#include "net/server.h"
#include "rig.h"

#define ONE_IN      200
#define ASK_AT_ONCE 40

static struct rig rig;
static bool finished[RIG_CLIENTS]; /* asks no more */
static uint64_t connects, replies;

static void
connect_one(int which)
{
	rig_connect(&rig, which, inject_random(4) == 0);
	finished[which] = false;
	connects++;
}

static void
leave(int which, bool reset)
{
	struct rig_client *c = &rig.clients[which];

	if (c->fd >= 0)
		replies += c->replies;
	rig_disconnect(c, reset);
}

static void
ask(struct rig_client *c)
{
	for (unsigned n = inject_random(ASK_AT_ONCE); n > 0; n--)
		if (rig_has_room(c))
			rig_ask_kind(c, inject_random(12),
			    (uint16_t)inject_random(65536));
}

/* Ask for more than the server and the kernel hold, and read none of it. */
static void
flood(struct rig_client *c)
{
	c->reading = false;
	while (rig_has_room(c))
		rig_ask_kind(c, 2, 0);
}

/* What ends a connection is rare, or nobody would stay. */
static void
act(int which)
{
	struct rig_client *c = &rig.clients[which];

	switch (inject_random(100)) {
	case 0:
		leave(which, inject_random(2) == 0);
		break;
	case 1:
		rig_half_close(c);
		finished[which] = true;
		break;
	case 2:
		if (rig_has_room(c))
			rig_send_raw(c, "junk junk", 9);
		if (!rig_tells_frames_apart())
			rig_half_close(c);
		finished[which] = true;
		break;
	case 3:
		flood(c);
		break;
	case 4:
		c->reading = false;
		break;
	case 5:
		c->burst = inject_random(30);
		break;
	case 6:
		rig.holding = !rig.holding;
		break;
	default:
		c->reading |= inject_random(4) == 0;
		ask(c);
		break;
	}
}

/* Those who ask no more read what they still get, or not. */
static void
linger(int which)
{
	if (inject_random(20) == 0)
		rig.clients[which].reading = true;
	if (inject_random(200) == 0)
		leave(which, inject_random(2) == 0);
}

static void
decide(void)
{
	if (inject_random(8) == 0)
		rig_settle_writes(&rig, rig.order.submitted,
		    inject_random(50) == 0 ? ORDER_UNKNOWN : ORDER_EXECUTE);
}

static void
step(void)
{
	int which = (int)inject_random(RIG_CLIENTS);
	struct rig_client *c = &rig.clients[which];

	if (c->fd < 0)
		connect_one(which);
	else if (c->closed)
		leave(which, false);
	else if (finished[which])
		linger(which);
	else
		act(which);
	decide();
	rig_turn(&rig);
	rig_clock_pass(inject_random(3));
}

/* Nothing fails any more: all that is owed comes. */
static void
finish(void)
{
	rig.calm = true;
	rig.holding = false;
	for (int i = 0; i < RIG_CLIENTS; i++) {
		rig.clients[i].reading = true;
		rig.clients[i].burst = 0;
	}
	for (int i = 0; i < RIG_CLIENTS; i++)
		rig_await(&rig,
		    (held_order_settle(&rig.order, UINT64_MAX, ORDER_EXECUTE),
			rig_is_served(&rig.clients[i])));
	for (int i = 0; i < RIG_CLIENTS; i++)
		leave(i, false);
	rig_await(&rig, server_counters(rig.server)->connections == 0);
	rig_check_serves(&rig);
	rig_stop(&rig);
	rig_await(&rig, rig.stops == 1);
}

static void
report(void)
{
	const struct counters *n = server_counters(rig.server);

	printf("%" PRIu64 " connects, %" PRIu64 " replies, all right; %" PRIu64
	       " accept errors, %" PRIu64 " refused, %" PRIu64 " pauses\n",
	    connects, replies, n->accept_errors, n->refused, n->paused);
	for (int kind = 0; kind < INJECT_KINDS; kind++) {
		struct inject_counts count =
		    inject_count((enum inject_kind)kind);

		printf("%s: %" PRIu64 " of %" PRIu64 " failed\n",
		    inject_names[kind], count.failed, count.calls);
		must((count.failed > 0) == ((rig_kinds() >> kind & 1) != 0));
	}
}

int
main(int argc, char **argv)
{
	unsigned long steps = argc > 2 ? strtoul(argv[2], NULL, 10) : 10000;
	uint64_t seed =
	    argc > 3 ? strtoull(argv[3], NULL, 10) : rig_clock_real() | 1;
	struct inject_plan plan = { .kinds = rig_kinds(), .seed = seed };

	rig_init();
	if (argc < 2 || !rig_choose(argv[1])) {
		fprintf(stderr,
		    "usage: fault_load plain|transport|tls|rtu [STEPS "
		    "[SEED]]\n");
		return EXIT_FAILURE;
	}
	printf("seed %" PRIu64 "\n", seed);
	fflush(stdout);
	inject_begin(&plan); /* none fails before the server is there */
	must(rig_begin(&rig));
	plan.one_in = ONE_IN;
	inject_begin(&plan);
	for (unsigned long i = 0; i < steps; i++) {
		rig_say("load, seed %" PRIu64 ", step %lu", seed, i);
		step();
	}
	finish();
	report();
	rig_end(&rig);
	return EXIT_SUCCESS;
}
