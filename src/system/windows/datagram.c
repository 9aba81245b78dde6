#include "system/datagram.h"

#include <mstcpip.h>

#include "system/socket.h"

/* Of mswsock.h, as later versions of mingw-w64 have it. */
#define WINDOWS_SIO_UDP_CONNRESET _WSAIOW(IOC_VENDOR, 12)

static int
set_option(SOCKET s, int level, int option, int value)
{
	return setsockopt(
		   s, level, option, (const char *)&value, sizeof(value)) == 0 ?
	    0 :
	    native_socket_fail();
}

/* Not blocking, and not inherited. That a peer has gone is no error of a
 * socket that others use. */
static int
prepare(SOCKET s)
{
	BOOL report = FALSE;
	DWORD length;
	u_long on = 1;

	SetHandleInformation((HANDLE)s, HANDLE_FLAG_INHERIT, 0);
	WSAIoctl(s, WINDOWS_SIO_UDP_CONNRESET, &report, sizeof(report), NULL, 0,
	    &length, NULL, NULL);
	return ioctlsocket(s, (long)FIONBIO, &on) == 0 ? 0 :
							 native_socket_fail();
}

static int
bind_alone(SOCKET s, const struct sockaddr_storage *where, socklen_t length,
    bool both_families)
{
	if (set_option(s, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1) != 0)
		return -1;
	if (where->ss_family == AF_INET6 &&
	    set_option(s, IPPROTO_IPV6, IPV6_V6ONLY, !both_families) != 0)
		return -1;
	if (bind(s, (const struct sockaddr *)where, length) != 0)
		return native_socket_fail();
	return 0;
}

evutil_socket_t
datagram_bind(
    const struct sockaddr_storage *where, socklen_t length, bool both_families)
{
	SOCKET s = socket(where->ss_family, SOCK_DGRAM, IPPROTO_UDP);
	int error;

	if (s == INVALID_SOCKET)
		return native_socket_fail();
	if (prepare(s) == 0 && bind_alone(s, where, length, both_families) == 0)
		return (evutil_socket_t)s;
	error = errno;
	closesocket(s);
	errno = error;
	return -1;
}

/* What is too long is an error here, but has been received. */
ssize_t
datagram_receive(
    evutil_socket_t s, void *bytes, size_t room, struct datagram_ends *ends)
{
	socklen_t length = sizeof(ends->peer);
	int n;

	ends->peer.ss_family = ends->local.ss_family = 0;
	ends->to_many = false;
	n = recvfrom((SOCKET)s, bytes, (int)room, 0,
	    (struct sockaddr *)&ends->peer, &length);
	if (n != SOCKET_ERROR)
		return n;
	return WSAGetLastError() == WSAEMSGSIZE ? (ssize_t)room :
						  native_socket_fail();
}

int
datagram_send(evutil_socket_t s, const void *bytes, size_t length,
    const struct datagram_ends *ends)
{
	int size = ends->peer.ss_family == AF_INET ?
	    (int)sizeof(struct sockaddr_in) :
	    (int)sizeof(struct sockaddr_in6);

	return sendto((SOCKET)s, bytes, (int)length, 0,
		   (const struct sockaddr *)&ends->peer, size) != SOCKET_ERROR ?
	    0 :
	    native_socket_fail();
}
