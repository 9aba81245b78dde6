/*
 * A connection over a bufferevent pair, as TLS would be one, and over a socket
 * pair, which takes the short ways of net/stream. No network, no waiting.
 */
#include "net/conn.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "held_order.h"
#include "modbus/bytes.h"
#include "service/exchange.h"
#include "service/order.h"
#include "service/policy.h"
#include "suite.h"
#include "table/datatable.h"
#include "wire.h"

#define CLIENT_ID 7

static struct event_base *base;
static struct datatable *table;
static struct conn_host host;
static struct bufferevent *peer; /* the client's side */
static bool plain;               /* both sides are sockets */
static struct evbuffer *replies;
static struct conn *conn; /* NULL once it is gone */
static unsigned closes;
static unsigned shut_downs;

static void
closed(void *arg, const struct client *who)
{
	(void)arg;
	ck_assert_uint_eq(who->id, CLIENT_ID);
	closes++;
	conn = TAILQ_FIRST(&host.conns);
}

static void
shut_down(void *arg, const struct client *who)
{
	(void)arg;
	ck_assert_uint_eq(who->id, CLIENT_ID);
	shut_downs++;
}

/* Let everything happen that can. */
static void
turn(void)
{
	for (int i = 0; i < 50; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	bufferevent_read_buffer(peer, replies);
}

/* What a connection that is not read may leave with the system. */
#define SYSTEM_BUFFER (plain ? 32 * 1024 : 0)

/* Two sockets with the smallest buffers, each in a bufferevent. */
static void
make_socket_pair(struct bufferevent *pair[2])
{
	const int small = 1;
	int fds[2];

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	for (int i = 0; i < 2; i++)
		pair[i] =
		    bufferevent_socket_new(base, fds[i], BEV_OPT_CLOSE_ON_FREE);
}

static void
setup(void)
{
	struct bufferevent *pair[2];
	const struct client client = { .id = CLIENT_ID };
	struct stream_source source;

	log_set_level(LOG_ERROR);
	base = event_base_new();
	table = datatable_new(DATATABLE_SEPARATE);
	replies = evbuffer_new();
	conn_host_init(&host);
	host.service.table = table;
	host.streams = stream_pool_new(&conn_events);
	host.closed = closed;
	host.shut_down = shut_down;
	host.deadlines = (struct conn_deadlines){
		.frame = 10000,
		.stalled = 30000,
		.linger = 2000,
	};
	if (plain)
		make_socket_pair(pair);
	else
		ck_assert_int_eq(bufferevent_pair_new(base, 0, pair), 0);
	peer = pair[1];
	bufferevent_enable(peer, EV_READ | EV_WRITE);
	source = (struct stream_source){ .bev = pair[0], .plain = plain };
	conn = conn_new(&host, &source, &client);
	ck_assert_ptr_nonnull(conn);
}

static void
setup_plain(void)
{
	plain = true;
	setup();
}

static void
teardown(void)
{
	while (conn != NULL)
		conn_close(conn, CONN_STOPPING);
	bufferevent_free(peer);
	evbuffer_free(replies);
	stream_pool_free(host.streams);
	datatable_free(table);
	event_base_free(base);
}

static struct evbuffer *
sending(void)
{
	return bufferevent_get_output(peer);
}

static void
send_eof(void)
{
	if (plain)
		shutdown(bufferevent_getfd(peer), SHUT_WR);
	else
		bufferevent_flush(peer, EV_WRITE, BEV_FINISHED);
}

/* The connection is gone; where it can linger, once the peer has left too. */
static void
assert_closed_for(enum conn_cause cause)
{
	if (plain && conn != NULL) {
		send_eof();
		turn();
	}
	ck_assert_ptr_null(conn);
	ck_assert_uint_eq(closes, 1);
	ck_assert_uint_eq(host.counters.closed[cause], 1);
	ck_assert_uint_eq(host.counters.connections, 0);
}

static void
pass_time(uint64_t ms)
{
	host.now += ms;
	if (conn != NULL)
		conn_check_deadlines(conn);
}

/* To the very end of a deadline: one millisecond more is too late. */
static void
pass_deadline(uint64_t ms)
{
	pass_time(ms + CONN_CLOCK_STEP_MS);
}

/* --- serving ------------------------------------------------------------ */

START_TEST(answers_a_request)
{
	struct wire_frame reply;

	wire_request(sending(), 0x1234, MB_FC_READ_HOLDING_REGISTERS, 0, 2);
	turn();
	reply = wire_reply(replies, 0x1234);
	ck_assert_uint_eq(reply.unit, 1);
	ck_assert_uint_eq(reply.pdu_length, 6);
	ck_assert_uint_eq(host.counters.requests, 1);
	ck_assert_uint_eq(host.counters.requests_by_function[3], 1);
	ck_assert_uint_eq(host.counters.bytes_in, 12);
	ck_assert_uint_eq(host.counters.bytes_out, 13);
}
END_TEST

START_TEST(answers_what_comes_byte_by_byte)
{
	struct evbuffer *adu = evbuffer_new();
	uint8_t byte;

	wire_request(adu, 1, MB_FC_WRITE_SINGLE_REGISTER, 5, 77);
	wire_request(adu, 2, MB_FC_READ_INPUT_REGISTERS, 5, 1);
	while (evbuffer_remove(adu, &byte, 1) == 1) {
		bufferevent_write(peer, &byte, 1);
		turn();
	}
	evbuffer_free(adu);
	wire_reply(replies, 1);
	ck_assert_uint_eq(get16(wire_reply(replies, 2).pdu + 2), 77);
}
END_TEST

START_TEST(answers_many_requests_at_once_in_order)
{
	for (uint16_t i = 0; i < 1000; i++)
		wire_request(sending(), i, MB_FC_WRITE_SINGLE_REGISTER, i, i);
	turn();
	for (uint16_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(get16(wire_reply(replies, i).pdu + 3), i);
	ck_assert_uint_eq(evbuffer_get_length(replies), 0);
}
END_TEST

/* Of each length there is: the next begins just where it ends. */
START_TEST(a_frame_takes_its_own_bytes_and_no_more)
{
	uint8_t pdu[MB_PDU_MAX] = { MB_FC_DIAGNOSTICS };

	for (size_t length = 4; length <= MB_PDU_MAX; length++) {
		pdu[length - 1] = (uint8_t)length;
		wire_pdu(sending(), (uint16_t)length, 1, pdu, length);
	}
	turn();
	for (size_t length = 4; length <= MB_PDU_MAX; length++) {
		struct wire_frame reply = wire_reply(replies, (uint16_t)length);

		ck_assert_uint_eq(reply.pdu_length, length);
		ck_assert_uint_eq(reply.pdu[length - 1], length);
	}
	ck_assert_uint_eq(evbuffer_get_length(replies), 0);
}
END_TEST

START_TEST(exception_keeps_the_connection)
{
	wire_request(sending(), 1, 99, 0, 0);
	wire_request(sending(), 2, MB_FC_READ_COILS, 0, 2001);
	wire_request(sending(), 3, MB_FC_READ_COILS, 65535, 2);
	wire_request(sending(), 4, MB_FC_READ_COILS, 65535, 1);
	turn();
	wire_exception(replies, 1, 99, MB_EX_ILLEGAL_FUNCTION);
	wire_exception(replies, 2, 1, MB_EX_ILLEGAL_DATA_VALUE);
	wire_exception(replies, 3, 1, MB_EX_ILLEGAL_DATA_ADDRESS);
	wire_reply(replies, 4);
	ck_assert_uint_eq(host.counters.exceptions_by_code[1], 1);
	ck_assert_uint_eq(host.counters.exceptions_by_code[2], 1);
	ck_assert_uint_eq(host.counters.exceptions_by_code[3], 1);
	ck_assert_ptr_nonnull(conn);
}
END_TEST

/* --- bad frames --------------------------------------------------------- */

START_TEST(bad_protocol_identifier_closes_after_the_replies_owed)
{
	wire_request(sending(), 1, MB_FC_READ_COILS, 0, 1);
	evbuffer_add(sending(), "\0\2\0\1\0\6\1\1\0\0\0\1", 12);
	wire_request(sending(), 3, MB_FC_READ_COILS, 0, 1);
	turn();
	wire_reply(replies, 1);
	ck_assert_uint_eq(evbuffer_get_length(replies), 0);
	assert_closed_for(CONN_BAD_PROTOCOL);
}
END_TEST

START_TEST(bad_length_closes_after_the_replies_owed)
{
	wire_request(sending(), 1, MB_FC_READ_COILS, 0, 1);
	evbuffer_add(sending(), "\0\2\0\0\0\377", 6);
	turn();
	wire_reply(replies, 1);
	ck_assert_uint_eq(evbuffer_get_length(replies), 0);
	assert_closed_for(CONN_BAD_LENGTH);
}
END_TEST

START_TEST(eof_in_a_frame_closes_without_an_answer)
{
	evbuffer_add(sending(), "\0\1\0\0\0\6\1", 7);
	turn();
	send_eof();
	turn();
	ck_assert_uint_eq(evbuffer_get_length(replies), 0);
	assert_closed_for(CONN_CLOSED_BY_PEER);
}
END_TEST

/* --- back-pressure ------------------------------------------------------ */

#define FLOOD 2000 /* requests whose replies take 259 bytes each */

static void
flood(void)
{
	for (uint16_t i = 0; i < FLOOD; i++)
		wire_request(sending(), i, MB_FC_READ_HOLDING_REGISTERS, i,
		    MB_MAX_READ_REGISTERS);
}

static void
assert_flood_answered(void)
{
	for (uint16_t i = 0; i < FLOOD; i++)
		wire_reply(replies, i);
	ck_assert_uint_eq(evbuffer_get_length(replies), 0);
}

START_TEST(pauses_when_replies_are_not_read_and_answers_all_in_the_end)
{
	bufferevent_disable(peer, EV_READ);
	flood();
	turn();
	ck_assert_uint_eq(host.counters.paused, 1);
	ck_assert_uint_le(host.counters.bytes_out,
	    CONN_UNSENT_HIGH + MB_ADU_MAX + SYSTEM_BUFFER);
	ck_assert_uint_lt(host.counters.requests, FLOOD);

	bufferevent_enable(peer, EV_READ);
	for (int i = 0; i < FLOOD && host.counters.requests < FLOOD; i++)
		turn();
	turn();
	assert_flood_answered();
	ck_assert_ptr_nonnull(conn);
}
END_TEST

START_TEST(answers_what_was_buffered_at_eof_before_it_closes)
{
	bufferevent_disable(peer, EV_READ);
	flood();
	turn();
	bufferevent_enable(peer, EV_READ);
	for (int i = 0; i < FLOOD && host.counters.requests < FLOOD; i++)
		turn();
	send_eof();
	turn();
	assert_flood_answered();
	assert_closed_for(CONN_CLOSED_BY_PEER);
}
END_TEST

/* --- deadlines ---------------------------------------------------------- */

START_TEST(frame_that_is_not_completed_in_time_closes)
{
	evbuffer_add(sending(), "\0", 1);
	turn();
	pass_deadline(host.deadlines.frame);
	evbuffer_add(sending(), "\1", 1); /* progress does not help */
	turn();
	ck_assert_ptr_nonnull(conn);
	pass_time(1);
	assert_closed_for(CONN_FRAME_LATE);
}
END_TEST

START_TEST(frame_deadline_begins_anew_with_each_frame)
{
	struct evbuffer *adu = evbuffer_new();

	wire_request(adu, 1, MB_FC_READ_COILS, 0, 1);
	for (int i = 0; i < 5; i++) {
		uint8_t bytes[WIRE_REQUEST_LENGTH];

		evbuffer_copyout(adu, bytes, sizeof(bytes));
		bufferevent_write(peer, bytes + (i > 0 ? 3 : 0),
		    sizeof(bytes) - (i > 0 ? 3 : 0));
		bufferevent_write(peer, bytes, 3); /* the next one begins */
		turn();
		pass_deadline(host.deadlines.frame);
		ck_assert_ptr_nonnull(conn);
	}
	evbuffer_free(adu);
	ck_assert_uint_eq(host.counters.requests, 5);
	pass_time(1);
	assert_closed_for(CONN_FRAME_LATE);
}
END_TEST

START_TEST(quiet_connection_stays_when_no_idle_time_is_set)
{
	pass_time(UINT64_C(1000) * 3600 * 24 * 365);
	ck_assert_ptr_nonnull(conn);
}
END_TEST

START_TEST(idle_connection_closes_when_an_idle_time_is_set)
{
	host.deadlines.idle = 5000;
	pass_deadline(5000);
	wire_request(sending(), 1, MB_FC_READ_COILS, 0, 1);
	turn();
	pass_deadline(5000);
	ck_assert_ptr_nonnull(conn);
	ck_assert_uint_eq(conn_idle_time(conn), 5000 + CONN_CLOCK_STEP_MS);
	pass_time(1);
	assert_closed_for(CONN_IDLE);
}
END_TEST

START_TEST(peer_that_reads_nothing_is_closed)
{
	bufferevent_disable(peer, EV_READ);
	flood();
	turn();
	pass_deadline(0); /* that it is stuck is seen here */
	pass_time(host.deadlines.stalled);
	ck_assert_ptr_nonnull(conn);
	pass_time(1);
	assert_closed_for(CONN_STALLED);
}
END_TEST

START_TEST(peer_that_reads_slowly_is_kept)
{
	bufferevent_disable(peer, EV_READ);
	flood();
	turn();
	for (int i = 0; i < 10; i++) {
		bufferevent_setwatermark(peer, EV_READ, 0, 5000);
		bufferevent_enable(peer, EV_READ);
		for (int turns = 0; turns < 5; turns++)
			event_base_loop(base, EVLOOP_NONBLOCK);
		bufferevent_disable(peer, EV_READ);
		bufferevent_read_buffer(peer, replies);
		pass_deadline(host.deadlines.stalled);
		ck_assert_ptr_nonnull(conn);
	}
	pass_time(host.deadlines.stalled);
	ck_assert_ptr_nonnull(conn);
	pass_time(1);
	assert_closed_for(CONN_STALLED);
}
END_TEST

START_TEST(frame_deadline_does_not_run_while_paused)
{
	bufferevent_disable(peer, EV_READ);
	flood();
	evbuffer_add(sending(), "\0\1\0", 3);
	turn();
	ck_assert_uint_eq(host.counters.paused, 1);
	pass_deadline(host.deadlines.frame + 1);
	ck_assert_ptr_nonnull(conn);
}
END_TEST

/* --- finishing ---------------------------------------------------------- */

START_TEST(finish_sends_what_is_owed_first)
{
	bufferevent_disable(peer, EV_READ);
	for (uint16_t i = 0; i < 10; i++)
		wire_request(sending(), i, MB_FC_READ_COILS, 0, 1);
	turn();
	conn_finish(conn, CONN_STOPPING);
	ck_assert_ptr_nonnull(conn);
	wire_request(sending(), 99, MB_FC_READ_COILS, 0, 1);
	bufferevent_enable(peer, EV_READ);
	turn();
	for (uint16_t i = 0; i < 10; i++)
		wire_reply(replies, i);
	ck_assert_uint_eq(evbuffer_get_length(replies), 0);
	assert_closed_for(CONN_STOPPING);
}
END_TEST

/* Only sockets have two sides that close apart. */
START_TEST(socket_lingers_for_the_whole_of_its_deadline)
{
	pass_time(60 * 1000); /* stamps of before are of no use */
	conn_finish(conn, CONN_STOPPING);
	if (plain) {
		pass_deadline(host.deadlines.linger);
		ck_assert_ptr_nonnull(conn);
		pass_time(1);
	}
	ck_assert_ptr_null(conn);
}
END_TEST

START_TEST(eof_behind_a_bad_frame_loses_no_reply)
{
	bufferevent_disable(peer, EV_READ);
	wire_request(sending(), 1, MB_FC_READ_COILS, 0, 1);
	evbuffer_add(sending(), "junk", 4);
	turn();
	send_eof();
	turn();
	bufferevent_enable(peer, EV_READ);
	turn();
	wire_reply(replies, 1);
	assert_closed_for(CONN_BAD_PROTOCOL);
}
END_TEST

START_TEST(first_cause_is_the_one_that_counts)
{
	bufferevent_disable(peer, EV_READ);
	wire_request(sending(), 1, MB_FC_READ_COILS, 0, 1);
	turn();
	conn_finish(conn, CONN_IDLE);
	conn_finish(conn, CONN_STOPPING);
	conn_close(conn, CONN_BROKEN);
	assert_closed_for(CONN_IDLE);
}
END_TEST

/* --- the shut-down word ------------------------------------------------- */

START_TEST(word_shuts_down_after_the_replies_owed)
{
	host.shutdown_word = "quit";
	wire_request(sending(), 1, MB_FC_READ_COILS, 0, 1);
	evbuffer_add(sending(), "qu", 2);
	turn();
	ck_assert_uint_eq(shut_downs, 0);
	evbuffer_add(sending(), "it\r\n", 4);
	turn();
	ck_assert_uint_eq(shut_downs, 1);
	wire_reply(replies, 1);
	assert_closed_for(CONN_SHUT_DOWN);
}
END_TEST

START_TEST(part_of_the_word_does_not_wait_for_ever)
{
	host.shutdown_word = "quit";
	evbuffer_add(sending(), "qui", 3);
	turn();
	pass_deadline(host.deadlines.frame + 1);
	ck_assert_uint_eq(shut_downs, 0);
	assert_closed_for(CONN_FRAME_LATE);
}
END_TEST

START_TEST(another_word_closes)
{
	host.shutdown_word = "quit";
	evbuffer_add(sending(), "quip", 4);
	turn();
	ck_assert_uint_eq(shut_downs, 0);
	assert_closed_for(CONN_NOT_THE_WORD);
}
END_TEST

START_TEST(the_word_is_a_bad_frame_where_none_is_set)
{
	evbuffer_add(sending(), "quit", 4);
	turn();
	ck_assert_uint_eq(shut_downs, 0);
	assert_closed_for(CONN_BAD_PROTOCOL);
}
END_TEST

START_TEST(frame_that_begins_like_the_word_is_a_frame)
{
	host.shutdown_word = "quit";
	wire_request(sending(), 'q' << 8 | 'u', MB_FC_READ_COILS, 0, 1);
	turn();
	wire_reply(replies, 'q' << 8 | 'u');
	ck_assert_uint_eq(shut_downs, 0);
}
END_TEST

/* --- seams -------------------------------------------------------------- */

static enum mb_exception
refuse_register_5(void *arg, const struct client *who, uint8_t unit,
    const struct mb_request *request)
{
	unsigned *asked = arg;

	++*asked;
	ck_assert_uint_eq(who->id, CLIENT_ID);
	ck_assert_uint_eq(unit, 1);
	return mb_request_writes(request) && request->write.address == 5 ?
	    MB_EX_ILLEGAL_DATA_ADDRESS :
	    MB_EX_NONE;
}

START_TEST(policy_is_asked_of_decoded_requests_and_refuses_in_time)
{
	unsigned asked = 0;
	const struct policy policy = {
		.arg = &asked,
		.may_request = refuse_register_5,
	};
	uint16_t value;

	host.service.policy = &policy;
	wire_request(sending(), 1, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	wire_request(sending(), 2, MB_FC_READ_HOLDING_REGISTERS, 5, 1);
	wire_request(sending(), 3, MB_FC_READ_HOLDING_REGISTERS, 5, 0);
	turn();
	wire_exception(replies, 1, 6, MB_EX_ILLEGAL_DATA_ADDRESS);
	wire_reply(replies, 2);
	wire_exception(replies, 3, 3, MB_EX_ILLEGAL_DATA_VALUE);
	ck_assert_uint_eq(asked, 2);
	datatable_read_registers(table, 5, 1, &value);
	ck_assert_uint_eq(value, 0);
}
END_TEST

static enum mb_exception
serve_unit_1(
    void *arg, const struct client *who, uint8_t unit, uint8_t function)
{
	const enum mb_exception *others = arg;

	(void)who;
	(void)function;
	return unit == 1 ? MB_EX_NONE : *others;
}

/* A read of a register, to a unit. */
static void
send_to_unit(uint16_t transaction, uint8_t unit)
{
	const uint8_t pdu[] = { MB_FC_READ_HOLDING_REGISTERS, 0, 5, 0, 1 };

	wire_pdu(sending(), transaction, unit, pdu, sizeof(pdu));
}

START_TEST(other_units_are_refused_before_anything_else)
{
	enum mb_exception others = MB_EX_GATEWAY_TARGET_FAILED;
	const struct policy policy = { .arg = &others,
		.may_use = serve_unit_1 };
	const uint8_t unknown[] = { 99 };

	host.service.policy = &policy;
	send_to_unit(1, 2);
	wire_pdu(sending(), 2, 2, unknown, sizeof(unknown));
	send_to_unit(3, 1);
	turn();
	wire_exception(replies, 1, 3, MB_EX_GATEWAY_TARGET_FAILED);
	wire_exception(replies, 2, 99, MB_EX_GATEWAY_TARGET_FAILED);
	wire_reply(replies, 3);
	ck_assert_uint_eq(host.counters.requests, 3);
	ck_assert_uint_eq(host.counters.exceptions_by_code[11], 2);
	ck_assert_uint_eq(host.counters.ignored, 0);
}
END_TEST

START_TEST(requests_without_an_answer_are_counted_and_keep_the_connection)
{
	enum mb_exception others = MB_NO_ANSWER;
	const struct policy policy = { .arg = &others,
		.may_use = serve_unit_1 };

	host.service.policy = &policy;
	for (uint16_t i = 0; i < 20; i++)
		send_to_unit(i, i == 10 || i == 19 ? 1 : 2);
	turn();
	wire_reply(replies, 10);
	wire_reply(replies, 19);
	ck_assert_uint_eq(evbuffer_get_length(replies), 0);
	ck_assert_uint_eq(host.counters.requests, 20);
	ck_assert_uint_eq(host.counters.requests_by_function[3], 20);
	ck_assert_uint_eq(host.counters.exceptions_by_code[MB_EX_NONE], 2);
	ck_assert_uint_eq(host.counters.ignored, 18);
	ck_assert_uint_eq(host.counters.bytes_in, 20 * 12);
	ck_assert_uint_eq(host.counters.bytes_out, 2 * 11);
	ck_assert_ptr_nonnull(conn);
}
END_TEST

static bool
may_not_shut_down(void *arg, const struct client *who)
{
	(void)arg;
	(void)who;
	return false;
}

START_TEST(policy_narrows_who_may_shut_down)
{
	const struct policy policy = { .may_shut_down = may_not_shut_down };

	host.service.policy = &policy;
	host.shutdown_word = "quit";
	evbuffer_add(sending(), "quit", 4);
	turn();
	ck_assert_uint_eq(shut_downs, 0);
	assert_closed_for(CONN_WORD_REFUSED);
}
END_TEST

static void
note_change(void *arg, const struct datatable_change *change)
{
	unsigned *told = arg;

	++*told;
	ck_assert_uint_eq(change->writer->client->id, CLIENT_ID);
	ck_assert_uint_eq(change->writer->unit, 1);
	ck_assert_uint_eq(
	    change->writer->function, MB_FC_WRITE_SINGLE_REGISTER);
	ck_assert_uint_eq(change->kind, DATATABLE_REGISTERS);
	ck_assert_uint_eq(change->address, 5);
	ck_assert_uint_eq(change->quantity, 1);
	ck_assert_uint_eq(change->before[0], 0);
	ck_assert_uint_eq(change->after[0], 9);
}

START_TEST(observer_is_called_with_the_writer_and_the_values)
{
	unsigned told = 0;
	struct datatable_observer observer = {
		.changed = note_change,
		.arg = &told,
	};

	datatable_observe(table, &observer);
	wire_request(sending(), 1, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	wire_request(sending(), 2, MB_FC_READ_HOLDING_REGISTERS, 5, 1);
	turn();
	ck_assert_uint_eq(told, 1);
}
END_TEST

struct tapped {
	unsigned ok;
	unsigned exceptions;
	unsigned undecoded;
};

static void
note_exchange(void *arg, const struct exchange *x)
{
	struct tapped *t = arg;

	ck_assert_uint_eq(x->client->id, CLIENT_ID);
	t->ok += x->exception == MB_EX_NONE;
	t->exceptions += x->exception != MB_EX_NONE;
	t->undecoded += x->request == NULL;
	ck_assert_uint_eq(x->response[0] & 0x7Fu, mbap_pdu(x->frame)[0]);
	ck_assert_uint_ge(x->response_length, 2);
}

START_TEST(taps_are_called_for_each_exchange)
{
	struct tapped first = { 0 };
	struct tapped second = { 0 };
	const struct tap last = { .exchanged = note_exchange, .arg = &second };
	const struct tap tap = {
		.exchanged = note_exchange, .arg = &first, .next = &last
	};

	host.service.tap = &tap;
	wire_request(sending(), 1, MB_FC_READ_HOLDING_REGISTERS, 5, 1);
	wire_request(sending(), 2, MB_FC_READ_HOLDING_REGISTERS, 5, 0);
	turn();
	ck_assert_uint_eq(first.ok, 1);
	ck_assert_uint_eq(first.exceptions, 1);
	ck_assert_uint_eq(first.undecoded, 1);
	ck_assert_uint_eq(second.ok, 1);
}
END_TEST

/* --- the order ---------------------------------------------------------- */

static struct held_order held;

static void
setup_order(void)
{
	setup();
	held_order_init(&held);
	host.service.order = &held.order;
	held.order.service = &host.service;
}

static void
setup_plain_order(void)
{
	plain = true;
	setup_order();
}

static void
teardown_order(void)
{
	held.order.service = NULL;
	teardown();
	held_order_end(&held);
}

static uint16_t
register_5(void)
{
	return *datatable_registers(host.service.table, 5);
}

START_TEST(writes_and_all_behind_them_wait)
{
	wire_request(sending(), 1, MB_FC_READ_HOLDING_REGISTERS, 5, 1);
	wire_request(sending(), 2, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	wire_request(sending(), 3, MB_FC_READ_HOLDING_REGISTERS, 5, 1);
	wire_request(sending(), 4, MB_FC_WRITE_SINGLE_REGISTER, 5, 10);
	wire_request(sending(), 5, MB_FC_READ_HOLDING_REGISTERS, 5, 1);
	turn();
	wire_reply(replies, 1);
	ck_assert_uint_eq(evbuffer_get_length(replies), 0);
	ck_assert_uint_eq(host.counters.held, 4);
	ck_assert_uint_eq(held.submitted, 2);
	ck_assert_uint_eq(register_5(), 0);
	ck_assert_uint_eq(host.counters.requests, 1);

	held_order_settle(&held, 1, ORDER_EXECUTE);
	turn();
	wire_reply(replies, 2);
	ck_assert_uint_eq(get16(wire_reply(replies, 3).pdu + 2), 9);
	ck_assert_uint_eq(evbuffer_get_length(replies), 0);

	held_order_settle(&held, 2, ORDER_EXECUTE);
	turn();
	wire_reply(replies, 4);
	ck_assert_uint_eq(get16(wire_reply(replies, 5).pdu + 2), 10);
	wire_request(sending(), 6, MB_FC_READ_HOLDING_REGISTERS, 5, 1);
	turn();
	wire_reply(replies, 6);
}
END_TEST

START_TEST(what_is_settled_together_reads_what_it_wrote)
{
	for (uint16_t i = 0; i < 100; i++) {
		wire_request(sending(), (uint16_t)(2 * i),
		    MB_FC_WRITE_SINGLE_REGISTER, 5, i);
		wire_request(sending(), (uint16_t)(2 * i + 1),
		    MB_FC_READ_HOLDING_REGISTERS, 5, 1);
	}
	turn();
	ck_assert_uint_eq(held.submitted, 100);
	held_order_settle(&held, 100, ORDER_EXECUTE);
	turn();
	for (uint16_t i = 0; i < 100; i++) {
		wire_reply(replies, (uint16_t)(2 * i));
		ck_assert_uint_eq(
		    get16(wire_reply(replies, (uint16_t)(2 * i + 1)).pdu + 2),
		    i);
	}
}
END_TEST

START_TEST(exception_to_a_write_is_not_submitted)
{
	wire_request(sending(), 1, MB_FC_WRITE_SINGLE_COIL, 5, 9);
	turn();
	wire_exception(replies, 1, 5, MB_EX_ILLEGAL_DATA_VALUE);
	ck_assert_uint_eq(held.submitted, 0);
}
END_TEST

START_TEST(a_request_without_an_answer_waits_for_no_write)
{
	enum mb_exception others = MB_NO_ANSWER;
	const struct policy policy = { .arg = &others,
		.may_use = serve_unit_1 };

	host.service.policy = &policy;
	wire_request(sending(), 1, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	send_to_unit(2, 2);
	send_to_unit(3, 1);
	turn();
	ck_assert_uint_eq(host.counters.ignored, 1);
	held_order_settle(&held, 1, ORDER_EXECUTE);
	turn();
	wire_reply(replies, 1);
	ck_assert_uint_eq(get16(wire_reply(replies, 3).pdu + 2), 9);
	ck_assert_uint_eq(evbuffer_get_length(replies), 0);
}
END_TEST

START_TEST(refused_write_is_exception_04_and_changes_nothing)
{
	wire_request(sending(), 1, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	wire_request(sending(), 2, MB_FC_READ_HOLDING_REGISTERS, 5, 1);
	turn();
	held_order_settle(&held, 1, ORDER_REFUSED);
	turn();
	wire_exception(replies, 1, 6, MB_EX_SERVER_DEVICE_FAILURE);
	ck_assert_uint_eq(get16(wire_reply(replies, 2).pdu + 2), 0);
	ck_assert_uint_eq(
	    host.counters.exceptions_by_code[MB_EX_SERVER_DEVICE_FAILURE], 1);
	ck_assert_ptr_nonnull(conn);
}
END_TEST

START_TEST(write_that_cannot_be_submitted_is_exception_04_in_its_turn)
{
	wire_request(sending(), 1, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	turn();
	held.refuses = true;
	wire_request(sending(), 2, MB_FC_WRITE_SINGLE_REGISTER, 5, 10);
	turn();
	ck_assert_uint_eq(evbuffer_get_length(replies), 0);
	held_order_settle(&held, 1, ORDER_EXECUTE);
	turn();
	wire_reply(replies, 1);
	wire_exception(replies, 2, 6, MB_EX_SERVER_DEVICE_FAILURE);
	wire_request(sending(), 3, MB_FC_WRITE_SINGLE_REGISTER, 5, 11);
	turn();
	wire_exception(replies, 3, 6, MB_EX_SERVER_DEVICE_FAILURE);
	ck_assert_uint_eq(register_5(), 9);
}
END_TEST

START_TEST(unknown_outcome_closes_without_an_answer)
{
	wire_request(sending(), 1, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	wire_request(sending(), 2, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	turn();
	held_order_settle(&held, 0, ORDER_UNKNOWN);
	ck_assert_ptr_nonnull(conn);
	held_order_settle(&held, 2, ORDER_UNKNOWN);
	turn();
	ck_assert_uint_eq(evbuffer_get_length(replies), 0);
	ck_assert_uint_eq(host.counters.requests, 0);
	assert_closed_for(CONN_OUTCOME_UNKNOWN);
}
END_TEST

START_TEST(finish_waits_for_the_order)
{
	wire_request(sending(), 1, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	turn();
	send_eof();
	turn();
	ck_assert_ptr_nonnull(conn);
	pass_deadline(host.deadlines.stalled + 1); /* not the peer's fault */
	ck_assert_ptr_nonnull(conn);
	held_order_settle(&held, 1, ORDER_EXECUTE);
	turn();
	wire_reply(replies, 1);
	assert_closed_for(CONN_CLOSED_BY_PEER);
}
END_TEST

START_TEST(a_client_that_waits_is_not_idle)
{
	host.deadlines.idle = 5000;
	wire_request(sending(), 1, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	turn();
	pass_deadline(host.deadlines.idle + 1);
	ck_assert_ptr_nonnull(conn);
	ck_assert_uint_eq(conn_idle_time(conn), 0);
	held_order_settle(&held, 1, ORDER_EXECUTE);
	turn();
	wire_reply(replies, 1);
	conn_check_deadlines(conn);
	ck_assert_uint_eq(conn_idle_time(conn), 0); /* it begins now */
	pass_deadline(host.deadlines.idle + 1);
	turn();
	assert_closed_for(CONN_IDLE);
}
END_TEST

START_TEST(shutdown_word_waits_for_the_writes_before_it)
{
	host.shutdown_word = "quit";
	wire_request(sending(), 1, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	evbuffer_add(sending(), "quit", 4);
	turn();
	ck_assert_uint_eq(shut_downs, 0);
	held_order_settle(&held, 1, ORDER_EXECUTE);
	turn();
	wire_reply(replies, 1);
	ck_assert_uint_eq(shut_downs, 1);
	assert_closed_for(CONN_SHUT_DOWN);
}
END_TEST

START_TEST(shutdown_word_counts_after_its_sender_has_closed)
{
	host.shutdown_word = "quit";
	wire_request(sending(), 1, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	evbuffer_add(sending(), "quit", 4);
	turn();
	conn_close(conn, CONN_STALLED);
	ck_assert_uint_eq(shut_downs, 1);
	held_order_settle(&held, 1, ORDER_EXECUTE);
	ck_assert_uint_eq(register_5(), 9);
	ck_assert_uint_eq(shut_downs, 1);
	assert_closed_for(CONN_SHUT_DOWN);
}
END_TEST

START_TEST(requests_that_wait_count_against_back_pressure)
{
	const unsigned writes = 20000;

	for (unsigned i = 0; i < writes; i++)
		wire_request(
		    sending(), (uint16_t)i, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	turn();
	ck_assert_uint_eq(host.counters.paused, 1);
	ck_assert_uint_le(held.submitted * WIRE_REQUEST_LENGTH,
	    CONN_UNSENT_HIGH + MB_ADU_MAX);
	for (unsigned i = 0; i < writes && host.counters.requests < writes;
	     i++) {
		held_order_settle(&held, held.submitted, ORDER_EXECUTE);
		turn();
	}
	turn();
	for (unsigned i = 0; i < writes; i++)
		wire_reply(replies, (uint16_t)i);
}
END_TEST

START_TEST(reads_that_wait_count_as_their_replies)
{
	const unsigned reads = 1000;

	wire_request(sending(), 0, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	for (unsigned i = 1; i <= reads; i++)
		wire_request(sending(), (uint16_t)i,
		    MB_FC_READ_HOLDING_REGISTERS, 0, 125);
	turn();
	ck_assert_uint_le(host.counters.held, CONN_UNSENT_HIGH / 250);
	held_order_settle(&held, 1, ORDER_EXECUTE);
	turn();
	for (unsigned i = 0; i <= reads; i++)
		wire_reply(replies, (uint16_t)i);
}
END_TEST

START_TEST(write_of_a_connection_that_closes_is_executed)
{
	wire_request(sending(), 1, MB_FC_WRITE_SINGLE_REGISTER, 5, 9);
	wire_request(sending(), 2, MB_FC_READ_HOLDING_REGISTERS, 5, 1);
	turn();
	conn_close(conn, CONN_EVICTED);
	held_order_settle(&held, 1, ORDER_EXECUTE);
	assert_closed_for(CONN_EVICTED);
	ck_assert_uint_eq(register_5(), 9);
	ck_assert_uint_eq(host.counters.requests, 1);
}
END_TEST

static TCase *
add_case(Suite *suite, const char *name, void (*set_up)(void),
    void (*tear_down)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	suite_add_tcase(suite, tc);
	return tc;
}

/* Everything that holds for any kind of bufferevent. */
static void
add_cases(Suite *suite, void (*set_up)(void))
{
	TCase *tc = add_case(suite, "serving", set_up, teardown);

	tcase_add_test(tc, answers_a_request);
	tcase_add_test(tc, answers_what_comes_byte_by_byte);
	tcase_add_test(tc, answers_many_requests_at_once_in_order);
	tcase_add_test(tc, a_frame_takes_its_own_bytes_and_no_more);
	tcase_add_test(tc, exception_keeps_the_connection);

	tc = add_case(suite, "bad frames", set_up, teardown);
	tcase_add_test(
	    tc, bad_protocol_identifier_closes_after_the_replies_owed);
	tcase_add_test(tc, bad_length_closes_after_the_replies_owed);
	tcase_add_test(tc, eof_in_a_frame_closes_without_an_answer);

	tc = add_case(suite, "back-pressure", set_up, teardown);
	tcase_add_test(
	    tc, pauses_when_replies_are_not_read_and_answers_all_in_the_end);
	tcase_add_test(tc, answers_what_was_buffered_at_eof_before_it_closes);

	tc = add_case(suite, "deadlines", set_up, teardown);
	tcase_add_test(tc, frame_that_is_not_completed_in_time_closes);
	tcase_add_test(tc, frame_deadline_begins_anew_with_each_frame);
	tcase_add_test(tc, quiet_connection_stays_when_no_idle_time_is_set);
	tcase_add_test(tc, idle_connection_closes_when_an_idle_time_is_set);
	tcase_add_test(tc, peer_that_reads_nothing_is_closed);
	tcase_add_test(tc, peer_that_reads_slowly_is_kept);
	tcase_add_test(tc, frame_deadline_does_not_run_while_paused);

	tc = add_case(suite, "finishing", set_up, teardown);
	tcase_add_test(tc, finish_sends_what_is_owed_first);
	tcase_add_test(tc, socket_lingers_for_the_whole_of_its_deadline);
	tcase_add_test(tc, eof_behind_a_bad_frame_loses_no_reply);
	tcase_add_test(tc, first_cause_is_the_one_that_counts);

	tc = add_case(suite, "shut-down word", set_up, teardown);
	tcase_add_test(tc, word_shuts_down_after_the_replies_owed);
	tcase_add_test(tc, part_of_the_word_does_not_wait_for_ever);
	tcase_add_test(tc, another_word_closes);
	tcase_add_test(tc, the_word_is_a_bad_frame_where_none_is_set);
	tcase_add_test(tc, frame_that_begins_like_the_word_is_a_frame);

	tc = add_case(suite, "seams", set_up, teardown);
	tcase_add_test(
	    tc, policy_is_asked_of_decoded_requests_and_refuses_in_time);
	tcase_add_test(tc, other_units_are_refused_before_anything_else);
	tcase_add_test(
	    tc, requests_without_an_answer_are_counted_and_keep_the_connection);
	tcase_add_test(tc, policy_narrows_who_may_shut_down);
	tcase_add_test(tc, observer_is_called_with_the_writer_and_the_values);
	tcase_add_test(tc, taps_are_called_for_each_exchange);
}

static void
add_order_case(Suite *suite, void (*set_up)(void))
{
	TCase *tc = add_case(suite, "order", set_up, teardown_order);

	tcase_add_test(tc, writes_and_all_behind_them_wait);
	tcase_add_test(tc, what_is_settled_together_reads_what_it_wrote);
	tcase_add_test(tc, exception_to_a_write_is_not_submitted);
	tcase_add_test(tc, a_request_without_an_answer_waits_for_no_write);
	tcase_add_test(tc, refused_write_is_exception_04_and_changes_nothing);
	tcase_add_test(
	    tc, write_that_cannot_be_submitted_is_exception_04_in_its_turn);
	tcase_add_test(tc, unknown_outcome_closes_without_an_answer);
	tcase_add_test(tc, finish_waits_for_the_order);
	tcase_add_test(tc, a_client_that_waits_is_not_idle);
	tcase_add_test(tc, shutdown_word_waits_for_the_writes_before_it);
	tcase_add_test(tc, shutdown_word_counts_after_its_sender_has_closed);
	tcase_add_test(tc, requests_that_wait_count_against_back_pressure);
	tcase_add_test(tc, reads_that_wait_count_as_their_replies);
	tcase_add_test(tc, write_of_a_connection_that_closes_is_executed);
}

int
main(void)
{
	Suite *suite = suite_create("conn");

	add_cases(suite, setup);
	add_cases(suite, setup_plain);
	add_order_case(suite, setup_order);
	add_order_case(suite, setup_plain_order);
	return suite_run(suite);
}
