#include "fault/proxy.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "fault/dial.h"
#include "fault/pair.h"
#include "net/listener.h"
#include "system/error.h"
#include "system/process.h"
#include "system/socket.h"

#define ACCEPT_PAUSE_MS 100
#define SWEEP_MS        1000

/* Descriptors that are left to the rest of the program: standard streams, the
 * event loop, and a few more. */
#define DESCRIPTORS_LEFT 64

/* A client whose connection to the server is not there yet. */
struct caller {
	LIST_ENTRY(caller) link;
	struct fault_proxy *proxy; /* borrowed */
	struct dial *dial;         /* owned, with the client's descriptor */
	struct address from;
	uint64_t number;
};

struct fault_proxy {
	struct fault_proxy_config config;
	struct fault_figures figures;
	struct pair_host host;
	LIST_HEAD(, caller) callers;
	struct listener *listener; /* owned; NULL: not yet */
	size_t max_connections;
	bool accept_paused;
	struct event *sweep;  /* owned: log lines, once a second */
	struct event *resume; /* owned: accepts again after an error */

	struct log_limit connects, disconnects, refusals, failures, unreachable;
};

/* --- accepting ---------------------------------------------------------- */

static void
proxy_resume_accepting(struct fault_proxy *p)
{
	event_del(p->resume);
	p->accept_paused = listener_resume(p->listener) != 0;
}

static void
proxy_resume_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	proxy_resume_accepting(arg);
}

static void
proxy_accept_failed(void *arg, int error)
{
	const struct timeval after = { .tv_usec = ACCEPT_PAUSE_MS * 1000 };
	struct fault_proxy *p = arg;

	log_limited(&p->failures, LOG_WARN,
	    "accept: %s: pausing until a connection closes, or for %d ms",
	    error_text(error), ACCEPT_PAUSE_MS);
	p->accept_paused = true;
	listener_pause(p->listener);
	event_add(p->resume, &after); /* or the sweep does it */
}

/* A connection has gone, and its descriptors can be used again. */
static void
proxy_left(struct fault_proxy *p)
{
	p->figures.connections--;
	if (p->accept_paused)
		proxy_resume_accepting(p);
}

static void
proxy_refuse(struct fault_proxy *p, evutil_socket_t fd,
    const struct address *from, const char *why)
{
	char text[ADDRESS_TEXT_MAX];

	p->figures.refused++;
	log_limited(&p->refusals, LOG_WARN, "refuse: %s: %s",
	    address_format(from, text), why);
	socket_close(fd);
}

static void
proxy_closed(void *arg, const struct address *from, uint64_t number,
    const char *why, uint64_t requests)
{
	struct fault_proxy *p = arg;
	char text[ADDRESS_TEXT_MAX];

	log_limited(&p->disconnects, LOG_INFO,
	    "disconnect: %s: connection %" PRIu64 ": %s, %" PRIu64 " requests",
	    address_format(from, text), number, why, requests);
	proxy_left(p);
}

/* --- the connection to the server --------------------------------------- */

static void
proxy_unreachable(struct fault_proxy *p, evutil_socket_t fd,
    const struct address *from, const char *why)
{
	char client[ADDRESS_TEXT_MAX], server[ADDRESS_TEXT_MAX];

	p->figures.unreachable++;
	log_limited(&p->unreachable, LOG_WARN, "unreachable: %s: for %s: %s",
	    address_format(&p->config.to, server), address_format(from, client),
	    why);
	socket_close(fd);
	proxy_left(p);
}

/* Make a pair of a client and its connection to the server. */
static void
proxy_pair(struct fault_proxy *p, evutil_socket_t fd,
    struct bufferevent *server, const struct caller *c)
{
	struct stream_source from_client = { .plain = true };
	struct stream_source from_server = { .plain = true, .bev = server };
	struct bufferevent *client =
	    bufferevent_socket_new(p->config.base, fd, BEV_OPT_CLOSE_ON_FREE);
	char text[ADDRESS_TEXT_MAX];

	from_client.bev = client;
	if (client == NULL) {
		bufferevent_free(server);
		socket_close(fd);
	} else if (pair_new(&p->host, &from_client, &from_server, &c->from,
		       c->number) == 0) {
		log_limited(&p->connects, LOG_INFO,
		    "connect: %s: connection %" PRIu64,
		    address_format(&c->from, text), c->number);
		return;
	}
	log_limited(&p->refusals, LOG_WARN, "refuse: %s: out of memory",
	    address_format(&c->from, text));
	p->figures.refused++;
	proxy_left(p);
}

static void
proxy_dialled(void *arg, struct dial *d, evutil_socket_t fd,
    struct bufferevent *server, const char *why)
{
	struct caller *c = arg;
	struct fault_proxy *p = c->proxy;

	(void)d;
	LIST_REMOVE(c, link);
	if (server == NULL)
		proxy_unreachable(p, fd, &c->from, why);
	else
		proxy_pair(p, fd, server, c);
	free(c);
}

static void
proxy_accepted(void *arg, evutil_socket_t fd, const struct address *from)
{
	struct fault_proxy *p = arg;
	struct caller *c;

	if (p->figures.connections >= p->max_connections) {
		proxy_refuse(p, fd, from, "connection limit reached");
		return;
	}
	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		proxy_refuse(p, fd, from, "out of memory");
		return;
	}
	p->figures.connections++;
	*c = (struct caller){
		.proxy = p,
		.from = *from,
		.number = ++p->figures.accepted,
	};
	c->dial = dial_new(p->config.base, &p->config.to, fd, proxy_dialled, c);
	if (c->dial == NULL) {
		proxy_unreachable(p, fd, from, error_text(errno));
		free(c);
		return;
	}
	LIST_INSERT_HEAD(&p->callers, c, link);
}

/* --- its life ----------------------------------------------------------- */

static void
flush_log(struct fault_proxy *p, int finally)
{
	log_limit_flush(&p->connects, finally);
	log_limit_flush(&p->disconnects, finally);
	log_limit_flush(&p->refusals, finally);
	log_limit_flush(&p->failures, finally);
	log_limit_flush(&p->unreachable, finally);
	log_limit_flush(&p->host.flow.no_frame, finally);
}

static void
proxy_sweep_cb(evutil_socket_t fd, short what, void *arg)
{
	struct fault_proxy *p = arg;

	(void)fd;
	(void)what;
	flush_log(p, 0);
	if (p->accept_paused)
		proxy_resume_accepting(p);
}

/* The configured limit, or as many connections as descriptors allow. */
static size_t
connection_limit(size_t configured)
{
	size_t limit = process_descriptor_limit();
	size_t most = SIZE_MAX;

	if (limit != SIZE_MAX)
		most = limit > DESCRIPTORS_LEFT + 2 ?
		    (limit - DESCRIPTORS_LEFT) / 2 :
		    1;
	if (configured == 0)
		return most;
	if (configured > most)
		log_line(LOG_WARN,
		    "limit: %zu connections configured, descriptors allow %zu",
		    configured, most);
	return configured;
}

struct fault_proxy *
fault_proxy_new(const struct fault_proxy_config *config)
{
	struct fault_proxy *p = calloc(1, sizeof(*p));
	int begun;

	if (p == NULL)
		return NULL;
	p->config = *config;
	p->max_connections = connection_limit(config->max_connections);
	p->connects.kind = "connects";
	p->disconnects.kind = "disconnects";
	p->refusals.kind = "refusals";
	p->failures.kind = "failures to accept";
	p->unreachable.kind = "connections without the server";
	begun = pair_host_init(&p->host);
	p->host.base = config->base;
	p->host.flow.config = &p->config;
	p->host.flow.figures = &p->figures;
	p->host.closed = proxy_closed;
	p->host.arg = p;
	p->sweep = event_new(config->base, -1, EV_PERSIST, proxy_sweep_cb, p);
	p->resume = evtimer_new(config->base, proxy_resume_cb, p);
	if (begun != 0 || p->sweep == NULL || p->resume == NULL) {
		fault_proxy_free(p);
		return NULL;
	}
	return p;
}

static void
free_callers(struct fault_proxy *p)
{
	struct caller *next;

	for (struct caller *c = LIST_FIRST(&p->callers); c != NULL; c = next) {
		next = LIST_NEXT(c, link);
		dial_free(c->dial);
		free(c);
	}
}

void
fault_proxy_free(struct fault_proxy *p)
{
	if (p == NULL)
		return;
	p->accept_paused = false;
	listener_free(p->listener);
	free_callers(p);
	pair_host_end(&p->host);
	flush_log(p, 1);
	if (p->sweep != NULL)
		event_free(p->sweep);
	if (p->resume != NULL)
		event_free(p->resume);
	free(p);
}

/* Returns 0, or -1 with errno set. */
static int
proxy_start(struct fault_proxy *p)
{
	const struct timeval every = { .tv_sec = SWEEP_MS / 1000 };

	if (event_add(p->sweep, &every) != 0) {
		errno = ENOMEM;
		return -1;
	}
	return listener_start(p->listener);
}

int
fault_proxy_listen(
    struct fault_proxy *p, const struct address *where, bool both_families)
{
	evutil_socket_t fd = listener_bind(where, both_families);
	int error;

	if (fd < 0)
		return -1;
	p->listener = listener_new(
	    p->config.base, fd, proxy_accepted, proxy_accept_failed, p);
	if (p->listener == NULL) {
		socket_close(fd);
		errno = ENOMEM;
		return -1;
	}
	if (proxy_start(p) == 0)
		return 0;
	error = errno;
	listener_free(p->listener);
	p->listener = NULL;
	errno = error;
	return -1;
}

struct address
fault_proxy_address(const struct fault_proxy *p)
{
	return listener_address(p->listener);
}

const struct fault_figures *
fault_proxy_figures(const struct fault_proxy *p)
{
	return &p->figures;
}
