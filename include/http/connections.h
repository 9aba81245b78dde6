/*
 * The connections of the HTTP server: how many there may be, and how long one
 * may take. evhttp has no such limits of its own, but makes the bufferevents
 * that carry them through here.
 *
 * Each bufferevent is kept alive until evhttp is seen to have let go of it,
 * and closes its descriptor only then; nobody else is told when a connection
 * ends that never sent a request.
 */
#ifndef HTTP_CONNECTIONS_H
#define HTTP_CONNECTIONS_H

#include <event2/http.h>
#include <stddef.h>

struct bufferevent;
struct event_base;
struct visitors;

/* Connections at once; others wait in the listener's queue. */
#define VISITORS_MAX 32

/* Milliseconds, each at most VISITORS_SWEEP_MS late. */
#define VISITORS_SWEEP_MS   100
#define VISITORS_ASKING_MS  10000 /* for a request to arrive whole */
#define VISITORS_CROWDED_MS 1000  /* the same, when others are waiting */
#define VISITORS_TAKING_MS  60000 /* for a reply to be taken */

/*
 * Bytes a second that all of them together may send, and be sent: what evhttp
 * takes apart is Modbus's time. And connections accepted in one sweep.
 */
#define VISITORS_READ_RATE    (1536 * 1024)
#define VISITORS_WRITE_RATE   (32 * 1024 * 1024)
#define VISITORS_ACCEPT_BURST 32

/* One connection. */
struct visitor {
	struct bufferevent *bev; /* shared with evhttp; NULL: no connection */
	enum visitor_state {
		VISITOR_ASKING,  /* a request is to come, or is coming */
		VISITOR_WAITING, /* we are to reply */
		VISITOR_TAKING,  /* our reply is leaving */
	} state;
	unsigned long long since; /* clock_ms */

	/* Called once if the connection ends while it is waiting. */
	void (*gone)(void *arg);
	void *arg;
};

/*
 * Listen on fd, a listening socket, which is taken over, also on failure, and
 * have http serve what comes. input_max is the most that one may send without
 * its being taken. Returns NULL when there is no memory. http is to be freed
 * before the visitors.
 */
struct visitors *visitors_new(
    struct event_base *base, struct evhttp *http, int fd, size_t input_max);

/* NULL is fine. */
void visitors_free(struct visitors *v);

/* Connections now. */
size_t visitors_count(const struct visitors *v);

/* The connection of a request that has just come; it is waiting from now on. */
struct visitor *
visitors_waiting(struct visitors *v, struct evhttp_request *request);

/* End a connection now. */
void visitor_end(struct visitor *visitor);

/* The reply to its request was given to evhttp as a whole. */
void visitor_replied(struct visitor *visitor, struct evhttp_request *request);

#endif
