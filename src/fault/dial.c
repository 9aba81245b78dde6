#include "fault/dial.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <stdlib.h>

#include "net/listener.h"
#include "system/error.h"
#include "system/socket.h"

struct dial {
	struct bufferevent *bev; /* owned */
	evutil_socket_t fd;      /* owned; the client's */
	dial_done_fn done;
	void *arg; /* borrowed */
};

static void
dial_drop(struct dial *d)
{
	if (d->bev != NULL)
		bufferevent_free(d->bev);
	free(d);
}

static void
dial_end(struct dial *d, const char *why)
{
	struct bufferevent *server = d->bev;

	if (why == NULL) {
		bufferevent_set_timeouts(server, NULL, NULL);
		d->bev = NULL;
	}
	d->done(d->arg, d, d->fd, why == NULL ? server : NULL, why);
	dial_drop(d);
}

/* Some systems connect at once. */
static void
dial_write_cb(struct bufferevent *bev, void *arg)
{
	(void)bev;
	dial_end(arg, NULL);
}

static void
dial_event_cb(struct bufferevent *bev, short what, void *arg)
{
	int error = socket_error();

	(void)bev;
	if (what & BEV_EVENT_CONNECTED)
		dial_end(arg, NULL);
	else if (what & BEV_EVENT_TIMEOUT)
		dial_end(arg, error_text(ETIMEDOUT));
	else
		dial_end(arg, error_text(error));
}

/* Returns 0, or -1 with errno set. */
static int
dial_begin(struct dial *d, struct event_base *base, const struct address *to)
{
	const struct timeval most = { .tv_sec = DIAL_MS / 1000 };
	struct sockaddr_storage sockaddr;
	int length = (int)address_to_sockaddr(to, &sockaddr);

	errno = ENOMEM;
	d->bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (d->bev == NULL)
		return -1;
	bufferevent_setcb(d->bev, NULL, dial_write_cb, dial_event_cb, d);
	if (bufferevent_set_timeouts(d->bev, NULL, &most) != 0 ||
	    bufferevent_socket_connect(
		d->bev, (struct sockaddr *)&sockaddr, length) != 0)
		return -1;
	listener_set_options(bufferevent_getfd(d->bev));
	return 0;
}

struct dial *
dial_new(struct event_base *base, const struct address *to, evutil_socket_t fd,
    dial_done_fn done, void *arg)
{
	struct dial *d = calloc(1, sizeof(*d));
	int error;

	if (d == NULL)
		return NULL;
	d->fd = fd;
	d->done = done;
	d->arg = arg;
	if (dial_begin(d, base, to) == 0)
		return d;
	error = errno;
	dial_drop(d);
	errno = error;
	return NULL;
}

void
dial_free(struct dial *d)
{
	socket_close(d->fd);
	dial_drop(d);
}
