/*
 * A whole connection over a bufferevent pair.
 *
 * Input: flags (below), how many times more the stream is sent, a byte n, n %
 * 64 steps (step_take), then the stream. What the steps do not send is sent
 * after them; then the client half-closes, reads, and all writes are settled.
 *
 * Holds: the client gets exactly the replies that the model makes, in order,
 * whether the stream comes at once or step by step; unsent replies stay
 * bounded; the connection ends, once, for the right cause, and nothing is left.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "held_order.h"
#include "model.h"
#include "net/conn.h"
#include "report/trace.h"
#include "service/exchange.h"
#include "service/policy.h"
#include "table/datatable.h"
#include "version.h"

#define WORD       "quit"
#define STREAM_MAX (24 * 1024)

enum flags {
	OVERLAID = 1,
	WITH_WORD = 2,
	WITH_ORDER = 4,
	WRITES_FAIL = 8, /* every third of them */
	WORD_REFUSED = 16,
};

struct script {
	unsigned flags;
	const uint8_t *steps;
	size_t step_count;
	uint8_t stream[STREAM_MAX];
	size_t length; /* of the stream, up to the half-close */

	/* What the model says. */
	uint8_t replies[STREAM_MAX / 8 * MB_ADU_MAX];
	size_t replies_length;
	unsigned frames;
	enum mbap_result end; /* what stands behind the last frame */
	size_t rest;          /* and where */
};

/* One connection, served. */
struct run {
	const struct script *script;
	struct conn_host host;
	struct bufferevent *peer;
	struct evbuffer *replies;
	struct order order; /* refuses some writes at once */
	struct held_order held;
	uint64_t writes;
	size_t sent; /* of the stream */
	bool reading;
	bool half_closed;
	unsigned closes;
	unsigned shut_downs;
	unsigned exchanges;
};

static struct event_base *base;

/* --- the order ---------------------------------------------------------- */

/* What becomes of a write, by its number: refused at once or later, or
 * executed. */

static bool
is_taken(uint64_t number)
{
	return number % 5 != 0;
}

static enum order_outcome
outcome_of(const struct script *s, uint64_t number)
{
	return s->flags & WRITES_FAIL && number % 3 == 0 ? ORDER_REFUSED :
							   ORDER_EXECUTE;
}

static int
submit(void *arg, struct order_write *write)
{
	struct run *r = arg;

	if (!is_taken(++r->writes))
		return -1;
	return order_submit(&r->held.order, write);
}

/* The number, among all writes, of the one that was taken as number taken. */
static uint64_t
number_of(uint64_t taken)
{
	return taken + (taken - 1) / 4;
}

static void
settle(struct run *r, uint64_t most)
{
	while (most-- > 0 && r->held.settled < r->held.submitted) {
		uint64_t next = r->held.settled + 1;

		held_order_settle(
		    &r->held, next, outcome_of(r->script, number_of(next)));
	}
}

/* --- what is expected --------------------------------------------------- */

static bool
writes(uint8_t function)
{
	return function == 5 || function == 6 || function == 15 ||
	    function == 16 || function == 22 || function == 23;
}

/* Whether the write of this number is refused. */
static bool
is_refused(const struct script *s, uint64_t number)
{
	return s->flags & WITH_ORDER &&
	    (!is_taken(number) || outcome_of(s, number) == ORDER_REFUSED);
}

/* Append the reply to a frame. A write that is refused changes nothing. */
static void
expect_reply(struct script *s, struct model *model, const uint8_t *adu,
    size_t whole, uint64_t *number)
{
	static struct model before;
	uint8_t *reply = s->replies + s->replies_length;
	bool refused = writes(adu[7]) && is_refused(s, *number + 1);
	size_t length;

	if (refused)
		before = *model;
	length = model_respond(model, adu + 7, whole - 7, reply + 7);
	if (writes(reply[7]))
		++*number;
	if (refused && writes(reply[7])) {
		*model = before;
		reply[7] |= 0x80;
		reply[8] = 4;
		length = 2;
	}
	memcpy(reply, adu, 7);
	reply[4] = 0;
	reply[5] = (uint8_t)(1 + length);
	s->replies_length += 7 + length;
}

static void
expect(struct script *s)
{
	static struct model model;
	uint64_t number = 0;
	size_t whole = 0;

	model_init(&model, s->flags & OVERLAID, VERSION);
	s->frames = 0;
	s->replies_length = 0;
	for (s->rest = 0;; s->rest += whole) {
		const uint8_t *adu = s->stream + s->rest;

		s->end = reference_frame(adu, s->length - s->rest, &whole);
		if (s->end != MBAP_READY)
			return;
		expect_reply(s, &model, adu, whole, &number);
		s->frames++;
	}
}

/* Whether a cause is right where the rest of the stream might be the word. */
static bool
fits_word(const struct script *s, enum conn_cause cause)
{
	enum conn_cause told =
	    s->flags & WORD_REFUSED ? CONN_WORD_REFUSED : CONN_SHUT_DOWN;
	const uint8_t *rest = s->stream + s->rest;
	size_t left = s->length - s->rest;
	size_t ends = sizeof(WORD) - 1;

	if (rest[2] == 0)
		return cause == CONN_NOT_THE_WORD;
	if (left < sizeof(WORD) - 1)
		return cause == CONN_CLOSED_BY_PEER;
	if (memcmp(rest, WORD, sizeof(WORD) - 1) != 0)
		return cause == CONN_NOT_THE_WORD;
	while (ends < left && (rest[ends] == '\r' || rest[ends] == '\n'))
		ends++;
	if (ends == left)
		return cause == told;
	/* What comes behind it may come too late to matter. */
	return cause == told || cause == CONN_NOT_THE_WORD;
}

static bool
fits(const struct script *s, enum conn_cause cause)
{
	switch (s->end) {
	case MBAP_BAD_LENGTH:
		return cause == CONN_BAD_LENGTH;
	case MBAP_BAD_PROTOCOL:
		return s->flags & WITH_WORD ? fits_word(s, cause) :
					      cause == CONN_BAD_PROTOCOL;
	default:
		return cause == CONN_CLOSED_BY_PEER;
	}
}

/* --- one run ------------------------------------------------------------ */

static void
closed(void *arg, const struct client *who)
{
	struct run *r = arg;

	must(who->id == 7);
	r->closes++;
}

static void
shut_down(void *arg, const struct client *who)
{
	struct run *r = arg;

	must(who->id == 7);
	r->shut_downs++;
}

static bool
may_shut_down(void *arg, const struct client *who)
{
	struct run *r = arg;

	(void)who;
	return !(r->script->flags & WORD_REFUSED);
}

/* Sizes of all kinds, each in a block that ends there. */
static void
note_exchange(void *arg, const struct exchange *x)
{
	struct run *r = arg;
	size_t size = 1 + r->exchanges++ * 7U % 300;
	char *text = malloc(size);

	must(text != NULL);
	must(trace_format(x, NULL, text, size) == text);
	must(memchr(text, '\0', size) != NULL);
	free(text);
}

static struct conn *
run_conn(const struct run *r)
{
	return TAILQ_FIRST(&r->host.conns);
}

/* Replies that the client has neither got nor lost. */
static void
check_unsent(const struct run *r)
{
	if (run_conn(r) != NULL)
		must(r->host.counters.bytes_out -
			evbuffer_get_length(r->replies) <=
		    CONN_UNSENT_HIGH + MB_ADU_MAX);
}

/* Let everything happen that can. */
static void
turn_base(void)
{
	unsigned turns = 0;

	do {
		event_base_loop(base, EVLOOP_NONBLOCK);
		must(++turns < 100000);
	} while (event_base_get_num_events(base, EVENT_BASE_COUNT_ACTIVE) > 0);
}

static void
turn(struct run *r)
{
	turn_base();
	bufferevent_read_buffer(r->peer, r->replies);
	check_unsent(r);
}

static void
send_bytes(struct run *r, size_t length)
{
	if (r->half_closed)
		return;
	if (length > r->script->length - r->sent)
		length = r->script->length - r->sent;
	if (run_conn(r) != NULL)
		must(bufferevent_write(
			 r->peer, r->script->stream + r->sent, length) == 0);
	r->sent += length;
}

static void
half_close(struct run *r)
{
	if (!r->half_closed && run_conn(r) != NULL)
		bufferevent_flush(r->peer, EV_WRITE, BEV_FINISHED);
	r->half_closed = true;
}

static void
set_reading(struct run *r, bool reading)
{
	r->reading = reading;
	if (reading)
		bufferevent_enable(r->peer, EV_READ);
	else
		bufferevent_disable(r->peer, EV_READ);
}

/* Time that is well within every deadline changes nothing. */
static void
pass_time(struct run *r, unsigned ms)
{
	struct conn *c = run_conn(r);

	r->host.now += ms;
	if (c != NULL)
		conn_check_deadlines(c);
}

/* A step: what to do in the low three bits, and how much in the others. */
enum step {
	SEND = 0,
	SEND_TOO = 1,
	SEND_EIGHTS = 2,
	SEND_PAGES = 3,
	TOGGLE_READING = 4,
	SETTLE = 5,
	PASS_TIME = 6, /* no time at all: half-close */
	SEND_WITHOUT_A_TURN = 7,
};

/* The bytes that a step sends. */
static size_t
step_sends(uint8_t step)
{
	size_t n = 1U + (step >> 3);

	switch (step & 7) {
	case SEND:
	case SEND_TOO:
	case SEND_WITHOUT_A_TURN:
		return n;
	case SEND_EIGHTS:
		return n * 8;
	case SEND_PAGES:
		return n * 256;
	default:
		return 0;
	}
}

static void
step_take(struct run *r, uint8_t step)
{
	switch (step & 7) {
	case TOGGLE_READING:
		set_reading(r, !r->reading);
		break;
	case SETTLE:
		settle(r, 1U + (step >> 3));
		break;
	case PASS_TIME:
		if (step >> 3 == 0)
			half_close(r);
		else
			pass_time(r, step >> 3);
		break;
	default:
		send_bytes(r, step_sends(step));
		break;
	}
	if ((step & 7) != SEND_WITHOUT_A_TURN)
		turn(r);
}

static void
run_begin(struct run *r, const struct script *s)
{
	const struct client client = { .id = 7 };
	struct bufferevent *pair[2];
	struct stream_source source;

	*r = (struct run){ .script = s, .replies = evbuffer_new() };
	conn_host_init(&r->host);
	r->host.streams = stream_pool_new(&conn_events);
	r->host.service.table = datatable_new(
	    s->flags & OVERLAID ? DATATABLE_OVERLAID : DATATABLE_SEPARATE);
	r->host.shutdown_word = s->flags & WITH_WORD ? WORD : NULL;
	r->host.deadlines = (struct conn_deadlines){ 10000, 30000, 2000, 0 };
	r->host.closed = closed;
	r->host.shut_down = shut_down;
	r->host.arg = r;
	held_order_init(&r->held);
	r->order = (struct order){ .submit = submit, .arg = r };
	if (s->flags & WITH_ORDER)
		r->host.service.order = &r->order;
	must(bufferevent_pair_new(base, 0, pair) == 0);
	r->peer = pair[1];
	bufferevent_enable(r->peer, EV_WRITE);
	set_reading(r, true);
	source = (struct stream_source){ .bev = pair[0] };
	must(conn_new(&r->host, &source, &client) != NULL);
}

static void
run_end(struct run *r)
{
	bufferevent_free(r->peer);
	held_order_end(&r->held);
	stream_pool_free(r->host.streams);
	datatable_free(r->host.service.table);
	turn_base(); /* for what libevent frees later */
	evbuffer_free(r->replies);
}

static void
check_end(const struct run *r)
{
	const struct script *s = r->script;
	size_t length = evbuffer_get_length(r->replies);
	unsigned ends = 0;

	must(length == s->replies_length);
	must(length == 0 ||
	    memcmp(evbuffer_pullup(r->replies, -1), s->replies, length) == 0);
	must(r->host.counters.requests == s->frames);
	must(r->exchanges == s->frames);
	must(r->host.counters.connections == 0);
	must(r->closes == 1);
	for (int cause = 0; cause < CONN_CAUSES; cause++)
		if (r->host.counters.closed[cause] > 0) {
			must(fits(s, (enum conn_cause)cause));
			ends++;
		}
	must(ends == 1);
	must(r->shut_downs == r->host.counters.closed[CONN_SHUT_DOWN]);
}

/* Serve the script's stream, as steps say or at once. */
static void
run(const struct script *s, size_t step_count)
{
	struct run r;
	const struct policy policy = { .arg = &r,
		.may_shut_down = may_shut_down };
	const struct tap tap = { .exchanged = note_exchange, .arg = &r };

	run_begin(&r, s);
	r.host.service.policy = &policy;
	r.host.service.tap = &tap;
	for (size_t i = 0; i < step_count; i++)
		step_take(&r, s->steps[i]);
	send_bytes(&r, STREAM_MAX);
	turn(&r);
	set_reading(&r, true);
	turn(&r);
	half_close(&r);
	for (int i = 0; run_conn(&r) != NULL; i++) {
		must(i < STREAM_MAX);
		turn(&r);
		settle(&r, UINT64_MAX);
	}
	turn(&r);
	check_end(&r);
	run_end(&r);
}

/* --- the input ---------------------------------------------------------- */

static void
script_read(struct script *s, struct input in)
{
	unsigned more;
	size_t sent = 0;

	s->flags = input_byte(&in);
	more = input_byte(&in) % 64;
	s->step_count = input_byte(&in) % 64;
	s->steps = input_take(&in, &s->step_count);
	s->length = 0;
	do {
		if (in.left > STREAM_MAX - s->length)
			break;
		memcpy(s->stream + s->length, in.next, in.left);
		s->length += in.left;
	} while (more-- > 0);
	/* What comes after a half-close is never sent. */
	for (size_t i = 0; i < s->step_count; i++) {
		if (s->steps[i] == PASS_TIME && sent < s->length)
			s->length = sent;
		sent += step_sends(s->steps[i]);
	}
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_level(LOG_ERROR);
	base = event_base_new();
	must(base != NULL);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct script script;

	script_read(&script, (struct input){ data, size });
	expect(&script);
	run(&script, 0);
	run(&script, script.step_count);
	return 0;
}
