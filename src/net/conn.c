#include "net/conn.h"

#include <event2/buffer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/identity.h"
#include "modbus/mbap.h"
#include "net/backlog.h"
#include "net/shutdown_word.h"
#include "service/order.h"
#include "service/policy.h"
#include "system/error.h"

/* RTU frames are looked for in so many requests of a connection. A client that
 * sends them does so from the first on. */
#define RTU_REQUESTS 8

enum conn_state {
	CONN_SERVING,   /* answers requests */
	CONN_FLUSHING,  /* sends the replies that are left */
	CONN_LINGERING, /* has shut its side, waits for the peer to close */
};

/* Small, as an idle connection needs little more memory than this. */
struct conn {
	TAILQ_ENTRY(conn) link;
	struct conn_host *host; /* borrowed, outlives every conn */
	struct stream stream;   /* owned */
	struct client client;
	uint64_t requests;
	struct backlog *backlog; /* owned; NULL: nothing waits */

	/* Times are in milliseconds, as host->now. */
	uint64_t connected;
	uint64_t last_request;
	uint32_t since; /* when the incomplete frame or the lingering began:
			   the low half, as no deadline is 49 days */

	uint8_t state;        /* enum conn_state */
	uint8_t cause;        /* enum conn_cause, unless serving */
	bool incomplete : 1;  /* a frame has begun */
	bool eof : 1;         /* the peer has shut its sending side */
	bool paused : 1;      /* not reading, as too much is unsent */
	bool misses_unit : 1; /* has asked for a unit that is not served */
	bool shuts_down : 1;  /* has sent the shut-down word; writes wait */
};

void
conn_host_init(struct conn_host *host)
{
	*host = (struct conn_host){
		.now = clock_ms(),
		.service.counters = &host->counters,
	};
	conn_log_init(&host->log);
	TAILQ_INIT(&host->conns);
}

static struct conn *
conn_of(struct stream *s)
{
	return (void *)((char *)s - offsetof(struct conn, stream));
}

/* Bytes of replies that the socket has not taken, including the longest that
 * requests that wait can get. */
static size_t
conn_owed(struct conn *c)
{
	return stream_unsent(&c->stream) + backlog_owed(c->backlog);
}

/* Look for RTU frames where Modbus/TCP has failed. */
static void __attribute__((noinline))
conn_detect_rtu(const struct conn *c, const uint8_t *bytes, size_t length)
{
	struct conn_host *host = c->host;

	conn_log_rtu(&host->log, &c->client, host->now, bytes, length);
}

/* The same in bytes that are not part of a frame. */
static void
conn_detect_rtu_in_input(struct conn *c)
{
	struct evbuffer *in = stream_input(&c->stream);
	uint8_t bytes[MB_ADU_MAX];
	ev_ssize_t length = evbuffer_copyout(in, bytes, sizeof(bytes));

	if (length > 0)
		conn_detect_rtu(c, bytes, (size_t)length);
}

static void
conn_free(struct conn *c)
{
	backlog_free(c->backlog);
	stream_end(&c->stream);
	free(c);
}

/* What is known of why it ends, beside the cause; or NULL. */
static const char *
conn_detail(const struct conn *c, int error)
{
	if (c->cause == CONN_BROKEN && error > 0)
		return error_text(error);
	return c->cause == CONN_NO_LONGER_GOOD ? stream_reason(&c->stream) :
						 NULL;
}

/* As conn_close; error is the system's, if above 0. It is logged only if it is
 * the cause: a connection that lingers keeps its cause, however its peer
 * closes. */
static void
conn_close_for(struct conn *c, enum conn_cause cause, int error)
{
	struct conn_host *host = c->host;
	const struct client client = c->client;
	bool shuts_down;

	if (c->state == CONN_SERVING)
		c->cause = (uint8_t)cause;
	conn_log_disconnect(&host->log, &client, (enum conn_cause)c->cause,
	    conn_detail(c, error), clock_ms() - c->connected, c->requests);
	host->counters.closed[c->cause]++;
	host->counters.connections--;
	if (host->next_check == c)
		host->next_check = conn_next(c);
	TAILQ_REMOVE(&host->conns, c, link);
	shuts_down = c->shuts_down && cause != CONN_STOPPING;
	conn_free(c);
	host->closed(host->arg, &client);
	if (shuts_down)
		host->shut_down(host->arg, &client);
	identity_release(client.identity);
}

void
conn_close(struct conn *c, enum conn_cause cause)
{
	conn_close_for(c, cause, 0);
}

/*
 * Shut our sending side, and read and drop what the peer still sends. Closing
 * with unread bytes would make the system send RST, which can destroy replies
 * that the peer has not read yet.
 */
static void
conn_linger(struct conn *c)
{
	if ((c->eof && stream_say_end(&c->stream)) ||
	    stream_shut(&c->stream) != 0) {
		conn_close(c, c->cause);
		return;
	}
	c->state = CONN_LINGERING;
	c->since = (uint32_t)c->host->now;
	stream_discard(&c->stream);
	if (stream_read(&c->stream) != 0)
		conn_close(c, c->cause);
}

static void
conn_linger_if_flushed(struct conn *c)
{
	if (conn_owed(c) == 0)
		conn_linger(c);
}

void
conn_finish(struct conn *c, enum conn_cause cause)
{
	if (c->state != CONN_SERVING)
		return;
	conn_detect_rtu_in_input(c);
	c->state = CONN_FLUSHING;
	c->cause = (uint8_t)cause;
	stream_pause(&c->stream);
	stream_set_low_mark(&c->stream, 0);
	conn_linger_if_flushed(c);
}

/* Its backlog, created if necessary. NULL when there is no memory. */
static struct backlog *
conn_backlog(struct conn *c)
{
	if (c->backlog == NULL)
		c->backlog = backlog_new(stream_output(&c->stream));
	return c->backlog;
}

static void
conn_put_reply(struct conn *c, size_t length)
{
	c->host->counters.bytes_out += length;
	stream_reply(&c->stream, length);
}

/* In a run: answer the requests of the backlog, up to a write that the order
 * has not settled. conn_owed counts them, so that the replies have room. */
static void __attribute__((noinline)) conn_answer_backlog(struct conn *c)
{
	struct judged_request judged;
	struct mbap_frame frame;

	while (backlog_first(c->backlog, &frame, &judged)) {
		conn_put_reply(c,
		    service_execute_late(&c->host->service, &c->client, &frame,
			&judged, stream_reply_space(&c->stream)));
		backlog_drop(c->backlog);
	}
	c->last_request = c->host->now;
}

static void
conn_settled(struct order_write *write, enum order_outcome outcome, bool more);

/* Add a write, or a request behind one, to the backlog. Returns 0, or -1 when
 * there is no memory. */
static int __attribute__((noinline)) conn_wait(struct conn *c,
    const struct mbap_frame *frame, const struct judged_request *judged)
{
	struct conn_host *host = c->host;

	host->counters.held++;
	if (conn_backlog(c) == NULL ||
	    backlog_add(c->backlog, frame, judged, &c->client,
		host->service.order, conn_settled, c) != 0)
		return -1;
	conn_answer_backlog(c); /* the order may have refused the first one */
	return 0;
}

/* A request to a unit identifier that is not served: whether it is done with,
 * as it gets no reply. */
static bool __attribute__((noinline)) conn_ignores(
    struct conn *c, const struct mbap_frame *frame, enum mb_exception exception)
{
	struct conn_host *host = c->host;

	if (!c->misses_unit)
		conn_log_unit(&host->log, &c->client, mbap_unit(frame));
	c->misses_unit = true;
	if (exception == MB_NO_ANSWER)
		service_ignore(&host->service, frame);
	return exception == MB_NO_ANSWER;
}

/* The answer of stream_serve: judge a request, then execute it or let it
 * wait. */
static inline int
conn_answer(struct stream *s, const struct mbap_frame *frame)
{
	struct conn *c = conn_of(s);
	const struct conn_host *host = c->host;
	const struct service *service = &host->service;
	struct judged_request judged;

	c->incomplete = false;
	c->requests++;
	c->last_request = host->now;
	service_judge(service, &c->client, mbap_unit(frame), mbap_pdu(frame),
	    mbap_pdu_length(frame), &judged);
	if (judged.exception != MB_EX_NONE) {
		if (c->requests <= RTU_REQUESTS)
			conn_detect_rtu(c, frame->adu, frame->length);
		if (judged.exception >= MB_EX_GATEWAY_TARGET_FAILED &&
		    conn_ignores(c, frame, judged.exception))
			return 0;
	}
	if (service->order != NULL &&
	    (judged_request_writes(&judged) || !backlog_is_empty(c->backlog)))
		return conn_wait(c, frame, &judged);
	conn_put_reply(c,
	    service_execute(
		service, &c->client, frame, &judged, stream_reply_space(s)));
	return 0;
}

/* The has_room of stream_serve. Without room, send what is gathered, which may
 * make room. */
static inline bool
conn_has_room(struct stream *s)
{
	struct conn *c = conn_of(s);

	if (c->backlog == NULL && stream_has_room(s))
		return true; /* nearly always */
	if (conn_owed(c) < CONN_UNSENT_HIGH)
		return true;
	stream_flush(s);
	return conn_owed(c) < CONN_UNSENT_HIGH;
}

/* Stop reading, until conn_resume. */
static void
conn_pause(struct conn *c)
{
	c->paused = true;
	c->incomplete = false;
	c->host->counters.paused++;
	stream_pause(&c->stream);
}

/* No whole frame is left in the input: wait for more, if more can come. */
static inline void
conn_await_input(struct conn *c)
{
	if (c->eof) {
		conn_finish(c, CONN_CLOSED_BY_PEER);
		return;
	}
	if (stream_has_input(&c->stream) && !c->incomplete) {
		c->incomplete = true;
		c->since = (uint32_t)c->host->now;
	}
	if (c->paused) {
		c->paused = false;
		if (stream_read(&c->stream) != 0)
			conn_close(c, CONN_NO_MEMORY);
	}
}

/* It has sent the shut-down word. That takes effect after the requests before
 * it. */
static void
conn_shut_down(struct conn *c)
{
	struct conn_host *host = c->host;
	const struct client client = c->client;

	if (backlog_is_empty(c->backlog)) {
		identity_hold(client.identity);
		conn_finish(c, CONN_SHUT_DOWN);
		host->shut_down(host->arg, &client);
		identity_release(client.identity);
	} else {
		c->shuts_down = true;
		conn_finish(c, CONN_SHUT_DOWN);
	}
}

/* The next bytes are not a frame. They may be the shut-down word. */
static void
conn_refuse_frame(struct conn *c)
{
	struct conn_host *host = c->host;

	if (host->shutdown_word == NULL) {
		conn_finish(c, CONN_BAD_PROTOCOL);
		return;
	}
	switch (shutdown_word_match(
	    host->shutdown_word, stream_input(&c->stream))) {
	case SHUTDOWN_WORD_PARTIAL:
		conn_await_input(c);
		return;
	case SHUTDOWN_WORD_OTHER:
		conn_finish(c, CONN_NOT_THE_WORD);
		return;
	case SHUTDOWN_WORD_RECEIVED:
		break;
	}
	if (policy_may_shut_down(host->service.policy, &c->client))
		conn_shut_down(c);
	else
		conn_finish(c, CONN_WORD_REFUSED);
}

/*
 * While nothing is plugged in: answer all whole frames of this read in one
 * loop.
 *
 * Returns true when no byte is left; then the run has ended. The connection is
 * then neither paused nor at EOF, as bytes have just been read, so that
 * conn_await_input has nothing to do. Otherwise stream_serve serves the rest.
 */
static inline bool
conn_answer_batch(struct conn *c)
{
	struct conn_host *host = c->host;
	struct service_batch batch = stream_begin_batch(&c->stream);

	service_answer_batch(&host->service, &c->client, &batch);
	if (batch.answered == 0)
		return false;
	host->counters.bytes_out += stream_batch_length(&c->stream, &batch);
	c->requests += batch.answered;
	c->last_request = host->now;
	c->incomplete = false;
	if (batch.requests != batch.requests_end) {
		stream_end_batch(&c->stream, &batch);
		return false;
	}
	if (stream_settle_batch(&c->stream, &batch) != 0)
		conn_close(c, CONN_NO_MEMORY);
	return true;
}

/* Answer requests one by one. Not inlined, so that a batch does without the
 * registers that it takes. */
static void __attribute__((noinline)) conn_answer_singly(struct conn *c)
{
	service_begin_run(&c->host->service);
	switch (stream_serve(&c->stream, conn_has_room, conn_answer)) {
	case STREAM_DRY:
		conn_await_input(c);
		break;
	case STREAM_FULL:
		conn_pause(c);
		break;
	case STREAM_BAD_PROTOCOL:
		conn_refuse_frame(c);
		break;
	case STREAM_BAD_LENGTH:
		conn_finish(c, CONN_BAD_LENGTH);
		break;
	case STREAM_NO_MEMORY:
		conn_close(c, CONN_NO_MEMORY);
		break;
	}
}

/* Answer requests until no whole frame is left or too much is unsent. */
static void
conn_serve(struct conn *c)
{
	if (!service_is_bare(&c->host->service) || !conn_answer_batch(c))
		conn_answer_singly(c);
}

/* Replies were sent: do what was waiting for that. Bytes that were already read
 * cause no new event, so they are served from here. */
static void
conn_resume(struct conn *c)
{
	if (c->state == CONN_FLUSHING)
		conn_linger_if_flushed(c);
	else if (c->paused && conn_owed(c) <= CONN_UNSENT_LOW)
		conn_serve(c);
}

static void
conn_readable(struct stream *s)
{
	struct conn *c = conn_of(s);

	if (c->state == CONN_SERVING)
		conn_serve(c);
	else
		stream_discard(s);
}

static void
conn_drained(struct stream *s)
{
	struct conn *c = conn_of(s);

	c->last_request = c->host->now; /* the peer takes replies */
	conn_resume(c);
}

/* Its transport has refused what has arrived. Whatever waits is lost. */
static void
conn_refuse_bytes(struct conn *c)
{
	if (c->state == CONN_LINGERING)
		return;
	backlog_free(c->backlog);
	c->backlog = NULL;
	if (c->state == CONN_SERVING)
		c->cause = CONN_REFUSED_BYTES;
	conn_linger(c);
}

static void
conn_ended(struct stream *s, int error)
{
	struct conn *c = conn_of(s);

	if (error == STREAM_REFUSED) {
		conn_refuse_bytes(c);
		return;
	}
	if (error != 0) {
		conn_close_for(c, CONN_BROKEN, error);
		return;
	}
	c->eof = true;
	if (c->state == CONN_SERVING)
		conn_serve(c);
	else if (c->state == CONN_LINGERING)
		conn_close(c, c->cause);
}

const struct stream_events conn_events = {
	.readable = conn_readable,
	.drained = conn_drained,
	.ended = conn_ended,
};

/* All writes that were settled together are answered: send the replies. */
static void
conn_end_settling(struct conn *c)
{
	struct conn_host *host = c->host;
	const struct client client = c->client;
	bool shuts_down = c->shuts_down && backlog_is_empty(c->backlog);

	if (shuts_down) {
		c->shuts_down = false;
		identity_hold(client.identity);
	}
	if (stream_settle(&c->stream) == 0)
		conn_resume(c);
	else
		conn_close(c, CONN_NO_MEMORY);
	if (shuts_down) {
		host->shut_down(host->arg, &client);
		identity_release(client.identity);
	}
}

/*
 * The settled callback of its writes: answer the first write of the backlog,
 * and the requests behind it. The run begins with the first of the writes that
 * are settled together, and ends with the last (more is false), so that their
 * replies are sent in one piece.
 */
static void
conn_settled(struct order_write *write, enum order_outcome outcome, bool more)
{
	struct conn *c = write->owner;

	if (outcome == ORDER_UNKNOWN) {
		conn_close(c, CONN_OUTCOME_UNKNOWN);
		return;
	}
	if (!stream_is_running(&c->stream))
		service_begin_run(&c->host->service);
	stream_run(&c->stream);
	backlog_settle(c->backlog, write, outcome);
	conn_answer_backlog(c);
	if (!more)
		conn_end_settling(c);
}

struct conn *
conn_new(struct conn_host *host, const struct stream_source *source,
    const struct client *client)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		stream_drop(source);
		return NULL;
	}
	c->host = host;
	c->client = *client;
	c->connected = c->last_request = host->now;
	if (stream_begin(&c->stream, host->streams, source) != 0) {
		free(c);
		return NULL;
	}
	stream_set_low_mark(&c->stream, CONN_UNSENT_LOW);
	identity_hold(client->identity);
	TAILQ_INSERT_TAIL(&host->conns, c, link);
	host->counters.accepted++;
	host->counters.connections++;
	conn_log_connect(&host->log, client);
	return c;
}

struct conn *
conn_next(const struct conn *c)
{
	return TAILQ_NEXT(c, link);
}

/* Whether a time is above a limit. Time stamps may be one clock step old, so
 * that the time may be that much too long. */
static bool
is_over(uint64_t time, uint64_t limit)
{
	return time > limit + CONN_CLOCK_STEP_MS;
}

static bool
conn_since_is_over(const struct conn *c, uint64_t limit)
{
	return is_over((uint32_t)c->host->now - c->since, limit);
}

/* Whether the peer has taken no unsent byte for too long. Requests that wait
 * for the order do not count, as the peer does not cause that. */
static bool
conn_is_stalled(struct conn *c)
{
	uint64_t now = c->host->now;

	return now - backlog_stuck_since(c->backlog, now) >
	    c->host->deadlines.stalled;
}

static void
conn_check_serving(struct conn *c)
{
	const struct conn_deadlines *d = &c->host->deadlines;

	if (c->incomplete && conn_since_is_over(c, d->frame))
		conn_finish(c, CONN_FRAME_LATE);
	else if (d->idle != 0 && is_over(conn_idle_time(c), d->idle))
		conn_finish(c, CONN_IDLE);
}

void
conn_check_deadlines(struct conn *c)
{
	if (conn_owed(c) == 0) {
		backlog_free(c->backlog);
		c->backlog = NULL;
	} else if (conn_backlog(c) == NULL) {
		conn_close(c, CONN_NO_MEMORY);
		return;
	} else if (conn_is_stalled(c)) {
		conn_close(c, CONN_STALLED);
		return;
	}
	if (c->state == CONN_SERVING)
		conn_check_serving(c);
	else if (c->state == CONN_LINGERING &&
	    conn_since_is_over(c, c->host->deadlines.linger))
		conn_close(c, c->cause);
}

uint64_t
conn_idle_time(struct conn *c)
{
	return conn_owed(c) != 0 ? 0 : c->host->now - c->last_request;
}

struct conn_figures
conn_figures(struct conn *c)
{
	return (struct conn_figures){
		.client = &c->client,
		.connected = c->connected,
		.last_request = c->last_request,
		.requests = c->requests,
		.unsent = stream_unsent(&c->stream),
		.tls = stream_version(&c->stream),
	};
}

void
conn_check_peer(struct conn *c)
{
	if (c->state == CONN_SERVING && !stream_is_still_good(&c->stream))
		conn_finish(c, CONN_NO_LONGER_GOOD);
}
