#include "http/connections.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

/* Bytes of one connection that are taken at one turn. */
#define SINGLE_READ 4096

struct visitors {
	struct evconnlistener *listener;            /* evhttp's */
	struct event *sweep;                        /* owned */
	struct ev_token_bucket_cfg *rate;           /* owned */
	struct bufferevent_rate_limit_group *group; /* owned */
	size_t input_max;
	size_t count;
	unsigned accepted; /* since the last sweep */
	struct visitor visitors[VISITORS_MAX];
};

/* Whether evhttp has freed its side: then nobody is left to be called. */
static bool
is_over(const struct visitor *visitor)
{
	bufferevent_event_cb ended;

	bufferevent_getcb(visitor->bev, NULL, NULL, &ended, NULL);
	return ended == NULL;
}

static void
release(struct visitor *visitor)
{
	bufferevent_remove_from_rate_limit_group(visitor->bev);
	bufferevent_decref(visitor->bev);
	visitor->bev = NULL;
}

/* Let go of connections that are over. A new bufferevent has no callbacks yet
 * either, but none is new when this is called. */
static void
reap(struct visitors *v)
{
	for (size_t i = 0; i < VISITORS_MAX; i++) {
		struct visitor *visitor = &v->visitors[i];

		if (visitor->bev == NULL || !is_over(visitor))
			continue;
		release(visitor);
		v->count--;
	}
}

/* evhttp is told that the client has gone, which needs no help from the
 * client's system, and frees its side. */
void
visitor_end(struct visitor *visitor)
{
	bufferevent_trigger_event(
	    visitor->bev, BEV_EVENT_READING | BEV_EVENT_EOF, 0);
}

static void
check_deadline(const struct visitors *v, struct visitor *visitor)
{
	uint64_t age = clock_ms() - visitor->since;
	bool crowded = v->count == VISITORS_MAX;
	uint64_t most = UINT64_MAX;

	if (visitor->state == VISITOR_ASKING)
		most = crowded ? VISITORS_CROWDED_MS : VISITORS_ASKING_MS;
	else if (visitor->state == VISITOR_TAKING)
		most = VISITORS_TAKING_MS;
	if (age > most)
		visitor_end(visitor);
}

static void
sweep_cb(evutil_socket_t fd, short what, void *arg)
{
	struct visitors *v = arg;

	(void)fd;
	(void)what;
	reap(v);
	for (size_t i = 0; i < VISITORS_MAX; i++)
		if (v->visitors[i].bev != NULL)
			check_deadline(v, &v->visitors[i]);
	v->accepted = 0;
	if (v->count < VISITORS_MAX)
		evconnlistener_enable(v->listener);
}

/* evhttp asks for the bufferevent of a connection that it has accepted. */
static struct bufferevent *
new_bufferevent(struct event_base *base, void *arg)
{
	struct visitors *v = arg;
	struct visitor *visitor = v->visitors;
	struct bufferevent *bev;

	reap(v);
	bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL)
		return NULL; /* evhttp will try in vain, too */
	while (visitor->bev != NULL)
		visitor++; /* there is room, or we would not accept */
	*visitor = (struct visitor){ .bev = bev, .since = clock_ms() };
	bufferevent_incref(bev);
	bufferevent_setwatermark(bev, EV_READ, 0, v->input_max);
	bufferevent_set_max_single_read(bev, SINGLE_READ);
	bufferevent_add_to_rate_limit_group(bev, v->group);
	v->accepted++;
	if (++v->count == VISITORS_MAX || v->accepted == VISITORS_ACCEPT_BURST)
		evconnlistener_disable(v->listener);
	return bev;
}

/* As when there are no descriptors left: the sweep tries again. (The argument
 * is evhttp's own.) */
static void
accept_failed(struct evconnlistener *listener, void *arg)
{
	(void)arg;
	evconnlistener_disable(listener);
}

/* Give evhttp a listener, which is its own from then on. */
static struct evconnlistener *
listen_for(struct event_base *base, struct evhttp *http, int fd)
{
	struct evconnlistener *listener = evconnlistener_new(base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);

	if (listener == NULL) {
		close(fd);
		return NULL;
	}
	if (evhttp_bind_listener(http, listener) == NULL) {
		evconnlistener_free(listener);
		return NULL;
	}
	evconnlistener_set_error_cb(listener, accept_failed);
	return listener;
}

/* Returns 0, or -1 when there is no memory. */
static int
limit_rate(struct visitors *v, struct event_base *base)
{
	const size_t ticks = 1000 / VISITORS_SWEEP_MS;
	const size_t reads = VISITORS_READ_RATE / ticks;
	const size_t writes = VISITORS_WRITE_RATE / ticks;
	const struct timeval tick = { 0, VISITORS_SWEEP_MS * 1000 };

	v->rate = ev_token_bucket_cfg_new(reads, reads, writes, writes, &tick);
	if (v->rate == NULL)
		return -1;
	v->group = bufferevent_rate_limit_group_new(base, v->rate);
	return v->group == NULL ? -1 : 0;
}

struct visitors *
visitors_new(
    struct event_base *base, struct evhttp *http, int fd, size_t input_max)
{
	const struct timeval every = { 0, VISITORS_SWEEP_MS * 1000 };
	struct visitors *v = calloc(1, sizeof(*v));

	if (v == NULL) {
		close(fd);
		return NULL;
	}
	v->input_max = input_max;
	v->sweep = event_new(base, -1, EV_PERSIST, sweep_cb, v);
	v->listener = listen_for(base, http, fd);
	if (v->sweep == NULL || v->listener == NULL ||
	    limit_rate(v, base) != 0 || event_add(v->sweep, &every) != 0) {
		visitors_free(v);
		return NULL;
	}
	evhttp_set_bevcb(http, new_bufferevent, v);
	return v;
}

void
visitors_free(struct visitors *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < VISITORS_MAX; i++)
		if (v->visitors[i].bev != NULL)
			release(&v->visitors[i]);
	if (v->group != NULL)
		bufferevent_rate_limit_group_free(v->group);
	if (v->rate != NULL)
		ev_token_bucket_cfg_free(v->rate);
	if (v->sweep != NULL)
		event_free(v->sweep);
	free(v);
}

size_t
visitors_count(const struct visitors *v)
{
	return v->count;
}

static void
closed_cb(struct evhttp_connection *connection, void *arg)
{
	struct visitor *visitor = arg;

	(void)connection;
	if (visitor->state == VISITOR_WAITING && visitor->gone != NULL)
		visitor->gone(visitor->arg);
}

struct visitor *
visitors_waiting(struct visitors *v, struct evhttp_request *request)
{
	struct evhttp_connection *connection =
	    evhttp_request_get_connection(request);
	struct bufferevent *bev = evhttp_connection_get_bufferevent(connection);

	for (size_t i = 0; i < VISITORS_MAX; i++)
		if (v->visitors[i].bev == bev) {
			evhttp_connection_set_closecb(
			    connection, closed_cb, &v->visitors[i]);
			v->visitors[i].state = VISITOR_WAITING;
			v->visitors[i].since = clock_ms();
			return &v->visitors[i];
		}
	return NULL;
}

static void
taken_cb(struct evhttp_request *request, void *arg)
{
	struct visitor *visitor = arg;

	(void)request;
	visitor->state = VISITOR_ASKING;
	visitor->since = clock_ms();
}

void
visitor_replied(struct visitor *visitor, struct evhttp_request *request)
{
	visitor->state = VISITOR_TAKING;
	visitor->since = clock_ms();
	visitor->gone = NULL;
	evhttp_request_set_on_complete_cb(request, taken_cb, visitor);
}
