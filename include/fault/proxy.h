/*
 * A proxy for Modbus/TCP that does what rules say: each client's connection
 * has one of its own to the server. Requests of one connection are forwarded,
 * and replies returned, in the order in which they came; a delayed reply delays
 * those behind it. Memory is bounded: who does not read is not read from.
 *
 * What happens to a connection is what a cable between both would do:
 *
 *   - an end of file is passed on behind all that came before it, and a reset
 *     as a reset (fault/pair.h). A client whose server does not answer, or
 *     refuses, is closed;
 *   - frames are passed on whole, each when its last byte has come;
 *   - bytes that are not a frame are passed on as they are, and nothing behind
 *     them is judged (fault/flow.h);
 *   - a reply that no request waits for is passed on as it is. A server that
 *     answers out of order, or not at all, delays nobody but the proxy's own
 *     answers, by PAIR_PATIENCE_MS (fault/asked.h).
 */
#ifndef FAULT_PROXY_H
#define FAULT_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "fault/rules.h"

struct event_base;
struct fault_proxy;

struct fault_proxy_config {
	struct event_base *base;   /* borrowed, as all pointers are */
	struct fault_rules *rules; /* may be replaced while it runs */
	struct address to;         /* the server */
	size_t max_connections;    /* 0: as many as descriptors allow, of which
				      each takes two */

	/* Told of each act but FAULT_PASS, when the request is judged. NULL:
	 * nobody. */
	void (*on_act)(void *arg, const struct fault_request *request,
	    const struct fault_act *act);
	void *arg;
};

struct fault_figures {
	uint64_t accepted, refused, unreachable; /* connections of clients */
	uint64_t connections;                    /* open now */
	uint64_t requests, replies;              /* whole frames */
	uint64_t acts[FAULT_EFFECTS];            /* FAULT_PASS: passed */
};

/* The rules are asked about each request once, in the order of arrival. NULL:
 * no memory. */
struct fault_proxy *fault_proxy_new(const struct fault_proxy_config *config);
void fault_proxy_free(struct fault_proxy *p); /* accepts NULL */

/* Listen on where; port 0: the system chooses. Once, with both_families as for
 * listener_bind. Returns 0, or -1 with errno set. Then fault_proxy_address is
 * the address. */
int fault_proxy_listen(
    struct fault_proxy *p, const struct address *where, bool both_families);
struct address fault_proxy_address(const struct fault_proxy *p);

/* To be read on the event loop's thread. */
const struct fault_figures *fault_proxy_figures(const struct fault_proxy *p);

#endif
