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
 * A run is what an owner does when it is called: take frames, make replies. It
 * begins when bytes have come, else with stream_run, and ends with
 * stream_settle or stream_discard, before anything else runs. There is one run
 * at a time in a pool.
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

struct bufferevent;
struct event_base;
struct evbuffer;
struct stream;
struct stream_pool;

/* What streams tell their owners, who may end the stream meanwhile. */
struct stream_events {
	void (*readable)(struct stream *s); /* bytes have come; a run begins */
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

/* Begin a run that has not begun by itself. */
void stream_run(struct stream *s);

/* Whether a run of this stream has begun and not ended. */
bool stream_is_running(const struct stream *s);

/* In a run: take the next frame, as mbap_take does. It lasts until the next
 * call. */
enum mbap_result stream_take(struct stream *s, struct mbap_frame *frame);

/* All bytes that have come and are in no frame taken. Borrowed; may be drained
 * by the owner. NULL when there is no memory. */
struct evbuffer *stream_input(struct stream *s);

/* Whether there are any such bytes. To be asked after a run. */
bool stream_has_input(const struct stream *s);

/* Drop all bytes that have come. */
void stream_discard(struct stream *s);

/* In a run: whether fewer than STREAM_GATHER_MAX bytes are unsent, those that
 * were gathered included. */
bool stream_has_room(const struct stream *s);

/*
 * In a run: where the next reply is to be made, with room for MB_ADU_MAX bytes,
 * until stream_settle. stream_reply then says that it has so many bytes and is
 * to be sent. Together no more than STREAM_GATHER_MAX bytes a run, and one
 * reply.
 */
uint8_t *stream_reply_space(struct stream *s);
void stream_reply(struct stream *s, size_t length);

#define STREAM_GATHER_MAX (64 * 1024)

/*
 * End a run: send the replies, and keep the bytes that were not taken. Returns
 * 0, or -1, now and ever after, when there was no memory for one of them: then
 * the stream is out of step, and of no more use.
 */
int stream_settle(struct stream *s);

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
