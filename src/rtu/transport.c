#include "rtu/transport.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/client.h"
#include "base/clock.h"
#include "system/socket.h"

/* The most bytes of ADUs that one read gives: the shortest frames grow most. */
#define READ_MOST                                                              \
	((RTU_FRAME_MAX + RTU_RECEIVE_MAX) / RTU_FRAME_MIN *                   \
	    (RTU_FRAME_MIN + RTU_ADU_GROWS))
_Static_assert(READ_MOST <= TRANSPORT_RECORD_MAX, "a read fits a record");

struct rtu_transport {
	struct transport transport;
	struct rtu_source *source; /* borrowed */
	struct address peer;
	evutil_socket_t fd; /* borrowed */
	uint16_t transaction;

	/* The beginning of a frame. */
	uint8_t kept[RTU_FRAME_MAX];
	size_t kept_length;
	uint64_t heard;   /* when bytes last arrived: ms */
	bool behind_open; /* behind a frame that rtu_is_open */

	/* What was given to write, if the socket has not taken all of it. */
	struct rtu_reply reply; /* before those bytes */
	size_t sent;            /* of their frames */

	bool paused; /* since the last read */
};

static struct rtu_transport *
own_of(struct transport *t)
{
	return (void *)t; /* its first member */
}

static enum transport_step
shake_hands(struct transport *t)
{
	(void)t;
	return TRANSPORT_DONE;
}

static const char *
reason(const struct transport *t)
{
	(void)t;
	return "";
}

static bool
is_still_good(struct transport *t)
{
	(void)t;
	return true;
}

static const char *
version(const struct transport *t)
{
	(void)t;
	return NULL;
}

static bool
has_kept(const struct transport *t)
{
	(void)t;
	return false; /* no whole frame */
}

/* Log bytes that are no frame, or not a whole one. */
static void
log_dropped(struct rtu_transport *t, const uint8_t *bytes, size_t length,
    const char *why)
{
	struct rtu_source *s = t->source;
	char peer[ADDRESS_TEXT_MAX];

	address_format(&t->peer, peer);
	if (rtu_is_mbap(bytes, length))
		log_limited(&s->mbap_limit, LOG_WARN,
		    "rtu: %s: sends Modbus/TCP frames (MBAP header) where RTU "
		    "frames are expected; --listen without rtu: serves these",
		    peer);
	else
		log_limited(&s->dropped_limit, LOG_WARN,
		    "rtu: %s: %s, %zu bytes dropped", peer, why, length);
}

/* Drop the beginning of a frame, of which nothing more comes. */
static void
drop_incomplete(struct rtu_transport *t, const char *why)
{
	if (t->kept_length == 0)
		return;
	t->source->incomplete++;
	log_dropped(t, t->kept, t->kept_length, why);
	t->behind_open = false;
	t->kept_length = 0;
}

/* Before more bytes are read. */
static void
notice_silence(struct rtu_transport *t)
{
	struct rtu_extent e = rtu_request_extent(t->kept, t->kept_length);
	uint64_t now = clock_ms();
	uint64_t most =
	    t->kept_length < e.least ? RTU_SILENCE_MS : RTU_SILENCE_OPEN_MS;

	if (!t->paused && now - t->heard > most)
		drop_incomplete(t, "incomplete frame");
	t->paused = false;
	t->heard = now;
}

/* The frame that has to be taken next begins behind skipped bytes. */
static enum rtu_result
find(const struct rtu_transport *t, const uint8_t *bytes, size_t have,
    size_t *skipped, size_t *length)
{
	*skipped = 0;
	if (t->behind_open)
		return rtu_find_behind(bytes, have, skipped, length);
	return rtu_find(bytes, have, length);
}

/* Make ADUs in out of the frames in bytes, and keep what is left. Returns the
 * length of the ADUs. */
static size_t
convert(
    struct rtu_transport *t, const uint8_t *bytes, size_t length, uint8_t *out)
{
	enum rtu_result result;
	size_t made = 0, skipped, frame;

	while (
	    (result = find(t, bytes, length, &skipped, &frame)) == RTU_READY) {
		bytes += skipped;
		made += rtu_to_adu(bytes, frame, t->transaction++, out + made);
		t->behind_open = rtu_is_open(bytes, frame);
		bytes += frame;
		length -= skipped + frame;
		t->source->requests++;
	}
	if (result == RTU_BAD) {
		t->source->crc_errors++;
		log_dropped(t, bytes, length, "CRC does not fit");
		t->behind_open = false;
		length = 0;
	}
	memcpy(t->kept, bytes, length);
	t->kept_length = length;
	return made;
}

static enum transport_step
read_frames(struct transport *transport, void *out, size_t room, size_t *got)
{
	struct rtu_transport *t = own_of(transport);
	uint8_t *space = t->source->space;
	ssize_t n =
	    socket_receive(t->fd, space + RTU_FRAME_MAX, RTU_RECEIVE_MAX);
	uint8_t *bytes;

	(void)room; /* READ_MOST */
	*got = 0;
	if (n == 0) {
		drop_incomplete(t, "closed within a frame");
		return TRANSPORT_EOF;
	}
	if (n < 0)
		return socket_should_retry(errno) ? TRANSPORT_WANTS_READ :
						    TRANSPORT_FAILED;
	notice_silence(t);
	bytes = space + RTU_FRAME_MAX - t->kept_length;
	memcpy(bytes, t->kept, t->kept_length);
	*got = convert(t, bytes, t->kept_length + (size_t)n, out);
	return *got == 0 ? TRANSPORT_WANTS_READ : TRANSPORT_DONE;
}

static void
pause_reading(struct transport *t)
{
	own_of(t)->paused = true;
}

/* The socket has taken some bytes of the frames, or failed. */
static enum transport_step
go_on_later(struct rtu_transport *t, ssize_t taken)
{
	if (taken >= 0)
		t->sent += (size_t)taken;
	else if (!socket_should_retry(errno))
		return TRANSPORT_FAILED;
	return TRANSPORT_WANTS_WRITE;
}

/* The frames are made anew when it is called again, as that is seldom. */
static enum transport_step
write_frames(struct transport *transport, const void *bytes, size_t length)
{
	struct rtu_transport *t = own_of(transport);
	uint8_t *space = t->source->space;
	struct rtu_reply reply = t->reply;
	size_t left = rtu_from_adus(&reply, bytes, length, space) - t->sent;
	ssize_t n = 0;

	if (left != 0)
		n = socket_send(t->fd, space + t->sent, left);
	if (n != (ssize_t)left)
		return go_on_later(t, n);
	t->reply = reply;
	t->sent = 0;
	return TRANSPORT_DONE;
}

static enum transport_step
shut(struct transport *t)
{
	(void)t;
	return TRANSPORT_DONE; /* the end of the socket says it */
}

static void
free_transport(struct transport *t)
{
	own_of(t)->source->connections--;
	free(t);
}

static const struct transport_methods methods = {
	.shake_hands = shake_hands,
	.reason = reason,
	.is_still_good = is_still_good,
	.version = version,
	.read = read_frames,
	.has_kept = has_kept,
	.pause = pause_reading,
	.write = write_frames,
	.shut = shut,
	.free = free_transport,
};

struct transport *
rtu_begin(void *arg, evutil_socket_t fd, const struct client *who)
{
	struct rtu_transport *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->transport.methods = &methods;
	t->source = arg;
	t->peer = who->address;
	t->fd = fd;
	t->source->connections++;
	return (void *)t; /* its first member */
}

struct rtu_source *
rtu_source_new(void)
{
	struct rtu_source *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->dropped_limit.kind = "dropped RTU frames";
	s->mbap_limit.kind = "senders of Modbus/TCP frames";
	return s;
}

void
rtu_source_free(struct rtu_source *s)
{
	if (s == NULL)
		return;
	log_limit_flush(&s->dropped_limit, 1);
	log_limit_flush(&s->mbap_limit, 1);
	free(s);
}
