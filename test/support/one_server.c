#include "one_server.h"

#include <event2/event.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "base/log.h"
#include "table/datatable.h"

struct event_base *base;
struct server_config config;
struct server *server;
unsigned stops;
unsigned shut_downs;

static struct event *tick;

static void
stopped(void *arg)
{
	(void)arg;
	stops++;
}

static void
shut_down(void *arg, const struct client *who)
{
	(void)arg;
	(void)who;
	shut_downs++;
	server_stop(server);
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

void
one_server_begin(void)
{
	const struct timeval every = { 0, 5000 };

	log_set_level(LOG_ERROR);
	stops = shut_downs = 0;
	server = NULL;
	base = event_base_new();
	tick = event_new(base, -1, EV_PERSIST, tick_cb, NULL);
	event_add(tick, &every);
	server_config_init(&config);
	config.service.table = datatable_new(DATATABLE_SEPARATE);
	config.stopped = stopped;
	config.shut_down = shut_down;
}

void
one_server_end(void)
{
	server_free(server);
	datatable_free(config.service.table);
	event_free(tick);
	event_base_free(base);
}

void
one_server_start(void)
{
	struct address where;

	ck_assert_int_eq(address_parse("127.0.0.1", 0, &where), 0);
	server = server_new(base, &config);
	ck_assert_ptr_nonnull(server);
	ck_assert_int_eq(server_listen(server, &where, false, NULL), 0);
	ck_assert_int_eq(server_start(server), 0);
}

const struct counters *
counters(void)
{
	return server_counters(server);
}

int
one_server_dial(void)
{
	struct address where = server_address(server, 0);
	struct sockaddr_storage to;
	socklen_t length = address_to_sockaddr(&where, &to);
	int fd = socket(to.ss_family, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, length), 0);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}
