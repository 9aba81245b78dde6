/*
 * A client's connection, and its own one to the server: what passes between
 * them is the flow's (fault/flow.h), their life is here.
 *
 *   open       passes on what comes. The end of file of one side is passed on
 *              when all that came before it is sent; when both have ended, so
 *              does the pair. A reset of the client resets the server's
 *              connection at once; one of the server the client's, when what is
 *              held is sent.
 *   flushing   a rule has closed it: the server's connection is gone, and what
 *              came before that is sent.
 *   lingering  nothing more is sent; drops what still arrives, so that the
 *              system does not send RST. Ends on EOF or a deadline.
 *
 * An error, or no memory, ends it in any state.
 */
#ifndef FAULT_PAIR_H
#define FAULT_PAIR_H

#include <stdint.h>

#include "base/queue.h"
#include "fault/flow.h"

struct event_base;
struct pair;

/* Milliseconds that a request which the proxy answers waits for the server to
 * answer those before it: since it came, or since the last reply. The same for
 * one that has no room among those that wait. */
#define PAIR_PATIENCE_MS 1000

/* Milliseconds to take all that is sent before a rule closes a connection, and
 * to close it after that. */
#define PAIR_FLUSH_MS  10000
#define PAIR_LINGER_MS 1000

/* What all pairs share. Its owner calls pair_host_init, then sets members. It
 * outlives all pairs. */
struct pair_host {
	struct flow_host flow;
	struct event_base *base;               /* borrowed */
	struct stream_pool *clients, *servers; /* owned */

	/* A pair has closed, for this reason, after so many requests. */
	void (*closed)(void *arg, const struct address *from, uint64_t number,
	    const char *why, uint64_t requests);
	void *arg;

	LIST_HEAD(, pair) pairs;
};

/* Returns 0, or -1 when there is no memory. pair_host_end is due then, too. */
int pair_host_init(struct pair_host *host);

/* Close all pairs. */
void pair_host_end(struct pair_host *host);

/*
 * Take ownership of both connections, also on failure. from is the client's
 * address, number that of the connection, from 1 on. Returns 0, or -1 when
 * there is no memory; then closed was not called.
 */
int pair_new(struct pair_host *host, const struct stream_source *client,
    const struct stream_source *server, const struct address *from,
    uint64_t number);

/* What is due by the host's clock: for a test, whose clock is its own. Any of
 * the pairs may be closed. */
void pair_host_check_time(struct pair_host *host);

#endif
