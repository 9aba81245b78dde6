#include "net/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

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
	int fd;                 /* owned */
	bool paused;
	listener_accepted_fn accepted;
	listener_failed_fn failed;
	void *arg; /* borrowed */
};

static int
set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* With SO_REUSEADDR sockets that do not listen yet could share the address. So
 * it is only for an address whose last connections are not forgotten yet.
 * Returns 0, or -1 with errno set. */
static int
bind_alone(int fd, const struct sockaddr *where, socklen_t length)
{
	if (bind(fd, where, length) == 0)
		return 0;
	if (errno != EADDRINUSE ||
	    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0)
		return -1;
	return bind(fd, where, length);
}

/* Returns 0, or -1 with errno set. */
static int
bind_to(int fd, const struct sockaddr_storage *where, socklen_t length,
    bool both_families)
{
	if (where->ss_family == AF_INET6 &&
	    set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !both_families) != 0)
		return -1;
	return bind_alone(fd, (const struct sockaddr *)where, length);
}

static int
bind_one(const struct address *where, bool both_families)
{
	struct sockaddr_storage to;
	socklen_t length = address_to_sockaddr(where, &to);
	int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(to.ss_family, type, 0);
	int error;

	if (fd >= 0 && bind_to(fd, &to, length, both_families) != 0) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

int
listener_bind(const struct address *where, bool both_families)
{
	struct address ipv4 = address_any_ipv4(where->port);
	int fd = bind_one(where, both_families);

	if (fd < 0 && both_families &&
	    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = bind_one(&ipv4, false);
	return fd;
}

/* The length of the queue of a socket that listens already is up to whoever
 * opened it. The next server can bind the address although connections of this
 * one are not forgotten yet: they inherit SO_REUSEADDR. */
int
listener_listen(int fd)
{
	int listens = 0;
	socklen_t length = sizeof(listens);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0)
		return -1;
	if (listens)
		return 0;
	if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0)
		return -1;
	return listen(fd, SOMAXCONN);
}

/* Accepted sockets inherit these, so that a connection costs no call. Errors
 * are ignored: a socket without one of them still works. */
void
listener_set_options(int fd)
{
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES);
	set_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
}

/* Accept one connection. Returns whether there may be more. */
static bool
accept_one(struct listener *l)
{
	struct sockaddr_storage from;
	socklen_t length = sizeof(from);
	struct address address;
	int fd = accept4(l->fd, (struct sockaddr *)&from, &length,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);

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
listener_new(struct event_base *base, int fd, listener_accepted_fn accepted,
    listener_failed_fn failed, void *arg)
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
	close(l->fd);
	free(l);
}

int
listener_start(struct listener *l)
{
	return listener_listen(l->fd) != 0 ? -1 : listener_resume(l);
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
listener_bound(int fd)
{
	struct sockaddr_storage bound = { 0 };
	socklen_t length = sizeof(bound);

	getsockname(fd, (struct sockaddr *)&bound, &length);
	return address_from_sockaddr(&bound);
}

struct address
listener_address(const struct listener *l)
{
	return listener_bound(l->fd);
}
