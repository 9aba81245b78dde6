/* A client, the proxy's pair of connections, and a server, in one event loop
 * and on a clock of their own. */
#include "fault/pair.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "modbus/mbap.h"
#include "suite.h"

static struct event_base *base;
static struct fault_proxy_config config;
static struct fault_figures figures;
static struct pair_host host;
static struct bufferevent *client, *server; /* the peers */
static bool client_eof, server_eof;
static uint64_t now;
static unsigned acts;
static enum fault_effect last_act;
static char why[40]; /* it has closed; empty: not yet */

static uint64_t
test_clock(void)
{
	return now;
}

static void
note_act(
    void *arg, const struct fault_request *request, const struct fault_act *act)
{
	ck_assert_ptr_eq(arg, &acts);
	ck_assert_uint_eq(request->connection, 1);
	last_act = act->effect;
	acts++;
}

static void
note_closed(void *arg, const struct address *from, uint64_t number,
    const char *reason, uint64_t requests)
{
	ck_assert_ptr_eq(arg, &host);
	ck_assert_uint_eq(from->port, 40000);
	ck_assert_uint_eq(number, 1);
	(void)requests;
	snprintf(why, sizeof(why), "%s", reason);
}

static void
note_event(struct bufferevent *bev, short what, void *eof)
{
	(void)bev;
	if (what & BEV_EVENT_EOF)
		*(bool *)eof = true;
}

/* A connection of the proxy, and its peer. Little fits in between. */
static struct bufferevent *
make_side(struct bufferevent **peer, bool *eof)
{
	const int little = 4096;
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (int i = 0; i < 2; i++) {
		evutil_make_socket_nonblocking(fds[i]);
		setsockopt(
		    fds[i], SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
	}
	*peer = bufferevent_socket_new(base, fds[1], BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(*peer, NULL, NULL, note_event, eof);
	bufferevent_enable(*peer, EV_READ | EV_WRITE);
	return bufferevent_socket_new(base, fds[0], BEV_OPT_CLOSE_ON_FREE);
}

static void
begin(void)
{
	const struct address from = address_any(40000);
	struct stream_source sources[2] = { { .plain = true },
		{ .plain = true } };

	signal(SIGPIPE, SIG_IGN); /* as main does */
	base = event_base_new();
	config.rules = fault_rules_new(1);
	config.on_act = note_act;
	config.arg = &acts;
	ck_assert_int_eq(pair_host_init(&host), 0);
	host.base = base;
	host.flow.config = &config;
	host.flow.figures = &figures;
	host.flow.clock = test_clock;
	host.closed = note_closed;
	host.arg = &host;
	now = 1000000;
	sources[0].bev = make_side(&client, &client_eof);
	sources[1].bev = make_side(&server, &server_eof);
	ck_assert_int_eq(
	    pair_new(&host, &sources[0], &sources[1], &from, 1), 0);
	log_set_level(LOG_ERROR);
}

/* What has moved so far, as far as the peers can see. */
static size_t
moved(void)
{
	return evbuffer_get_length(bufferevent_get_output(client)) +
	    evbuffer_get_length(bufferevent_get_output(server)) +
	    2 * evbuffer_get_length(bufferevent_get_input(client)) +
	    2 * evbuffer_get_length(bufferevent_get_input(server)) +
	    client_eof + server_eof + figures.requests + figures.replies;
}

/* Turn the loop until nothing moves any more: what one side sends reaches the
 * other one in a few turns. */
static void
turn(void)
{
	size_t before = 0;

	for (int quiet = 0; quiet < 8; quiet++) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		if (moved() != before)
			quiet = 0;
		before = moved();
	}
}

static void
end(void)
{
	pair_host_end(&host);
	bufferevent_free(client);
	bufferevent_free(server);
	fault_rules_free(config.rules);
	event_base_loop(base, EVLOOP_NONBLOCK); /* what is freed later */
	event_base_free(base);
}

static void
rule(const char *text)
{
	char error[FAULT_RULES_ERROR_MAX];

	ck_assert_msg(
	    fault_rules_add(config.rules, text, error) == 0, "%s", error);
}

/* Let time pass in which nothing else happens. */
static void
pass(uint64_t ms)
{
	turn();
	now += ms;
	pair_host_check_time(&host);
	turn();
}

/* --- frames ------------------------------------------------------------- */

/* A frame whose data is one byte, n times. */
static size_t
make(uint8_t *adu, uint16_t transaction, uint8_t function, uint8_t byte,
    size_t n)
{
	const uint8_t head[] = { (uint8_t)(transaction >> 8),
		(uint8_t)transaction, 0, 0, 0, (uint8_t)(2 + n), 1, function };

	memcpy(adu, head, sizeof(head));
	memset(adu + sizeof(head), byte, n);
	return sizeof(head) + n;
}

static void
say(struct bufferevent *who, const void *bytes, size_t length)
{
	ck_assert_int_eq(bufferevent_write(who, bytes, length), 0);
}

/* A request of a function; a reply to it, whose data are 40 bytes. */

static void
ask(uint16_t transaction, uint8_t function)
{
	uint8_t adu[MB_ADU_MAX];

	say(client, adu, make(adu, transaction, function, 0, 4));
}

static void
answer(uint16_t transaction, uint8_t function)
{
	uint8_t adu[MB_ADU_MAX];

	say(server, adu, make(adu, transaction, function, 0xAB, 40));
}

static void
hear(struct bufferevent *who, const void *bytes, size_t length)
{
	struct evbuffer *in = bufferevent_get_input(who);
	uint8_t got[MB_ADU_MAX];

	turn();
	ck_assert_uint_ge(evbuffer_get_length(in), length);
	ck_assert_int_eq(evbuffer_remove(in, got, length), (int)length);
	ck_assert_mem_eq(got, bytes, length);
}

static void
hears_nothing(struct bufferevent *who)
{
	turn();
	ck_assert_uint_eq(evbuffer_get_length(bufferevent_get_input(who)), 0);
}

static void
server_hears(uint16_t transaction, uint8_t function)
{
	uint8_t adu[MB_ADU_MAX];

	hear(server, adu, make(adu, transaction, function, 0, 4));
}

static void
client_hears(uint16_t transaction, uint8_t function)
{
	uint8_t adu[MB_ADU_MAX];

	hear(client, adu, make(adu, transaction, function, 0xAB, 40));
}

static void
client_hears_exception(uint16_t transaction, uint8_t function)
{
	uint8_t adu[MB_ADU_MAX];

	hear(client, adu, make(adu, transaction, function | 0x80, 6, 1));
}

static void
half_close(struct bufferevent *who)
{
	turn();
	shutdown(bufferevent_getfd(who), SHUT_WR);
	turn();
}

/* --- what passes -------------------------------------------------------- */

START_TEST(requests_and_replies_pass)
{
	ask(1, 3);
	ask(2, 4);
	server_hears(1, 3);
	server_hears(2, 4);
	answer(1, 3);
	answer(2, 4);
	client_hears(1, 3);
	client_hears(2, 4);
	hears_nothing(client);
	hears_nothing(server);
	ck_assert_uint_eq(figures.requests, 2);
	ck_assert_uint_eq(figures.replies, 2);
	ck_assert_uint_eq(figures.acts[FAULT_PASS], 2);
	ck_assert_uint_eq(acts, 0);
}
END_TEST

START_TEST(frames_pass_whole_however_they_come)
{
	uint8_t adu[MB_ADU_MAX];
	size_t length = make(adu, 1, 16, 7, 200);

	for (size_t i = 0; i < length; i++) {
		hears_nothing(server);
		say(client, adu + i, 1);
	}
	hear(server, adu, length);
	for (size_t i = 0; i < length; i++) {
		hears_nothing(client);
		say(server, adu + i, 1);
	}
	hear(client, adu, length);
}
END_TEST

START_TEST(a_reply_that_nobody_waits_for_passes)
{
	rule("silence");
	ask(1, 3);
	server_hears(1, 3);
	answer(9, 3);
	client_hears(9, 3);
	answer(1, 3);
	hears_nothing(client);
}
END_TEST

/* --- effects ------------------------------------------------------------ */

START_TEST(a_delayed_reply_delays_those_behind_it)
{
	rule("delay 100ms function 3");
	ask(1, 4);
	ask(2, 3);
	ask(3, 4);
	for (uint16_t t = 1; t <= 3; t++)
		server_hears(t, t == 2 ? 3 : 4);
	answer(1, 4);
	answer(2, 3);
	answer(3, 4);
	client_hears(1, 4);
	hears_nothing(client);
	pass(99);
	hears_nothing(client);
	ask(4, 4);
	server_hears(4, 4); /* requests are not delayed */
	answer(4, 4);
	hears_nothing(client);
	pass(1);
	client_hears(2, 3);
	client_hears(3, 4);
	client_hears(4, 4);
	ck_assert_uint_eq(acts, 1);
	ck_assert_int_eq(last_act, FAULT_DELAY);
	ck_assert_uint_eq(figures.acts[FAULT_DELAY], 1);
}
END_TEST

START_TEST(delays_do_not_add_up)
{
	rule("delay 100ms");
	for (uint16_t t = 1; t <= 10; t++) {
		ask(t, 3);
		server_hears(t, 3);
		answer(t, 3);
	}
	pass(100);
	for (uint16_t t = 1; t <= 10; t++)
		client_hears(t, 3);
}
END_TEST

START_TEST(silence_forwards_the_request_and_loses_the_reply)
{
	rule("silence function 3");
	ask(1, 3);
	ask(2, 4);
	server_hears(1, 3);
	server_hears(2, 4);
	answer(1, 3);
	hears_nothing(client);
	answer(2, 4);
	client_hears(2, 4);
}
END_TEST

START_TEST(an_exception_comes_in_its_turn_and_the_server_hears_nothing)
{
	rule("exception 6 function 3");
	ask(1, 4);
	ask(2, 3);
	ask(3, 4);
	server_hears(1, 4);
	server_hears(3, 4);
	hears_nothing(client);
	answer(1, 4);
	client_hears(1, 4);
	client_hears_exception(2, 3);
	answer(3, 4);
	client_hears(3, 4);
	ask(4, 3);
	client_hears_exception(4, 3);
	hears_nothing(server);
}
END_TEST

START_TEST(close_ends_the_connection_behind_the_replies_before_it)
{
	rule("close function 3");
	ask(1, 4);
	ask(2, 3);
	ask(3, 4);
	server_hears(1, 4);
	hears_nothing(server);
	ck_assert_str_eq(why, "");
	answer(1, 4);
	client_hears(1, 4);
	hears_nothing(client);
	ck_assert(server_eof);
	half_close(client);
	ck_assert_str_eq(why, "a rule");
}
END_TEST

START_TEST(close_waits_for_those_that_are_delayed)
{
	rule("close function 3");
	rule("delay 1s");
	ask(1, 4);
	ask(2, 3);
	server_hears(1, 4);
	answer(1, 4);
	pass(999);
	hears_nothing(client);
	ck_assert(!server_eof);
	pass(1);
	client_hears(1, 4);
	ck_assert(server_eof);
}
END_TEST

/* A client that reads none of its replies, or does not close. */
START_TEST(close_does_not_wait_for_ever)
{
	bool reads = _i == 0;
	uint8_t adu[MB_ADU_MAX];

	rule("close function 3");
	if (!reads)
		bufferevent_disable(client, EV_READ);
	for (uint16_t t = 1; t <= 100; t++) {
		ask(t, 4);
		say(server, adu, make(adu, t, 4, 0xAB, 250));
	}
	ask(101, 3);
	turn();
	ck_assert(server_eof);
	pass((reads ? PAIR_LINGER_MS : PAIR_FLUSH_MS) - 1);
	ck_assert_str_eq(why, "");
	pass(1);
	ck_assert_str_eq(why, "a rule");
}
END_TEST

START_TEST(a_corrupt_reply_differs_in_its_part)
{
	uint8_t adu[MB_ADU_MAX], got[MB_ADU_MAX];
	size_t length = make(adu, 1, 3, 0xAB, 40);

	rule("corrupt unit");
	ask(1, 3);
	server_hears(1, 3);
	answer(1, 3);
	turn();
	ck_assert_int_eq(
	    evbuffer_remove(bufferevent_get_input(client), got, sizeof(got)),
	    (int)length);
	ck_assert_uint_ne(got[6], adu[6]);
	got[6] = adu[6];
	ck_assert_mem_eq(got, adu, length);
}
END_TEST

START_TEST(a_split_reply_comes_in_two_parts)
{
	struct evbuffer *in = bufferevent_get_input(client);
	size_t first;

	rule("split function 3");
	ask(1, 3);
	ask(2, 4);
	server_hears(1, 3);
	server_hears(2, 4);
	answer(1, 3);
	answer(2, 4);
	turn();
	first = evbuffer_get_length(in);
	ck_assert_uint_ge(first, 1);
	ck_assert_uint_lt(first, 48);
	pass(FLOW_SPLIT_MS - 1);
	ck_assert_uint_eq(evbuffer_get_length(in), first);
	pass(1);
	client_hears(1, 3);
	client_hears(2, 4);
}
END_TEST

/* --- a server that does not answer in order ----------------------------- */

START_TEST(no_reply_blocks_no_reply)
{
	rule("silence function 5");
	ask(1, 5);
	ask(2, 4);
	ask(3, 3);
	turn();
	answer(3, 3);
	client_hears(3, 3);
	answer(2, 4);
	client_hears(2, 4);
	answer(1, 5); /* late, but not forgotten */
	hears_nothing(client);
}
END_TEST

START_TEST(an_exception_behind_no_reply_comes_after_a_second)
{
	rule("exception 6 function 3");
	ask(1, 4);
	ask(2, 3);
	pass(PAIR_PATIENCE_MS - 1);
	hears_nothing(client);
	ask(3, 3); /* does not make it wait longer */
	pass(1);
	client_hears_exception(2, 3);
	client_hears_exception(3, 3);
	answer(1, 4);
	client_hears(1, 4);
}
END_TEST

START_TEST(an_exception_waits_while_replies_come)
{
	rule("exception 6 function 3");
	ask(1, 4);
	ask(2, 4);
	ask(3, 3);
	pass(PAIR_PATIENCE_MS - 1);
	answer(1, 4);
	client_hears(1, 4);
	pass(PAIR_PATIENCE_MS - 1);
	hears_nothing(client);
	answer(2, 4);
	client_hears(2, 4);
	client_hears_exception(3, 3);
}
END_TEST

/* --- bounds ------------------------------------------------------------- */

START_TEST(so_many_wait_for_replies_and_no_more)
{
	for (unsigned i = 0; i < ASKED_MAX + 100; i++)
		ask((uint16_t)i, 3);
	turn();
	ck_assert_uint_eq(figures.requests, ASKED_MAX);
	for (unsigned i = 0; i <= ASKED_MAX / 2; i++)
		answer((uint16_t)i, 3);
	turn();
	ck_assert_uint_eq(figures.requests, ASKED_MAX + 100);
}
END_TEST

START_TEST(a_server_that_answers_nothing_gets_more_after_a_second)
{
	for (unsigned i = 0; i < ASKED_MAX + 100; i++)
		ask((uint16_t)i, 3);
	pass(PAIR_PATIENCE_MS - 1);
	ck_assert_uint_eq(figures.requests, ASKED_MAX);
	pass(1);
	ck_assert_uint_eq(figures.requests, ASKED_MAX + 100);
}
END_TEST

/* Behind a delay, or where the client does not read. Then all goes on. */
static void
check_replies_are_bounded(unsigned replies)
{
	uint8_t adu[MB_ADU_MAX];
	size_t length = make(adu, 1, 3, 0xAB, 250);
	uint64_t taken;

	for (unsigned i = 0; i < replies; i++)
		say(server, adu, length);
	turn();
	taken = figures.replies;
	ck_assert_uint_lt(taken * length, 2 * FLOW_HIGH);
	for (unsigned i = 0; i < replies; i++)
		say(server, adu, length);
	turn();
	ck_assert_uint_eq(figures.replies, taken);
}

static void
check_replies_come(unsigned replies)
{
	turn();
	ck_assert_uint_eq(
	    evbuffer_get_length(bufferevent_get_input(client)), replies * 258U);
}

START_TEST(replies_behind_a_delay_are_bounded)
{
	rule("delay 60s");
	ask(9, 3);
	server_hears(9, 3);
	answer(9, 3);
	turn();
	check_replies_are_bounded(1000);
	pass(60000);
	client_hears(9, 3);
	check_replies_come(2000);
}
END_TEST

START_TEST(a_client_that_does_not_read_is_bounded)
{
	bufferevent_disable(client, EV_READ);
	check_replies_are_bounded(1000);
	bufferevent_enable(client, EV_READ);
	check_replies_come(2000);
}
END_TEST

START_TEST(the_proxys_own_answers_are_bounded)
{
	rule("exception 6");
	bufferevent_disable(client, EV_READ);
	for (unsigned i = 0; i < 20000; i++)
		ask((uint16_t)i, 3);
	turn();
	ck_assert_uint_lt(figures.requests, 15000);
	bufferevent_enable(client, EV_READ);
	turn();
	ck_assert_uint_eq(figures.requests, 20000);
	ck_assert_uint_eq(
	    evbuffer_get_length(bufferevent_get_input(client)), 20000 * 9);
}
END_TEST

START_TEST(a_server_that_does_not_read_is_bounded)
{
	uint8_t adu[MB_ADU_MAX];
	size_t length = make(adu, 1, 16, 7, 250);

	bufferevent_disable(server, EV_READ);
	for (unsigned i = 0; i < 1000; i++)
		say(client, adu, length);
	turn();
	ck_assert_uint_lt(figures.requests * length, 2 * FLOW_HIGH);
	bufferevent_enable(server, EV_READ);
	turn();
	ck_assert_uint_eq(figures.requests, 1000);
}
END_TEST

/* --- no frames ---------------------------------------------------------- */

START_TEST(bytes_that_are_no_frame_pass_and_nothing_behind_them_is_judged)
{
	rule("exception 6");
	ask(1, 3);
	client_hears_exception(1, 3);
	say(client, "GET / HTTP/1.0\r\n", 16);
	hear(server, "GET / HTTP/1.0\r\n", 16);
	ask(2, 3);
	server_hears(2, 3);
	answer(2, 3);
	client_hears(2, 3);
	say(server, "HTTP/1.0 200", 12);
	hear(client, "HTTP/1.0 200", 12);
	ck_assert_uint_eq(figures.requests, 1);
}
END_TEST

START_TEST(bytes_of_the_server_end_all_judging)
{
	rule("exception 6 function 3");
	ask(1, 4);
	ask(2, 3);
	server_hears(1, 4);
	say(client, "\0", 1); /* part of a frame */
	hears_nothing(server);
	say(server, "SSH-2.0\r\n", 9);
	client_hears_exception(2, 3);
	hear(client, "SSH-2.0\r\n", 9);
	hear(server, "\0", 1);
	ask(3, 3);
	server_hears(3, 3);
}
END_TEST

START_TEST(bytes_of_the_server_wait_behind_a_delay)
{
	rule("delay 1s");
	ask(1, 3);
	server_hears(1, 3);
	answer(1, 3);
	say(server, "no frame", 8);
	hears_nothing(client);
	pass(1000);
	client_hears(1, 3);
	hear(client, "no frame", 8);
}
END_TEST

START_TEST(part_of_a_frame_passes_at_the_end)
{
	ask(1, 3);
	say(client, "\0\2\0\0\0\6\1", 7);
	server_hears(1, 3);
	hears_nothing(server);
	half_close(client);
	hear(server, "\0\2\0\0\0\6\1", 7);
	ck_assert(server_eof);
	answer(1, 3);
	client_hears(1, 3);
	say(server, "\0\3\0", 3);
	hears_nothing(client);
	half_close(server);
	hear(client, "\0\3\0", 3);
	ck_assert(client_eof);
}
END_TEST

/* --- ends --------------------------------------------------------------- */

START_TEST(a_half_close_is_passed_on_and_replies_still_come)
{
	ask(1, 3);
	half_close(client);
	server_hears(1, 3);
	ck_assert(server_eof);
	answer(1, 3);
	client_hears(1, 3);
	ck_assert_str_eq(why, "");
	half_close(server);
	ck_assert(client_eof);
	ck_assert_str_eq(why, "both sides have ended");
}
END_TEST

START_TEST(the_end_of_the_server_waits_behind_a_delay)
{
	rule("delay 1s");
	ask(1, 3);
	ask(2, 3);
	server_hears(1, 3);
	answer(1, 3);
	half_close(server);
	hears_nothing(client);
	ck_assert(!client_eof);
	pass(1000);
	client_hears(1, 3);
	turn();
	ck_assert(client_eof);
	ck_assert_str_eq(why, ""); /* the client may still send */
	ask(3, 3);
	server_hears(2, 3);
	server_hears(3, 3);
	half_close(client);
	ck_assert_str_eq(why, "both sides have ended");
}
END_TEST

START_TEST(an_exception_comes_before_the_end_of_the_server)
{
	rule("exception 6 function 3");
	ask(1, 4);
	ask(2, 3);
	server_hears(1, 4);
	half_close(server);
	client_hears_exception(2, 3);
	ck_assert(client_eof);
}
END_TEST

START_TEST(the_proxy_may_end_at_any_time)
{
	rule("delay 1s");
	ask(1, 3);
	server_hears(1, 3);
	answer(1, 3);
	turn();
	pair_host_end(&host);
	ck_assert_str_eq(why, "the proxy ends");
	ck_assert_int_eq(pair_host_init(&host), 0); /* for the end */
}
END_TEST

static TCase *
passing(void)
{
	TCase *t = tcase_create("passing");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, requests_and_replies_pass);
	tcase_add_test(t, frames_pass_whole_however_they_come);
	tcase_add_test(t, a_reply_that_nobody_waits_for_passes);
	tcase_add_test(t, no_reply_blocks_no_reply);
	tcase_add_test(t, an_exception_behind_no_reply_comes_after_a_second);
	tcase_add_test(t, an_exception_waits_while_replies_come);
	tcase_add_test(
	    t, bytes_that_are_no_frame_pass_and_nothing_behind_them_is_judged);
	tcase_add_test(t, bytes_of_the_server_end_all_judging);
	tcase_add_test(t, bytes_of_the_server_wait_behind_a_delay);
	tcase_add_test(t, part_of_a_frame_passes_at_the_end);
	return t;
}

static TCase *
effects(void)
{
	TCase *t = tcase_create("effects");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, a_delayed_reply_delays_those_behind_it);
	tcase_add_test(t, delays_do_not_add_up);
	tcase_add_test(t, silence_forwards_the_request_and_loses_the_reply);
	tcase_add_test(
	    t, an_exception_comes_in_its_turn_and_the_server_hears_nothing);
	tcase_add_test(
	    t, close_ends_the_connection_behind_the_replies_before_it);
	tcase_add_test(t, close_waits_for_those_that_are_delayed);
	tcase_add_loop_test(t, close_does_not_wait_for_ever, 0, 2);
	tcase_add_test(t, a_corrupt_reply_differs_in_its_part);
	tcase_add_test(t, a_split_reply_comes_in_two_parts);
	return t;
}

static TCase *
bounds_and_ends(void)
{
	TCase *t = tcase_create("bounds and ends");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, so_many_wait_for_replies_and_no_more);
	tcase_add_test(
	    t, a_server_that_answers_nothing_gets_more_after_a_second);
	tcase_add_test(t, replies_behind_a_delay_are_bounded);
	tcase_add_test(t, a_client_that_does_not_read_is_bounded);
	tcase_add_test(t, the_proxys_own_answers_are_bounded);
	tcase_add_test(t, a_server_that_does_not_read_is_bounded);
	tcase_add_test(t, a_half_close_is_passed_on_and_replies_still_come);
	tcase_add_test(t, the_end_of_the_server_waits_behind_a_delay);
	tcase_add_test(t, an_exception_comes_before_the_end_of_the_server);
	tcase_add_test(t, the_proxy_may_end_at_any_time);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("fault_pair");

	suite_add_tcase(s, passing());
	suite_add_tcase(s, effects());
	suite_add_tcase(s, bounds_and_ends());
	return suite_run(s);
}
