/*
 * Bytes in, bytes out: one connection's bufferevent, and the short ways past
 * it where it is a plain socket.
 *
 * In. A plain socket is read by an event of our own, into space that an
 * evbuffer shared by all streams has reserved, and frames are parsed where
 * they lie: no ioctl, no allocation. Only what is left over, part of a frame,
 * moves to the bufferevent's input evbuffer, and is parsed out of that when
 * the rest has come. Any other bufferevent (TLS, a pair) fills its input by
 * itself.
 *
 * Out. The replies of one run are gathered in space that all streams share,
 * and leave in one piece: by send, when a plain socket has nothing unsent; the
 * rest through the bufferevent's output evbuffer, which waits for the peer.
 *
 * A run is what happens between bytes that have come and replies that leave:
 * stream_serve takes frames, hands them to the owner, who makes replies, and
 * settles the run before it returns. An owner that has replies without frames
 * begins a run with stream_run and ends it with stream_settle. Nothing else
 * runs in between: there is one run at a time in a pool.
 *
 * Streams are parts of their owner; the members are not to be touched.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modbus/mbap.h"
#include "service/service.h"

struct bufferevent;
struct event_base;
struct evbuffer;
struct stream;
struct stream_pool;

/* What streams tell their owners, who may end the stream meanwhile. */
struct stream_events {
	void (*readable)(struct stream *s); /* bytes have come: serve them */
	void (*drained)(struct stream *s);  /* unsent bytes have become few */

	/* The peer sends no more (error 0), or the stream is broken (the
	 * system's error, or -1 when it named none). */
	void (*ended)(struct stream *s, int error);
};

struct stream {
	struct bufferevent *bev;  /* owned, with its descriptor */
	struct stream_pool *pool; /* borrowed */
	struct event readable;    /* plain sockets only, else not initialised */
	int fd;                   /* the bufferevent's, or -1 */
	bool plain;
	bool failed;  /* bytes were lost for want of memory */
	bool partial; /* the bufferevent's input holds bytes not taken */
	bool behind;  /* its output may hold bytes */
};

/* What the streams of one event base share. events is borrowed. NULL when there
 * is no memory. */
struct stream_pool *stream_pool_new(const struct stream_events *events);
void stream_pool_free(struct stream_pool *pool);

/*
 * Begin, reading. bev is taken over, also on failure. plain says that it is
 * no more than a connected, non-blocking socket.
 *
 * Returns 0, or -1 when there is no memory.
 */
int stream_begin(struct stream *s, struct stream_pool *pool,
    struct bufferevent *bev, bool plain);

/* Close the descriptor and free the bufferevent, whatever is unsent. */
void stream_end(struct stream *s);

/* Read, or leave the bytes with the system. Returns 0, or -1 when there is no
 * memory. */
int stream_read(struct stream *s);
void stream_pause(struct stream *s);

/* All bytes that have come and are in no frame taken. Borrowed; may be drained
 * by the owner. NULL when there is no memory. */
struct evbuffer *stream_input(struct stream *s);

/* Whether there are any such bytes. Not to be asked in a run. */
bool stream_has_input(const struct stream *s);

/* Drop all bytes that have come. */
void stream_discard(struct stream *s);

/* Begin a run, unless bytes that have come have begun it already. */
void stream_run(struct stream *s);

/* Whether a run of this stream has begun and not ended. */
bool stream_is_running(const struct stream *s);

/* In a run: take the next frame, as mbap_take does. It lasts until the next
 * call. */
enum mbap_result stream_take(struct stream *s, struct mbap_frame *frame);

/*
 * What service_answer_batch needs to answer the bytes that have come in a run.
 * There are none when part of a frame came before them, or replies are unsent,
 * or the socket is not plain: then they are for stream_serve.
 */
struct service_batch stream_begin_batch(const struct stream *s);

/* Some of the bytes were answered; the rest are for stream_serve. */
void stream_end_batch(struct stream *s, const struct service_batch *batch);

/* All of them were answered: end the run, as stream_settle does. */
int stream_settle_batch(struct stream *s, const struct service_batch *batch);

/* In a run: whether fewer than STREAM_GATHER_MAX bytes are unsent, those that
 * were gathered included. */
bool stream_has_room(const struct stream *s);

/*
 * In a run: where the next reply is to be made, with room for MB_ADU_MAX bytes,
 * until the run ends. stream_reply then says that it has so many bytes and is
 * to be sent. Together no more than STREAM_GATHER_MAX bytes a run, and one
 * reply.
 */
uint8_t *stream_reply_space(struct stream *s);
void stream_reply(struct stream *s, size_t length);

#define STREAM_GATHER_MAX (64 * 1024)

/* In a run: send what the system takes of the replies made so far. */
void stream_flush(struct stream *s);

/*
 * End a run, if there is one: send the replies, and keep the bytes that were
 * not taken. Returns 0, or -1, now and ever after, when there was no memory for
 * one of them: then the stream is out of step, and of no more use.
 */
int stream_settle(struct stream *s);

/* Why serving stopped. */
enum stream_stop {
	STREAM_DRY,          /* no whole frame is left */
	STREAM_FULL,         /* there is no room for another reply */
	STREAM_BAD_PROTOCOL, /* what comes next is no frame, see mbap.h */
	STREAM_BAD_LENGTH,   /* likewise */
	STREAM_NO_MEMORY,    /* the stream is out of step */
};

/*
 * Serve the bytes that have come: while has_room says so, hand each frame to
 * answer, which makes a reply in the stream, or returns -1 when there is no
 * memory. Neither may end the stream. The run is settled when this returns.
 * Inline, so that the two are compiled into the loop: every request passes
 * here.
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

/* The evbuffer that holds replies until the system takes them. Borrowed, to be
 * watched only. */
struct evbuffer *stream_output(const struct stream *s);

/* Bytes of replies that the system has not taken, gathered ones included. */
size_t stream_unsent(struct stream *s);

/* Call drained when no more than this is unsent. */
void stream_set_low_mark(struct stream *s, size_t low);

/* Tell the peer that no more comes. Returns 0, or -1 where that can't be. */
int stream_shut(struct stream *s);

#endif
