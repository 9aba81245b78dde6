#include "net/datagrams.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/client.h"
#include "base/log.h"
#include "held_order.h"
#include "modbus/bytes.h"
#include "net/conn_log.h"
#include "service/counters.h"
#include "service/exchange.h"
#include "service/policy.h"
#include "service/service.h"
#include "suite.h"
#include "table/datatable.h"
#include "wire.h"

#define ASKERS (DATAGRAMS_SOURCES_MAX + 1)

#define READ  MB_FC_READ_HOLDING_REGISTERS
#define WRITE MB_FC_WRITE_SINGLE_REGISTER
#define UNIT  1

static struct event_base *base;
static struct datagrams *datagrams;
static struct counters counters;
static struct conn_log unit_log;
static struct held_order held;
static struct service service;
static struct tap tap;
static struct policy policy;
static int askers[ASKERS];
static uint64_t next_id;
static unsigned settled;
static struct client seen; /* by the tap, last */

/* What the system does for once. */
static struct {
	const struct sockaddr_in *forged; /* who has sent, if not NULL */
	int receive_error;
	int send_error;
} system_does;

/* These stand before the C library's. */
ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	long n;

	if (system_does.receive_error != 0) {
		errno = system_does.receive_error;
		return -1;
	}
	n = syscall(SYS_recvmsg, fd, message, flags);
	if (n >= 0 && system_does.forged != NULL)
		memcpy(message->msg_name, system_does.forged,
		    sizeof(*system_does.forged));
	return n;
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (system_does.send_error != 0) {
		errno = system_does.send_error;
		return -1;
	}
	return syscall(SYS_sendmsg, fd, message, flags);
}

static const struct datagram_figures *
figures(void)
{
	return datagrams_figures(datagrams);
}

static uint64_t
new_client(void *arg)
{
	ck_assert_ptr_eq(arg, &next_id);
	return next_id++;
}

static void
all_settled(void *arg)
{
	ck_assert_ptr_eq(arg, &next_id);
	settled++;
}

static void
exchanged(void *arg, const struct exchange *x)
{
	(void)arg;
	seen = *x->client;
}

static void
bind_to(const char *text)
{
	struct address where;

	ck_assert_int_eq(address_parse(text, 0, &where), 0);
	ck_assert_int_eq(datagrams_bind(datagrams, &where, false), 0);
}

static void
make(void)
{
	const struct datagrams_config config = {
		.service = &service,
		.log = &unit_log,
		.new_client = new_client,
		.settled = all_settled,
		.arg = &next_id,
	};

	datagrams = datagrams_new(base, &config);
	ck_assert_ptr_nonnull(datagrams);
}

static void
setup(void)
{
	log_set_level(LOG_ERROR);
	memset(&system_does, 0, sizeof(system_does));
	memset(&counters, 0, sizeof(counters));
	conn_log_init(&unit_log);
	held_order_init(&held);
	base = event_base_new();
	tap = (struct tap){ .exchanged = exchanged };
	service = (struct service){
		.table = datatable_new(DATATABLE_SEPARATE),
		.counters = &counters,
		.tap = &tap,
	};
	held.order.service = &service;
	settled = 0;
	for (int i = 0; i < ASKERS; i++)
		askers[i] = -1;
	make();
	bind_to("127.0.0.1:0");
	ck_assert_int_eq(datagrams_start(datagrams), 0);
}

/* Each datagram that was received is in one of the figures. */
static void
teardown(void)
{
	const struct datagram_figures f = *figures();

	ck_assert_uint_eq(f.received,
	    f.malformed + f.refused + f.dropped + f.silent + f.replied +
		f.lost + f.waiting);
	for (int i = 0; i < ASKERS; i++)
		if (askers[i] >= 0)
			close(askers[i]);
	datagrams_free(datagrams);
	held_order_end(&held);
	datatable_free(service.table);
	event_base_free(base);
}

/* Start again, on this address. */
static void
restart_at(const char *text)
{
	datagrams_free(datagrams);
	make();
	bind_to(text);
	ck_assert_int_eq(datagrams_start(datagrams), 0);
}

/* Do what is to be done now. */
static void
turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

/* A client's socket, which takes replies from this address only. */
static int
asker_at(int which, const char *ip)
{
	struct address where;
	struct sockaddr_storage to;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	uint16_t port = datagrams_address(datagrams, 0).port;
	socklen_t length;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(address_parse(ip, port, &where), 0);
	length = address_to_sockaddr(&where, &to);
	ck_assert_int_eq(connect(fd, (void *)&to, length), 0);
	if (askers[which] >= 0)
		close(askers[which]);
	askers[which] = fd;
	return fd;
}

static int
asker(int which)
{
	return askers[which] >= 0 ? askers[which] :
				    asker_at(which, "127.0.0.1");
}

static void
send_bytes(int which, const void *bytes, size_t length)
{
	ck_assert_int_eq(send(asker(which), bytes, length, 0), (ssize_t)length);
}

/* Room for more than a request. */
static uint8_t request[MB_ADU_MAX + 8];

/* Make a request of one register. Returns its length. */
static size_t
make_request(uint16_t transaction, uint8_t function, uint16_t value)
{
	size_t length = wire_header(request, transaction, UNIT, 5);

	request[MB_MBAP_LENGTH] = function;
	put16(request + 8, 7);
	put16(request + 10, value);
	return length;
}

static void
ask(int which, uint16_t transaction, uint8_t function, uint16_t value)
{
	send_bytes(which, request, make_request(transaction, function, value));
}

/* The length of the next reply, which reply then is; 0: there is none. */
static uint8_t reply[MB_ADU_MAX + 1];

static size_t
take(int which)
{
	ssize_t n = recv(asker(which), reply, sizeof(reply), 0);

	ck_assert(n > 0 || (n < 0 && errno == EAGAIN));
	return n < 0 ? 0 : (size_t)n;
}

static void
assert_no_reply(int which)
{
	ck_assert_uint_eq(take(which), 0);
}

/* The reply to a read of one register. */
static void
assert_read(int which, uint16_t transaction, uint16_t value)
{
	ck_assert_uint_eq(take(which), 11);
	ck_assert_uint_eq(get16(reply), transaction);
	ck_assert_uint_eq(reply[MB_MBAP_LENGTH], READ);
	ck_assert_uint_eq(get16(reply + 9), value);
}

static void
assert_written(int which, uint16_t transaction)
{
	ck_assert_uint_eq(take(which), 12);
	ck_assert_uint_eq(get16(reply), transaction);
	ck_assert_uint_eq(reply[MB_MBAP_LENGTH], WRITE);
}

static void
assert_exception(int which, uint16_t transaction, uint8_t code)
{
	ck_assert_uint_eq(take(which), 9);
	ck_assert_uint_eq(get16(reply), transaction);
	ck_assert_uint_eq(reply[8], code);
}

/* --- one datagram, one reply -------------------------------------------- */

START_TEST(answers_each_datagram_by_one)
{
	ask(0, 1, WRITE, 0xABCD);
	ask(0, 2, READ, 1);
	turn();
	assert_written(0, 1);
	assert_read(0, 2, 0xABCD);
	assert_no_reply(0);
	ck_assert_uint_eq(figures()->replied, 2);
	ck_assert_uint_eq(counters.requests, 2);
	ck_assert_uint_eq(counters.bytes_in, 24);
	ck_assert_uint_eq(counters.bytes_out, 23);
}
END_TEST

START_TEST(takes_and_makes_the_longest)
{
	make_request(1, MB_FC_DIAGNOSTICS, 0);
	put16(request + 8, 0);
	send_bytes(0, request, wire_header(request, 1, UNIT, MB_PDU_MAX));
	turn();
	ck_assert_uint_eq(take(0), MB_ADU_MAX);
	ck_assert_mem_eq(reply, request, MB_ADU_MAX);
	ask(0, 2, READ, MB_MAX_READ_REGISTERS);
	turn();
	ck_assert_uint_eq(take(0), 259);
}
END_TEST

START_TEST(exception_is_a_reply)
{
	ask(0, 1, READ, 126);
	ask(0, 2, 0x7F, 0);
	turn();
	assert_exception(0, 1, MB_EX_ILLEGAL_DATA_VALUE);
	assert_exception(0, 2, MB_EX_ILLEGAL_FUNCTION);
	ck_assert_uint_eq(counters.exceptions_by_code[1], 1);
}
END_TEST

START_TEST(any_other_length_is_malformed)
{
	size_t length = (size_t)_i;

	make_request(1, READ, 1);
	send_bytes(0, request, length);
	turn();
	if (length == WIRE_REQUEST_LENGTH)
		assert_read(0, 1, 0);
	assert_no_reply(0);
	ck_assert_uint_eq(figures()->malformed, length != WIRE_REQUEST_LENGTH);
	ck_assert_uint_eq(counters.requests, length == WIRE_REQUEST_LENGTH);
}
END_TEST

/* One byte of a request, and what it becomes. */
static const uint8_t wrong[][2] = { { 2, 1 }, { 3, 1 }, { 4, 1 }, { 5, 0 },
	{ 5, 1 }, { 5, 5 }, { 5, 7 }, { 5, 255 },
	{ 7, READ | MB_EXCEPTION_FLAG }, { 7, 0x80 }, { 7, 0xFF } };

START_TEST(wrong_header_and_responses_are_malformed)
{
	size_t length = make_request(1, READ, 1);

	request[wrong[_i][0]] = wrong[_i][1];
	send_bytes(0, request, length);
	turn();
	assert_no_reply(0);
	ck_assert_uint_eq(figures()->malformed, 1);
}
END_TEST

START_TEST(answers_from_the_address_that_was_asked)
{
	restart_at("0.0.0.0:0");
	asker_at(0, "127.0.0.5");
	ask(0, 1, READ, 1);
	turn();
	assert_read(0, 1, 0);
}
END_TEST

START_TEST(lost_reply_is_counted)
{
	ask(0, 1, WRITE, 5);
	system_does.send_error = EAGAIN;
	turn();
	system_does.send_error = 0;
	ask(0, 2, READ, 1);
	turn();
	assert_read(0, 2, 5);
	ck_assert_uint_eq(figures()->lost, 1);
}
END_TEST

START_TEST(takes_64_in_a_turn)
{
	for (uint16_t i = 0; i < DATAGRAMS_A_TURN + 1; i++)
		ask(0, i, READ, 1);
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_uint_eq(figures()->received, DATAGRAMS_A_TURN);
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_uint_eq(figures()->received, DATAGRAMS_A_TURN + 1);
}
END_TEST

START_TEST(failure_to_receive_pauses_until_the_sweep)
{
	ask(0, 1, READ, 1);
	system_does.receive_error = ENOMEM;
	turn();
	system_does.receive_error = 0;
	turn();
	assert_no_reply(0);
	datagrams_sweep(datagrams, false);
	turn();
	assert_read(0, 1, 0);
}
END_TEST

/* --- sources ------------------------------------------------------------ */

static bool
connects_not(void *arg, const struct client *who)
{
	(void)arg;
	ck_assert_uint_eq(who->way, CLIENT_UDP);
	ck_assert(address_is_loopback(&who->address));
	return false;
}

START_TEST(rules_are_asked_about_each_datagram)
{
	policy = (struct policy){ .may_connect = connects_not };
	service.policy = &policy;
	ask(0, 1, WRITE, 1);
	ask(0, 2, READ, 1);
	turn();
	assert_no_reply(0);
	ck_assert_uint_eq(figures()->refused, 2);
	ck_assert_uint_eq(counters.requests, 0);
}
END_TEST

static const struct {
	uint32_t ip;
	uint16_t port;
} unanswerable[] = {
	{ INADDR_LOOPBACK, 0 }, { INADDR_ANY, 4000 },
	{ INADDR_BROADCAST, 4000 }, { 0xE0000001, 4000 }, /* 224.0.0.1 */
};

START_TEST(nobody_else_is_answered)
{
	const struct sockaddr_in forged = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(unanswerable[_i].ip),
		.sin_port = htons(unanswerable[_i].port),
	};

	ask(0, 1, WRITE, 1);
	system_does.forged = &forged;
	turn();
	ck_assert_uint_eq(figures()->refused, 1);
	ck_assert_uint_eq(counters.requests, 0);
}
END_TEST

START_TEST(port_of_this_server_is_not_answered)
{
	uint16_t port = datagrams_address(datagrams, 0).port;
	const struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1),
		.sin_port = htons(port),
	};
	struct sockaddr_in to = at;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (const void *)&at, sizeof(at)), 0);
	ck_assert_int_eq(connect(fd, (void *)&to, sizeof(to)), 0);
	askers[0] = fd;
	ask(0, 1, READ, 1);
	turn();
	assert_no_reply(0);
	ck_assert_uint_eq(figures()->refused, 1);
}
END_TEST

START_TEST(what_is_sent_to_many_is_not_answered)
{
	int on = 1;

	restart_at("0.0.0.0:0");
	asker_at(0, "127.0.0.1");
	setsockopt(askers[0], SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	{
		const struct sockaddr_in to = {
			.sin_family = AF_INET,
			.sin_addr.s_addr = htonl(0x7FFFFFFF),
			.sin_port = htons(datagrams_address(datagrams, 0).port),
		};
		size_t length = make_request(1, WRITE, 1);

		ck_assert_int_eq(sendto(askers[0], request, length, 0,
				     (const void *)&to, sizeof(to)),
		    (ssize_t)length);
	}
	turn();
	ck_assert_uint_eq(figures()->refused, 1);
	ck_assert_uint_eq(counters.requests, 0);
}
END_TEST

START_TEST(source_is_one_client)
{
	uint64_t first;

	ask(0, 1, READ, 1);
	turn();
	first = seen.id;
	ck_assert_uint_eq(seen.way, CLIENT_UDP);
	ck_assert_ptr_null(seen.identity);
	ask(1, 2, READ, 1);
	turn();
	ck_assert_uint_ne(seen.id, first);
	ask(0, 3, READ, 1);
	turn();
	ck_assert_uint_eq(seen.id, first);
}
END_TEST

/* Each asks once. */
static void
hear(int first, int last)
{
	for (int i = first; i <= last; i++) {
		ask(i, 1, READ, 1);
		turn();
	}
}

START_TEST(source_heard_longest_ago_is_forgotten)
{
	uint64_t first, second;

	hear(0, 0);
	first = seen.id;
	hear(1, 1);
	second = seen.id;
	hear(2, DATAGRAMS_SOURCES_MAX - 1);
	hear(0, 0);
	ck_assert_uint_eq(seen.id, first);
	hear(DATAGRAMS_SOURCES_MAX, DATAGRAMS_SOURCES_MAX);
	hear(0, 0);
	ck_assert_uint_eq(seen.id, first);
	hear(1, 1);
	ck_assert_uint_ne(seen.id, second);
}
END_TEST

static enum mb_exception
answers_other_units(
    void *arg, const struct client *who, uint8_t unit, uint8_t function)
{
	const enum mb_exception *exception = arg;

	(void)who;
	(void)function;
	return unit == UNIT ? MB_EX_NONE : *exception;
}

START_TEST(units_that_are_not_served)
{
	static const enum mb_exception exceptions[] = {
		MB_EX_GATEWAY_TARGET_FAILED, MB_NO_ANSWER
	};
	enum mb_exception exception = exceptions[_i];
	size_t length = make_request(1, READ, 1);

	policy = (struct policy){ .may_use = answers_other_units,
		.arg = &exception };
	service.policy = &policy;
	request[6] = UNIT + 1;
	send_bytes(0, request, length);
	turn();
	if (_i == 0)
		assert_exception(0, 1, MB_EX_GATEWAY_TARGET_FAILED);
	assert_no_reply(0);
	ck_assert_uint_eq(figures()->silent, (uint64_t)_i);
	ck_assert_uint_eq(counters.ignored, (uint64_t)_i);
	ask(0, 2, READ, 1);
	turn();
	assert_read(0, 2, 0);
}
END_TEST

/* --- waiting ------------------------------------------------------------ */

static void
settle(uint64_t up_to, enum order_outcome outcome)
{
	held_order_settle(&held, up_to, outcome);
}

START_TEST(requests_of_one_source_keep_their_order)
{
	service.order = &held.order;
	ask(0, 1, WRITE, 10);
	ask(0, 2, READ, 1);
	ask(0, 3, WRITE, 30);
	ask(0, 4, READ, 1);
	ask(0, 5, 0x7F, 0);
	ask(1, 6, READ, 1);
	turn();
	assert_no_reply(0);
	assert_read(1, 6, 0); /* others do not wait */
	ck_assert_uint_eq(figures()->waiting, 5);
	ck_assert_uint_eq(counters.held, 5);
	settle(1, ORDER_EXECUTE);
	assert_written(0, 1);
	assert_read(0, 2, 10);
	assert_no_reply(0);
	settle(2, ORDER_EXECUTE);
	assert_written(0, 3);
	assert_read(0, 4, 30);
	assert_exception(0, 5, MB_EX_ILLEGAL_FUNCTION);
	ck_assert_uint_eq(figures()->waiting, 0);
	ask(0, 7, READ, 1);
	turn();
	assert_read(0, 7, 30);
}
END_TEST

START_TEST(refused_write_is_answered_by_exception_04)
{
	service.order = &held.order;
	ask(0, 1, WRITE, 10);
	ask(0, 2, READ, 1);
	turn();
	settle(1, ORDER_REFUSED);
	assert_exception(0, 1, MB_EX_SERVER_DEVICE_FAILURE);
	assert_read(0, 2, 0);
	held.refuses = true;
	ask(0, 3, WRITE, 11);
	turn();
	assert_exception(0, 3, MB_EX_SERVER_DEVICE_FAILURE);
}
END_TEST

START_TEST(unknown_outcome_has_no_reply)
{
	service.order = &held.order;
	ask(0, 1, WRITE, 10);
	ask(0, 2, READ, 1);
	ask(0, 3, WRITE, 30);
	turn();
	settle(1, ORDER_UNKNOWN);
	assert_read(0, 2, 0);
	assert_no_reply(0);
	settle(2, ORDER_EXECUTE);
	assert_written(0, 3);
	ck_assert_uint_eq(figures()->silent, 1);
}
END_TEST

START_TEST(no_more_than_256_requests_of_a_source_wait)
{
	service.order = &held.order;
	for (uint16_t i = 0; i <= DATAGRAMS_SOURCE_WAITING_MAX; i++) {
		ask(0, i, WRITE, i);
		turn();
	}
	ck_assert_uint_eq(figures()->waiting, DATAGRAMS_SOURCE_WAITING_MAX);
	ck_assert_uint_eq(figures()->dropped, 1);
	ask(1, 1, WRITE, 1);
	turn();
	ck_assert_uint_eq(figures()->dropped, 1);
	settle(UINT64_MAX, ORDER_EXECUTE);
	ck_assert_uint_eq(figures()->replied, DATAGRAMS_SOURCE_WAITING_MAX + 1);
}
END_TEST

START_TEST(no_more_than_1024_requests_wait)
{
	service.order = &held.order;
	for (int i = 0; i <= DATAGRAMS_WAITING_MAX; i++) {
		ask(i % 100, 1, WRITE, 1);
		turn();
	}
	ck_assert_uint_eq(figures()->waiting, DATAGRAMS_WAITING_MAX);
	ck_assert_uint_eq(figures()->dropped, 1);
}
END_TEST

START_TEST(source_that_is_owed_a_reply_is_not_forgotten)
{
	service.order = &held.order;
	ask(0, 1, WRITE, 10);
	turn();
	hear(1, DATAGRAMS_SOURCES_MAX);
	ck_assert_uint_eq(figures()->dropped, 1);
	settle(1, ORDER_EXECUTE);
	assert_written(0, 1);
	hear(DATAGRAMS_SOURCES_MAX, DATAGRAMS_SOURCES_MAX);
	ck_assert_uint_eq(figures()->dropped, 1);
}
END_TEST

/* Ask at another address than asker_at said. */
static void
ask_at(uint32_t ip, uint16_t transaction, uint8_t function)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(ip),
		.sin_port = htons(datagrams_address(datagrams, 0).port),
	};
	size_t length = make_request(transaction, function, 1);

	ck_assert_int_eq(sendto(askers[0], request, length, 0,
			     (const void *)&to, sizeof(to)),
	    (ssize_t)length);
	turn();
}

START_TEST(source_asks_at_one_address_while_it_waits)
{
	restart_at("0.0.0.0:0");
	service.order = &held.order;
	askers[0] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ask_at(INADDR_LOOPBACK, 1, READ);
	ask_at(INADDR_LOOPBACK + 1, 2, READ);
	ck_assert_uint_eq(figures()->replied, 2);
	ask_at(INADDR_LOOPBACK, 3, WRITE);
	ask_at(INADDR_LOOPBACK + 1, 4, READ);
	ck_assert_uint_eq(figures()->dropped, 1);
	settle(1, ORDER_EXECUTE);
	ask_at(INADDR_LOOPBACK + 1, 5, READ);
	ck_assert_uint_eq(figures()->replied, 4);
}
END_TEST

/* --- start and stop ----------------------------------------------------- */

START_TEST(what_came_before_the_start_is_dropped)
{
	datagrams_free(datagrams);
	make();
	bind_to("127.0.0.1:0");
	ask(0, 1, WRITE, 1);
	turn();
	ck_assert_uint_eq(figures()->received, 0);
	ck_assert_int_eq(datagrams_start(datagrams), 0);
	ask(0, 2, READ, 1);
	turn();
	assert_read(0, 2, 0);
	assert_no_reply(0);
	ck_assert_uint_eq(figures()->dropped, 1);
}
END_TEST

START_TEST(stop_answers_what_waits)
{
	service.order = &held.order;
	ask(0, 1, WRITE, 10);
	ask(1, 2, WRITE, 20);
	turn();
	datagrams_stop(datagrams);
	ck_assert(!datagrams_are_settled(datagrams));
	ask(0, 3, READ, 1);
	turn();
	datagrams_sweep(datagrams, false);
	turn();
	ck_assert_uint_eq(figures()->received, 2);
	settle(1, ORDER_EXECUTE);
	ck_assert_uint_eq(settled, 0);
	settle(2, ORDER_EXECUTE);
	ck_assert_uint_eq(settled, 1);
	ck_assert(datagrams_are_settled(datagrams));
	assert_written(0, 1);
	assert_written(1, 2);
	assert_no_reply(0);
}
END_TEST

START_TEST(writes_outlive_the_sockets)
{
	service.order = &held.order;
	ask(0, 1, WRITE, 10);
	ask(0, 2, READ, 1);
	turn();
	restart_at("127.0.0.1:0");
	settle(1, ORDER_EXECUTE);
	ck_assert_uint_eq(counters.requests_by_function[WRITE], 1);
	asker_at(1, "127.0.0.1");
	ask(1, 3, READ, 1);
	turn();
	assert_read(1, 3, 10);
}
END_TEST

START_TEST(binds_so_many_and_no_more)
{
	struct address where;

	ck_assert_int_eq(address_parse("127.0.0.1:0", 0, &where), 0);
	while (datagrams_count(datagrams) < DATAGRAMS_SOCKETS_MAX)
		ck_assert_int_eq(datagrams_bind(datagrams, &where, false), 0);
	ck_assert_int_eq(datagrams_bind(datagrams, &where, false), -1);
	ck_assert_int_eq(errno, ENOSPC);
	for (size_t i = 1; i < DATAGRAMS_SOCKETS_MAX; i++)
		ck_assert_uint_ne(datagrams_address(datagrams, i).port,
		    datagrams_address(datagrams, 0).port);
}
END_TEST

START_TEST(taken_address_is_not_bound)
{
	struct address where = datagrams_address(datagrams, 0);

	ck_assert_int_eq(datagrams_bind(datagrams, &where, false), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert_uint_eq(datagrams_count(datagrams), 1);
}
END_TEST

START_TEST(both_families_are_served_by_one_socket)
{
	const struct address any = address_any(0);

	datagrams_free(datagrams);
	make();
	ck_assert_int_eq(datagrams_bind(datagrams, &any, true), 0);
	ck_assert_int_eq(datagrams_start(datagrams), 0);
	asker_at(0, "127.0.0.3");
	ask(0, 1, READ, 1);
	turn();
	assert_read(0, 1, 0);
	ck_assert(address_is_ipv4(&seen.address));
}
END_TEST

START_TEST(free_accepts_null)
{
	datagrams_free(NULL);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

static TCase *
answering(void)
{
	TCase *tc = tcase_create("answering");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, answers_each_datagram_by_one);
	tcase_add_test(tc, takes_and_makes_the_longest);
	tcase_add_test(tc, exception_is_a_reply);
	tcase_add_loop_test(
	    tc, any_other_length_is_malformed, 0, MB_ADU_MAX + 8);
	tcase_add_loop_test(
	    tc, wrong_header_and_responses_are_malformed, 0, COUNT(wrong));
	tcase_add_test(tc, answers_from_the_address_that_was_asked);
	tcase_add_test(tc, lost_reply_is_counted);
	tcase_add_test(tc, takes_64_in_a_turn);
	tcase_add_test(tc, failure_to_receive_pauses_until_the_sweep);
	return tc;
}

static TCase *
sources(void)
{
	TCase *tc = tcase_create("sources");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rules_are_asked_about_each_datagram);
	tcase_add_loop_test(
	    tc, nobody_else_is_answered, 0, COUNT(unanswerable));
	tcase_add_test(tc, port_of_this_server_is_not_answered);
	tcase_add_test(tc, what_is_sent_to_many_is_not_answered);
	tcase_add_test(tc, source_is_one_client);
	tcase_add_test(tc, source_heard_longest_ago_is_forgotten);
	tcase_add_loop_test(tc, units_that_are_not_served, 0, 2);
	return tc;
}

static TCase *
waiting(void)
{
	TCase *tc = tcase_create("waiting");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, requests_of_one_source_keep_their_order);
	tcase_add_test(tc, refused_write_is_answered_by_exception_04);
	tcase_add_test(tc, unknown_outcome_has_no_reply);
	tcase_add_test(tc, no_more_than_256_requests_of_a_source_wait);
	tcase_add_test(tc, no_more_than_1024_requests_wait);
	tcase_add_test(tc, source_that_is_owed_a_reply_is_not_forgotten);
	tcase_add_test(tc, source_asks_at_one_address_while_it_waits);
	return tc;
}

static TCase *
life(void)
{
	TCase *tc = tcase_create("life");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_came_before_the_start_is_dropped);
	tcase_add_test(tc, stop_answers_what_waits);
	tcase_add_test(tc, writes_outlive_the_sockets);
	tcase_add_test(tc, binds_so_many_and_no_more);
	tcase_add_test(tc, taken_address_is_not_bound);
	tcase_add_test(tc, both_families_are_served_by_one_socket);
	tcase_add_test(tc, free_accepts_null);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("datagrams");

	suite_add_tcase(suite, answering());
	suite_add_tcase(suite, sources());
	suite_add_tcase(suite, waiting());
	suite_add_tcase(suite, life());
	return suite_run(suite);
}
