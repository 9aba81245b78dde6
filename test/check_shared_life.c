/*
 * How a member of a shared table begins, loses its engine or its table, and
 * ends.
 */
#include <string.h>

#include "members.h"
#include "modbus/bytes.h"
#include "shared/member.h"
#include "suite.h"
#include "table/datatable.h"

static const char *
trouble(unsigned i)
{
	const char *text = member_trouble(members[i].member);

	return text != NULL ? text : "";
}

static const struct member_figures *
figures(unsigned i)
{
	return member_figures(members[i].member);
}

/* The time after which a hello is said again. */
static void
let_a_second_pass(void)
{
	const struct timeval second = { 1, 0 };

	event_base_loopexit(members_base, &second);
	event_base_dispatch(members_base);
}

static void
lose(unsigned i)
{
	memory_engine_lose(members[i].engine);
}

static void
await_live(unsigned i)
{
	members_await(figures(i)->connected);
	members_settle();
}

START_TEST(without_a_table_it_ends)
{
	members_config.init = false;
	members_make(0);
	members_await(members[0].status != 0);
	ck_assert_int_eq(members[0].status, 78);
	ck_assert(!members[0].live);
	ck_assert(!memory.exists);
	ck_assert_uint_eq(members_write(0, 0, 1), written);
	ck_assert_int_eq(writes[written].fate, FATE_NOT_TAKEN);
}
END_TEST

START_TEST(of_two_that_may_one_makes_the_table)
{
	members_make(0);
	members_make(1);
	members_await(members[0].live && members[1].live);
	ck_assert_uint_eq(memory.begun, 1);
	members_check_table(0);
	members_check_table(1);
}
END_TEST

START_TEST(the_table_that_is_there_is_not_made_again)
{
	members_begin(1);
	members_write(0, 0, 1);
	members_settle();
	members_kill(0);
	members_begin(1);
	ck_assert_uint_eq(memory.begun, 1);
	members_check_table(0);
	ck_assert_uint_ne(*datatable_registers(members[0].table, 1), 0);
}
END_TEST

static unsigned from_start;

static void
see_first(void *arg, const struct datatable_change *change)
{
	(void)arg;
	ck_assert(address_same_host(
	    &change->writer->client->address, &address_start));
	from_start++;
}

START_TEST(the_first_values_come_with_the_table)
{
	const uint8_t bytes[] = { MB_FC_WRITE_SINGLE_REGISTER, 0, 100, 7, 8 };
	const struct order_pdu first[] = { { bytes, sizeof(bytes) } };
	struct datatable_observer observer = { see_first, NULL, NULL };

	members_config.first = first;
	members_config.first_count = 1;
	from_start = 0;
	members_make(0);
	datatable_observe(members[0].table, &observer);
	members_await(members[0].live);
	datatable_unobserve(members[0].table, &observer);
	ck_assert_uint_eq(*datatable_registers(members[0].table, 100), 0x708);
	ck_assert_uint_eq(from_start, 1);
	members_make(1);
	members_await(members[1].live);
	members_check_table(1);
}
END_TEST

START_TEST(a_table_of_the_other_mode_ends_it)
{
	members_config.overlay = DATATABLE_OVERLAID;
	memory.changed = NULL;
	memory_log_add_texts(&memory, "begin", "s", "version", "1", NULL);
	members_make(0);
	members_await(members[0].status != 0);
	ck_assert_int_eq(members[0].status, 78);
}
END_TEST

START_TEST(a_snapshot_of_the_other_mode_ends_it)
{
	members_config.snapshot = 10;
	members_begin(1);
	for (int i = 0; i < 50; i++) {
		members_write(0, 0, 1);
		members_settle();
	}
	ck_assert_uint_gt(memory.first, 1);
	members_config.overlay = DATATABLE_OVERLAID;
	members_make(1);
	members_await(members[1].status != 0);
	ck_assert_int_eq(members[1].status, 78);
}
END_TEST

START_TEST(another_version_ends_it)
{
	memory.changed = NULL;
	memory_log_add_texts(&memory, "begin", "s", "version", "2", NULL);
	members_make(0);
	members_await(members[0].status != 0);
	ck_assert_int_eq(members[0].status, 78);
}
END_TEST

START_TEST(an_entry_that_is_not_understood_ends_it_at_any_time)
{
	uint32_t id;

	members_begin(1);
	memory.changed = NULL;
	members[0].engine->hold_requests[MEMORY_READER] = true;
	id = members_write(0, 0, 1);
	members_settle();
	memory_log_add_texts(&memory, "verse", "1", NULL);
	members_write(0, 0, 1);
	members_settle();
	members_lose = true;
	members[0].engine->hold_requests[MEMORY_READER] = false;
	members_await(members[0].status != 0);
	ck_assert_int_eq(members[0].status, 78);
	ck_assert_int_eq(writes[id].fate, FATE_EXECUTED);
	ck_assert_int_eq(writes[id + 1].fate, FATE_UNKNOWN);
	ck_assert_str_ne(trouble(0), "");
	members_settle();
	ck_assert(!figures(0)->connected);
}
END_TEST

START_TEST(it_waits_for_an_engine_that_is_away)
{
	memory.away = true;
	members_make(0);
	members_await(members[0].engine->connects >= 3);
	ck_assert(!members[0].live);
	ck_assert_int_eq(members[0].status, 0);
	memory.away = false;
	members_await(members[0].live);
}
END_TEST

/* It shows what it has, and never makes another table. */
START_TEST(a_table_that_was_wiped_is_not_made_again)
{
	const uint16_t *shown;
	uint32_t id;

	members_begin(1);
	members_write(0, 0, 3);
	members_settle();
	shown = datatable_registers(members[0].table, 1);
	members_lose = true;
	memory_log_wipe(&memory);
	id = members_write(0, 0, 1);
	members_settle();
	ck_assert_int_eq(writes[id].fate, FATE_REFUSED);
	members_await(
	    strstr(trouble(0), "degraded: the engine has lost the table"));
	members_await(members[0].engine->connects >= 4);
	ck_assert(!memory.exists);
	ck_assert_int_eq(members[0].status, 0);
	ck_assert_uint_eq(*shown, 3);
	ck_assert_uint_eq(memory.begun, 1);
	/* Somebody makes another one: that is what is shared now. */
	members_make(1);
	await_live(1);
	await_live(0);
	ck_assert_str_eq(trouble(0), "");
	members_check_table(0);
	ck_assert_uint_eq(*shown, 0);
}
END_TEST

START_TEST(a_wipe_is_noticed_while_nothing_is_written)
{
	members_begin(1);
	memory_log_wipe(&memory);
	ck_assert(memory_engine_idle(members[0].engine));
	members_await(strstr(trouble(0), "lost the table"));
	ck_assert(!memory.exists);
}
END_TEST

static void
write_many(unsigned i, unsigned count)
{
	while (count-- > 0) {
		members_write(i, 2 * i, 1);
		members_settle();
	}
}

START_TEST(a_newcomer_begins_with_the_snapshot)
{
	members_config.snapshot = 10;
	members_begin(1);
	write_many(0, 50);
	ck_assert_uint_ge(figures(0)->snapshots, 4);
	ck_assert_uint_gt(memory.first, 10);
	/* One to two intervals are kept. */
	ck_assert_uint_ge(memory.count - memory.first, 10);
	ck_assert_uint_le(memory.count - memory.first, 25);
	members_make(1);
	await_live(1);
	members_check_table(1);
	ck_assert_uint_lt(figures(1)->executed, 15);
	ck_assert_uint_eq(figures(1)->reloads, 0);
	write_many(1, 1);
	members_check_table(0);
}
END_TEST

START_TEST(a_damaged_snapshot_is_not_used)
{
	members_config.snapshot = 10;
	members_begin(1);
	write_many(0, 12);
	ck_assert_uint_eq(memory.first, 1);
	memory_log_damage(&memory);
	members_make(1);
	await_live(1);
	members_check_table(1);
	members_kill(1);
	write_many(0, 40);
	ck_assert_uint_gt(memory.first, 1);
	memory_log_damage(&memory);
	members_make(1);
	members_await(members[1].engine->connects >= 3);
	ck_assert(!members[1].live);
	ck_assert_int_eq(members[1].status, 0);
	write_many(0, 20);
	members_await(members[1].live);
	members_check_table(1);
}
END_TEST

START_TEST(a_snapshot_of_another_log_is_not_used)
{
	members_config.snapshot = 10;
	members_begin(1);
	write_many(0, 12);
	ck_assert_uint_eq(memory.snapshot_count, 1);
	memory.snapshots[0].at = 1; /* so that it stays */
	members_lose = true;
	memory_log_cut(&memory, 2);
	members_kill(0);
	members_config.snapshot = 100000;
	members_begin(1);
	write_many(0, 20);
	members_make(1);
	await_live(1);
	members_check_table(1);
}
END_TEST

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
	ck_assert(!figures(0)->connected);
	ck_assert_uint_eq(figures(0)->unknown, 2);
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
	members_await(figures(0)->connected);
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
	lose(0);
	members_await(TAILQ_FIRST(&members[0].engine->answers[MEMORY_WRITER]));
	ck_assert_int_eq(writes[id].fate, FATE_PENDING);
	members[0].engine->hold_answers[MEMORY_WRITER] = false;
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
	lose(0);
	members_await(strstr(trouble(0), "refuses writes"));
	ck_assert(!figures(0)->connected);
	memory.result = ENGINE_APPENDED;
	members_write(1, 2, 1);
	members_settle();
	/* It has followed meanwhile. */
	members_check_table(0);
	await_live(0);
	ck_assert_uint_eq(figures(0)->disconnects, 1);
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
	lose(0);
	members[0].engine->hold_answers[MEMORY_WRITER] = false;
	memory.result = ENGINE_REFUSED;
	members_await(strstr(trouble(0), "refuses writes"));
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
	lose(0);
	members_await(strstr(trouble(0), "refuses writes"));
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
	members_await(strstr(trouble(0), "lost the table"));
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

static void
forget_all(uint32_t id)
{
	(void)id;
	members_forget(0);
}

START_TEST(an_outcome_may_free_the_owner)
{
	members_begin(2);
	members_settled = forget_all;
	members[0].engine->hold_requests[MEMORY_READER] = true;
	members_write(0, 0, 5);
	members_write(0, 1, 2);
	members_settle();
	members[0].engine->hold_requests[MEMORY_READER] = false;
	members_settle();
	ck_assert_uint_eq(figures(0)->outstanding, 0);
	members_check_table(0);
	members_check_table(1);
}
END_TEST

/* However far it has come. */
START_TEST(it_may_be_freed_at_any_time)
{
	members_begin(2);
	members_write(0, 0, 30);
	members_settle();
	members_config.copies = 1;
	for (int steps = 0; steps < 20; steps++) {
		members_make(2);
		for (int i = 0; i < steps; i++) {
			memory_engine_arrive(
			    members[2].engine, (enum memory_channel)(i & 1));
			memory_engine_answer(
			    members[2].engine, (enum memory_channel)(i & 1));
			event_base_loop(members_base, EVLOOP_NONBLOCK);
		}
		members_write(2, 4, 2);
		members_kill(2);
	}
	members_make(2);
	memory.away = true;
	lose(0);
	members_kill(0);
	members_kill(2);
}
END_TEST

struct servers {
	unsigned count, own;
	uint64_t entry;
};

static void
note_server(void *arg, const char *host, uint64_t entry, bool own)
{
	struct servers *s = arg;

	ck_assert_str_eq(host, "here:502");
	s->count++;
	s->own += own;
	if (entry > s->entry)
		s->entry = entry;
}

static struct servers
servers(unsigned i)
{
	struct servers s = { 0 };

	member_each_server(members[i].member, note_server, &s);
	return s;
}

START_TEST(servers_say_that_they_are_there)
{
	members_begin(3);
	members_await(servers(0).count == 3);
	ck_assert_uint_eq(servers(0).own, 1);
	members_write(1, 2, 1);
	members_settle();
	members_await(servers(0).entry == memory.count);
	/* What others have put there is not shown, nor what is malformed. */
	strcpy(memory.announced[3][0], "other");
	strcpy(memory.announced[3][1], "nonsense");
	memory.announced_count = 4;
	members_await(servers(2).entry == memory.count);
	ck_assert_uint_eq(servers(2).count, 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared life");
	TCase *tc = tcase_create("life");

	tcase_add_checked_fixture(tc, members_setup, members_teardown);
	tcase_add_test(tc, without_a_table_it_ends);
	tcase_add_test(tc, of_two_that_may_one_makes_the_table);
	tcase_add_test(tc, the_table_that_is_there_is_not_made_again);
	tcase_add_test(tc, the_first_values_come_with_the_table);
	tcase_add_test(tc, a_table_of_the_other_mode_ends_it);
	tcase_add_test(tc, a_snapshot_of_the_other_mode_ends_it);
	tcase_add_test(tc, another_version_ends_it);
	tcase_add_test(tc, an_entry_that_is_not_understood_ends_it_at_any_time);
	tcase_add_test(tc, it_waits_for_an_engine_that_is_away);
	tcase_add_test(tc, a_table_that_was_wiped_is_not_made_again);
	tcase_add_test(tc, a_wipe_is_noticed_while_nothing_is_written);
	tcase_add_test(tc, a_newcomer_begins_with_the_snapshot);
	tcase_add_test(tc, a_damaged_snapshot_is_not_used);
	tcase_add_test(tc, a_snapshot_of_another_log_is_not_used);
	tcase_add_test(tc, a_write_without_outcome_is_unknown_after_a_while);
	tcase_add_test(tc, an_unknown_write_is_executed_when_it_is_read);
	tcase_add_test(tc, copies_come_before_the_outcome);
	tcase_add_test(tc, with_too_few_copies_the_outcome_is_unknown);
	tcase_add_test(tc, the_copies_of_an_older_session_are_counted_again);
	tcase_add_test(tc, alone_it_tries_the_next_address);
	tcase_add_test(tc, a_hello_that_was_refused_is_said_again);
	tcase_add_test(tc, without_a_hello_no_copies_are_counted);
	tcase_add_test(tc, a_hello_is_said_again_only_where_it_follows);
	tcase_add_test(tc, whose_session_was_evicted_opens_another);
	tcase_add_test(tc, an_outcome_may_free_the_owner);
	tcase_add_test(tc, it_may_be_freed_at_any_time);
	tcase_add_test(tc, servers_say_that_they_are_there);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
