#include "fault/pair.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

#include "base/clock.h"
#include "system/socket.h"

enum pair_state {
	PAIR_OPEN,
	PAIR_FLUSHING,
	PAIR_LINGERING,
};

/* What the timer is for. */
enum pair_wait {
	WAIT_NOTHING,
	WAIT_HELD,     /* the first piece that is held */
	WAIT_PATIENCE, /* replies that may never come */
	WAIT_END,      /* the deadline of a state */
};

struct pair {
	struct flow flow;
	struct pair_host *host; /* borrowed */
	LIST_ENTRY(pair) link;
	evutil_socket_t client_fd; /* the stream's, or -1 */
	evutil_socket_t server_fd;
	bool server_open; /* its stream has not been ended */
	bool client_shut, server_shut;
	bool resets; /* the server's connection was lost: so is the client's */
	uint8_t state;
	uint8_t wait;
	uint64_t until; /* of the host's clock, unless WAIT_NOTHING */
	const char *why;
	struct event timer;
};

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

static uint64_t
pair_now(const struct pair *p)
{
	return p->host->flow.clock();
}

/* --- its end ------------------------------------------------------------ */

static void
pair_drop(struct pair *p)
{
	event_del(&p->timer);
	flow_end(&p->flow);
	if (p->server_open)
		stream_end(&p->flow.server.stream);
	stream_end(&p->flow.client.stream);
	free(p);
}

static void
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

/* The same, by resetting both connections. */
static void
pair_reset(struct pair *p, const char *why)
{
	if (p->client_fd >= 0)
		socket_reset_on_close(p->client_fd);
	if (p->server_open && p->server_fd >= 0)
		socket_reset_on_close(p->server_fd);
	pair_close(p, why);
}

/* --- the timer ---------------------------------------------------------- */

static void
wait_for_nothing(struct pair *p)
{
	if (p->wait != WAIT_NOTHING)
		event_del(&p->timer);
	p->wait = WAIT_NOTHING;
}

/* Returns 0, or -1 when there is no memory. */
static int
wait_until(struct pair *p, enum pair_wait what, uint64_t until)
{
	uint64_t now = pair_now(p), ms = until > now ? until - now : 0;
	const struct timeval after = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000),
	};

	p->wait = (uint8_t)what;
	p->until = until;
	return event_add(&p->timer, &after);
}

/* Wait for what has to happen next. Returns 0, or -1 when there is no
 * memory. */
static int
wait_for_next(struct pair *p)
{
	struct flow *f = &p->flow;
	const struct held_piece *first = held_first(&f->held);
	bool answered = f->answered;

	f->answered = false;
	if (first != NULL && first->due != 0) {
		if (p->wait == WAIT_HELD && p->until == first->due)
			return 0;
		return wait_until(p, WAIT_HELD, first->due);
	}
	if (!flow_is_blocked(f)) {
		wait_for_nothing(p);
		return 0;
	}
	if (p->wait == WAIT_PATIENCE && !answered)
		return 0;
	return wait_until(p, WAIT_PATIENCE, pair_now(p) + PAIR_PATIENCE_MS);
}

/* --- states ------------------------------------------------------------- */

/* Stop sending, and drop what still arrives, until the client closes. */
static void
pair_linger(struct pair *p)
{
	struct stream *client = &p->flow.client.stream;

	if (p->flow.client.ended || stream_shut(client) != 0) {
		pair_close(p, NULL);
		return;
	}
	p->state = PAIR_LINGERING;
	stream_discard(client);
	if (stream_read(client) != 0 ||
	    wait_until(p, WAIT_END, pair_now(p) + PAIR_LINGER_MS) != 0)
		pair_close(p, NULL);
}

static void
linger_if_flushed(struct pair *p)
{
	if (stream_unsent(&p->flow.client.stream) == 0)
		pair_linger(p);
}

/* The server's connection is done with. */
static void
end_server(struct pair *p)
{
	stream_end(&p->flow.server.stream);
	p->server_open = false;
}

/* A rule closes it. */
static void
pair_flush(struct pair *p)
{
	p->state = PAIR_FLUSHING;
	p->why = "a rule";
	flow_end(&p->flow);
	if (p->server_open)
		end_server(p);
	stream_set_low_mark(&p->flow.client.stream, 0);
	if (wait_until(p, WAIT_END, pair_now(p) + PAIR_FLUSH_MS) != 0)
		pair_close(p, NULL);
	else
		linger_if_flushed(p);
}

/* The server sends nothing more, and all that it sent is sent. */
static int
pass_end_of_server(struct pair *p)
{
	if (p->resets)
		return -1;
	p->client_shut = true;
	return stream_shut(&p->flow.client.stream);
}

/* Pass on what has ended. Returns 0, or -1 when a connection was lost. */
static int
pass_ends(struct pair *p)
{
	struct flow_side *client = &p->flow.client, *server = &p->flow.server;

	if (client->ended && !client->paused && !p->server_shut &&
	    p->server_open && stream_unsent(&server->stream) == 0) {
		p->server_shut = true;
		if (stream_shut(&server->stream) != 0)
			return -1;
	}
	if (server->ended && !server->paused && !p->client_shut &&
	    held_is_empty(&p->flow.held) && stream_unsent(&client->stream) == 0)
		return pass_end_of_server(p);
	return 0;
}

/* Whether nothing is to be done but to wait for more. */
static bool
is_quiet(const struct pair *p)
{
	const struct flow *f = &p->flow;

	return !f->failed && !f->client.paused && !f->server.paused &&
	    !f->client.ended && !f->server.ended && held_is_empty(&f->held) &&
	    !flow_is_blocked(f) && p->wait == WAIT_NOTHING;
}

/* Something has passed, or ended, or is due: do what follows. Closes it if that
 * is what follows. */
static void
pair_settle(struct pair *p)
{
	struct flow *f = &p->flow;

	if (is_quiet(p))
		return;
	if (f->server.ended && !f->server.paused)
		flow_give_up(f, true);
	flow_resume(f);
	if (f->failed)
		pair_reset(p, "out of memory");
	else if (f->closes_now)
		pair_flush(p);
	else if (pass_ends(p) != 0)
		pair_reset(p, "reset by the server");
	else if (p->client_shut && p->server_shut)
		pair_close(p, "both sides have ended");
	else if (wait_for_next(p) != 0)
		pair_reset(p, "out of memory");
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
		linger_if_flushed(p);
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
	end_server(p);
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
	enum pair_wait wait = (enum pair_wait)p->wait;

	if (wait == WAIT_NOTHING)
		return;
	if (p->until > pair_now(p)) {
		if (wait_until(p, wait, p->until) != 0)
			pair_reset(p, "out of memory");
		return;
	}
	if (wait == WAIT_END) {
		pair_close(p, NULL);
		return;
	}
	if (wait == WAIT_PATIENCE)
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
	event_assign(&p->timer, host->base, -1, 0, pair_timer_cb, p);
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

void
pair_host_end(struct pair_host *host)
{
	while (!LIST_EMPTY(&host->pairs))
		pair_close(LIST_FIRST(&host->pairs), "the proxy ends");
	stream_pool_free(host->clients);
	stream_pool_free(host->servers);
}

void
pair_host_check_time(struct pair_host *host)
{
	struct pair *next;

	for (struct pair *p = LIST_FIRST(&host->pairs); p != NULL; p = next) {
		next = LIST_NEXT(p, link);
		pair_check_time(p);
	}
}
