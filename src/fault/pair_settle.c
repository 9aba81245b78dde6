#include "pair_private.h"

/* --- the timer ---------------------------------------------------------- */

/* Wait for what has to happen next. Returns 0, or -1 when there is no
 * memory. */
static int
wait_for_next(struct pair *p)
{
	struct wait *w = &p->wait;
	struct flow *f = &p->flow;
	const struct held_piece *first = held_first(&f->held);
	bool answered = f->answered;

	f->answered = false;
	if (first != NULL && first->due != 0) {
		if (w->kind == WAIT_HELD && w->until == first->due)
			return 0;
		return wait_until(w, WAIT_HELD, first->due);
	}
	if (!flow_is_blocked(f)) {
		wait_for_nothing(w);
		return 0;
	}
	if (w->kind == WAIT_PATIENCE && !answered)
		return 0;
	return wait_for(w, WAIT_PATIENCE, PAIR_PATIENCE_MS);
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
	    wait_for(&p->wait, WAIT_END, PAIR_LINGER_MS) != 0)
		pair_close(p, NULL);
}

void
pair_linger_if_flushed(struct pair *p)
{
	if (stream_unsent(&p->flow.client.stream) == 0)
		pair_linger(p);
}

void
pair_end_server(struct pair *p)
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
		pair_end_server(p);
	stream_set_low_mark(&p->flow.client.stream, 0);
	if (wait_for(&p->wait, WAIT_END, PAIR_FLUSH_MS) != 0)
		pair_close(p, NULL);
	else
		pair_linger_if_flushed(p);
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
	    !flow_is_blocked(f) && p->wait.kind == WAIT_NOTHING;
}

void
pair_settle(struct pair *p)
{
	struct flow *f = &p->flow;

	if (is_quiet(p))
		return;
	if (f->server.ended && !f->server.paused)
		flow_give_up(f, true);
	flow_resume(f);
	if (f->failed) {
		pair_reset(p, NO_MEMORY);
		return;
	}
	if (f->closes_now)
		pair_flush(p);
	else if (pass_ends(p) != 0)
		pair_reset(p, "reset by the server");
	else if (p->client_shut && p->server_shut)
		pair_close(p, "both sides have ended");
	else if (wait_for_next(p) != 0)
		pair_reset(p, NO_MEMORY);
}
