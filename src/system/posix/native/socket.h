#ifndef NATIVE_SOCKET_H
#define NATIVE_SOCKET_H

#include <errno.h>
#include <unistd.h>

static inline ssize_t
socket_receive(evutil_socket_t s, void *bytes, size_t room)
{
	return recv(s, bytes, room, 0);
}

static inline ssize_t
socket_send(evutil_socket_t s, const void *bytes, size_t length)
{
	return send(s, bytes, length, MSG_NOSIGNAL);
}

static inline int
socket_end_sending(evutil_socket_t s)
{
	return shutdown(s, SHUT_WR);
}

static inline void
socket_close(evutil_socket_t s)
{
	close(s);
}

static inline evutil_socket_t
socket_accept(evutil_socket_t s, struct sockaddr_storage *from)
{
	socklen_t length = sizeof(*from);

	return accept4(
	    s, (struct sockaddr *)from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static inline bool
socket_should_retry(int error)
{
	return error == EAGAIN || error == EINTR;
}

static inline int
socket_error(void)
{
	return errno;
}

#endif
