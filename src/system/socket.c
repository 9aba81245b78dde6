/* What is the same on every system. */
#include "system/socket.h"

void
socket_set_no_delay(evutil_socket_t s)
{
	const int on = 1;

	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, (const void *)&on, sizeof(on));
}

void
socket_reset_on_close(evutil_socket_t s)
{
	const struct linger none = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(s, SOL_SOCKET, SO_LINGER, (const void *)&none, sizeof(none));
}

void
socket_address(evutil_socket_t s, struct sockaddr_storage *address)
{
	socklen_t length = sizeof(*address);

	*address = (struct sockaddr_storage){ 0 };
	getsockname(s, (struct sockaddr *)address, &length);
}
