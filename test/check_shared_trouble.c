/*
 * How a member of a shared table bears an engine that does not answer, has too
 * few copies, or refuses its hello.
 */
#include <string.h>

#include "members.h"
#include "shared/member.h"
#include "suite.h"
#include "table/datatable.h"

/* The time after which a hello is said again. */
static void
let_a_second_pass(void)
{
	const struct timeval second = { 1, 0 };

	event_base_loopexit(members_base, &second);
	event_base_dispatch(members_base);
}

static void
await_live(unsigned i)
{
	members_await(members_figures(i)->connected);
	members_settle();
}

START_TEST(a_write_without_outcome_is_unknown_after_a_while)
{
	uint32_t id;

	members_config.timeout = 100;
	members_begin(1);
	members[0].engine->hold_requests[MEMORY_WRITER] = true;
	members[0].engine->late = true;
	id = members_write(0, 0, 2);
	members_await(writes[id + 1].fate != FATE_PENDING);
	ck_assert_int_eq(writes[id].fate, FATE_UNKNOWN);
	ck_assert_int_eq(writes[id + 1].fate, FATE_UNKNOWN);
	ck_assert(!members_figures(0)->connected);
	ck_assert_uint_eq(members_figures(0)->unknown, 2);
	members[0].engine->hold_requests[MEMORY_WRITER] = false;
	await_live(0);
	members_check_table(0);
}
END_TEST

/* It was in the log all the same: then it is executed as one of another. */
START_TEST(an_unknown_write_is_executed_when_it_is_read)
{
	uint32_t id;

	members_config.timeout = 100;
	members_begin(1);
	members[0].engine->hold_answers[MEMORY_READER] = true;
	id = members_write(0, 0, 1);
	members_await(writes[id].fate != FATE_PENDING);
	ck_assert_int_eq(writes[id].fate, FATE_UNKNOWN);
	members[0].engine->hold_answers[MEMORY_READER] = false;
	await_live(0);
	members_check_table(0);
	ck_assert_uint_eq(members_executions(id), 1);
}
END_TEST

START_TEST(copies_come_before_the_outcome)
{
	uint32_t id;

	members_config.copies = 1;
	memory.copies = 1;
	members_begin(2);
	members[0].engine->hold_answers[MEMORY_WRITER] = true;
	id = members_write(0, 0, 3);
	members_write(1, 2, 1);
	members_settle();
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_int_eq(writes[id + i].fate, FATE_PENDING);
	ck_assert_uint_eq(*datatable_registers(members[0].table, 1), 0);
	ck_assert_uint_eq(*datatable_registers(members[0].table, 5), 0);
	members_check_table(1);
	members[0].engine->hold_answers[MEMORY_WRITER] = false;
	members_settle();
	members_check_fates();
	members_check_table(0);
	ck_assert_int_eq(writes[id + 2].fate, FATE_EXECUTED);
}
END_TEST

START_TEST(with_too_few_copies_the_outcome_is_unknown)
{
	unsigned connects;
	uint32_t id;

	members_config.copies = 2;
	members_config.timeout = 200;
	memory.copies = 2;
	members_begin(1);
	connects = members[0].engine->connects;
	memory.copies = 1;
	id = members_write(0, 0, 1);
	members_await(writes[id].fate != FATE_PENDING);
	ck_assert_int_eq(writes[id].fate, FATE_UNKNOWN);
	members_await(members_figures(0)->connected);
	ck_assert_uint_gt(members[0].engine->connects, connects);
	members_settle();
	members_check_table(0);
}
END_TEST

START_TEST(the_copies_of_an_older_session_are_counted_again)
{
	uint32_t id;

	members_config.copies = 1;
	memory.copies = 1;
	members_begin(1);
	members[0].engine->hold_answers[MEMORY_WRITER] = true;
	id = members_write(0, 0, 2);
	members_settle();
	ck_assert_int_eq(writes[id].fate, FATE_PENDING);
	members_disconnect(0);
	members_await(TAILQ_FIRST(&members[0].engine->answers[MEMORY_WRITER]));
	ck_assert_int_eq(writes[id].fate, FATE_PENDING);
	members[0].engine->hold_answers[MEMORY_WRITER] = false;
	await_live(0);
	ck_assert_int_eq(writes[id + 1].fate, FATE_EXECUTED);
	members_check_table(0);
}
END_TEST

/* Entries that waited for copies went with their connection. */
START_TEST(what_was_held_is_read_again)
{
	struct memory_engine *e;
	uint32_t id;

	members_config.copies = 1;
	memory.copies = 1;
	members_begin(1);
	e = members[0].engine;
	e->hold_answers[MEMORY_WRITER] = true;
	id = members_write(0, 0, 2);
	members_settle();
	members_disconnect(0);
	members_await(!TAILQ_EMPTY(&e->requests[MEMORY_READER]) ||
	    !TAILQ_EMPTY(&e->answers[MEMORY_WRITER]));
	members_disconnect(0);
	e->hold_answers[MEMORY_WRITER] = false;
	/* Until the copies are known, nothing is read on this connection. */
	while (e->reads == 0 || TAILQ_EMPTY(&e->requests[MEMORY_WRITER])) {
		memory_engine_arrive(e, MEMORY_READER);
		memory_engine_answer(e, MEMORY_READER);
		event_base_loop(members_base, EVLOOP_NONBLOCK);
	}
	e->hold_requests[MEMORY_READER] = true;
	members_settle();
	ck_assert_int_eq(writes[id].fate, FATE_PENDING);
	e->hold_requests[MEMORY_READER] = false;
	await_live(0);
	ck_assert_int_eq(writes[id + 1].fate, FATE_EXECUTED);
	members_check_table(0);
}
END_TEST

START_TEST(alone_it_tries_the_next_address)
{
	unsigned connects;
	uint32_t id;

	members_config.copies = 1;
	memory.copies = 1;
	members_begin(1);
	connects = members[0].engine->connects;
	memory.result = ENGINE_ALONE;
	id = members_write(0, 0, 1);
	members_settle();
	ck_assert_int_eq(writes[id].fate, FATE_REFUSED);
	members_await(members[0].engine->connects >= connects + 2);
	memory.result = ENGINE_APPENDED;
	await_live(0);
	members_check_table(0);
}
END_TEST

START_TEST(a_hello_that_was_refused_is_said_again)
{
	members_begin(2);
	memory.result = ENGINE_REFUSED;
	members_disconnect(0);
	members_await(strstr(members_trouble(0), "refuses writes"));
	ck_assert(!members_figures(0)->connected);
	memory.result = ENGINE_APPENDED;
	members_write(1, 2, 1);
	members_settle();
	/* It has followed meanwhile. */
	members_check_table(0);
	await_live(0);
	ck_assert_uint_eq(members_figures(0)->disconnects, 1);
	members_check_table(0);
}
END_TEST

/* What is appended on a connection is what its engine waits for: without the
 * hello the copies of older writes are not known. */
START_TEST(without_a_hello_no_copies_are_counted)
{
	uint32_t id;

	members_config.copies = 1;
	memory.copies = 1;
	members_begin(1);
	members[0].engine->hold_answers[MEMORY_WRITER] = true;
	id = members_write(0, 0, 2);
	members_settle();
	members_disconnect(0);
	memory.result = ENGINE_REFUSED;
	/* They are asked for before it is known. */
	members_await(TAILQ_FIRST(&members[0].engine->answers[MEMORY_WRITER]));
	members_settle();
	members[0].engine->hold_answers[MEMORY_WRITER] = false;
	members_await(strstr(members_trouble(0), "refuses writes"));
	members_settle();
	ck_assert_int_eq(writes[id].fate, FATE_PENDING);
	memory.result = ENGINE_APPENDED;
	await_live(0);
	ck_assert_int_eq(writes[id + 1].fate, FATE_EXECUTED);
	members_check_table(0);
}
END_TEST

/* The table is lost while a hello is to be said again. */
START_TEST(a_hello_is_said_again_only_where_it_follows)
{
	members_begin(1);
	memory.result = ENGINE_REFUSED;
	members_disconnect(0);
	members_await(strstr(members_trouble(0), "refuses writes"));
	members[0].engine->hold_answers[MEMORY_READER] = true;
	memory_log_wipe(&memory);
	ck_assert(memory_engine_idle(members[0].engine));
	members[0].engine->hold_answers[MEMORY_READER] = false;
	ck_assert(memory_engine_answer(members[0].engine, MEMORY_READER));
	ck_assert(memory_engine_arrive(members[0].engine, MEMORY_READER));
	ck_assert(memory_engine_answer(members[0].engine, MEMORY_READER));
	members[0].engine->hold_answers[MEMORY_READER] = true;
	for (int i = 0; i < 2; i++)
		let_a_second_pass();
	members[0].engine->hold_answers[MEMORY_READER] = false;
	members_await(strstr(members_trouble(0), "lost the table"));
}
END_TEST

/* So many sessions are open at once: one more closes that of member 0. */
START_TEST(whose_session_was_evicted_opens_another)
{
	char session[17];
	uint32_t id;

	members_begin(1);
	members[0].engine->hold_requests[MEMORY_READER] = true;
	for (int i = 0; i < SESSIONS_MAX; i++) {
		snprintf(session, sizeof(session), "%016x", i + 1);
		memory_log_add_texts(&memory, "hello", session, "closes", "0",
		    "host", "there:502", NULL);
	}
	id = members_write(0, 0, 2);
	members_settle();
	members[0].engine->hold_requests[MEMORY_READER] = false;
	await_live(0);
	ck_assert_int_eq(writes[id].fate, FATE_REFUSED);
	ck_assert_int_eq(writes[id + 1].fate, FATE_REFUSED);
	id = members_write(0, 0, 1);
	members_settle();
	ck_assert_int_eq(writes[id].fate, FATE_EXECUTED);
	members_check_table(0);
	members_check_fates();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared trouble");
	TCase *tc = tcase_create("trouble");

	tcase_add_checked_fixture(tc, members_setup, members_teardown);
	tcase_add_test(tc, a_write_without_outcome_is_unknown_after_a_while);
	tcase_add_test(tc, an_unknown_write_is_executed_when_it_is_read);
	tcase_add_test(tc, copies_come_before_the_outcome);
	tcase_add_test(tc, with_too_few_copies_the_outcome_is_unknown);
	tcase_add_test(tc, the_copies_of_an_older_session_are_counted_again);
	tcase_add_test(tc, what_was_held_is_read_again);
	tcase_add_test(tc, alone_it_tries_the_next_address);
	tcase_add_test(tc, a_hello_that_was_refused_is_said_again);
	tcase_add_test(tc, without_a_hello_no_copies_are_counted);
	tcase_add_test(tc, a_hello_is_said_again_only_where_it_follows);
	tcase_add_test(tc, whose_session_was_evicted_opens_another);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
