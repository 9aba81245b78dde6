#include "net/pump.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

#include "system/socket.h"

struct pump {
	struct transport *transport; /* owned */
	struct evbuffer *out;        /* borrowed */
	const struct pump_events *events;
	void *arg;
	struct event readable;
	struct event writable; /* pending while something waits for it */
	evutil_socket_t fd;
	size_t begun; /* bytes of out that the next write has to begin with */
	bool failed;  /* the transport */
	bool reading; /* the owner wants to */
	bool read_wants_write;
	bool write_wants_read;
	bool shutting; /* the peer has still to be told */
	bool shut;     /* it was told */
	bool ends;     /* then the socket's sending side ends */
};

/* Read what the transport has kept, of which the socket says nothing. After
 * those whose sockets are ready: they are not to wait for one that has sent
 * many records. */
static void
pump_read_kept(struct pump *p)
{
	if (p->reading && !p->failed && !p->read_wants_write &&
	    !p->write_wants_read &&
	    p->transport->methods->has_kept(p->transport))
		event_active(&p->readable, EV_READ, 0);
}

/* Wait for what the transport wants. Returns 0, or -1 when there is no
 * memory. */
static int
pump_await(struct pump *p)
{
	if (p->read_wants_write || p->shutting ||
	    (evbuffer_get_length(p->out) != 0 && !p->write_wants_read)) {
		if (event_add(&p->writable, NULL) != 0)
			return -1;
	} else {
		event_del(&p->writable);
	}
	if (!p->reading && !p->write_wants_read)
		return event_del(&p->readable);
	if (event_add(&p->readable, NULL) != 0)
		return -1;
	pump_read_kept(p); /* last: libevent adds no event that is active */
	return 0;
}

/* What is unsent can't be sent any more. */
static void
pump_fail(struct pump *p)
{
	p->failed = true;
	p->read_wants_write = p->write_wants_read = p->shutting = false;
	evbuffer_drain(p->out, SIZE_MAX);
}

/* Write the first bytes of out. */
static enum transport_step
write_first(struct pump *p)
{
	size_t length = evbuffer_get_length(p->out);
	enum transport_step step;
	const uint8_t *bytes;

	if (length > TRANSPORT_RECORD_MAX)
		length = TRANSPORT_RECORD_MAX;
	if (p->begun != 0)
		length = p->begun;
	bytes = evbuffer_pullup(p->out, (ev_ssize_t)length);
	if (bytes == NULL)
		return errno = ENOMEM, TRANSPORT_FAILED;
	step = p->transport->methods->write(p->transport, bytes, length);
	p->begun = step == TRANSPORT_DONE ? 0 : length;
	if (step == TRANSPORT_DONE)
		evbuffer_drain(p->out, length);
	return step;
}

/* Send what is unsent. The last thing that an event does. */
static void
pump_drain(struct pump *p)
{
	size_t before = evbuffer_get_length(p->out);
	enum transport_step step = TRANSPORT_DONE;
	int error;

	p->write_wants_read = false;
	errno = 0;
	while (step == TRANSPORT_DONE && evbuffer_get_length(p->out) != 0)
		step = write_first(p);
	error = errno;
	p->write_wants_read = step == TRANSPORT_WANTS_READ;
	if (step == TRANSPORT_FAILED) {
		pump_fail(p);
		p->events->broken(p->arg, error != 0 ? error : -1);
	} else if (pump_await(p) != 0) {
		p->events->broken(p->arg, ENOMEM);
	} else if (evbuffer_get_length(p->out) < before) {
		p->events->sent(p->arg);
	}
}

static void
pump_readable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct pump *p = arg;

	(void)fd;
	(void)what;
	if (p->write_wants_read)
		pump_drain(p);
	else
		p->events->readable(p->arg);
}

static void
pump_writable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct pump *p = arg;

	(void)fd;
	(void)what;
	if (p->shutting)
		pump_shut(p);
	else if (!p->read_wants_write)
		pump_drain(p);
	else if (p->read_wants_write = false, pump_await(p) != 0)
		p->events->broken(p->arg, ENOMEM);
	else
		p->events->readable(p->arg);
}

struct pump *
pump_new(struct event_base *base, evutil_socket_t fd,
    struct transport *transport, struct evbuffer *out,
    const struct pump_events *events, void *arg)
{
	struct pump *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->transport = transport;
	p->out = out;
	p->events = events;
	p->arg = arg;
	p->fd = fd;
	event_assign(
	    &p->readable, base, fd, EV_READ | EV_PERSIST, pump_readable_cb, p);
	event_assign(
	    &p->writable, base, fd, EV_WRITE | EV_PERSIST, pump_writable_cb, p);
	return p;
}

void
pump_free(struct pump *p)
{
	if (evbuffer_get_length(p->out) == 0)
		pump_shut(p);
	event_del(&p->readable);
	event_del(&p->writable);
	p->transport->methods->free(p->transport);
	free(p);
}

int
pump_read(struct pump *p)
{
	p->reading = true;
	return pump_await(p);
}

void
pump_pause(struct pump *p)
{
	const struct transport_methods *methods = p->transport->methods;

	p->reading = false;
	if (methods->pause != NULL)
		methods->pause(p->transport);
	pump_await(p);
}

/* The transport has failed: wait for the end of what the peer sends. */
static enum transport_step
receive_away(struct pump *p, void *space)
{
	ssize_t n = socket_receive(p->fd, space, TRANSPORT_RECORD_MAX);

	if (n > 0 || (n < 0 && socket_should_retry(errno)))
		return TRANSPORT_WANTS_READ;
	return TRANSPORT_EOF;
}

enum transport_step
pump_receive(struct pump *p, void *space, size_t *got)
{
	enum transport_step step;

	*got = 0;
	if (p->failed)
		return receive_away(p, space);
	step = p->transport->methods->read(
	    p->transport, space, TRANSPORT_RECORD_MAX, got);
	if (step == TRANSPORT_WANTS_WRITE) {
		p->read_wants_write = true;
		if (pump_await(p) != 0)
			step = TRANSPORT_FAILED;
		else
			step = TRANSPORT_WANTS_READ;
	}
	if (step == TRANSPORT_FAILED)
		pump_fail(p);
	pump_read_kept(p);
	return step;
}

size_t
pump_send(struct pump *p, const uint8_t *bytes, size_t length)
{
	enum transport_step step = TRANSPORT_DONE;
	size_t sent = 0, some;

	if (p->failed)
		return length;
	while (sent < length) {
		some = length - sent;
		if (some > TRANSPORT_RECORD_MAX)
			some = TRANSPORT_RECORD_MAX;
		step = p->transport->methods->write(
		    p->transport, bytes + sent, some);
		if (step != TRANSPORT_DONE) {
			p->begun = some;
			break;
		}
		sent += some;
	}
	p->write_wants_read = step == TRANSPORT_WANTS_READ;
	return sent;
}

int
pump_wait(struct pump *p)
{
	return pump_await(p);
}

bool
pump_shut(struct pump *p)
{
	enum transport_step step = TRANSPORT_DONE;

	if (!p->shut && !p->failed)
		step = p->transport->methods->shut(p->transport);
	p->shutting = step == TRANSPORT_WANTS_WRITE;
	p->shut = !p->shutting;
	if (p->shut && p->ends)
		socket_end_sending(p->fd);
	return pump_await(p) != 0 || p->shut;
}

int
pump_end(struct pump *p)
{
	p->ends = true;
	if (p->shut)
		return socket_end_sending(p->fd);
	pump_shut(p);
	return 0;
}

bool
pump_is_still_good(struct pump *p)
{
	return p->transport->methods->is_still_good(p->transport);
}

const char *
pump_version(const struct pump *p)
{
	return p->transport->methods->version(p->transport);
}

const char *
pump_reason(const struct pump *p)
{
	return p->transport->methods->reason(p->transport);
}
