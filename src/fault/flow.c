#include "fault/flow.h"

#include <event2/buffer.h>
#include <string.h>

#include "modbus/mbap.h"

static struct flow *
flow_of_client(struct stream *s)
{
	return (void *)((char *)s - offsetof(struct flow, client.stream));
}

static struct flow *
flow_of_server(struct stream *s)
{
	return (void *)((char *)s - offsetof(struct flow, server.stream));
}

void
flow_init(struct flow *f, struct flow_host *host, const struct address *from,
    uint64_t number)
{
	f->host = host;
	f->from = *from;
	f->number = number;
	held_init(&f->held);
	stream_set_low_mark(&f->client.stream, FLOW_LOW);
	stream_set_low_mark(&f->server.stream, FLOW_LOW);
}

void
flow_end(struct flow *f)
{
	asked_free(&f->asked);
	held_free(&f->held);
}

/* --- to the client ------------------------------------------------------ */

/* In a run of the stream: send at most MB_ADU_MAX bytes. */
static inline void
put(struct stream *to, const uint8_t *bytes, size_t length)
{
	memcpy(stream_reply_space(to), bytes, length);
	stream_reply(to, length);
}

/* Add a piece to those held. Returns it, or NULL when there is no memory. */
static struct held_piece *
hold(struct flow *f, const uint8_t *bytes, size_t length)
{
	struct held_piece *piece = held_add(&f->held, length);

	if (piece != NULL && length != 0)
		memcpy(piece->bytes, bytes, length);
	return piece;
}

/* In a run of the client: send bytes in their turn. Returns 0, or -1 when there
 * is no memory. */
static inline int
deliver(struct flow *f, const uint8_t *bytes, size_t length)
{
	struct stream *to = &f->client.stream;

	if (held_is_empty(&f->held) && stream_has_room(to)) {
		put(to, bytes, length);
		return 0;
	}
	return hold(f, bytes, length) == NULL ? -1 : 0;
}

/* Answer the requests of the proxy's own whose turn has come. Returns 0, or -1
 * when there is no memory. */
static inline int
answer_own(struct flow *f)
{
	struct asked_request own;
	uint8_t adu[MB_ADU_MAX];
	struct held_piece *end;

	while (asked_take_own(&f->asked, &own)) {
		if (own.effect == FAULT_CLOSE) {
			end = hold(f, NULL, 0);
			if (end == NULL)
				return -1;
			end->closes = true;
		} else if (deliver(f, adu, asked_exception(&own, adu)) != 0) {
			return -1;
		}
	}
	return 0;
}

/* Deliver the reply to a request of any effect but FAULT_PASS. Returns 0, or -1
 * when there is no memory. */
static int
deliver_changed(struct flow *f, const struct asked_request *request,
    const struct mbap_frame *reply)
{
	const struct fault_act act = asked_act(request);
	struct held_piece *piece;
	uint8_t adu[MB_ADU_MAX];

	if (act.effect == FAULT_SILENCE)
		return 0;
	if (act.effect == FAULT_CORRUPT) {
		memcpy(adu, reply->adu, reply->length);
		fault_corrupt(&act, adu, reply->length);
		return deliver(f, adu, reply->length);
	}
	piece = hold(f, reply->adu, reply->length);
	if (piece == NULL)
		return -1;
	if (act.effect == FAULT_SPLIT)
		piece->cut = (uint16_t)fault_split_at(&act, reply->length);
	else if (act.effect == FAULT_DELAY)
		piece->due = f->host->clock() + act.delay;
	return 0;
}

/* The answer of stream_serve for the server. */
static inline int
take_reply(struct stream *s, const struct mbap_frame *reply)
{
	struct flow *f = flow_of_server(s);
	struct asked_request request;
	int result;

	f->answered = true;
	f->host->figures->replies++;
	if (!asked_match(&f->asked, reply, &request))
		return deliver(f, reply->adu, reply->length);
	if (answer_own(f) != 0)
		return -1;
	if (request.effect == FAULT_PASS)
		result = deliver(f, reply->adu, reply->length);
	else
		result = deliver_changed(f, &request, reply);
	asked_done(&f->asked);
	return result == 0 ? answer_own(f) : -1;
}

/* Send a piece, or its first part. Returns whether it is gone. */
static bool
send_piece(struct flow *f, struct held_piece *piece)
{
	struct stream *to = &f->client.stream;
	uint16_t end = piece->cut != 0 ? piece->cut : piece->length;

	put(to, piece->bytes + piece->gone, (size_t)(end - piece->gone));
	if (end == piece->length)
		return true;
	stream_flush(to);
	piece->gone = end;
	piece->cut = 0;
	piece->due = f->host->clock() + FLOW_SPLIT_MS;
	return false;
}

/* Send what is held and due. */
static void
flush(struct flow *f)
{
	struct stream *to = &f->client.stream;
	struct held_piece *piece;

	stream_run(to);
	while ((piece = held_first(&f->held)) != NULL && stream_has_room(to)) {
		if (piece->due != 0 && piece->due > f->host->clock())
			break;
		if (piece->closes) {
			f->closes_now = true;
			break;
		}
		if (send_piece(f, piece))
			held_drop(&f->held);
	}
	if (stream_settle(to) != 0)
		f->failed = true;
}

/* --- to the server ------------------------------------------------------ */

/* What the rules say of a request. */
static inline struct fault_act
judge(struct flow *f, const struct mbap_frame *frame)
{
	const struct fault_proxy_config *config = f->host->config;
	const struct fault_request request = {
		.client = &f->from,
		.connection = f->number,
		.number = ++f->requests,
		.frame = frame,
	};
	struct fault_act act = fault_rules_judge(config->rules, &request);

	f->host->figures->requests++;
	f->host->figures->acts[act.effect]++;
	if (act.effect != FAULT_PASS && config->on_act != NULL)
		config->on_act(config->arg, &request, &act);
	return act;
}

/* The answer of stream_serve for the client. */
static inline int
take_request(struct stream *s, const struct mbap_frame *frame)
{
	struct flow *f = flow_of_client(s);
	struct fault_act act = judge(f, frame);

	if (asked_add(&f->asked, frame, &act) != 0)
		return -1;
	if (act.effect != FAULT_EXCEPTION && act.effect != FAULT_CLOSE) {
		put(&f->server.stream, frame->adu, frame->length);
		return 0;
	}
	f->closing |= act.effect == FAULT_CLOSE;
	return answer_own(f);
}

/* --- from either side --------------------------------------------------- */

/* The has_room of stream_serve. */

static inline bool
server_has_room(struct stream *client)
{
	const struct flow *f = flow_of_client(client);

	return !f->closing && asked_has_room(&f->asked) &&
	    f->held.memory < FLOW_HIGH && stream_has_room(&f->server.stream);
}

static inline bool
client_has_room(struct stream *server)
{
	const struct flow *f = flow_of_server(server);

	return f->held.memory < FLOW_HIGH && stream_has_room(&f->client.stream);
}

/* Pass on bytes that are not judged. */
static enum stream_stop
pass_raw(struct flow *f, struct flow_side *from)
{
	struct evbuffer *in = stream_input(&from->stream);
	bool requests = from == &f->client;
	uint8_t bytes[MB_ADU_MAX];

	while (requests ? server_has_room(&from->stream) :
			  client_has_room(&from->stream)) {
		int n = evbuffer_remove(in, bytes, sizeof(bytes));

		if (n <= 0)
			return STREAM_DRY;
		if (requests)
			put(&f->server.stream, bytes, (size_t)n);
		else if (deliver(f, bytes, (size_t)n) != 0)
			return STREAM_NO_MEMORY;
	}
	return STREAM_FULL;
}

/* Bytes came that are not a frame. */
static void
stop_judging(struct flow *f, struct flow_side *from)
{
	char text[ADDRESS_TEXT_MAX];

	log_limited(&f->host->no_frame, LOG_WARN,
	    "no frame: %s: %s sent bytes that are not a frame: passing on all "
	    "that follows",
	    address_format(&f->from, text),
	    from == &f->client ? "the client" : "the server");
	from->raw = true;
	if (from == &f->server) {
		f->client.raw = true;
		f->client.paused = true; /* part of a frame may be there */
		flow_give_up(f, true);
	}
}

/* Take frames, or bytes where there are none. Both streams are in a run. */
static enum stream_stop
take(struct flow *f, struct flow_side *from)
{
	struct stream *s = &from->stream;
	enum stream_stop stop;

	if (from->raw)
		return pass_raw(f, from);
	stop = from == &f->client ?
	    stream_serve(s, server_has_room, take_request) :
	    stream_serve(s, client_has_room, take_reply);
	if (stop == STREAM_BAD_PROTOCOL || stop == STREAM_BAD_LENGTH)
		stop_judging(f, from);
	else if (stop == STREAM_DRY && from->ended && stream_has_input(s))
		from->raw = true; /* part of a frame, whose rest never comes */
	else
		return stop;
	stream_run(s);
	return pass_raw(f, from);
}

/* Take what came from one side, and send what that makes. */
static void
move(struct flow *f, struct flow_side *from, struct flow_side *to)
{
	enum stream_stop stop;

	stream_run(&from->stream);
	stream_run(&to->stream);
	stop = take(f, from);
	if (stream_settle(&from->stream) != 0 ||
	    stream_settle(&to->stream) != 0 || stop == STREAM_NO_MEMORY) {
		f->failed = true;
	} else if (stop == STREAM_FULL) {
		f->crowded = !asked_has_room(&f->asked);
		from->paused = true;
		stream_pause(&from->stream);
	} else if (from->paused) {
		from->paused = false;
		if (!from->ended && stream_read(&from->stream) != 0)
			f->failed = true;
	}
}

void
flow_requests(struct flow *f)
{
	move(f, &f->client, &f->server);
}

void
flow_replies(struct flow *f)
{
	move(f, &f->server, &f->client);
}

void
flow_give_up(struct flow *f, bool all)
{
	stream_run(&f->client.stream);
	do {
		asked_give_up(&f->asked);
		if (answer_own(f) != 0)
			f->failed = true;
	} while (all && !f->failed && asked_waiting(&f->asked) != 0);
}

bool
flow_is_blocked(const struct flow *f)
{
	return asked_is_blocked(&f->asked) || !asked_has_room(&f->asked);
}

static bool
may_take_requests(struct flow *f)
{
	size_t most = f->crowded ? ASKED_MAX / 2 : ASKED_MAX - 1;

	return f->client.paused && !f->failed && !f->closing &&
	    asked_waiting(&f->asked) <= most && f->held.memory < FLOW_HIGH &&
	    stream_unsent(&f->server.stream) <= FLOW_LOW;
}

static bool
may_take_replies(struct flow *f)
{
	return f->server.paused && !f->failed && !f->closes_now &&
	    f->held.memory <= FLOW_LOW &&
	    stream_unsent(&f->client.stream) <= FLOW_LOW;
}

/* What was taken may have been sent at once, so that there is room again, and
 * no event will tell. */
void
flow_resume(struct flow *f)
{
	for (flush(f);; flush(f)) {
		if (may_take_replies(f))
			flow_replies(f);
		else if (may_take_requests(f))
			flow_requests(f);
		else
			return;
	}
}
