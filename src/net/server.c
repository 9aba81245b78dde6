#include "net/server.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>

#include "base/client_text.h"
#include "base/clock.h"
#include "net/datagrams.h"
#include "net/host_connections.h"
#include "net/listener.h"
#include "service/order.h"
#include "service/policy.h"
#include "service/transport.h"
#include "system/error.h"
#include "system/process.h"
#include "system/socket.h"

#define ACCEPT_PAUSE_MS 100
#define STOP_GRACE_MS   500

/* So many connections are asked about in a turn of the loop, or as many as this
 * time is enough for. */
#define CHECKED_A_TURN    50
#define CHECKED_A_TURN_US 2000

/* A listener, and where it leads. */
struct gate {
	struct server *server;           /* borrowed */
	struct listener *listener;       /* owned */
	const struct entrance *entrance; /* borrowed, or NULL */
	const char *path;                /* borrowed: to be removed; or NULL */
	uint8_t way;                     /* enum client_way, of who comes */
	bool held;
};

struct server {
	struct event_base *base; /* borrowed */
	struct server_config config;
	struct conn_host host;
	size_t max_connections;
	struct host_connections
	    *per_host; /* owned; NULL: no limit per client */
	uint64_t next_client;
	uint64_t evict_not_before; /* no connection is idle enough until then */

	struct gate gates[SERVER_LISTEN_MAX];
	size_t gate_count;
	struct datagrams *datagrams; /* owned; NULL: no UDP */
	size_t inside;               /* who have come in by an entrance */
	bool accept_paused;          /* after an error of accept */
	struct log_limit refused_limit;
	struct log_limit accept_limit;

	struct event *sweep;  /* owned: deadlines, once a second */
	struct event *resume; /* owned: accepts again after an error */
	struct event *grace;  /* owned: ends the time for pending replies */
	struct event *check;  /* owned: asks about the next connections */
	bool stopping;
};

void
server_config_init(struct server_config *config)
{
	*config = (struct server_config){
		.reserve = SERVER_DESCRIPTORS,
		.evict_idle = 60 * 1000,
		.deadlines = {
			.frame = 10 * 1000,
			.stalled = 30 * 1000,
			.linger = 1 * 1000,
		},
	};
}

static int
add_timer(struct event *timer, unsigned ms)
{
	const struct timeval after = { (time_t)(ms / 1000),
		(suseconds_t)(ms % 1000 * 1000) };

	return event_add(timer, &after);
}

/* Accept on every listener that is not held. One that fails is tried again by
 * the sweep. */
static void
server_resume_accepting(struct server *s)
{
	s->accept_paused = false;
	event_del(s->resume);
	for (size_t i = 0; i < s->gate_count; i++)
		if (!s->gates[i].held &&
		    listener_resume(s->gates[i].listener) != 0)
			s->accept_paused = true;
}

static void
server_pause_accepting(struct server *s)
{
	s->accept_paused = true;
	for (size_t i = 0; i < s->gate_count; i++)
		listener_pause(s->gates[i].listener);
	add_timer(s->resume, ACCEPT_PAUSE_MS);
}

static void
server_resume_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	server_resume_accepting(arg);
}

static struct conn *
server_least_recently_active(const struct server *s)
{
	struct conn *found = TAILQ_FIRST(&s->host.conns);

	for (struct conn *c = found; c != NULL; c = conn_next(c))
		if (conn_idle_time(c) > conn_idle_time(found))
			found = c;
	return found;
}

/*
 * Evict the least recently active connection if it has been idle for long
 * enough. No other one can have been before that moment, so that many new
 * connections at the limit cost one search only. Returns whether there is room.
 */
static bool
server_make_room(struct server *s)
{
	struct conn *longest;
	uint64_t idle;

	if (s->host.counters.connections + s->inside < s->max_connections)
		return true;
	if (s->host.now < s->evict_not_before)
		return false;
	longest = server_least_recently_active(s);
	idle = longest == NULL ? 0 : conn_idle_time(longest);
	if (idle <= s->config.evict_idle) {
		s->evict_not_before =
		    s->host.now + s->config.evict_idle - idle + 1;
		return false;
	}
	conn_close(longest, CONN_EVICTED);
	return true;
}

/* Why a new connection is refused, or NULL. Evicts another one if necessary. */
static const char *
server_refusal(struct server *s, const struct client *client)
{
	if (!policy_may_connect(s->config.service.policy, client))
		return "not allowed";
	if (s->config.max_per_client != 0 &&
	    host_connections_count(s->per_host, &client->address) >=
		s->config.max_per_client)
		return "too many connections from this address";
	if (!server_make_room(s))
		return "connection limit reached";
	return NULL;
}

static void
server_log_refusal(struct server *s, const struct client *who, const char *why)
{
	char peer[ADDRESS_TEXT_MAX];

	s->host.counters.refused++;
	log_limited(&s->refused_limit, LOG_WARN, "refuse: %s: %s",
	    address_format(&who->address, peer), why);
}

/* Make a connection that owns fd and transport. Returns 0, or -1 when there is
 * no memory; then both are closed, and it is not counted any more. */
static int
server_connect(struct server *s, evutil_socket_t fd,
    struct transport *transport, const struct client *client)
{
	struct stream_source source = {
		.plain = transport == NULL,
		.transport = transport,
		.base = s->base,
		.fd = fd,
	};

	if (source.plain)
		source.bev =
		    bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (source.plain && source.bev == NULL)
		socket_close(fd);
	else if (conn_new(&s->host, &source, client) != NULL)
		return 0;
	host_connections_remove(s->per_host, &client->address);
	server_log_refusal(s, client, "out of memory");
	return -1;
}

static void
server_accepted(void *arg, evutil_socket_t fd, const struct address *from)
{
	const struct gate *gate = arg;
	const struct entrance *entrance = gate->entrance;
	struct server *s = gate->server;
	struct client client = {
		.id = s->next_client++,
		.address = *from,
		.way = gate->way,
	};
	const char *refusal;

	if (client.way == CLIENT_UNIX) /* to tell them apart in captures */
		client.address.port = (uint16_t)client.id;
	s->host.now = clock_ms();
	refusal = server_refusal(s, &client);
	if (refusal == NULL &&
	    host_connections_add(s->per_host, &client.address) != 0)
		refusal = "out of memory";
	if (refusal != NULL) {
		server_log_refusal(s, &client, refusal);
		socket_close(fd);
	} else if (entrance == NULL) {
		server_connect(s, fd, NULL, &client);
	} else {
		s->inside++;
		entrance->come_in(entrance->arg, fd, &client);
	}
}

static void
server_accept_failed(void *arg, int error)
{
	const struct gate *gate = arg;
	struct server *s = gate->server;

	s->host.counters.accept_errors++;
	log_limited(&s->accept_limit, LOG_WARN,
	    "accept: %s: pausing until a connection closes, or for %d ms",
	    error_text(error), ACCEPT_PAUSE_MS);
	server_pause_accepting(s);
}

/* End the stop in this turn of the loop; needs no memory. */
static void
server_end_grace(struct server *s)
{
	event_active(s->grace, EV_TIMEOUT, 0);
}

static bool
server_is_empty(const struct server *s)
{
	return TAILQ_EMPTY(&s->host.conns) && s->inside == 0 &&
	    (s->datagrams == NULL || datagrams_are_settled(s->datagrams));
}

static void
server_end_if_empty(struct server *s)
{
	if (s->stopping && server_is_empty(s))
		server_end_grace(s);
}

/* A connection has closed, and its descriptor can be used again. */
static void
server_conn_closed(void *arg, const struct client *who)
{
	struct server *s = arg;

	host_connections_remove(s->per_host, &who->address);
	if (s->accept_paused)
		server_resume_accepting(s);
	server_end_if_empty(s);
}

int
server_admit(struct server *s, evutil_socket_t fd, struct transport *transport,
    const struct client *who)
{
	s->inside--;
	s->host.now = clock_ms();
	return server_connect(s, fd, transport, who);
}

void
server_left(struct server *s, const struct client *who)
{
	s->inside--;
	server_conn_closed(s, who);
}

void
server_hold(struct server *s, const struct entrance *e, bool held)
{
	for (size_t i = 0; i < s->gate_count; i++) {
		struct gate *g = &s->gates[i];

		if (g->entrance != e)
			continue;
		g->held = held;
		if (held)
			listener_pause(g->listener);
		else if (!s->accept_paused && listener_resume(g->listener) != 0)
			s->accept_paused = true;
	}
}

static void
server_shut_down(void *arg, const struct client *who)
{
	struct server *s = arg;
	char peer[CLIENT_TEXT_MAX];

	log_line(LOG_WARN, "shutdown: %s: sent the shut-down word",
	    client_format(who, peer));
	if (s->config.shut_down != NULL)
		s->config.shut_down(s->config.arg, who);
}

/* Call what with each connection, which it may close. */
static void
server_each_conn(struct server *s, void (*what)(struct conn *c))
{
	struct conn *next;

	for (struct conn *c = TAILQ_FIRST(&s->host.conns); c != NULL;
	     c = next) {
		next = conn_next(c);
		what(c);
	}
}

static void
server_flush_log(struct server *s, int finally)
{
	conn_log_flush(&s->host.log, finally);
	log_limit_flush(&s->refused_limit, finally);
	log_limit_flush(&s->accept_limit, finally);
}

static void
server_sweep_cb(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	s->host.now = clock_ms();
	server_each_conn(s, conn_check_deadlines);
	server_flush_log(s, 0);
	if (s->datagrams != NULL)
		datagrams_sweep(s->datagrams, false);
	if (s->accept_paused)
		server_resume_accepting(s);
}

static void
finish_for_stop(struct conn *c)
{
	conn_finish(c, CONN_STOPPING);
}

static void
close_for_stop(struct conn *c)
{
	conn_close(c, CONN_STOPPING);
}

static void
server_grace_cb(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	server_each_conn(s, close_for_stop);
	event_del(s->grace); /* closing the last one activates it again */
	if (s->config.stopped != NULL)
		s->config.stopped(s->config.arg);
}

static void
server_check_cb(evutil_socket_t fd, short what, void *arg)
{
	const uint64_t began = clock_us();
	struct server *s = arg;
	struct conn *c;

	(void)fd;
	(void)what;
	for (unsigned n = 0; n < CHECKED_A_TURN; n++) {
		c = s->host.next_check;
		if (c == NULL)
			return;
		s->host.next_check = conn_next(c);
		conn_check_peer(c);
		if (clock_us() - began >= CHECKED_A_TURN_US)
			break;
	}
	add_timer(s->check, 0);
}

/* Descriptors for connections, at least one. */
static size_t
connection_descriptors(size_t reserve)
{
	size_t limit = process_descriptor_limit();

	if (limit == SIZE_MAX)
		return SIZE_MAX;
	if (limit > reserve)
		return limit - reserve;
	log_line(LOG_WARN,
	    "limit: %zu descriptors allowed, %zu needed without connections",
	    limit, reserve);
	return 1;
}

/* The configured limit, or as many connections as descriptors allow. */
static size_t
connection_limit(const struct server_config *config)
{
	size_t most = connection_descriptors(config->reserve);
	size_t configured = config->max_connections;

	if (configured == 0)
		return most;
	if (configured > most)
		log_line(LOG_WARN,
		    "limit: %zu connections configured, descriptors allow %zu",
		    configured, most);
	return configured;
}

struct server *
server_new(struct event_base *base, const struct server_config *config)
{
	struct server *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->base = base;
	s->config = *config;
	s->max_connections = connection_limit(config);
	s->refused_limit.kind = "refusals";
	s->accept_limit.kind = "failures to accept";

	conn_host_init(&s->host);
	s->host.service = config->service;
	s->host.service.counters = &s->host.counters;
	s->host.shutdown_word = config->shutdown_word;
	s->host.deadlines = config->deadlines;
	s->host.closed = server_conn_closed;
	s->host.shut_down = server_shut_down;
	s->host.arg = s;

	s->sweep = event_new(base, -1, EV_PERSIST, server_sweep_cb, s);
	s->resume = evtimer_new(base, server_resume_cb, s);
	s->grace = evtimer_new(base, server_grace_cb, s);
	s->check = evtimer_new(base, server_check_cb, s);
	s->host.streams = stream_pool_new(&conn_events);
	if (config->max_per_client != 0)
		s->per_host = host_connections_new(s->max_connections);
	if (s->host.streams == NULL || s->sweep == NULL || s->resume == NULL ||
	    s->grace == NULL || s->check == NULL ||
	    (config->max_per_client != 0 && s->per_host == NULL)) {
		server_free(s);
		return NULL;
	}
	if (s->host.service.order != NULL)
		s->host.service.order->service = &s->host.service;
	return s;
}

static void
server_close_listeners(struct server *s)
{
	while (s->gate_count > 0) {
		const struct gate *g = &s->gates[--s->gate_count];

		listener_free(g->listener);
		if (g->path != NULL)
			socket_remove_path(g->path);
	}
	s->accept_paused = false;
}

static void
free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

void
server_free(struct server *s)
{
	if (s == NULL)
		return;
	server_close_listeners(s);
	server_each_conn(s, close_for_stop);
	datagrams_free(s->datagrams);
	if (s->host.service.order != NULL)
		s->host.service.order->service = NULL;
	server_flush_log(s, 1);
	free_event(s->sweep);
	free_event(s->resume);
	free_event(s->grace);
	free_event(s->check);
	host_connections_free(s->per_host);
	stream_pool_free(s->host.streams);
	free(s);
}

/* How clients come to a socket. */
static enum client_way
way_to(evutil_socket_t fd, const struct entrance *entrance)
{
	const struct address where = listener_bound(fd);

	if (entrance != NULL)
		return entrance->way;
	return address_is_unix(&where) ? CLIENT_UNIX : CLIENT_PLAIN;
}

int
server_adopt(
    struct server *s, evutil_socket_t fd, const struct entrance *entrance)
{
	struct gate *g = &s->gates[s->gate_count];

	if (s->gate_count == SERVER_LISTEN_MAX) {
		errno = ENOSPC;
		return -1;
	}
	*g = (struct gate){
		.server = s,
		.entrance = entrance,
		.way = (uint8_t)way_to(fd, entrance),
	};
	g->listener =
	    listener_new(s->base, fd, server_accepted, server_accept_failed, g);
	if (g->listener == NULL) {
		errno = ENOMEM;
		return -1;
	}
	s->gate_count++;
	return 0;
}

/* Adopt a socket of our own, unless there is none. Closes it on failure. */
static int
adopt_own(struct server *s, evutil_socket_t fd, const struct entrance *entrance)
{
	int error;

	if (fd < 0)
		return -1;
	if (server_adopt(s, fd, entrance) != 0) {
		error = errno;
		socket_close(fd);
		errno = error;
		return -1;
	}
	return 0;
}

int
server_listen(struct server *s, const struct address *where, bool both_families,
    const struct entrance *entrance)
{
	return adopt_own(s, listener_bind(where, both_families), entrance);
}

int
server_listen_path(struct server *s, const char *path)
{
	evutil_socket_t fd = socket_bind_path(path);

	if (adopt_own(s, fd, NULL) == 0) {
		s->gates[s->gate_count - 1].path = path;
		return 0;
	}
	if (fd >= 0)
		socket_remove_path(path);
	return -1;
}

static uint64_t
server_new_client(void *arg)
{
	struct server *s = arg;

	return s->next_client++;
}

static void
server_datagrams_settled(void *arg)
{
	server_end_if_empty(arg);
}

/* Those of UDP, created if necessary. NULL when there is no memory. */
static struct datagrams *
server_need_datagrams(struct server *s)
{
	const struct datagrams_config config = {
		.service = &s->host.service,
		.log = &s->host.log,
		.new_client = server_new_client,
		.settled = server_datagrams_settled,
		.arg = s,
	};

	if (s->datagrams == NULL)
		s->datagrams = datagrams_new(s->base, &config);
	return s->datagrams;
}

int
server_listen_udp(
    struct server *s, const struct address *where, bool both_families)
{
	if (server_need_datagrams(s) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	return datagrams_bind(s->datagrams, where, both_families);
}

size_t
server_address_count(const struct server *s)
{
	return s->gate_count +
	    (s->datagrams == NULL ? 0 : datagrams_count(s->datagrams));
}

struct address
server_address(const struct server *s, size_t i)
{
	return i < s->gate_count ?
	    listener_address(s->gates[i].listener) :
	    datagrams_address(s->datagrams, i - s->gate_count);
}

uint16_t
server_port(const struct server *s)
{
	uint16_t port = 0;

	for (size_t i = 0; i < server_address_count(s) && port == 0; i++)
		port = server_address(s, i).port;
	return port;
}

int
server_start(struct server *s)
{
	const struct timeval every = { CONN_CLOCK_STEP_MS / 1000, 0 };

	if (event_add(s->sweep, &every) != 0)
		return -1;
	for (size_t i = 0; i < s->gate_count; i++)
		if (listener_start(s->gates[i].listener) != 0)
			return -1;
	return s->datagrams == NULL ? 0 : datagrams_start(s->datagrams);
}

/* An entrance of several gates is stopped more than once, which is fine. */
static void
server_stop_entrances(struct server *s)
{
	for (size_t i = 0; i < s->gate_count; i++) {
		const struct entrance *e = s->gates[i].entrance;

		if (e != NULL)
			e->stop(e->arg);
	}
}

void
server_stop(struct server *s)
{
	if (s->stopping)
		return;
	s->stopping = true;
	server_stop_entrances(s);
	server_close_listeners(s);
	if (s->datagrams != NULL)
		datagrams_stop(s->datagrams);
	event_del(s->resume);
	server_each_conn(s, finish_for_stop);
	if (server_is_empty(s) || add_timer(s->grace, STOP_GRACE_MS) != 0)
		server_end_grace(s);
}

void
server_check_peers(struct server *s)
{
	s->host.next_check = TAILQ_FIRST(&s->host.conns);
	add_timer(s->check, 0);
}

void
server_each_client(const struct server *s,
    void (*what)(void *arg, const struct conn_figures *figures), void *arg)
{
	for (struct conn *c = TAILQ_FIRST(&s->host.conns); c != NULL;
	     c = conn_next(c)) {
		struct conn_figures figures = conn_figures(c);

		what(arg, &figures);
	}
}

const struct counters *
server_counters(const struct server *s)
{
	return &s->host.counters;
}

const struct service *
server_service(const struct server *s)
{
	return &s->host.service;
}

const struct datagram_figures *
server_datagrams(const struct server *s)
{
	return s->datagrams == NULL ? NULL : datagrams_figures(s->datagrams);
}
