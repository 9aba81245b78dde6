#include "net/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdlib.h>

#include "system/socket.h"

/* Connections accepted in one turn of the event loop. */
#define ACCEPT_BATCH 64

/* A dead peer is detected by keepalive while idle, and by the user timeout
 * while acknowledgements are missing. */
#define KEEPALIVE_IDLE_S     60
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_PROBES     3
#define USER_TIMEOUT_MS      90000

/* Limit the kernel memory of a client that does not read. The kernel doubles
 * these values; without them it grows the buffers to megabytes. */
#define SEND_BUFFER_BYTES    (64 * 1024)
#define RECEIVE_BUFFER_BYTES (64 * 1024)

struct listener {
	struct event *readable; /* owned */
	evutil_socket_t fd;     /* owned */
	bool paused;
	listener_accepted_fn accepted;
	listener_failed_fn failed;
	void *arg; /* borrowed */
};

static evutil_socket_t
bind_one(const struct address *where, bool both_families)
{
	struct sockaddr_storage to;
	socklen_t length = address_to_sockaddr(where, &to);

	return socket_bind(&to, length, both_families);
}

evutil_socket_t
listener_bind(const struct address *where, bool both_families)
{
	struct address ipv4 = address_any_ipv4(where->port);
	evutil_socket_t fd = bind_one(where, both_families);

	if (fd < 0 && both_families &&
	    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = bind_one(&ipv4, false);
	return fd;
}

/* Accepted sockets have these, too, so that a connection costs no call. */
void
listener_set_options(evutil_socket_t fd)
{
	static const struct socket_options options = {
		.send_buffer = SEND_BUFFER_BYTES,
		.receive_buffer = RECEIVE_BUFFER_BYTES,
		.keepalive_idle = KEEPALIVE_IDLE_S,
		.keepalive_interval = KEEPALIVE_INTERVAL_S,
		.keepalive_probes = KEEPALIVE_PROBES,
		.user_timeout = USER_TIMEOUT_MS,
	};

	socket_set_options(fd, &options);
}

/* Accept one connection. Returns whether there may be more. */
static bool
accept_one(struct listener *l)
{
	struct sockaddr_storage from;
	struct address address;
	evutil_socket_t fd = socket_accept(l->fd, &from);

	if (fd >= 0) {
		address = address_from_sockaddr(&from);
		l->accepted(l->arg, fd, &address);
		return true;
	}
	if (errno == EINTR || errno == ECONNABORTED)
		return true;
	if (errno != EAGAIN)
		l->failed(l->arg, errno);
	return false;
}

static void
listener_readable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	(void)fd;
	(void)what;
	for (int i = 0; i < ACCEPT_BATCH && !l->paused; i++)
		if (!accept_one(l))
			return;
}

struct listener *
listener_new(struct event_base *base, evutil_socket_t fd,
    listener_accepted_fn accepted, listener_failed_fn failed, void *arg)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->accepted = accepted;
	l->failed = failed;
	l->arg = arg;
	l->paused = true;
	l->readable =
	    event_new(base, fd, EV_READ | EV_PERSIST, listener_readable_cb, l);
	if (l->readable == NULL) {
		free(l);
		return NULL;
	}
	evutil_make_socket_nonblocking(fd); /* systemd passes blocking ones */
	listener_set_options(fd);
	l->fd = fd;
	return l;
}

void
listener_free(struct listener *l)
{
	if (l == NULL)
		return;
	event_free(l->readable);
	socket_close(l->fd);
	free(l);
}

int
listener_start(struct listener *l)
{
	return socket_listen(l->fd) != 0 ? -1 : listener_resume(l);
}

int
listener_resume(struct listener *l)
{
	if (event_add(l->readable, NULL) != 0)
		return -1;
	l->paused = false;
	return 0;
}

void
listener_pause(struct listener *l)
{
	event_del(l->readable);
	l->paused = true;
}

struct address
listener_bound(evutil_socket_t fd)
{
	struct sockaddr_storage bound;

	socket_address(fd, &bound);
	return address_from_sockaddr(&bound);
}

struct address
listener_address(const struct listener *l)
{
	return listener_bound(l->fd);
}
