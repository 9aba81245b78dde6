/*
 * A whole server with an order that executes each write 50 ms later, and the
 * connections that wait in reverse. What holds with it holds with any order.
 */
#include "service/order.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "late_order.h"
#include "modbus/bytes.h"
#include "net/server.h"
#include "one_server.h"
#include "suite.h"
#include "table/datatable.h"
#include "wire.h"

#define CLIENTS 20
#define READ    MB_FC_READ_HOLDING_REGISTERS
#define WRITE   MB_FC_WRITE_SINGLE_REGISTER

struct caller {
	int fd;
	struct evbuffer *replies;
	bool eof;
};

static struct late_order late;
static struct caller callers[CLIENTS];

static void
setup(void)
{
	one_server_begin();
	late_order_begin(&late, base);
	config.service.order = &late.order;
	config.shutdown_word = "enough";
	for (int i = 0; i < CLIENTS; i++)
		callers[i] = (struct caller){ .fd = -1 };
}

static void
teardown(void)
{
	for (int i = 0; i < CLIENTS; i++)
		if (callers[i].fd >= 0) {
			close(callers[i].fd);
			evbuffer_free(callers[i].replies);
		}
	server_free(server);
	server = NULL;
	late_order_end(&late);
	one_server_end();
}

/* Read what has come for each caller. */
static void
receive(void)
{
	for (int i = 0; i < CLIENTS; i++)
		if (callers[i].fd >= 0 && !callers[i].eof)
			callers[i].eof = evbuffer_read(callers[i].replies,
					     callers[i].fd, -1) == 0;
}

#define await(expression) await_doing(receive(), expression)

static struct caller *
dial(int i)
{
	struct caller *c = &callers[i];
	uint64_t before = counters()->accepted;

	c->fd = one_server_dial();
	c->replies = evbuffer_new();
	await(counters()->accepted == before + 1);
	return c;
}

/* Send what can be sent now. Returns whether that was all. */
static bool
send_some(const struct caller *c, struct evbuffer *out)
{
	evbuffer_write(out, c->fd);
	return evbuffer_get_length(out) == 0;
}

/* Send all of it, and free it. */
static void
send_all(const struct caller *c, struct evbuffer *out)
{
	await(send_some(c, out));
	evbuffer_free(out);
}

/* So many pairs: write a register, read it. Transactions count from 0 on. */
static void
send_pairs(const struct caller *c, uint16_t address, uint16_t pairs)
{
	struct evbuffer *out = evbuffer_new();

	for (uint16_t i = 0; i < pairs; i++) {
		wire_request(
		    out, (uint16_t)(2 * i), WRITE, address, (uint16_t)(i + 1));
		wire_request(out, (uint16_t)(2 * i + 1), READ, address, 1);
	}
	send_all(c, out);
}

static size_t
pairs_length(unsigned pairs)
{
	return pairs * (12U + 11U);
}

static bool
has(const struct caller *c, size_t bytes)
{
	return evbuffer_get_length(c->replies) >= bytes;
}

/* Every read shows exactly what the write before it left. */
static void
check_pairs(const struct caller *c, uint16_t pairs)
{
	for (uint16_t i = 0; i < pairs; i++) {
		wire_reply(c->replies, (uint16_t)(2 * i));
		ck_assert_uint_eq(
		    get16(
			wire_reply(c->replies, (uint16_t)(2 * i + 1)).pdu + 2),
		    i + 1);
	}
	ck_assert_uint_eq(evbuffer_get_length(c->replies), 0);
}

START_TEST(the_order_within_each_connection_is_kept)
{
	one_server_start();
	for (int i = 0; i < CLIENTS; i++)
		dial(i);
	for (int i = 0; i < CLIENTS; i++)
		send_pairs(&callers[i], (uint16_t)i, 30);
	for (int i = 0; i < CLIENTS; i++)
		await(has(&callers[i], pairs_length(30)));
	for (int i = 0; i < CLIENTS; i++)
		check_pairs(&callers[i], 30);
}
END_TEST

/* What was executed: in which round, and of whom. */
struct executed {
	unsigned count;
	uint64_t round[CLIENTS];
	uint64_t client[CLIENTS];
};

static void
note_write(void *arg, const struct datatable_change *change)
{
	struct executed *e = arg;

	ck_assert_uint_lt(e->count, CLIENTS);
	e->round[e->count] = late.rounds;
	e->client[e->count++] = change->writer->client->id;
}

START_TEST(connections_are_executed_in_the_order_that_it_says)
{
	struct executed e = { 0 };
	struct datatable_observer observer = { note_write, &e, NULL };

	one_server_start();
	datatable_observe(config.service.table, &observer);
	for (int i = 0; i < CLIENTS; i++)
		dial(i);
	for (int i = 0; i < CLIENTS; i++)
		send_pairs(&callers[i], 9, 1);
	await(e.count == CLIENTS);
	for (int i = 1; i < CLIENTS; i++)
		ck_assert(e.round[i] > e.round[i - 1] ||
		    e.client[i] < e.client[i - 1]);
	datatable_unobserve(config.service.table, &observer);
}
END_TEST

START_TEST(a_thousand_pipelined_requests_share_few_rounds)
{
	one_server_start();
	dial(0);
	send_pairs(&callers[0], 7, 500);
	await(has(&callers[0], pairs_length(500)));
	check_pairs(&callers[0], 500);
	ck_assert_uint_eq(counters()->requests, 1000);
	/* 64 KiB hold 240 pairs. */
	ck_assert_uint_le(late.rounds, 20);
}
END_TEST

START_TEST(other_connections_do_not_wait)
{
	struct evbuffer *out = evbuffer_new();
	uint64_t rounds;

	one_server_start();
	dial(0);
	dial(1);
	send_pairs(&callers[0], 7, 500);
	await(!TAILQ_EMPTY(&late.writes));
	rounds = late.rounds;
	wire_request(out, 5, READ, 7, 1);
	send_all(&callers[1], out);
	await(has(&callers[1], 11));
	/* Unless this machine stood still for so long. */
	ck_assert_uint_le(late.rounds, rounds + 1);
	wire_reply(callers[1].replies, 5);
	await(has(&callers[0], pairs_length(500)));
	check_pairs(&callers[0], 500);
}
END_TEST

START_TEST(a_write_beside_many_waits_one_round)
{
	struct evbuffer *out = evbuffer_new();
	uint64_t rounds;

	one_server_start();
	dial(0);
	dial(1);
	send_pairs(&callers[0], 7, 500);
	wire_request(out, 5, WRITE, 8, 1);
	send_all(&callers[1], out);
	rounds = late.rounds;
	await(has(&callers[1], 12));
	ck_assert_uint_le(late.rounds, rounds + 2);
	wire_reply(callers[1].replies, 5);
	await(has(&callers[0], pairs_length(500)));
	check_pairs(&callers[0], 500);
}
END_TEST

START_TEST(a_client_that_half_closes_gets_all_replies)
{
	one_server_start();
	dial(0);
	send_pairs(&callers[0], 7, 500);
	ck_assert_int_eq(shutdown(callers[0].fd, SHUT_WR), 0);
	await(callers[0].eof);
	check_pairs(&callers[0], 500);
	await(counters()->connections == 0);
	ck_assert_uint_eq(counters()->closed[CONN_CLOSED_BY_PEER], 1);
}
END_TEST

START_TEST(a_stop_answers_the_requests_that_wait)
{
	one_server_start();
	for (int i = 0; i < CLIENTS; i++) {
		uint64_t held = counters()->held;

		dial(i);
		send_pairs(&callers[i], (uint16_t)i, 10);
		await(counters()->held == held + 20);
	}
	server_stop(server);
	for (int i = 0; i < CLIENTS; i++)
		await(callers[i].eof);
	for (int i = 0; i < CLIENTS; i++)
		check_pairs(&callers[i], 10);
	for (int i = 0; i < CLIENTS; i++)
		shutdown(callers[i].fd, SHUT_WR);
	await(stops == 1);
	ck_assert_uint_eq(counters()->closed[CONN_STOPPING], CLIENTS);
}
END_TEST

START_TEST(the_shutdown_word_takes_effect_after_the_writes)
{
	struct evbuffer *out = evbuffer_new();

	one_server_start();
	dial(0);
	send_pairs(&callers[0], 7, 10);
	evbuffer_add(out, "enough", 6);
	send_all(&callers[0], out);
	await(callers[0].eof);
	check_pairs(&callers[0], 10);
	shutdown(callers[0].fd, SHUT_WR);
	await(stops == 1);
	ck_assert_uint_eq(counters()->closed[CONN_SHUT_DOWN], 1);
}
END_TEST

START_TEST(writes_are_settled_after_the_server_is_freed)
{
	one_server_start();
	dial(0);
	send_pairs(&callers[0], 7, 10);
	await(counters()->held == 20);
	server_free(server);
	server = NULL;
	await(TAILQ_EMPTY(&late.writes));
	ck_assert_uint_eq(*datatable_registers(config.service.table, 7), 0);
}
END_TEST

START_TEST(a_client_that_waits_is_not_evicted)
{
	config.max_connections = 1;
	config.evict_idle = 0;
	one_server_start();
	dial(0);
	send_pairs(&callers[0], 7, 1);
	await(counters()->held == 2);
	while (!has(&callers[0], pairs_length(1))) {
		uint64_t refused = counters()->refused;
		int fd = one_server_dial();

		await(counters()->refused > refused ||
		    counters()->closed[CONN_EVICTED] > 0 ||
		    has(&callers[0], pairs_length(1)));
		close(fd);
		receive();
		ck_assert(counters()->closed[CONN_EVICTED] == 0 ||
		    has(&callers[0], pairs_length(1)));
	}
	check_pairs(&callers[0], 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("order");
	TCase *tc = tcase_create("late");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_order_within_each_connection_is_kept);
	tcase_add_test(tc, connections_are_executed_in_the_order_that_it_says);
	tcase_add_test(tc, a_thousand_pipelined_requests_share_few_rounds);
	tcase_add_test(tc, other_connections_do_not_wait);
	tcase_add_test(tc, a_write_beside_many_waits_one_round);
	tcase_add_test(tc, a_client_that_half_closes_gets_all_replies);
	tcase_add_test(tc, a_stop_answers_the_requests_that_wait);
	tcase_add_test(tc, the_shutdown_word_takes_effect_after_the_writes);
	tcase_add_test(tc, writes_are_settled_after_the_server_is_freed);
	tcase_add_test(tc, a_client_that_waits_is_not_evicted);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
