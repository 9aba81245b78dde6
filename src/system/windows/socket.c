#include "system/socket.h"

#include <mstcpip.h>

#include "wide.h"

/* Of ws2ipdef.h, as later versions of mingw-w64 have it. */
#define WINDOWS_TCP_KEEPIDLE  3
#define WINDOWS_TCP_MAXRT     5
#define WINDOWS_TCP_KEEPCNT   16
#define WINDOWS_TCP_KEEPINTVL 17

int
native_socket_fail(void)
{
	return windows_fail_with((DWORD)WSAGetLastError());
}

int
native_socket_error(void)
{
	int error = WSAGetLastError();
	int before = errno, result;

	if (error == 0)
		return 0;
	windows_fail_with((DWORD)error);
	result = errno;
	errno = before;
	return result;
}

static int
set_option(evutil_socket_t s, int level, int option, int value)
{
	return setsockopt((SOCKET)s, level, option, (const char *)&value,
		   sizeof(value)) == 0 ?
	    0 :
	    native_socket_fail();
}

/* Not blocking, and not inherited. */
static int
prepare(SOCKET s)
{
	u_long on = 1;

	SetHandleInformation((HANDLE)s, HANDLE_FLAG_INHERIT, 0);
	return ioctlsocket(s, (long)FIONBIO, &on) == 0 ? 0 :
							 native_socket_fail();
}

/* Whether this is inherited of the listening socket is said nowhere. */
void
native_socket_accepted(SOCKET s)
{
	prepare(s);
	socket_set_no_delay((evutil_socket_t)s);
}

/* Otherwise whoever comes later, with SO_REUSEADDR, could take the address away
 * from a socket that listens. */
static int
bind_alone(evutil_socket_t s, const struct sockaddr_storage *where,
    socklen_t length, bool both_families)
{
	if (set_option(s, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1) != 0)
		return -1;
	if (where->ss_family == AF_INET6 &&
	    set_option(s, IPPROTO_IPV6, IPV6_V6ONLY, !both_families) != 0)
		return -1;
	if (bind((SOCKET)s, (const struct sockaddr *)where, length) != 0)
		return native_socket_fail();
	return 0;
}

evutil_socket_t
socket_bind(
    const struct sockaddr_storage *where, socklen_t length, bool both_families)
{
	SOCKET s = socket(where->ss_family, SOCK_STREAM, IPPROTO_TCP);
	int error;

	if (s == INVALID_SOCKET)
		return native_socket_fail();
	if (prepare(s) == 0 &&
	    bind_alone((evutil_socket_t)s, where, length, both_families) == 0)
		return (evutil_socket_t)s;
	error = errno;
	closesocket(s);
	errno = error;
	return -1;
}

evutil_socket_t
socket_bind_path(const char *path)
{
	(void)path;
	errno = EAFNOSUPPORT;
	return -1;
}

void
socket_remove_path(const char *path)
{
	(void)path;
}

int
socket_listen(evutil_socket_t s)
{
	int listens = 0;
	socklen_t length = sizeof(listens);

	if (getsockopt((SOCKET)s, SOL_SOCKET, SO_ACCEPTCONN, (char *)&listens,
		&length) != 0)
		return native_socket_fail();
	if (listens)
		return 0;
	return listen((SOCKET)s, SOMAXCONN) == 0 ? 0 : native_socket_fail();
}

/* Seconds that data may be unacknowledged are what Windows has of it. */
void
socket_set_options(evutil_socket_t s, const struct socket_options *o)
{
	socket_set_no_delay(s);
	set_option(s, SOL_SOCKET, SO_SNDBUF, o->send_buffer);
	set_option(s, SOL_SOCKET, SO_RCVBUF, o->receive_buffer);
	set_option(s, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(s, IPPROTO_TCP, WINDOWS_TCP_KEEPIDLE, o->keepalive_idle);
	set_option(
	    s, IPPROTO_TCP, WINDOWS_TCP_KEEPINTVL, o->keepalive_interval);
	set_option(s, IPPROTO_TCP, WINDOWS_TCP_KEEPCNT, o->keepalive_probes);
	set_option(s, IPPROTO_TCP, WINDOWS_TCP_MAXRT, o->user_timeout / 1000);
}
