/* The engine of Redis before a Redis that the test plays. */
#include "shared/redis.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fake_redis.h"
#include "one_engine.h"

#define LONG_PATIENCE  60000
#define SHORT_PATIENCE 800 /* for the system to pass bytes on */

static void
setup(void)
{
	one_engine_begin();
	fake_begin();
}

static void
teardown(void)
{
	one_engine_end();
	fake_end();
}

/* An engine of that URL, with time for everything. */
static void
make(const char *credentials)
{
	one_engine_new(fake_url(credentials), LONG_PATIENCE, NULL);
}

static void
make_connected(void)
{
	make("");
	fake_connect();
}

/* --- connecting --------------------------------------------------------- */

START_TEST(asks_both_connections_for_the_role)
{
	char host[32];

	make_connected();
	snprintf(host, sizeof(host), "127.0.0.1:%u", fake_port());
	ck_assert_str_eq(engine->methods->describe(engine), host);
}
END_TEST

START_TEST(authenticates_and_selects)
{
	static const char *const credentials[] = { "me:sec%20ret@", ":secret@",
		"me@" };
	static const char *const greetings[] = {
		"*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$7\r\nsec ret\r\n",
		"*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n",
		"*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$0\r\n\r\n",
	};
	char url[200], greeting[200];

	snprintf(url, sizeof(url), "%s/3", fake_url(credentials[_i]));
	snprintf(greeting, sizeof(greeting),
	    "%s*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*1\r\n$4\r\nROLE\r\n",
	    greetings[_i]);
	one_engine_new(url, LONG_PATIENCE, NULL);
	engine->methods->connect(engine);
	for (int i = READER; i <= WRITER; i++) {
		enum fake_side side = (enum fake_side)i;

		expect_bytes(side, greeting, strlen(greeting));
		answer_slowly(side, "+OK\r\n+OK\r\n" MASTER);
	}
	await_told("ready\n");
}
END_TEST

/* What ROLE is answered, and how the engine is lost. */
static const struct {
	const char *answer, *told;
} roles[] = {
	{ "*5\r\n$5\r\nslave\r\n$1\r\nh\r\n:1\r\n$9\r\nconnected\r\n:2\r\n",
	    "lost: it is a replica\n" },
	{ "*2\r\n$8\r\nsentinel\r\n*0\r\n", "lost: it is a Sentinel\n" },
	{ "*1\r\n$4\r\nlord\r\n", "lost: an answer that does not fit\n" },
	{ "*0\r\n", "lost: an answer that does not fit\n" },
	{ "*-1\r\n", "lost: an answer that does not fit\n" },
	{ "$-1\r\n", "lost: an answer that does not fit\n" },
	{ "*1\r\n:5\r\n", "lost: an answer that does not fit\n" },
	{ "*1\r\n$-1\r\n", "lost: an answer that does not fit\n" },
	{ "*1\r\n*0\r\n", "lost: an answer that does not fit\n" },
	{ ":7\r\n", "lost: an answer that does not fit\n" },
	{ "+OK\r\n", "lost: an answer that does not fit\n" },
	{ "-LOADING Redis is loading\r\n", "lost: LOADING Redis is loading\n" },
	{ "-NOAUTH Authentication required.\r\n",
	    "lost: NOAUTH Authentication required.\n" },
	{ "-NOPERM a\tb\xc3\xa9\r\n", "lost: NOPERM a?b??\n" },
	{ "HTTP/1.1 400 Bad Request\r\n",
	    "lost: an answer that is not of Redis\n" },
	{ "*x\r\n", "lost: an answer that is not of Redis\n" },
	{ "$2147483648x\r\n", "lost: an answer that is not of Redis\n" },
	{ "*100000000\r\n", "lost: an answer is too long\n" },
};

START_TEST(is_lost_where_the_reader_is_no_primary)
{
	make("");
	engine->methods->connect(engine);
	expect(READER, "ROLE");
	answer_slowly(READER, roles[_i].answer);
	await_told(roles[_i].told);
	fake_close_all();
	fake_connect();
}
END_TEST

START_TEST(is_lost_where_the_writer_is_no_primary)
{
	make("");
	engine->methods->connect(engine);
	expect(READER, "ROLE");
	answer(READER, MASTER);
	expect(WRITER, "ROLE");
	answer(WRITER, roles[_i].answer);
	await_told(roles[_i].told);
	fake_close_all();
	fake_connect();
}
END_TEST

START_TEST(never_shows_the_password)
{
	static const char *const answers[][2] = {
		{ "-WRONGPASS invalid username-password pair\r\n",
		    "lost: AUTH is refused: WRONGPASS\n" },
		{ "-ERR unknown command 'AUTH', with args: 'SECRET'\r\n",
		    "lost: AUTH is refused: ERR\n" },
		{ "-SECRET\r\n", "lost: AUTH is refused: \n" },
	};

	make(":SECRET@");
	engine->methods->connect(engine);
	expect_bytes(READER,
	    "*2\r\n$4\r\nAUTH\r\n$6\r\nSECRET\r\n*1\r\n$4\r\nROLE\r\n", 40);
	answer(READER, answers[_i][0]);
	await_told(answers[_i][1]);
}
END_TEST

START_TEST(is_lost_wherever_the_connection_ends)
{
	const char *all = MASTER;

	make("");
	for (size_t length = 0; length < strlen(all); length++) {
		engine->methods->connect(engine);
		expect(READER, "ROLE");
		answer_bytes(READER, all, length);
		fake_close(READER);
		await_told("lost: the connection was closed\n");
		engine->methods->connect(engine);
		expect(READER, "ROLE");
		answer(READER, MASTER);
		expect(WRITER, "ROLE");
		answer_bytes(WRITER, all, length);
		fake_close(WRITER);
		await_told("lost: the connection was closed\n");
		fake_close_all();
	}
	fake_connect();
	fake_close(WRITER);
	await_told("lost: the connection was closed\n");
}
END_TEST

START_TEST(is_lost_where_nobody_listens)
{
	int deaf = fake_deaf();
	char url[64];

	snprintf(url, sizeof(url), "redis://127.0.0.1:%u", fake_port_of(deaf));
	one_engine_new(url, LONG_PATIENCE, NULL);
	engine->methods->connect(engine);
	await_told("lost: Connection refused\n");
	close(deaf);
}
END_TEST

START_TEST(goes_from_host_to_host)
{
	int deaf = fake_deaf();
	char url[128], refusing[32], host[32];

	snprintf(
	    refusing, sizeof(refusing), "127.0.0.1:%u", fake_port_of(deaf));
	snprintf(host, sizeof(host), "127.0.0.1:%u", fake_port());
	snprintf(url, sizeof(url), "redis://%s,%s", refusing, host);
	one_engine_new(url, LONG_PATIENCE, NULL);
	for (int i = 0; i < 3; i++) {
		engine->methods->connect(engine);
		ck_assert_str_eq(engine->methods->describe(engine), refusing);
		await_told("lost: Connection refused\n");
		fake_connect();
		ck_assert_str_eq(engine->methods->describe(engine), host);
		fake_close_all();
		await_told("lost: the connection was closed\n");
	}
	close(deaf);
}
END_TEST

START_TEST(looks_up_names)
{
	char url[128];
	int held;

	while ((held = hold_ipv6(fake_port())) < 0) {
		fake_end();
		fake_begin();
	}
	snprintf(url, sizeof(url), "redis://localhost:%u", fake_port());
	one_engine_new(url, LONG_PATIENCE, NULL);
	fake_connect();
	close(held);
}
END_TEST

START_TEST(is_lost_where_a_name_is_unknown)
{
	one_engine_new("redis://nowhere.invalid", 400, NULL);
	engine->methods->connect(engine);
	await_engine(told[0] != '\0');
	ck_assert_msg(strncmp(told, "lost: ", 6) == 0, "%s", told);
	engine->methods->connect(engine);
	engine->methods->disconnect(engine);
	engine->methods->connect(engine);
}
END_TEST

/* --- silence ------------------------------------------------------------ */

START_TEST(is_lost_without_an_answer)
{
	one_engine_new(fake_url(""), SHORT_PATIENCE, NULL);
	engine->methods->connect(engine);
	if (_i > 0) {
		expect(READER, "ROLE");
		answer(READER, _i == 1 ? "*3\r\n$6\r\nmas" : MASTER);
	}
	await_told("lost: no answer\n");
}
END_TEST

START_TEST(counts_no_pause_of_this_process)
{
	one_engine_new(fake_url(""), 2000, NULL);
	engine->methods->connect(engine);
	expect(READER, "ROLE");
	/* Longer than the patience, within one turn. */
	usleep(2500 * 1000);
	turn_engine();
	ck_assert_str_eq(told, "");
}
END_TEST

/* --- callbacks that come late ------------------------------------------- */

static void
disconnect(void)
{
	engine->methods->disconnect(engine);
}

static void
disconnect_and_free(void)
{
	engine->methods->disconnect(engine);
	engine->methods->free(engine);
	engine = NULL;
}

static void
reconnect(void)
{
	engine->methods->connect(engine);
}

static void (*const acts[])(
    void) = { disconnect, disconnect_and_free, reconnect };

/* Nothing more is told, until it is connected again. */
static void
check_silence(const char *expected, bool connecting)
{
	await_told(expected);
	for (int i = 0; i < 10; i++)
		turn_engine();
	ck_assert_str_eq(told, "");
	fake_close_all();
	if (connecting)
		fake_welcome();
	else if (engine != NULL)
		fake_connect();
}

START_TEST(tells_nothing_after_disconnect_in_ready)
{
	make("");
	when_told = acts[_i];
	engine->methods->connect(engine);
	expect(READER, "ROLE");
	answer(READER, MASTER);
	expect(WRITER, "ROLE");
	answer(WRITER, MASTER "+MORE\r\n");
	check_silence("ready\n", acts[_i] == reconnect);
}
END_TEST

START_TEST(tells_nothing_after_disconnect_in_an_answer)
{
	make_connected();
	engine->methods->read(engine, 4);
	engine->methods->find(engine, 3);
	when_told = acts[_i];
	answer(READER, "*-1\r\n*0\r\n+JUNK\r\n");
	check_silence("entries\n", acts[_i] == reconnect);
}
END_TEST

#define XADD                                                                   \
	"*6\r\n$4\r\nXADD\r\n$6\r\nmb:log\r\n$10\r\nNOMKSTREAM\r\n"            \
	"$3\r\n1-*\r\n$1\r\na\r\n$1\r\nb\r\n"

static void
append(uint64_t tag)
{
	engine->methods->append(
	    engine, tag, (struct engine_field[]){ field("a"), field("b") }, 2);
}

START_TEST(tells_nothing_after_disconnect_in_appended)
{
	make_connected();
	for (uint64_t tag = 1; tag <= 3; tag++) {
		append(tag);
		expect(WRITER, "XADD|mb:log|NOMKSTREAM|1-*|a|b");
	}
	when_told = acts[_i];
	answer(WRITER, "-READONLY x\r\n$3\r\n1-5\r\n$3\r\n1-6\r\n");
	check_silence(
	    "appended 1 refused: READONLY x\n", acts[_i] == reconnect);
}
END_TEST

START_TEST(tells_nothing_after_disconnect_in_a_transaction)
{
	static const char transaction[] =
	    "*1\r\n$5\r\nMULTI\r\n" XADD XADD XADD "*1\r\n$4\r\nEXEC\r\n";

	make_connected();
	for (uint64_t tag = 1; tag <= 3; tag++)
		append(tag);
	expect_bytes(WRITER, transaction, strlen(transaction));
	append(4);
	append(5);
	when_told = acts[_i];
	answer(WRITER,
	    "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n"
	    "*3\r\n-READONLY x\r\n$3\r\n1-5\r\n$3\r\n1-6\r\n");
	check_silence(
	    "appended 1 refused: READONLY x\n", acts[_i] == reconnect);
}
END_TEST

START_TEST(tells_nothing_after_disconnect_in_lost)
{
	make_connected();
	when_told = acts[_i];
	fake_close_all();
	check_silence(
	    "lost: the connection was closed\n", acts[_i] == reconnect);
}
END_TEST

START_TEST(tells_nothing_after_disconnect_while_it_connects)
{
	make("");
	engine->methods->connect(engine);
	if (_i > 0) {
		expect(READER, "ROLE");
		answer(READER, MASTER);
	}
	if (_i > 1)
		expect(WRITER, "ROLE");
	engine->methods->disconnect(engine);
	check_silence("", false);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared_redis");
	TCase *tc = tcase_create("connections");
	const int role_count = sizeof(roles) / sizeof(*roles);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, asks_both_connections_for_the_role);
	tcase_add_loop_test(tc, authenticates_and_selects, 0, 3);
	tcase_add_loop_test(
	    tc, is_lost_where_the_reader_is_no_primary, 0, role_count);
	tcase_add_loop_test(
	    tc, is_lost_where_the_writer_is_no_primary, 0, role_count);
	tcase_add_loop_test(tc, never_shows_the_password, 0, 3);
	tcase_add_test(tc, is_lost_wherever_the_connection_ends);
	tcase_add_test(tc, is_lost_where_nobody_listens);
	tcase_add_test(tc, goes_from_host_to_host);
	tcase_add_test(tc, looks_up_names);
	tcase_add_test(tc, is_lost_where_a_name_is_unknown);
	tcase_add_loop_test(tc, is_lost_without_an_answer, 0, 3);
	tcase_add_test(tc, counts_no_pause_of_this_process);
	tcase_add_loop_test(tc, tells_nothing_after_disconnect_in_ready, 0, 3);
	tcase_add_loop_test(
	    tc, tells_nothing_after_disconnect_in_an_answer, 0, 3);
	tcase_add_loop_test(
	    tc, tells_nothing_after_disconnect_in_appended, 0, 3);
	tcase_add_loop_test(
	    tc, tells_nothing_after_disconnect_in_a_transaction, 0, 3);
	tcase_add_loop_test(tc, tells_nothing_after_disconnect_in_lost, 0, 3);
	tcase_add_loop_test(
	    tc, tells_nothing_after_disconnect_while_it_connects, 0, 3);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
