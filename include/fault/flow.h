/*
 * What passes between a client and the server through one pair of connections:
 *
 *   client → flow_requests → the rules → server
 *   client ← flow_resume ← held ← flow_replies ← server
 *
 * Requests are judged and forwarded, or kept for the proxy to answer. Replies
 * are matched with them (fault/asked.h), changed as was decided, and sent, or
 * held (fault/held.h). Nothing is allocated for a frame that passes, and what a
 * call moves is sent in one piece to each side.
 *
 * Bytes that are not a frame end the judging, as nobody knows where the next
 * frame begins: all bytes from then on are passed on as they are, in the
 * direction in which they came; those of the server in both, behind what is
 * held, and no request waits for a reply any more. So a connection that does
 * not speak Modbus/TCP, or does so over TLS, goes through untouched. The part
 * of a frame at the end of a connection is passed on, too.
 *
 * Memory is bounded: no more is taken from one side than the other takes, but
 * for FLOW_HIGH bytes and what the limits of the parts say.
 *
 * A flow is a member of its owner, which reads its members. Nothing here frees
 * a flow; failed tells that it must be ended.
 */
#ifndef FAULT_FLOW_H
#define FAULT_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/log.h"
#include "fault/asked.h"
#include "fault/held.h"
#include "fault/proxy.h"
#include "net/stream.h"

/* A side is not read any more at the first number of bytes for the other one,
 * and again at the second. */
#define FLOW_HIGH STREAM_GATHER_MAX
#define FLOW_LOW  (16 * 1024)

/* Milliseconds from the first part of a split reply to the second: so long that
 * a client reads them one by one. */
#define FLOW_SPLIT_MS 10

/* What all flows share. It outlives them. */
struct flow_host {
	const struct fault_proxy_config *config; /* borrowed */
	struct fault_figures *figures;           /* borrowed */
	uint64_t (*clock)(void);                 /* milliseconds */
	struct log_limit no_frame;
};

/* One of the two connections. */
struct flow_side {
	struct stream stream;
	bool paused; /* not read, as the other side is behind */
	bool ended;  /* its end of file, or an error, has come */
	bool raw;    /* what comes from it is not judged */
};

struct flow {
	struct flow_host *host; /* borrowed */
	struct flow_side client, server;
	struct asked asked;
	struct held held;
	struct address from; /* the client */
	uint64_t number;     /* of the connection, from 1 on */
	uint64_t requests;   /* so many came */
	bool crowded;        /* it was paused as too many requests wait */
	bool closing;        /* a request ends it: no other one is taken */
	bool closes_now;     /* all before that request is sent */
	bool answered;       /* the server has sent something; the owner resets
				it */
	bool failed;         /* bytes were lost, as there was no memory */
};

/* Both streams have begun. */
void flow_init(struct flow *f, struct flow_host *host,
    const struct address *from, uint64_t number);

/* Free all but the streams. */
void flow_end(struct flow *f);

/* Take what has come from the client, or from the server. */
void flow_requests(struct flow *f);
void flow_replies(struct flow *f);

/* Send what is held and due, and go on where it was paused, as far as there is
 * room. To be called after all the others, where something is held, paused, or
 * has been given up. */
void flow_resume(struct flow *f);

/* Nothing more is awaited of the server for the requests that wait: answer
 * those that are the proxy's own. With all, none waits any more. */
void flow_give_up(struct flow *f, bool all);

/* Whether a request waits for replies of the server that may never come: of
 * the proxy's own, or one that has no room. */
bool flow_is_blocked(const struct flow *f);

#endif
