/* The engine of Redis before a redis-server or valkey-server, where one is
 * installed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "one_engine.h"
#include "party.h"
#include "real_redis.h"
#include "scratch.h"

/* Any process may be paused for some time. */
#define PATIENCE 60000

#define SESSION 0xFEDCBA9876543210

static uint16_t port;

static const char *
url(const char *scheme, const char *host)
{
	static char text[80];

	snprintf(text, sizeof(text), "%s://%s:%u", scheme, host, port);
	return text;
}

static void
setup(void)
{
	scratch_begin();
	one_engine_begin();
	port = real_redis_start(NULL);
	one_engine_new(url("redis", "127.0.0.1"), PATIENCE, NULL);
	engine->methods->connect(engine);
	await_told("ready\n");
}

static void
teardown(void)
{
	one_engine_end();
	real_redis_end();
	scratch_end();
}

static void
setup_nothing(void)
{
	scratch_begin();
	one_engine_begin();
}

static void
begin(void)
{
	engine->methods->begin(
	    engine, (struct engine_field[]){ field("begin"), field("s") }, 2);
}

/* A write of the session. */
static void
append(uint64_t tag)
{
	char number[24];

	snprintf(number, sizeof(number), "%u", (unsigned)tag);
	engine->methods->append(engine, tag,
	    (struct engine_field[]){ field("s"), field("fedcba9876543210"),
		field("n"), field(number) },
	    4);
}

static void
append_done(uint64_t tag)
{
	char expected[40];

	append(tag);
	snprintf(
	    expected, sizeof(expected), "appended %u done\n", (unsigned)tag);
	await_told(expected);
}

START_TEST(one_of_two_begins)
{
	struct engine *first = engine;
	struct engine *second;

	one_engine_new(url("redis", "127.0.0.1"), PATIENCE, NULL);
	second = engine;
	engine->methods->connect(engine);
	await_told("ready\n");
	begin();
	engine = first;
	begin();
	await_engine(strlen(told) >= 16);
	ck_assert(strcmp(told, "begun 1\nbegun 0\n") == 0 ||
	    strcmp(told, "begun 0\nbegun 1\n") == 0);
	second->methods->free(second);
}
END_TEST

START_TEST(reads_dense_numbers)
{
	append(9);
	await_told("appended 9 no log: there is no log\n");
	begin();
	await_told("begun 1\n");
	append(1);
	append(2);
	await_told("appended 1 done\nappended 2 done\n");
	engine->methods->find(engine, 0);
	await_told("found 1 begin s\n");
	engine->methods->find(engine, 3);
	await_told("found 3 s fedcba9876543210 n 2\n");
	engine->methods->find(engine, 4);
	await_told("found none\n");
	engine->methods->read(engine, 1);
	await_told("entries\n 2 s fedcba9876543210 n 1"
		   "\n 3 s fedcba9876543210 n 2\n");
	engine->methods->read(engine, 3);
	append(3);
	await_engine(strstr(told, "appended 3 done\n") != NULL);
	/* The read may have ended without it, after a pause. */
	await_engine(strstr(told, "entries\n") != NULL);
	if (strstr(told, " 4 ") == NULL)
		engine->methods->read(engine, 3);
	await_engine(strstr(told, "entries\n 4 s fedcba9876543210 n 3\n"));
}
END_TEST

/* The read may have ended before: then the next one has them all. */
START_TEST(reads_together_what_was_appended_together)
{
	static const char all[] = "entries\n 2 s fedcba9876543210 n 1"
				  "\n 3 s fedcba9876543210 n 2"
				  "\n 4 s fedcba9876543210 n 3\n";

	begin();
	await_told("begun 1\n");
	engine->methods->read(engine, 1);
	for (int i = 0; i < 20; i++)
		turn_engine(); /* the engine waits for the first */
	append(1);
	append(2);
	append(3);
	await_engine(strstr(told, "entries\n") != NULL);
	if (strstr(told, " 2 ") == NULL)
		engine->methods->read(engine, 1);
	await_engine(strstr(told, " 2 ") != NULL);
	ck_assert_ptr_nonnull(strstr(told, all));
}
END_TEST

START_TEST(says_that_it_lives)
{
	begin();
	await_told("begun 1\n");
	engine->methods->read(engine, 1);
	await_told("entries\n");
}
END_TEST

START_TEST(makes_no_log_where_it_has_gone)
{
	begin();
	await_told("begun 1\n");
	ck_assert_str_eq(real_redis_say(port, "DEL mb:log"), ":1");
	append(1);
	await_told("appended 1 no log: there is no log\n");
	ck_assert_str_eq(real_redis_say(port, "EXISTS mb:log"), ":0");
}
END_TEST

START_TEST(stores_a_snapshot_and_trims)
{
	begin();
	await_told("begun 1\n");
	for (uint64_t tag = 1; tag <= 500; tag++)
		append_done(tag);
	engine->methods->get_snapshot(engine);
	await_told("snapshot none\n");
	engine->methods->put_snapshot(engine, 501, SESSION, 500, 401, "abc", 3);
	await_told("stored 1\n");
	engine->methods->get_snapshot(engine);
	await_told("snapshot 3 abc\n");
	engine->methods->find(engine, 502);
	await_told("found 502 snapshot 501\n");
	engine->methods->find(engine, 401);
	await_told("found 401 s fedcba9876543210 n 400\n");
	engine->methods->find(engine, 1);
	await_told("found none\n");
}
END_TEST

START_TEST(stores_no_snapshot_of_another_history)
{
	begin();
	await_told("begun 1\n");
	append_done(1);
	engine->methods->put_snapshot(engine, 2, SESSION, 2, 1, "abc", 3);
	await_told("stored 0\n");
	engine->methods->put_snapshot(engine, 2, SESSION - 1, 1, 1, "abc", 3);
	await_told("stored 0\n");
	engine->methods->put_snapshot(engine, 3, SESSION, 1, 1, "abc", 3);
	await_told("stored 0\n");
	engine->methods->put_snapshot(engine, 1, SESSION, 1, 1, "abc", 3);
	await_told("stored 0\n");
	engine->methods->get_snapshot(engine);
	await_told("snapshot none\n");
	engine->methods->find(engine, 3);
	await_told("found none\n");
}
END_TEST

START_TEST(counts_no_copies)
{
	begin();
	engine->methods->count_copies(engine, 1, 50);
	engine->methods->count_copies(engine, 1, 0);
	await_told("begun 1\ncopies 0\ncopies 0\n");
}
END_TEST

START_TEST(is_lost_where_the_primary_becomes_a_replica)
{
	begin();
	await_told("begun 1\n");
	ck_assert_str_eq(real_redis_say(port, "REPLICAOF 127.0.0.1 1"), "+OK");
	append(1);
	await_engine(strstr(told, "lost: ") != NULL);
	ck_assert_msg(strncmp(told, "appended 1 refused: READONLY ", 29) == 0 ||
		strncmp(told, "lost: ", 6) == 0,
	    "%s", told);
	await_told(told);
	engine->methods->connect(engine);
	await_told("lost: it is a replica\n");
}
END_TEST

START_TEST(is_refused_without_memory)
{
	begin();
	await_told("begun 1\n");
	ck_assert_str_eq(real_redis_say(port, "CONFIG SET maxmemory 1"), "+OK");
	append(1);
	await_engine(strchr(told, '\n') != NULL);
	ck_assert_msg(
	    strncmp(told, "appended 1 refused: OOM ", 24) == 0, "%s", told);
	await_told(told);
	ck_assert_str_eq(real_redis_say(port, "CONFIG SET maxmemory 0"), "+OK");
	append_done(2);
	engine->methods->find(engine, 2);
	await_told("found 2 s fedcba9876543210 n 2\n");
}
END_TEST

START_TEST(is_alone_without_replicas)
{
	begin();
	await_told("begun 1\n");
	ck_assert_str_eq(
	    real_redis_say(port, "CONFIG SET min-replicas-to-write 1"), "+OK");
	append(1);
	await_engine(strchr(told, '\n') != NULL);
	ck_assert_msg(strncmp(told, "appended 1 alone: NOREPLICAS ", 29) == 0,
	    "%s", told);
}
END_TEST

START_TEST(announces_and_removes)
{
	engine->methods->announce(engine, "k", "7 here");
	await_told("announced k 7 here\n");
	engine->methods->announce(engine, "k", NULL);
	await_told("announced\n");
}
END_TEST

START_TEST(logs_in_with_no_more_rights_than_it_needs)
{
	char credentials[100];

	ck_assert_str_eq(
	    real_redis_say(port,
		"ACL SETUSER me on >secret ~mb:* resetchannels -@all +auth "
		"+select +role +wait +multi +exec +xadd +xread +xrange +get "
		"+set +eval "
		"+xtrim +hset +hgetall +hdel"),
	    "+OK");
	engine->methods->free(engine);
	snprintf(credentials, sizeof(credentials),
	    "redis://me:secret@127.0.0.1:%u", port);
	one_engine_new(credentials, PATIENCE, NULL);
	engine->methods->connect(engine);
	await_told("ready\n");
	begin();
	await_told("begun 1\n");
	append_done(1);
	engine->methods->put_snapshot(engine, 2, SESSION, 1, 1, "abc", 3);
	await_told("stored 1\n");
	engine->methods->get_snapshot(engine);
	await_told("snapshot 3 abc\n");
	engine->methods->announce(engine, "k", "t");
	await_told("announced k t\n");
	engine->methods->count_copies(engine, 0, 1);
	await_told("copies 0\n");
	engine->methods->read(engine, 2);
	await_told("entries\n 3 snapshot 2\n");
}
END_TEST

START_TEST(is_lost_with_the_wrong_password)
{
	ck_assert_str_eq(
	    real_redis_say(port, "CONFIG SET requirepass right"), "+OK");
	engine->methods->disconnect(engine);
	engine->methods->connect(engine);
	await_told("lost: NOAUTH Authentication required.\n");
	engine->methods->free(engine);
	one_engine_new(url("redis", ":wrong@127.0.0.1"), PATIENCE, NULL);
	engine->methods->connect(engine);
	await_told("lost: AUTH is refused: WRONGPASS\n");
}
END_TEST

START_TEST(verifies_the_name_over_tls)
{
	struct party ca =
	    party_make((struct party_wish){ .is_ca = true, .name = "ca" });
	struct party own = party_make(
	    (struct party_wish){ .issuer = &ca, .name = "localhost" });
	char trusted[200], other[200];
	int held;
	const char *options[] = { "--tls-port", "--tls-cert-file",
		party_write("own.pem", &own, (struct party *)NULL),
		"--tls-key-file", party_write_key("own.key", &own),
		"--tls-auth-clients", "no", NULL };

	snprintf(trusted, sizeof(trusted), "%s",
	    party_write("ca.pem", &ca, (struct party *)NULL));
	snprintf(other, sizeof(other), "%s", options[2]);
	while (port = real_redis_start(options), (held = hold_ipv6(port)) < 0)
		real_redis_end();
	one_engine_new(url("rediss", "localhost"), PATIENCE, trusted);
	engine->methods->connect(engine);
	await_told("ready\n");
	begin();
	append(1);
	await_told("begun 1\nappended 1 done\n");
	engine->methods->free(engine);

	one_engine_new(url("rediss", "127.0.0.1"), PATIENCE, trusted);
	engine->methods->connect(engine);
	await_told("lost: certificate refused: IP address mismatch\n");
	engine->methods->free(engine);

	one_engine_new(url("rediss", "localhost"), PATIENCE, NULL);
	engine->methods->connect(engine);
	await_told("lost: certificate refused: "
		   "unable to get local issuer certificate\n");
	engine->methods->free(engine);

	/* A client that speaks no TLS. */
	one_engine_new(url("redis", "localhost"), PATIENCE, NULL);
	engine->methods->connect(engine);
	await_engine(strncmp(told, "lost: ", 6) == 0);
	close(held);
	party_free(&own);
	party_free(&ca);
}
END_TEST

static TCase *
case_of(const char *name, void (*before)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, before, teardown);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("shared_engine");
	TCase *tc = case_of("redis-server", setup);
	TCase *tls = case_of("tls", setup_nothing);

	if (!real_redis_is_here()) {
		puts("there is no engine: nothing is tested");
		return 0;
	}
	tcase_add_test(tc, one_of_two_begins);
	tcase_add_test(tc, reads_dense_numbers);
	tcase_add_test(tc, reads_together_what_was_appended_together);
	tcase_add_test(tc, says_that_it_lives);
	tcase_add_test(tc, makes_no_log_where_it_has_gone);
	tcase_add_test(tc, stores_a_snapshot_and_trims);
	tcase_add_test(tc, stores_no_snapshot_of_another_history);
	tcase_add_test(tc, counts_no_copies);
	tcase_add_test(tc, is_lost_where_the_primary_becomes_a_replica);
	tcase_add_test(tc, is_refused_without_memory);
	tcase_add_test(tc, is_alone_without_replicas);
	tcase_add_test(tc, announces_and_removes);
	tcase_add_test(tc, logs_in_with_no_more_rights_than_it_needs);
	tcase_add_test(tc, is_lost_with_the_wrong_password);
	tcase_add_test(tls, verifies_the_name_over_tls);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, tls);
	return suite_run(suite);
}
