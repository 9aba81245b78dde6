#include "system/socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "bound.h"

/* With SO_REUSEADDR sockets that do not listen yet could share the address. So
 * it is only for an address whose last connections are not forgotten yet.
 * Returns 0, or -1 with errno set. */
static int
bind_alone(int fd, const struct sockaddr_storage *where, socklen_t length)
{
	const struct sockaddr *address = (const struct sockaddr *)where;

	if (bind(fd, address, length) == 0)
		return 0;
	if (errno != EADDRINUSE ||
	    bound_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0)
		return -1;
	return bind(fd, address, length);
}

evutil_socket_t
socket_bind(
    const struct sockaddr_storage *where, socklen_t length, bool both_families)
{
	return bound_new(SOCK_STREAM, where, length, both_families, bind_alone);
}

/* Returns 0, or -1 with errno set. */
static int
address_of_path(const char *path, struct sockaddr_un *address)
{
	size_t length = strlen(path);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (length >= sizeof(address->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address->sun_path, path, length + 1);
	return 0;
}

static int
new_local(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Whether there is a socket on which nobody listens. If not, errno says
 * why. */
static bool
is_abandoned(const struct sockaddr_un *where)
{
	struct stat there;
	bool refused;
	int fd;

	if (lstat(where->sun_path, &there) != 0)
		return false;
	if (!S_ISSOCK(there.st_mode)) {
		errno = EEXIST;
		return false;
	}
	fd = new_local();
	if (fd < 0)
		return false;
	refused =
	    connect(fd, (const struct sockaddr *)where, sizeof(*where)) != 0 &&
	    errno == ECONNREFUSED;
	close(fd);
	errno = EADDRINUSE;
	return refused;
}

/* Returns 0, or -1 with errno set. */
static int
bind_path(int fd, const struct sockaddr_un *where)
{
	const struct sockaddr *address = (const struct sockaddr *)where;

	if (bind(fd, address, sizeof(*where)) == 0)
		return 0;
	if (errno != EADDRINUSE || !is_abandoned(where) ||
	    unlink(where->sun_path) != 0)
		return -1;
	return bind(fd, address, sizeof(*where));
}

/* It listens at once: else the next one would take it for abandoned. */
evutil_socket_t
socket_bind_path(const char *path)
{
	struct sockaddr_un where;
	int fd, error;

	if (address_of_path(path, &where) != 0)
		return -1;
	fd = new_local();
	if (fd < 0)
		return -1;
	if (bind_path(fd, &where) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

void
socket_remove_path(const char *path)
{
	struct sockaddr_un where;

	if (address_of_path(path, &where) == 0 && is_abandoned(&where))
		unlink(path);
}

/* The length of the queue of a socket that listens already is up to whoever
 * opened it. The next server can bind the address although connections of this
 * one are not forgotten yet: they inherit SO_REUSEADDR. */
int
socket_listen(evutil_socket_t s)
{
	int listens = 0;
	socklen_t length = sizeof(listens);

	if (getsockopt(s, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0)
		return -1;
	if (listens)
		return 0;
	if (bound_set_option(s, SOL_SOCKET, SO_REUSEADDR, 1) != 0)
		return -1;
	return listen(s, SOMAXCONN);
}

/* Accepted sockets inherit these, so that a connection costs no call. */
void
socket_set_options(evutil_socket_t s, const struct socket_options *o)
{
	socket_set_no_delay(s);
	bound_set_option(s, SOL_SOCKET, SO_SNDBUF, o->send_buffer);
	bound_set_option(s, SOL_SOCKET, SO_RCVBUF, o->receive_buffer);
	bound_set_option(s, SOL_SOCKET, SO_KEEPALIVE, 1);
	bound_set_option(s, IPPROTO_TCP, TCP_KEEPIDLE, o->keepalive_idle);
	bound_set_option(s, IPPROTO_TCP, TCP_KEEPINTVL, o->keepalive_interval);
	bound_set_option(s, IPPROTO_TCP, TCP_KEEPCNT, o->keepalive_probes);
	bound_set_option(s, IPPROTO_TCP, TCP_USER_TIMEOUT, o->user_timeout);
}
