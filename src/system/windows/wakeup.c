#include "system/wakeup.h"

#include "system/socket.h"

int
wakeup_open(struct wakeup *w)
{
	evutil_socket_t pair[2];

	if (evutil_socketpair(AF_INET, SOCK_STREAM, 0, pair) != 0)
		return native_socket_fail();
	w->readable = pair[0];
	w->writable = pair[1];
	if (evutil_make_socket_nonblocking(pair[0]) == 0 &&
	    evutil_make_socket_nonblocking(pair[1]) == 0)
		return 0;
	wakeup_close(w);
	return native_socket_fail();
}

void
wakeup_close(struct wakeup *w)
{
	socket_close(w->readable);
	socket_close(w->writable);
}

/* Where the pair is full, it is readable. */
void
wakeup_signal(const struct wakeup *w)
{
	socket_send(w->writable, "", 1);
}

void
wakeup_clear(const struct wakeup *w)
{
	char bytes[64];

	while (socket_receive(w->readable, bytes, sizeof(bytes)) > 0)
		;
}
