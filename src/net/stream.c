#include "net/stream.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>

#include "net/pump.h"
#include "system/socket.h"

/* The most bytes that are read from one connection before others are served;
 * of a transport it is one record. */
#define READ_MAX 4096

/*
 * Bytes are received into space that an evbuffer has reserved. They are never
 * added to that evbuffer, so the space does not move.
 *
 *   space      | frames taken in this run | arrived ... |
 *   replies    | made in this run         | the next one
 */
struct stream_pool {
	const struct stream_events *events; /* borrowed */

	const struct stream *running; /* borrowed; NULL between runs */
	size_t unsent;                /* bytes unsent when the run began */

	struct evbuffer *arrivals; /* owned; always empty */
	uint8_t *space;            /* reserved by it: for one record */
	const uint8_t *arrived;    /* in space: bytes not taken yet */
	size_t arrived_length;
	uint8_t adu[MB_ADU_MAX]; /* a frame that arrived in pieces */

	size_t replies_length;
	uint8_t replies[STREAM_GATHER_MAX + 2 * MB_ADU_MAX];
};

struct stream_pool *
stream_pool_new(const struct stream_events *events)
{
	struct stream_pool *pool = calloc(1, sizeof(*pool));
	struct evbuffer_iovec space;

	if (pool == NULL)
		return NULL;
	pool->events = events;
	pool->arrivals = evbuffer_new();
	if (pool->arrivals == NULL ||
	    evbuffer_reserve_space(
		pool->arrivals, TRANSPORT_RECORD_MAX, &space, 1) != 1) {
		stream_pool_free(pool);
		return NULL;
	}
	pool->space = space.iov_base;
	pool->arrived = pool->space;
	return pool;
}

void
stream_pool_free(struct stream_pool *pool)
{
	if (pool == NULL)
		return;
	if (pool->arrivals != NULL)
		evbuffer_free(pool->arrivals);
	free(pool);
}

/* Bytes that were left over by earlier runs: part of a frame. */
static struct evbuffer *
kept(const struct stream *s)
{
	return s->way == STREAM_PUMPED ? s->in : bufferevent_get_input(s->bev);
}

/* The bytes of replies that the socket has not taken, without gathered ones. */
static size_t
output_length(struct stream *s)
{
	size_t length;

	if (!s->behind)
		return 0;
	length = evbuffer_get_length(stream_output(s));
	s->behind = length != 0;
	return length;
}

void
stream_run(struct stream *s)
{
	struct stream_pool *pool = s->pool;

	if (pool->running == s)
		return;
	assert(pool->running == NULL);
	pool->unsent = output_length(s);
	pool->running = s;
}

bool
stream_is_running(const struct stream *s)
{
	return s->pool->running == s;
}

static void
end_run(struct stream_pool *pool)
{
	pool->running = NULL;
	pool->arrived_length = 0;
	pool->replies_length = 0;
}

/* There was no memory for bytes that were read or have to be sent. Those behind
 * them are lost with them: they would be taken for what is missing. */
static void
fail(struct stream *s)
{
	s->failed = true;
	s->partial = true; /* so that take_kept is asked for the next frame */
	s->pool->arrived_length = 0;
}

/* Move at most so many of the bytes that have arrived to those kept. Not
 * inlined, as few runs need it. */
static void __attribute__((noinline)) keep(struct stream *s, size_t most)
{
	struct stream_pool *pool = s->pool;
	size_t length =
	    most < pool->arrived_length ? most : pool->arrived_length;

	if (length == 0)
		return;
	if (evbuffer_add(kept(s), pool->arrived, length) != 0) {
		fail(s);
		return;
	}
	s->partial = true;
	pool->arrived += length;
	pool->arrived_length -= length;
}

static void
stream_readable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;
	ssize_t n = socket_receive(fd, s->pool->space, READ_MAX);

	(void)what;
	if (n > 0) {
		stream_run(s);
		s->pool->arrived = s->pool->space;
		s->pool->arrived_length = (size_t)n;
		s->pool->events->readable(s);
	} else if (n == 0) {
		stream_pause(s);
		s->pool->events->ended(s, 0);
	} else if (!socket_should_retry(errno)) {
		s->pool->events->ended(s, errno);
	}
}

static void
stream_read_cb(struct bufferevent *bev, void *arg)
{
	struct stream *s = arg;

	(void)bev;
	stream_run(s);
	s->partial = true;
	s->pool->events->readable(s);
}

static void
stream_write_cb(struct bufferevent *bev, void *arg)
{
	struct stream *s = arg;

	(void)bev;
	s->pool->events->drained(s);
}

static void
stream_event_cb(struct bufferevent *bev, short what, void *arg)
{
	struct stream *s = arg;
	int error = socket_error();

	(void)bev;
	if (what & BEV_EVENT_ERROR)
		s->pool->events->ended(s, error != 0 ? error : -1);
	else if (what & BEV_EVENT_EOF)
		s->pool->events->ended(s, 0);
}

/* --- transports --------------------------------------------------------- */

static void
pump_readable(void *arg)
{
	struct stream *s = arg;
	struct stream_pool *pool = s->pool;
	size_t length;

	errno = 0;
	switch (pump_receive(s->pump, pool->space, &length)) {
	case TRANSPORT_DONE:
		stream_run(s);
		pool->arrived = pool->space;
		pool->arrived_length = length;
		pool->events->readable(s);
		break;
	case TRANSPORT_EOF:
		stream_pause(s);
		pool->events->ended(s, 0);
		break;
	case TRANSPORT_FAILED:
		pool->events->ended(s, errno != 0 ? errno : STREAM_REFUSED);
		break;
	case TRANSPORT_WANTS_READ:
	case TRANSPORT_WANTS_WRITE:
		break;
	}
}

/* As a bufferevent calls stream_write_cb. */
static void
pump_sent(void *arg)
{
	struct stream *s = arg;

	if (evbuffer_get_length(s->out) <= s->low)
		s->pool->events->drained(s);
}

static void
pump_broken(void *arg, int error)
{
	struct stream *s = arg;

	s->pool->events->ended(s, error);
}

static const struct pump_events from_pump = {
	.readable = pump_readable,
	.sent = pump_sent,
	.broken = pump_broken,
};

void
stream_drop(const struct stream_source *source)
{
	if (source->transport == NULL) {
		bufferevent_free(source->bev);
		return;
	}
	source->transport->methods->free(source->transport);
	socket_close(source->fd);
}

/* Returns 0, or -1 when there is no memory; then the transport is freed. */
static int
begin_pumped(struct stream *s, const struct stream_source *source)
{
	struct transport *transport = source->transport;

	s->way = STREAM_PUMPED;
	s->fd = source->fd;
	s->pump = NULL;
	s->low = 0;
	s->in = evbuffer_new();
	s->out = evbuffer_new();
	if (s->in != NULL && s->out != NULL)
		s->pump = pump_new(
		    source->base, s->fd, transport, s->out, &from_pump, s);
	if (s->pump != NULL)
		return 0;
	transport->methods->free(transport);
	return -1;
}

/* What begin_pumped has made, or part of it. */
static void
end_pumped(struct stream *s)
{
	if (s->pump != NULL)
		pump_free(s->pump);
	if (s->in != NULL)
		evbuffer_free(s->in);
	if (s->out != NULL)
		evbuffer_free(s->out);
	socket_close(s->fd);
}

static void
begin_unpumped(struct stream *s, const struct stream_source *source)
{
	struct bufferevent *bev = source->bev;

	s->way = source->plain ? STREAM_PLAIN : STREAM_BUFFERED;
	s->bev = bev;
	s->fd = bufferevent_getfd(bev);
	bufferevent_setcb(
	    bev, stream_read_cb, stream_write_cb, stream_event_cb, s);
	if (s->way != STREAM_PLAIN)
		return; /* only the bufferevent may add to its input */
	event_assign(&s->readable, bufferevent_get_base(bev), s->fd,
	    EV_READ | EV_PERSIST, stream_readable_cb, s);
	evbuffer_unfreeze(kept(s), 0);
}

int
stream_begin(struct stream *s, struct stream_pool *pool,
    const struct stream_source *source)
{
	int begun = 0;

	*s = (struct stream){ .pool = pool };
	if (source->transport != NULL)
		begun = begin_pumped(s, source);
	else
		begin_unpumped(s, source);
	if (begun != 0 || stream_read(s) != 0) {
		stream_end(s);
		return -1;
	}
	return 0;
}

void
stream_end(struct stream *s)
{
	if (s->way == STREAM_PUMPED) {
		end_pumped(s);
	} else {
		if (s->way == STREAM_PLAIN)
			event_del(&s->readable);
		bufferevent_free(s->bev);
	}
	if (s->pool->running == s)
		end_run(s->pool);
}

int
stream_read(struct stream *s)
{
	if (s->way == STREAM_PLAIN)
		return event_add(&s->readable, NULL);
	if (s->way == STREAM_PUMPED)
		return pump_read(s->pump);
	return bufferevent_enable(s->bev, EV_READ);
}

void
stream_pause(struct stream *s)
{
	if (s->way == STREAM_PLAIN)
		event_del(&s->readable);
	else if (s->way == STREAM_PUMPED)
		pump_pause(s->pump);
	else
		bufferevent_disable(s->bev, EV_READ);
}

/* Take a frame from the bytes kept, adding as many more as it needs. */
static enum mbap_result
take_kept(struct stream *s, struct mbap_frame *frame)
{
	struct stream_pool *pool = s->pool;
	enum mbap_result result;

	if (s->failed)
		return MBAP_PARTIAL;
	result = mbap_take(kept(s), pool->adu, frame);
	while (result == MBAP_PARTIAL && pool->arrived_length != 0) {
		keep(s, frame->missing);
		result = mbap_take(kept(s), pool->adu, frame);
	}
	s->partial = evbuffer_get_length(kept(s)) != 0;
	return result;
}

enum mbap_result
stream_take(struct stream *s, struct mbap_frame *frame)
{
	struct stream_pool *pool = s->pool;
	enum mbap_result result;

	assert(pool->running == s);
	if (s->partial)
		return take_kept(s, frame);
	result = mbap_parse(pool->arrived, pool->arrived_length, frame);
	if (result == MBAP_READY) {
		pool->arrived += frame->length;
		pool->arrived_length -= frame->length;
	}
	return result;
}

struct service_batch
stream_begin_batch(const struct stream *s)
{
	struct stream_pool *pool = s->pool;
	bool whole = s->way == STREAM_PLAIN && !s->partial && pool->unsent == 0;

	return (struct service_batch){
		.requests = pool->arrived,
		.requests_end =
		    pool->arrived + (whole ? pool->arrived_length : 0),
		.replies = pool->replies,
		.replies_end = pool->replies + STREAM_GATHER_MAX,
	};
}

size_t
stream_batch_length(const struct stream *s, const struct service_batch *batch)
{
	return (size_t)(batch->replies - s->pool->replies);
}

void
stream_end_batch(struct stream *s, const struct service_batch *batch)
{
	struct stream_pool *pool = s->pool;

	pool->arrived_length -= (size_t)(batch->requests - pool->arrived);
	pool->arrived = batch->requests;
	pool->replies_length = stream_batch_length(s, batch);
}

struct evbuffer *
stream_input(struct stream *s)
{
	if (s->pool->running == s)
		keep(s, SIZE_MAX);
	return kept(s);
}

bool
stream_has_input(const struct stream *s)
{
	return s->partial;
}

void
stream_discard(struct stream *s)
{
	if (s->pool->running == s)
		end_run(s->pool);
	evbuffer_drain(kept(s), SIZE_MAX);
	s->partial = false;
}

bool
stream_has_room(const struct stream *s)
{
	const struct stream_pool *pool = s->pool;

	assert(pool->running == s);
	return pool->unsent + pool->replies_length < STREAM_GATHER_MAX;
}

uint8_t *
stream_reply_space(struct stream *s)
{
	struct stream_pool *pool = s->pool;

	assert(pool->running == s);
	assert(pool->replies_length <= STREAM_GATHER_MAX + MB_ADU_MAX);
	return pool->replies + pool->replies_length;
}

void
stream_reply(struct stream *s, size_t length)
{
	s->pool->replies_length += length;
}

/* Queue what the socket has not taken. */
static void
queue_replies(struct stream *s, size_t sent)
{
	const struct stream_pool *pool = s->pool;

	s->behind = true;
	if (evbuffer_add(stream_output(s), pool->replies + sent,
		pool->replies_length - sent) != 0 ||
	    (s->way == STREAM_PUMPED && pump_wait(s->pump) != 0))
		fail(s);
}

/* Send what the socket takes now, and queue the rest. An error occurs again
 * when the bufferevent or the pump sends the rest. */
static void
send_replies(struct stream *s)
{
	const struct stream_pool *pool = s->pool;
	ssize_t sent = 0;

	if (s->failed)
		return;
	if (s->way == STREAM_PLAIN && pool->unsent == 0)
		sent = socket_send(s->fd, pool->replies, pool->replies_length);
	else if (s->way == STREAM_PUMPED && pool->unsent == 0)
		sent = (ssize_t)pump_send(
		    s->pump, pool->replies, pool->replies_length);
	if (sent < 0)
		sent = 0;
	if ((size_t)sent < pool->replies_length)
		queue_replies(s, (size_t)sent);
}

void
stream_flush(struct stream *s)
{
	struct stream_pool *pool = s->pool;

	assert(pool->running == s);
	if (pool->replies_length != 0)
		send_replies(s);
	pool->replies_length = 0;
	pool->unsent = output_length(s);
}

int
stream_settle(struct stream *s)
{
	const struct stream_pool *pool = s->pool;

	if (pool->running == s) {
		if (pool->replies_length != 0)
			send_replies(s);
		if (pool->arrived_length != 0)
			keep(s, SIZE_MAX);
		end_run(s->pool);
	}
	return s->failed ? -1 : 0;
}

int
stream_settle_batch(struct stream *s, const struct service_batch *batch)
{
	struct stream_pool *pool = s->pool;
	size_t length = stream_batch_length(s, batch);
	ssize_t sent = socket_send(s->fd, pool->replies, length);

	if (sent != (ssize_t)length) {
		pool->replies_length = length;
		queue_replies(s, sent < 0 ? 0 : (size_t)sent);
	}
	end_run(pool);
	return s->failed ? -1 : 0;
}

struct evbuffer *
stream_output(const struct stream *s)
{
	return s->way == STREAM_PUMPED ? s->out :
					 bufferevent_get_output(s->bev);
}

size_t
stream_unsent(struct stream *s)
{
	const struct stream_pool *pool = s->pool;

	if (pool->running == s)
		return pool->unsent + pool->replies_length;
	return output_length(s);
}

void
stream_set_low_mark(struct stream *s, size_t low)
{
	if (s->way == STREAM_PUMPED)
		s->low = low;
	else
		bufferevent_setwatermark(s->bev, EV_WRITE, low, 0);
}

bool
stream_say_end(struct stream *s)
{
	return s->way != STREAM_PUMPED || pump_shut(s->pump);
}

int
stream_shut(struct stream *s)
{
	return s->way == STREAM_PUMPED ? pump_end(s->pump) :
					 socket_end_sending(s->fd);
}

bool
stream_is_still_good(struct stream *s)
{
	return s->way != STREAM_PUMPED || pump_is_still_good(s->pump);
}

const char *
stream_version(const struct stream *s)
{
	return s->way == STREAM_PUMPED ? pump_version(s->pump) : NULL;
}

const char *
stream_reason(const struct stream *s)
{
	return s->way == STREAM_PUMPED ? pump_reason(s->pump) : NULL;
}
