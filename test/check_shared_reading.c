/* Many answers, and long ones, to the engine of Redis. */
#include <stdio.h>
#include <string.h>

#include "fake_redis.h"
#include "one_engine.h"

#define PATIENCE 800 /* for the system to pass bytes on */

static void
setup(void)
{
	one_engine_begin();
	fake_begin();
	one_engine_new(fake_url(""), 60000, NULL);
	fake_connect();
}

static void
teardown(void)
{
	one_engine_end();
	fake_end();
}

#define ENTRY(id, value) "*2\r\n" id "*2\r\n$1\r\nn\r\n$1\r\n" value "\r\n"

#define STREAM(entries) "*1\r\n*2\r\n$6\r\nmb:log\r\n" entries

/* Wait for a read, which asks for at most that many. */
static void
expect_read(unsigned most)
{
	char words[80];

	snprintf(words, sizeof(words),
	    "XREAD|BLOCK|500|COUNT|%u|STREAMS|mb:log|1-7", most);
	engine->methods->read(engine, 7);
	expect(READER, words);
}

START_TEST(reads_fewer_after_an_answer_that_was_too_long)
{
	static const unsigned most[] = { 1000, 125, 15, 1, 1 };

	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++) {
		expect_read(most[i]);
		answer(READER, "*2000000000\r\n");
		await_told("lost: an answer is too long\n");
		fake_close_all();
		fake_connect();
	}
	expect_read(1);
	answer(READER, STREAM("*1\r\n" ENTRY("$3\r\n1-8\r\n", "v")));
	await_told("entries\n 8 n v\n");
	expect_read(1);
	answer(READER, "*-1\r\n");
	await_told("entries\n");
	expect_read(1000);
}
END_TEST

static void
ask_for_snapshot(void)
{
	engine->methods->get_snapshot(engine);
	expect(READER, "GET|mb:snapshot");
}

START_TEST(is_lost_by_a_line_without_an_end)
{
	static char line[70000];

	memset(line, 'x', sizeof(line));
	line[0] = '+';
	ask_for_snapshot();
	answer_bytes(READER, line, sizeof(line));
	await_told("lost: an answer is too long\n");
}
END_TEST

START_TEST(is_lost_by_a_string_that_is_too_long)
{
	static char part[1 << 20];

	ask_for_snapshot();
	answer_bytes(READER, "$90000000\r\n", 11);
	for (int i = 0; i < 66; i++)
		answer_bytes(READER, part, sizeof(part));
	await_told("lost: an answer is too long\n");
}
END_TEST

static const struct engine_entry *kept;
static void (*usual)(void *arg, const struct engine_entry *, size_t);

static void
keep_entries(void *arg, const struct engine_entry *entries, size_t count)
{
	kept = entries;
	usual(arg, entries, count);
}

START_TEST(lends_entries_until_the_next_read)
{
	struct engine_events events = *engine->events;

	usual = events.entries;
	events.entries = keep_entries;
	engine->events = &events;
	expect_read(1000);
	answer(READER, STREAM("*1\r\n" ENTRY("$3\r\n1-8\r\n", "v")));
	await_told("entries\n 8 n v\n");
	for (int i = 0; i < 3; i++) {
		engine->methods->find(engine, 12);
		expect(READER, "XRANGE|mb:log|1-12|1-12");
		answer(READER, "*1\r\n" ENTRY("$4\r\n1-12\r\n", "w"));
		await_told("found 12 n w\n");
	}
	ck_assert_uint_eq(kept->number, 8);
	ck_assert_uint_eq(kept->count, 2);
	ck_assert(memcmp(kept->fields[1].bytes, "v", 1) == 0);
}
END_TEST

START_TEST(tells_outcomes_in_sequence)
{
	for (uint64_t tag = 1; tag <= 200; tag++) {
		engine->methods->append(engine, tag,
		    (struct engine_field[]){ field("a"), field("b") }, 2);
		turn_engine();
	}
	for (int i = 0; i < 100; i++)
		answer(WRITER, "$3\r\n1-9\r\n-OOM x\r\n");
	await_engine(strstr(told, "appended 200 ") != NULL);
	for (int i = 1; i <= 200; i++) {
		char line[60];

		snprintf(line, sizeof(line), "appended %d %s\n", i,
		    i % 2 == 1 ? "done" : "refused: OOM x");
		ck_assert_ptr_nonnull(strstr(told, line));
	}
}
END_TEST

/* As many as a read brings make a transaction. */
START_TEST(sends_a_thousand_together_at_most)
{
	static const char xadd[] =
	    "*6\r\n$4\r\nXADD\r\n$6\r\nmb:log\r\n$10\r\nNOMKSTREAM\r\n"
	    "$3\r\n1-*\r\n$1\r\na\r\n$1\r\nb\r\n";
	static char sent[1001 * sizeof(xadd) + 100];
	size_t length = (size_t)sprintf(sent, "*1\r\n$5\r\nMULTI\r\n");

	for (uint64_t tag = 1; tag <= 1001; tag++) {
		engine->methods->append(engine, tag,
		    (struct engine_field[]){ field("a"), field("b") }, 2);
		length += (size_t)sprintf(sent + length,
		    tag == 1001 ? "*1\r\n$4\r\nEXEC\r\n%s" : "%s", xadd);
	}
	expect_bytes(WRITER, sent, length);
}
END_TEST

/* This process is all that the answers wait for: no pause of it counts. */
START_TEST(is_lost_without_an_answer)
{
	uint64_t begun;

	engine->methods->free(engine);
	fake_close_all();
	one_engine_new(fake_url(""), PATIENCE, NULL);
	fake_connect();
	begun = clock_ms();
	if (_i == 0)
		engine->methods->read(engine, 7);
	else
		engine->methods->count_copies(engine, 1, 400);
	await_told("lost: no answer\n");
	/* It has waited for as long as an answer may take. */
	ck_assert_uint_ge(clock_ms() - begun, 400);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared_reading");
	TCase *tc = tcase_create("reading");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_fewer_after_an_answer_that_was_too_long);
	tcase_add_test(tc, is_lost_by_a_line_without_an_end);
	tcase_add_test(tc, is_lost_by_a_string_that_is_too_long);
	tcase_add_test(tc, lends_entries_until_the_next_read);
	tcase_add_test(tc, tells_outcomes_in_sequence);
	tcase_add_test(tc, sends_a_thousand_together_at_most);
	tcase_add_loop_test(tc, is_lost_without_an_answer, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
