/*
 * Our server with one of its seams plugged, by something that does nothing:
 * what the seam itself costs.
 *
 *   seam_server none|policy|observer|tap|gate
 *
 * The gate lets each reply go in the next turn of the loop. The system chooses
 * the port, which the first line of output names. SIGTERM ends it.
 */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "service/exchange.h"
#include "service/gate.h"
#include "service/policy.h"
#include "net/server.h"
#include "table/datatable.h"

struct seams {
	struct event_base *base;
	struct gate *gate;
	struct event *safe; /* the gate's verdict */
	uint64_t tickets;
};

static enum mb_exception
may_request(void *arg, const struct client *who, uint8_t unit,
    const struct mb_request *request)
{
	(void)arg;
	(void)who;
	(void)unit;
	(void)request;
	return MB_EX_NONE;
}

static void
changed(void *arg, const struct datatable_change *change)
{
	(void)arg;
	(void)change;
}

static void
exchanged(void *arg, const struct exchange *x)
{
	(void)arg;
	(void)x;
}

static uint64_t
hold(void *arg)
{
	struct seams *s = arg;

	event_active(s->safe, EV_TIMEOUT, 0);
	return ++s->tickets;
}

static void
safe_cb(evutil_socket_t fd, short what, void *arg)
{
	struct seams *s = arg;

	(void)fd;
	(void)what;
	gate_decide(s->gate, s->tickets, GATE_SAFE);
}

static void
stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static void *
must(void *made)
{
	if (made == NULL) {
		fprintf(stderr, "seam_server: out of memory\n");
		exit(EXIT_FAILURE);
	}
	return made;
}

int
main(int argc, char **argv)
{
	const char *seam = argc == 2 ? argv[1] : "";
	struct seams s = { .base = must(event_base_new()) };
	const struct policy policy = { .may_request = may_request };
	const struct tap tap = { .exchanged = exchanged };
	struct datatable_observer observer = { .changed = changed };
	struct event *term =
	    must(evsignal_new(s.base, SIGTERM, stop_cb, s.base));
	struct server_config config;
	struct server *server;
	struct address where;

	log_set_level(LOG_ERROR);
	s.safe = must(event_new(s.base, -1, 0, safe_cb, &s));
	s.gate = must(gate_new(hold, &s));
	server_config_init(&config);
	config.table = must(datatable_new(DATATABLE_SEPARATE));
	if (strcmp(seam, "policy") == 0)
		config.policy = &policy;
	else if (strcmp(seam, "observer") == 0)
		datatable_observe(config.table, &observer);
	else if (strcmp(seam, "tap") == 0)
		config.tap = &tap;
	else if (strcmp(seam, "gate") == 0)
		config.gate = s.gate;
	else if (strcmp(seam, "none") != 0) {
		fprintf(stderr, "seam_server: no such seam: %s\n", seam);
		return EXIT_FAILURE;
	}

	server = must(server_new(s.base, &config));
	if (address_parse("127.0.0.1:0", 0, &where) != 0 ||
	    server_listen(server, &where, false) != 0 ||
	    server_start(server) != 0 || event_add(term, NULL) != 0)
		return EXIT_FAILURE;
	printf("%u\n", server_address(server, 0).port);
	fflush(stdout);
	event_base_dispatch(s.base);

	server_free(server);
	datatable_free(config.table);
	gate_free(s.gate);
	event_free(s.safe);
	event_free(term);
	event_base_free(s.base);
	return EXIT_SUCCESS;
}
