/*
 * A session of a server of UDP and one client, again and again: the first time
 * the first call of some kind fails, then the second, and so on until a session
 * has no failure left.
 *
 * Holds: no crash, and nothing is left behind; a request may get no reply, but
 * each reply is right, to a request that has none yet, and in order; afterwards
 * the server serves, and it stops.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "held_order.h"
#include "inject.h"
#include "modbus/bytes.h"
#include "modbus/modbus.h"
#include "net/datagrams.h"
#include "net/server.h"
#include "rig.h"
#include "rig_clock.h"
#include "table/datatable.h"

#define READ         MB_FC_READ_HOLDING_REGISTERS
#define WRITE        MB_FC_WRITE_SINGLE_REGISTER
#define LENGTH       12 /* of a request */
#define TURNS        6  /* until all is done that can be */
#define SWEEP_MS     2000
#define EVERY_ANSWER 12 /* of a session without failures */

static struct {
	struct event_base *base;
	struct datatable *table;
	struct server *server;
	struct held_order order;
	int fd; /* the client's */
	unsigned stops;
	uint16_t transaction; /* of the last request */
	uint16_t answered;    /* of the last reply */
	unsigned replies;
	bool calm;
} s;

static void
stopped(void *arg)
{
	(void)arg;
	s.stops++;
}

/* Returns whether all of it was made. */
static bool
make_server(void)
{
	struct server_config config;
	struct address where;

	server_config_init(&config);
	must(address_parse("127.0.0.1", 0, &where) == 0);
	s.table = datatable_new(DATATABLE_SEPARATE);
	if (s.table == NULL)
		return false;
	config.service.table = s.table;
	config.service.order = &s.order.order;
	config.stopped = stopped;
	s.server = server_new(s.base, &config);
	return s.server != NULL &&
	    server_listen_udp(s.server, &where, false) == 0 &&
	    server_start(s.server) == 0;
}

static void
connect_client(void)
{
	struct address where = server_address(s.server, 0);
	struct sockaddr_storage to;
	socklen_t length = address_to_sockaddr(&where, &to);

	s.fd = socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	must(s.fd >= 0);
	must(connect(s.fd, (struct sockaddr *)&to, length) == 0);
}

static void
take_replies(void)
{
	uint8_t reply[MB_ADU_MAX + 1];
	ssize_t n;

	while ((n = recv(s.fd, reply, sizeof(reply), MSG_DONTWAIT)) > 0) {
		uint16_t transaction = get16(reply);

		must(transaction > s.answered && transaction <= s.transaction);
		must(n == 6 + get16(reply + 4));
		must((reply[7] & 0x7F) == (transaction % 2 ? READ : WRITE));
		s.answered = transaction;
		s.replies++;
	}
}

static void
turn(void)
{
	for (int i = 0; i < TURNS; i++) {
		inject_arm(!s.calm);
		event_base_loop(s.base, EVLOOP_NONBLOCK);
		inject_arm(false);
		take_replies();
	}
}

/* Odd ones read, even ones write. */
static void
ask(void)
{
	uint8_t adu[LENGTH] = { [5] = 6, [6] = 1, [11] = 1 };

	put16(adu, ++s.transaction);
	adu[7] = s.transaction % 2 ? READ : WRITE;
	must(send(s.fd, adu, sizeof(adu), 0) == sizeof(adu));
	turn();
}

static void
settle(enum order_outcome outcome)
{
	inject_arm(!s.calm);
	held_order_settle(&s.order, s.order.settled + 1, outcome);
	inject_arm(false);
	take_replies();
}

static void
serve(void)
{
	connect_client();
	for (int i = 0; i < 9; i++)
		ask();
	settle(ORDER_EXECUTE);
	settle(ORDER_REFUSED);
	settle(ORDER_UNKNOWN);
	settle(ORDER_EXECUTE);
	must(send(s.fd, "junk", 4, 0) == 4);
	turn();
	ask(); /* its write waits when the server stops */
	ask();
}

/* After a pause at the most, which a failure to receive makes. */
static void
check_serves(void)
{
	unsigned before;

	s.calm = true;
	rig_clock_pass(SWEEP_MS);
	turn();
	before = s.replies;
	held_order_settle(&s.order, UINT64_MAX, ORDER_EXECUTE);
	take_replies();
	s.transaction += s.transaction % 2; /* a read follows */
	ask();
	must(s.replies > before && s.answered == s.transaction);
	ask();
}

static void
stop(void)
{
	server_stop(s.server);
	turn();
	must(s.stops == 0);
	settle(ORDER_EXECUTE);
	must(s.answered == s.transaction);
	turn();
	must(s.stops == 1);
}

static void
check_figures(void)
{
	const struct datagram_figures *f = server_datagrams(s.server);

	must(f->received ==
	    f->malformed + f->refused + f->dropped + f->silent + f->replied +
		f->lost + f->waiting);
	must(f->waiting == 0);
	if (inject_failed() == 0)
		must(f->lost == 0 && f->dropped == 0 && f->silent == 1 &&
		    f->malformed == 1 && s.replies == EVERY_ANSWER);
}

/* Returns whether anything has failed. */
static bool
session(void)
{
	const size_t own = inject_live_own(), event = inject_live_event();

	memset(&s, 0, sizeof(s));
	s.fd = -1;
	held_order_init(&s.order);
	s.base = event_base_new();
	must(s.base != NULL);
	inject_arm(true);
	if (make_server()) {
		inject_arm(false);
		serve();
		check_serves();
		stop();
		check_figures();
	}
	inject_arm(false);
	if (s.fd >= 0)
		close(s.fd);
	server_free(s.server);
	held_order_end(&s.order);
	datatable_free(s.table);
	event_base_free(s.base);
	must(inject_live_own() == own && inject_live_event() == event);
	return inject_failed() > 0;
}

static void
sweep(enum inject_kind kind, uint64_t row)
{
	struct inject_plan plan = { .kinds = 1U << kind, .row = row };
	unsigned sessions = 0;

	for (plan.variant = 0; plan.variant < inject_variants(kind);
	     plan.variant++) {
		plan.first = 0;
		do {
			plan.first++;
			rig_say("%s, call %llu, %llu in a row, variant %u",
			    inject_names[kind], (unsigned long long)plan.first,
			    (unsigned long long)row, plan.variant);
			inject_begin(&plan);
			sessions++;
		} while (session());
	}
	must(sessions > inject_variants(kind));
	printf("%s, %llu in a row: %u sessions\n", inject_names[kind],
	    (unsigned long long)row, sessions);
}

int
main(void)
{
	static const enum inject_kind kinds[] = { INJECT_EVENT_MEMORY,
		INJECT_OWN_MEMORY, INJECT_READ, INJECT_WRITE, INJECT_EPOLL,
		INJECT_WAIT };

	rig_init();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		sweep(kinds[i], 1);
		sweep(kinds[i], 3);
	}
	return EXIT_SUCCESS;
}
