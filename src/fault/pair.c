#include "fault/pair.h"

#include <event2/bufferevent.h>
#include <stdlib.h>

#include "base/clock.h"
#include "pair_private.h"
#include "system/socket.h"

static struct pair *
pair_of_client(struct stream *s)
{
	return (void *)((char *)s - offsetof(struct pair, flow.client.stream));
}

static struct pair *
pair_of_server(struct stream *s)
{
	return (void *)((char *)s - offsetof(struct pair, flow.server.stream));
}

/* --- its end ------------------------------------------------------------ */

static void
pair_drop(struct pair *p)
{
	wait_for_nothing(&p->wait);
	flow_end(&p->flow);
	if (p->server_open)
		stream_end(&p->flow.server.stream);
	stream_end(&p->flow.client.stream);
	free(p);
}

void
pair_close(struct pair *p, const char *why)
{
	struct pair_host *host = p->host;
	const struct address from = p->flow.from;
	uint64_t number = p->flow.number, requests = p->flow.requests;

	if (p->why != NULL)
		why = p->why;
	LIST_REMOVE(p, link);
	pair_drop(p);
	host->closed(host->arg, &from, number, why, requests);
}

void
pair_reset(struct pair *p, const char *why)
{
	if (p->client_fd >= 0)
		socket_reset_on_close(p->client_fd);
	if (p->server_open && p->server_fd >= 0)
		socket_reset_on_close(p->server_fd);
	pair_close(p, why);
}

/* --- events ------------------------------------------------------------- */

static void
client_readable(struct stream *s)
{
	struct pair *p = pair_of_client(s);

	if (p->state != PAIR_OPEN) {
		stream_discard(s);
		return;
	}
	if (p->server_open)
		flow_requests(&p->flow);
	pair_settle(p);
}

static void
client_drained(struct stream *s)
{
	struct pair *p = pair_of_client(s);

	if (p->state == PAIR_OPEN)
		pair_settle(p);
	else if (p->state == PAIR_FLUSHING)
		pair_linger_if_flushed(p);
}

static void
client_ended(struct stream *s, int error)
{
	struct pair *p = pair_of_client(s);

	if (error != 0) {
		pair_reset(p, "reset by the client");
		return;
	}
	p->flow.client.ended = true;
	if (p->state == PAIR_LINGERING) {
		pair_close(p, NULL);
	} else if (p->state == PAIR_OPEN) {
		if (p->server_open) {
			stream_set_low_mark(&p->flow.server.stream, 0);
			flow_requests(&p->flow);
		}
		pair_settle(p);
	}
}

static void
server_readable(struct stream *s)
{
	struct pair *p = pair_of_server(s);

	flow_replies(&p->flow);
	pair_settle(p);
}

static void
server_drained(struct stream *s)
{
	pair_settle(pair_of_server(s));
}

/* Nothing can be sent to the server any more, and what was read of it but not
 * taken is lost, as where the client had been connected to it. */
static void
lose_server(struct pair *p)
{
	p->resets = true;
	p->flow.closing = true;
	p->flow.server.paused = false;
	p->flow.client.paused = true;
	stream_pause(&p->flow.client.stream);
	pair_end_server(p);
}

static void
server_ended(struct stream *s, int error)
{
	struct pair *p = pair_of_server(s);

	p->flow.server.ended = true;
	stream_set_low_mark(&p->flow.client.stream, 0);
	if (error != 0)
		lose_server(p);
	else
		flow_replies(&p->flow);
	pair_settle(p);
}

static const struct stream_events client_events = {
	.readable = client_readable,
	.drained = client_drained,
	.ended = client_ended,
};

static const struct stream_events server_events = {
	.readable = server_readable,
	.drained = server_drained,
	.ended = server_ended,
};

static void
pair_check_time(struct pair *p)
{
	enum wait_kind kind = (enum wait_kind)p->wait.kind;

	if (kind == WAIT_NOTHING)
		return;
	if (p->wait.until > p->wait.clock()) {
		if (wait_until(&p->wait, kind, p->wait.until) != 0)
			pair_reset(p, NO_MEMORY);
		return;
	}
	if (kind == WAIT_END) {
		pair_close(p, NULL);
		return;
	}
	if (kind == WAIT_PATIENCE)
		flow_give_up(&p->flow, false);
	pair_settle(p);
}

static void
pair_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	pair_check_time(arg);
}

/* --- its beginning ------------------------------------------------------ */

static evutil_socket_t
fd_of(const struct stream_source *source)
{
	return source->plain ? bufferevent_getfd(source->bev) : -1;
}

int
pair_new(struct pair_host *host, const struct stream_source *client,
    const struct stream_source *server, const struct address *from,
    uint64_t number)
{
	struct pair *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		stream_drop(client);
		stream_drop(server);
		return -1;
	}
	p->host = host;
	p->client_fd = fd_of(client);
	p->server_fd = fd_of(server);
	if (stream_begin(&p->flow.client.stream, host->clients, client) != 0) {
		stream_drop(server);
		free(p);
		return -1;
	}
	if (stream_begin(&p->flow.server.stream, host->servers, server) != 0) {
		stream_end(&p->flow.client.stream);
		free(p);
		return -1;
	}
	p->server_open = true;
	flow_init(&p->flow, &host->flow, from, number);
	wait_init(&p->wait, host->base, host->flow.clock, pair_timer_cb, p);
	LIST_INSERT_HEAD(&host->pairs, p, link);
	return 0;
}

int
pair_host_init(struct pair_host *host)
{
	*host = (struct pair_host){ .flow.clock = clock_ms };
	host->flow.no_frame.kind = "senders of what is no frame";
	host->clients = stream_pool_new(&client_events);
	host->servers = stream_pool_new(&server_events);
	return host->clients != NULL && host->servers != NULL ? 0 : -1;
}

/* Call what with each pair, which it may close. */
static void
each_pair(struct pair_host *host, void (*what)(struct pair *p))
{
	struct pair *next;

	for (struct pair *p = LIST_FIRST(&host->pairs); p != NULL; p = next) {
		next = LIST_NEXT(p, link);
		what(p);
	}
}

static void
close_for_end(struct pair *p)
{
	pair_close(p, "the proxy ends");
}

void
pair_host_end(struct pair_host *host)
{
	each_pair(host, close_for_end);
	stream_pool_free(host->clients);
	stream_pool_free(host->servers);
}

void
pair_host_check_time(struct pair_host *host)
{
	each_pair(host, pair_check_time);
}
