#ifndef NATIVE_SOCKET_H
#define NATIVE_SOCKET_H

#include <errno.h>
#include <limits.h>

/* Set errno to what the last error of a socket means. Returns -1. */
int native_socket_fail(void);

/* Make an accepted socket like those that socket_bind makes. */
void native_socket_accepted(SOCKET s);

static inline ssize_t
socket_receive(evutil_socket_t s, void *bytes, size_t room)
{
	int n = recv((SOCKET)s, bytes, (int)room, 0);

	return n == SOCKET_ERROR ? native_socket_fail() : n;
}

static inline ssize_t
socket_send(evutil_socket_t s, const void *bytes, size_t length)
{
	int n =
	    send((SOCKET)s, bytes, length < INT_MAX ? (int)length : INT_MAX, 0);

	return n == SOCKET_ERROR ? native_socket_fail() : n;
}

static inline int
socket_end_sending(evutil_socket_t s)
{
	return shutdown((SOCKET)s, SD_SEND) == 0 ? 0 : native_socket_fail();
}

static inline void
socket_close(evutil_socket_t s)
{
	closesocket((SOCKET)s);
}

static inline evutil_socket_t
socket_accept(evutil_socket_t s, struct sockaddr_storage *from)
{
	socklen_t length = sizeof(*from);
	SOCKET accepted = accept((SOCKET)s, (struct sockaddr *)from, &length);

	if (accepted == INVALID_SOCKET)
		return native_socket_fail();
	native_socket_accepted(accepted);
	return (evutil_socket_t)accepted;
}

static inline bool
socket_should_retry(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* What errno would be. */
int native_socket_error(void);

static inline int
socket_error(void)
{
	return native_socket_error();
}

#endif
