#include "net/door.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/client.h"
#include "base/clock.h"
#include "base/identity.h"
#include "base/log.h"
#include "base/queue.h"
#include "net/server.h"
#include "service/transport.h"
#include "system/socket.h"

#define CHECK_MS 250 /* the deadlines */

enum guest_state {
	GUEST_WAITING,
	GUEST_QUEUED,
	GUEST_LEAVING,
};

struct guest {
	TAILQ_ENTRY(guest) link;
	TAILQ_ENTRY(guest) place;    /* in the queue */
	struct door *door;           /* borrowed */
	struct transport *transport; /* owned; NULL until its first turn */
	struct event ready;          /* the socket */
	struct client client;
	evutil_socket_t fd; /* owned */
	enum guest_state state;
	uint64_t came;
	uint64_t since;  /* when it began to wait or to leave */
	uint64_t waited; /* before that: our own queue does not count */
};

struct door {
	struct event_base *base; /* borrowed */
	struct server *server;   /* borrowed */
	const struct transport_source *source;
	struct door_limits limits;
	struct entrance entrance;
	TAILQ_HEAD(, guest) guests; /* the first one has come first */
	TAILQ_HEAD(, guest) queue;
	size_t count;
	bool held;          /* nobody comes in */
	struct event turn;  /* the queue's next one */
	struct event check; /* of deadlines */
	struct log_limit failed_limit;
};

void
door_limits_init(struct door_limits *limits)
{
	*limits = (struct door_limits){
		.guests = 512,
		.handshake = 10 * 1000,
		.patience = 3 * 1000,
		.leaving = 1 * 1000,
	};
}

static void
door_hold(struct door *d, bool held)
{
	if (d->held != held)
		server_hold(d->server, &d->entrance, held);
	d->held = held;
}

/* Forget a guest; its transport and descriptor are the caller's. */
static void
guest_free(struct guest *g)
{
	struct door *d = g->door;

	event_del(&g->ready);
	if (g->state == GUEST_QUEUED)
		TAILQ_REMOVE(&d->queue, g, place);
	TAILQ_REMOVE(&d->guests, g, link);
	d->count--;
	free(g);
}

/* It leaves now. */
static void
guest_drop(struct guest *g)
{
	const struct client client = g->client;
	struct door *d = g->door;

	if (g->transport != NULL)
		g->transport->methods->free(g->transport);
	socket_close(g->fd);
	guest_free(g);
	server_left(d->server, &client);
	if (d->count < d->limits.guests)
		door_hold(d, false);
}

static void
guest_log(struct guest *g, const char *why)
{
	uint64_t took = clock_ms() - g->came;
	char peer[ADDRESS_TEXT_MAX];

	log_limited(&g->door->failed_limit, LOG_WARN,
	    "tls: %s: no handshake: %s, %" PRIu64 ".%03u s",
	    address_format(&g->client.address, peer), why, took / 1000,
	    (unsigned)(took % 1000));
}

static void guest_ready_cb(evutil_socket_t fd, short what, void *arg);

/* Wait for the socket, to read or to write. */
static void
guest_wait(struct guest *g, short what)
{
	g->state = GUEST_WAITING;
	g->since = clock_ms();
	event_assign(&g->ready, g->door->base, g->fd, what, guest_ready_cb, g);
	if (event_add(&g->ready, NULL) == 0)
		return;
	guest_log(g, "out of memory");
	guest_drop(g);
}

/* Refused, and told so: give it time to read that. */
static void
guest_leave(struct guest *g)
{
	g->transport->methods->free(g->transport);
	g->transport = NULL;
	g->state = GUEST_LEAVING;
	g->since = clock_ms();
	event_assign(&g->ready, g->door->base, g->fd, EV_READ | EV_PERSIST,
	    guest_ready_cb, g);
	if (socket_end_sending(g->fd) != 0 || event_add(&g->ready, NULL) != 0)
		guest_drop(g);
}

/* Its handshake is done. */
static void
guest_admit(struct guest *g)
{
	struct transport *transport = g->transport;
	struct client client = g->client;
	struct door *d = g->door;
	evutil_socket_t fd = g->fd;

	client.identity = transport->methods->identity(transport, &client);
	if (client.identity == NULL) {
		guest_log(g, "out of memory");
		guest_drop(g);
		return;
	}
	guest_free(g);
	server_admit(d->server, fd, transport, &client);
	identity_release(client.identity);
	if (d->count < d->limits.guests)
		door_hold(d, false);
}

/* Its turn has come. */
static void
guest_step(struct guest *g)
{
	const struct transport_source *source = g->door->source;

	if (g->transport == NULL)
		g->transport = source->begin(source->arg, g->fd);
	if (g->transport == NULL) {
		guest_log(g, "out of memory");
		guest_drop(g);
		return;
	}
	switch (g->transport->methods->shake_hands(g->transport)) {
	case TRANSPORT_DONE:
		guest_admit(g);
		break;
	case TRANSPORT_WANTS_READ:
		guest_wait(g, EV_READ);
		break;
	case TRANSPORT_WANTS_WRITE:
		guest_wait(g, EV_WRITE);
		break;
	case TRANSPORT_EOF:
	case TRANSPORT_FAILED:
		guest_log(g, g->transport->methods->reason(g->transport));
		guest_leave(g);
		break;
	}
}

/* Have the first in the queue served in the next turn of the loop. A timer,
 * since an event that is made active would be run in this one. */
static void
door_await_turn(struct door *d)
{
	const struct timeval at_once = { 0, 0 };

	event_add(&d->turn, &at_once);
}

static void
door_turn_cb(evutil_socket_t fd, short what, void *arg)
{
	struct door *d = arg;
	struct guest *first = TAILQ_FIRST(&d->queue);

	(void)fd;
	(void)what;
	if (first == NULL)
		return;
	TAILQ_REMOVE(&d->queue, first, place);
	first->state = GUEST_WAITING;
	guest_step(first);
	if (!TAILQ_EMPTY(&d->queue))
		door_await_turn(d);
}

/* Drop what it sends. */
static void
guest_read_away(struct guest *g)
{
	char space[4096];
	ssize_t n = socket_receive(g->fd, space, sizeof(space));

	if (n == 0 || (n < 0 && !socket_should_retry(errno)))
		guest_drop(g);
}

static void
guest_ready_cb(evutil_socket_t fd, short what, void *arg)
{
	struct guest *g = arg;
	struct door *d = g->door;

	(void)fd;
	(void)what;
	if (g->state == GUEST_LEAVING) {
		guest_read_away(g);
		return;
	}
	g->waited += clock_ms() - g->since;
	g->state = GUEST_QUEUED;
	TAILQ_INSERT_TAIL(&d->queue, g, place);
	if (TAILQ_FIRST(&d->queue) == g)
		door_await_turn(d);
}

static void
guest_late(struct guest *g, const char *why)
{
	const struct transport_source *source = g->door->source;

	guest_log(g, why);
	if (source->late != NULL)
		source->late(source->arg);
	guest_drop(g);
}

/* How long it has kept us waiting. */
static uint64_t
guest_waited(const struct guest *g, uint64_t now)
{
	return g->waited + (g->state == GUEST_WAITING ? now - g->since : 0);
}

static void
guest_check(struct guest *g, bool held, uint64_t now)
{
	const struct door *d = g->door;

	if (g->state == GUEST_LEAVING) {
		if (now - g->since > d->limits.leaving)
			guest_drop(g);
	} else if (now - g->came > d->limits.handshake) {
		guest_late(g, "not done in time");
	} else if (held && guest_waited(g, now) > d->limits.patience) {
		guest_late(g, "too slow while others wait");
	}
}

static void
door_check_cb(evutil_socket_t fd, short what, void *arg)
{
	const uint64_t now = clock_ms();
	struct door *d = arg;
	const bool held = d->held;
	struct guest *g, *next;

	(void)fd;
	(void)what;
	for (g = TAILQ_FIRST(&d->guests); g != NULL; g = next) {
		next = TAILQ_NEXT(g, link);
		guest_check(g, held, now);
	}
	log_limit_flush(&d->failed_limit, 0);
	if (d->count == 0 && d->failed_limit.window_end == 0)
		event_del(&d->check);
}

static void
door_come_in(void *arg, evutil_socket_t fd, const struct client *who)
{
	const struct timeval every = { 0, CHECK_MS * 1000 };
	struct door *d = arg;
	struct guest *g = calloc(1, sizeof(*g));

	if (g == NULL ||
	    (!event_pending(&d->check, EV_TIMEOUT, NULL) &&
		event_add(&d->check, &every) != 0)) {
		free(g);
		socket_close(fd);
		server_left(d->server, who);
		return;
	}
	g->door = d;
	g->fd = fd;
	g->client = *who;
	g->came = clock_ms();
	TAILQ_INSERT_TAIL(&d->guests, g, link);
	if (++d->count == d->limits.guests)
		door_hold(d, true);
	guest_wait(g, EV_READ);
}

static void
door_stop(void *arg)
{
	struct door *d = arg;
	struct guest *g, *next;

	for (g = TAILQ_FIRST(&d->guests); g != NULL; g = next) {
		next = TAILQ_NEXT(g, link);
		guest_drop(g);
	}
}

struct door *
door_new(struct event_base *base, struct server *server,
    const struct transport_source *source, const struct door_limits *limits)
{
	struct door *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->base = base;
	d->server = server;
	d->source = source;
	d->limits = *limits;
	d->entrance = (struct entrance){
		.arg = d,
		.way = CLIENT_TLS,
		.come_in = door_come_in,
		.stop = door_stop,
	};
	d->failed_limit.kind = "failed handshakes";
	TAILQ_INIT(&d->guests);
	TAILQ_INIT(&d->queue);
	evtimer_assign(&d->turn, base, door_turn_cb, d);
	event_assign(&d->check, base, -1, EV_PERSIST, door_check_cb, d);
	return d;
}

void
door_free(struct door *d)
{
	if (d == NULL)
		return;
	door_stop(d);
	log_limit_flush(&d->failed_limit, 1);
	event_del(&d->turn);
	event_del(&d->check);
	free(d);
}

const struct entrance *
door_entrance(const struct door *d)
{
	return &d->entrance;
}

size_t
door_guests(const struct door *d)
{
	return d->count;
}
