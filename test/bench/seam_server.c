/*
 * Our server with one seam in use, by something that does nothing, to measure
 * what the seam itself costs.
 *
 *   seam_server none|policy|observer|tap|order
 *
 * The order lets each write be executed in the next turn of the loop. The
 * system chooses the port, which the first line of output names. SIGTERM ends
 * it.
 */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "held_order.h"
#include "net/server.h"
#include "service/exchange.h"
#include "service/policy.h"
#include "table/datatable.h"

struct seams {
	struct event_base *base;
	struct held_order held;
	struct event *settle; /* what it holds */
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

static int
submit(void *arg, struct order_write *write)
{
	struct seams *s = arg;

	event_active(s->settle, EV_TIMEOUT, 0);
	return order_submit(&s->held.order, write);
}

static void
settle_cb(evutil_socket_t fd, short what, void *arg)
{
	struct seams *s = arg;

	(void)fd;
	(void)what;
	held_order_settle(&s->held, UINT64_MAX, ORDER_EXECUTE);
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
	struct order order = { .submit = submit, .arg = &s };
	const struct tap tap = { .exchanged = exchanged };
	struct datatable_observer observer = { .changed = changed };
	struct event *term =
	    must(evsignal_new(s.base, SIGTERM, stop_cb, s.base));
	struct server_config config;
	struct server *server;
	struct address where;

	log_set_level(LOG_ERROR);
	s.settle = must(event_new(s.base, -1, 0, settle_cb, &s));
	held_order_init(&s.held);
	server_config_init(&config);
	config.service.table = must(datatable_new(DATATABLE_SEPARATE));
	if (strcmp(seam, "policy") == 0)
		config.service.policy = &policy;
	else if (strcmp(seam, "observer") == 0)
		datatable_observe(config.service.table, &observer);
	else if (strcmp(seam, "tap") == 0)
		config.service.tap = &tap;
	else if (strcmp(seam, "order") == 0)
		config.service.order = &order;
	else if (strcmp(seam, "none") != 0) {
		fprintf(stderr, "seam_server: no such seam: %s\n", seam);
		return EXIT_FAILURE;
	}

	server = must(server_new(s.base, &config));
	if (address_parse("127.0.0.1:0", 0, &where) != 0 ||
	    server_listen(server, &where, false, NULL) != 0 ||
	    server_start(server) != 0 || event_add(term, NULL) != 0)
		return EXIT_FAILURE;
	printf("%u\n", server_address(server, 0).port);
	fflush(stdout);
	event_base_dispatch(s.base);

	server_free(server);
	datatable_free(config.service.table);
	held_order_end(&s.held);
	event_free(s.settle);
	event_free(term);
	event_base_free(s.base);
	return EXIT_SUCCESS;
}
