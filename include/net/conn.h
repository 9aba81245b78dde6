/*
 * One connection: it takes frames from its stream and answers them there, in
 * the order in which they arrived.
 *
 *   serving    answers requests; stops reading while too many replies are
 *              unsent. Ends on EOF, a deadline, a bad frame, or a stop.
 *   flushing   answers requests that wait for the order, and sends replies.
 *              Ends when all are sent.
 *   lingering  has shut its sending side, and drops what still arrives. Ends
 *              on EOF or a deadline, with closing.
 *
 * An error (reset, no memory, a peer that does not read) closes in any state.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/client.h"
#include "base/queue.h"
#include "net/conn_log.h"
#include "net/stream.h"
#include "service/counters.h"
#include "service/service.h"

struct conn;

/* A connection stops reading at the first number of bytes of unsent replies,
 * and resumes at the second. */
#define CONN_UNSENT_HIGH STREAM_GATHER_MAX /* the most that a run gathers */
#define CONN_UNSENT_LOW  (16 * 1024)

/* The owner updates host->now and checks the deadlines at this interval. */
#define CONN_CLOCK_STEP_MS 1000

/* Milliseconds. A deadline passes at most two clock steps late, never early. */
struct conn_deadlines {
	uint64_t frame;   /* from the first byte of a frame to its last */
	uint64_t stalled; /* while the peer takes none of the unsent replies */
	uint64_t linger;  /* for the peer to close after us */
	uint64_t idle;    /* without a request; 0: no limit */
};

/* What all connections of a server share. Its owner calls conn_host_init, then
 * sets members. It outlives all connections. */
struct conn_host {
	struct service service;      /* its counters are those below */
	struct stream_pool *streams; /* borrowed; made with conn_events */
	const char *shutdown_word;   /* borrowed, or NULL */
	struct conn_deadlines deadlines;

	/* Owner callbacks. Neither may free a connection. */
	void (*closed)(void *arg, const struct client *who); /* it has closed */
	void (*shut_down)(void *arg, const struct client *who);
	void *arg;

	uint64_t now; /* clock_ms, at most a clock step ago */
	struct counters counters;
	struct conn_log log;
	TAILQ_HEAD(, conn) conns; /* the longest connected first */
	struct conn *next_check;  /* of the owner's walk over them, or NULL;
				     moves on when it closes */
};

void conn_host_init(struct conn_host *host);

/* The callbacks of connections, for stream_pool_new. */
extern const struct stream_events conn_events;

/*
 * Serve the peer of a connected source. Takes ownership of what that is made
 * of, also on failure; client is copied, and its identity held.
 *
 * Returns the connection, already in host->conns, or NULL when there is no
 * memory. It ends by itself or by one of the calls below.
 */
struct conn *conn_new(struct conn_host *host,
    const struct stream_source *source, const struct client *client);

/* The connection after c in host->conns, or NULL. */
struct conn *conn_next(const struct conn *c);

/* Take no more requests; answer those that wait, send all replies, then close.
 * c may be freed when this returns. No effect once it is ending. */
void conn_finish(struct conn *c, enum conn_cause cause);

/* Close now. c is freed when this returns. If it was ending already, its first
 * cause is kept. */
void conn_close(struct conn *c, enum conn_cause cause);

/* Finish or close c if one of its deadlines has passed by host->now; then it
 * may be freed. */
void conn_check_deadlines(struct conn *c);

/* Finish c if its transport says that the peer is no longer good; then it may
 * be freed. */
void conn_check_peer(struct conn *c);

/* Milliseconds since its last request was answered, or since it connected; 0
 * while replies to it are unsent or requests wait. */
uint64_t conn_idle_time(struct conn *c);

/* Figures of a connection; times are in milliseconds, as host->now. */
struct conn_figures {
	const struct client *client; /* borrowed from the connection */
	uint64_t connected;
	uint64_t last_request;
	uint64_t requests;
	size_t unsent;   /* bytes of replies that the socket has not taken */
	const char *tls; /* the version of TLS, a literal; NULL: plain */
};

struct conn_figures conn_figures(struct conn *c);

#endif
