/*
 * One connection: a stream and what is to be done with it next, read, pause,
 * hold, flush, linger or close. Frames out of it become replies into it, in
 * order.
 *
 *   serving --(EOF, deadline, bad frame, stop)--> flushing: replies owed leave
 *   flushing --(all sent)--> lingering: our side is shut, theirs is read away
 *   lingering --(EOF, deadline)--> closed
 *
 * Trouble (reset, no memory, a peer that reads nothing) closes from anywhere.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/client.h"
#include "net/conn_log.h"
#include "net/stream.h"
#include "service/counters.h"
#include "service/service.h"

struct bufferevent;
struct conn;

/* A connection stops reading at this many bytes of unsent replies, and goes on
 * once no more than the second number are left. */
#define CONN_UNSENT_HIGH STREAM_GATHER_MAX /* what a run can gather */
#define CONN_UNSENT_LOW  (16 * 1024)

/* The owner refreshes host->now, and checks the deadlines, this often. */
#define CONN_CLOCK_STEP_MS 1000

/* Milliseconds. None ends early, and each at most two clock steps late. */
struct conn_deadlines {
	uint64_t frame;   /* for a frame that has begun to be complete */
	uint64_t stalled; /* for unsent replies to move at all */
	uint64_t linger;  /* for a peer to close after us */
	uint64_t idle;    /* without a request; 0: as long as it likes */
};

/* What all connections of a server share. Its owner fills it in, with
 * conn_host_init first, and it outlives them all. */
struct conn_host {
	struct service service;      /* its counters are these below */
	struct stream_pool *streams; /* borrowed; tells conn_events */
	const char *shutdown_word;   /* borrowed, or NULL */
	struct conn_deadlines deadlines;

	/* Owner callbacks. Neither may free a connection. */
	void (*closed)(void *arg, const struct client *who); /* it is gone */
	void (*shut_down)(void *arg, const struct client *who);
	void *arg;

	uint64_t now; /* clock_ms, at most a clock step ago */
	struct counters counters;
	struct conn_log log;
	TAILQ_HEAD(, conn) conns; /* the longest connected first */
};

void conn_host_init(struct conn_host *host);

/* What the streams of connections tell: for stream_pool_new. */
extern const struct stream_events conn_events;

/*
 * Serve the peer of bev, a connected bufferevent that closes its descriptor
 * when freed; plain says that it is no more than a socket. Takes bev over,
 * also on failure.
 *
 * Returns the connection, already in host->conns, or NULL when there is no
 * memory. From then on it ends by itself or by one of the calls below.
 */
struct conn *conn_new(struct conn_host *host, struct bufferevent *bev,
    bool plain, const struct client *client);

/* The connection after c in host->conns, or NULL. */
struct conn *conn_next(const struct conn *c);

/* Answer no more requests; send what is owed, then close. c may be gone when
 * this returns. Without effect once it is ending. */
void conn_finish(struct conn *c, enum conn_cause cause);

/* Close now. c is gone when this returns. If it was ending already, the cause
 * that ended it is the one that counts. */
void conn_close(struct conn *c, enum conn_cause cause);

/* Finish or close c if one of its deadlines has passed by host->now; then it
 * may be gone. */
void conn_check_deadlines(struct conn *c);

/* Milliseconds since its last request was answered, or since it connected; 0
 * while it is owed a reply. */
uint64_t conn_idle_time(struct conn *c);

/* What a connection shows of itself; milliseconds are host->now's. */
struct conn_figures {
	const struct client *client; /* borrowed from the connection */
	uint64_t connected;
	uint64_t last_request;
	uint64_t requests;
	size_t unsent; /* bytes of replies that it has not read yet */
};

struct conn_figures conn_figures(struct conn *c);

#endif
