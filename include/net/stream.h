/*
 * The bytes of one connection. A stream owns the connection's bufferevent, and
 * bypasses it where it is a plain socket. With a transport it has none, which
 * would take half a KiB: it owns the socket, and two evbuffers in place of the
 * bufferevent's.
 *
 * Input. A plain socket is read by an event of our own, into space that all
 * streams share, and frames are parsed there: no ioctl, no allocation. Only
 * part of a frame, which is left over, moves to the input evbuffer, and is
 * parsed from there when the rest has arrived. A transport is read in the same
 * way, through a pump (net/pump.h). Any other bufferevent (a pair) fills its
 * input by itself.
 *
 * Output. The replies of one run are gathered in space that all streams share,
 * and sent together: by send, or by the transport, when nothing is unsent; the
 * rest through the output evbuffer, which waits for the peer. The bufferevent
 * empties it, or the pump.
 *
 * A run begins when bytes have arrived, and ends when the replies to them were
 * sent or queued. It is one of these:
 *   - stream_serve: the loop that takes frames and lets the owner answer each;
 *   - stream_begin_batch, then stream_settle_batch: all bytes are answered in
 *     one go, or stream_end_batch, which leaves the rest to stream_serve;
 *   - stream_run, stream_reply, stream_settle: replies without new frames.
 * The streams of a pool have one run at a time.
 *
 * A stream is a member of its owner; only stream.c uses its members.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <event2/event_struct.h>
#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modbus/mbap.h"
#include "service/service.h"

struct bufferevent;
struct event_base;
struct evbuffer;
struct pump;
struct stream;
struct stream_pool;
struct transport;

/* Callbacks to the owner of a stream, which may end the stream. */
struct stream_events {
	void (*readable)(struct stream *s); /* bytes have arrived */
	void (*drained)(
	    struct stream *s); /* unsent bytes are at the low mark */

	/* End of file (error 0), or the stream is broken (the system's error,
	 * or -1 when it is not known, or STREAM_REFUSED). */
	void (*ended)(struct stream *s, int error);
};

/* The transport has refused what has arrived, and may have told the peer why.
 * So there should be time to read that: stream_shut, then EOF. */
#define STREAM_REFUSED (-2)

/* What a stream is made of: a bufferevent, or a transport with its socket. */
struct stream_source {
	struct bufferevent *bev; /* closes its descriptor when freed */
	bool plain; /* it is a connected, non-blocking socket and no more */

	struct transport *transport; /* NULL: bev */
	struct event_base *base;     /* borrowed */
	evutil_socket_t fd;          /* a connected, non-blocking socket */
};

/* How the bytes of a stream move. */
enum stream_way {
	STREAM_BUFFERED, /* by its bufferevent alone */
	STREAM_PLAIN,    /* by an event of our own, and send */
	STREAM_PUMPED,   /* by a transport */
};

struct stream {
	struct stream_pool *pool; /* borrowed */
	union {
		struct {                         /* the others */
			struct bufferevent *bev; /* owned, with its fd */
			struct event readable;   /* STREAM_PLAIN */
		};
		struct {                      /* STREAM_PUMPED */
			struct pump *pump;    /* owned */
			struct evbuffer *in;  /* owned */
			struct evbuffer *out; /* owned */
			size_t low;           /* mark of out, in bytes */
		};
	};
	evutil_socket_t
	    fd;       /* the bufferevent's, or -1; owned if STREAM_PUMPED */
	uint8_t way;  /* enum stream_way */
	bool failed;  /* bytes were lost, as there was no memory */
	bool partial; /* the input evbuffer holds bytes not taken */
	bool behind;  /* the output evbuffer may hold bytes */
};

/* What the streams of one event base share. events is borrowed. NULL when there
 * is no memory. */
struct stream_pool *stream_pool_new(const struct stream_events *events);
void stream_pool_free(struct stream_pool *pool);

/* Free what a source is made of, where no stream begins. */
void stream_drop(const struct stream_source *source);

/* Begin to read. Takes ownership of what source is made of, also on failure.
 * Returns 0, or -1 when there is no memory. */
int stream_begin(struct stream *s, struct stream_pool *pool,
    const struct stream_source *source);

/* Close the descriptor and free the rest, whatever is unsent. If nothing is, a
 * transport tells the peer that this is the end. */
void stream_end(struct stream *s);

/* Read, or leave arriving bytes in the socket. Returns 0, or -1 when there is
 * no memory. */
int stream_read(struct stream *s);
void stream_pause(struct stream *s);

/* All bytes that have arrived and are not part of a frame that was taken.
 * Borrowed; the owner may drain it. */
struct evbuffer *stream_input(struct stream *s);

/* Whether there are any such bytes. Not to be called in a run. */
bool stream_has_input(const struct stream *s);

/* Drop all bytes that have arrived. */
void stream_discard(struct stream *s);

/* Begin a run, if arriving bytes have not begun it already. */
void stream_run(struct stream *s);

/* Whether a run of this stream has begun and not ended. */
bool stream_is_running(const struct stream *s);

/* In a run: take the next frame, as mbap_take does. It is valid until the next
 * call. */
enum mbap_result stream_take(struct stream *s, struct mbap_frame *frame);

/*
 * The bytes that have arrived, for service_answer_batch. They are empty when
 * part of a frame arrived before, when replies are unsent, and when the socket
 * is not plain: then stream_serve has to serve them.
 */
struct service_batch stream_begin_batch(const struct stream *s);

/* The length of the replies in a batch, in bytes. */
size_t
stream_batch_length(const struct stream *s, const struct service_batch *batch);

/* Not all bytes were answered: stream_serve has to serve the rest. */
void stream_end_batch(struct stream *s, const struct service_batch *batch);

/* All of them were answered: end the run, as stream_settle does. */
int stream_settle_batch(struct stream *s, const struct service_batch *batch);

/* In a run: whether fewer than STREAM_GATHER_MAX bytes are unsent, including
 * those that were gathered. */
bool stream_has_room(const struct stream *s);

/*
 * In a run: where to make the next reply, with room for MB_ADU_MAX bytes.
 * stream_reply adds it, with its length, to those that are sent. A run has room
 * for STREAM_GATHER_MAX bytes and one more reply.
 */
uint8_t *stream_reply_space(struct stream *s);
void stream_reply(struct stream *s, size_t length);

#define STREAM_GATHER_MAX (64 * 1024)

/* In a run: send the replies made so far, and queue what the socket does not
 * take. */
void stream_flush(struct stream *s);

/*
 * End a run, if there is one: send the replies, and keep the bytes that were
 * not taken. Returns 0, or -1 when there was no memory for some of them, in
 * this call or before: then bytes are lost, and the stream must be ended.
 */
int stream_settle(struct stream *s);

/* Why serving stopped. */
enum stream_stop {
	STREAM_DRY,          /* no whole frame is left */
	STREAM_FULL,         /* there is no room for another reply */
	STREAM_BAD_PROTOCOL, /* what comes next is not a frame, see mbap.h */
	STREAM_BAD_LENGTH,   /* likewise */
	STREAM_NO_MEMORY,    /* bytes are lost: see stream_settle */
};

/*
 * The loop of a run: take frames while has_room returns true, and call answer
 * for each. answer adds a reply to the stream, or keeps the frame elsewhere, or
 * returns -1 when there is no memory. Neither may end the stream. The run is
 * settled when this returns.
 *
 * Inline, so that both are compiled into the loop, as every request takes it.
 */
static inline __attribute__((always_inline)) enum stream_stop
stream_serve(struct stream *s, bool (*has_room)(struct stream *s),
    int (*answer)(struct stream *s, const struct mbap_frame *frame))
{
	enum stream_stop stop = STREAM_FULL;
	enum mbap_result result = MBAP_READY;
	struct mbap_frame frame;

	stream_run(s);
	while (result == MBAP_READY && has_room(s)) {
		result = stream_take(s, &frame);
		if (result == MBAP_READY && answer(s, &frame) != 0)
			return stream_settle(s), STREAM_NO_MEMORY;
	}
	if (result == MBAP_PARTIAL)
		stop = STREAM_DRY;
	else if (result == MBAP_BAD_PROTOCOL)
		stop = STREAM_BAD_PROTOCOL;
	else if (result == MBAP_BAD_LENGTH)
		stop = STREAM_BAD_LENGTH;
	return stream_settle(s) == 0 ? stop : STREAM_NO_MEMORY;
}

/* The evbuffer that holds replies until the socket takes them. Borrowed, not to
 * be changed. */
struct evbuffer *stream_output(const struct stream *s);

/* Bytes of replies that the socket has not taken, including gathered ones. */
size_t stream_unsent(struct stream *s);

/* Call drained when no more than low bytes are unsent. */
void stream_set_low_mark(struct stream *s, size_t low);

/* Whether the peer would still be let in: always true without a transport.
 * After a no, stream_reason says why. */
bool stream_is_still_good(struct stream *s);

/* The version of its transport's protocol, a literal; NULL without one. */
const char *stream_version(const struct stream *s);

/* The reason of its transport, borrowed; NULL without a transport. */
const char *stream_reason(const struct stream *s);

/* A transport tells the peer that this is the end. Returns whether that is all
 * sent: always true without a transport. */
bool stream_say_end(struct stream *s);

/* The same, then shut the sending side. Returns 0, or -1 with errno set. */
int stream_shut(struct stream *s);

#endif
