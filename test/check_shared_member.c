/*
 * A member of a shared table, step by step: what is in the log is executed, in
 * its sequence, and nothing else; no outcome is told before it is certain.
 */
#include "shared/member.h"

#include <string.h>

#include "base/clock.h"
#include "members.h"
#include "suite.h"
#include "table/datatable.h"

#define REFUSED_MS 5000 /* so long a refusal is shown at least */

/* It shows a refusal since then, unless that may have been too long ago by now:
 * this process may have been paused. */
static void
check_refusing(uint64_t since)
{
	const char *shown = members_trouble(0);
	bool writable = members_figures(0)->writable;

	if (clock_ms() >= since + REFUSED_MS)
		return;
	ck_assert_str_eq(shown, "degraded: the engine refuses writes");
	ck_assert(!writable);
}

/* Wait until it is live, and nothing is on the way. */
static void
await_live(unsigned i)
{
	members_await(members_figures(i)->connected);
	members_settle();
}

START_TEST(a_write_is_executed_everywhere)
{
	uint32_t id;

	members_begin(3);
	id = members_write(1, 2, 1);
	members_settle();
	ck_assert_int_eq(writes[id].fate, FATE_EXECUTED);
	for (unsigned i = 0; i < 3; i++)
		members_check_table(i);
	ck_assert_uint_eq(members_figures(1)->own, 1);
	ck_assert_uint_eq(members_figures(0)->own, 0);
	ck_assert_uint_eq(members_figures(0)->executed, 1);
}
END_TEST

/* Broken variants 1 and 8. */
START_TEST(nothing_is_executed_before_it_is_read)
{
	uint32_t id;

	members_begin(2);
	members[0].engine->hold_answers[MEMORY_READER] = true;
	id = members_write(0, 0, 1);
	ck_assert_int_eq(writes[id].fate, FATE_PENDING);
	ck_assert_uint_eq(*datatable_registers(members[0].table, 1), 0);
	members_settle();
	ck_assert_int_eq(writes[id].fate, FATE_PENDING);
	ck_assert_uint_eq(*datatable_registers(members[0].table, 1), 0);
	members_check_table(1);
	members[0].engine->hold_answers[MEMORY_READER] = false;
	members_settle();
	ck_assert_int_eq(writes[id].fate, FATE_EXECUTED);
	members_check_table(0);
}
END_TEST

/* Broken variant 2. */
START_TEST(what_the_engine_has_accepted_has_no_outcome_yet)
{
	uint32_t id;

	members_begin(1);
	members[0].engine->hold_answers[MEMORY_READER] = true;
	id = members_write(0, 0, 3);
	members_settle();
	ck_assert_uint_eq(members_executions(id + 2), 1);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_int_eq(writes[id + i].fate, FATE_PENDING);
	ck_assert_uint_eq(members_figures(0)->outstanding, 3);
	members[0].engine->hold_answers[MEMORY_READER] = false;
	members_settle();
	members_check_fates();
}
END_TEST

START_TEST(writes_that_are_read_together_are_settled_together)
{
	uint32_t id;

	members_begin(2);
	members[0].engine->hold_requests[MEMORY_READER] = true;
	id = members_write(0, 0, 3);
	members_settle();
	members_write(1, 2, 1);
	members_settle();
	members_write(0, 0, 1);
	members_settle();
	members[0].engine->hold_requests[MEMORY_READER] = false;
	members_settle();
	ck_assert(writes[id].more && writes[id + 1].more);
	ck_assert(!writes[id + 2].more && !writes[id + 4].more);
	members_check_fates();
	members_check_table(0);
}
END_TEST

START_TEST(a_refused_write_waits_for_those_before_it)
{
	uint64_t began = clock_ms();
	uint32_t id;

	members_begin(1);
	members[0].engine->hold_answers[MEMORY_READER] = true;
	id = members_write(0, 0, 1);
	members_settle();
	memory.result = ENGINE_REFUSED;
	members_write(0, 0, 1);
	members_settle();
	ck_assert_int_eq(writes[id + 1].fate, FATE_PENDING);
	check_refusing(began);
	memory.result = ENGINE_APPENDED;
	members_write(0, 0, 1);
	members_settle();
	ck_assert_str_eq(members_trouble(0), "");
	members[0].engine->hold_answers[MEMORY_READER] = false;
	members_settle();
	ck_assert_int_eq(writes[id].fate, FATE_EXECUTED);
	ck_assert_int_eq(writes[id + 1].fate, FATE_REFUSED);
	ck_assert_int_eq(writes[id + 2].fate, FATE_EXECUTED);
}
END_TEST

START_TEST(a_refused_write_is_told_at_once)
{
	uint64_t began = clock_ms();
	uint32_t id;

	members_begin(1);
	memory.result = ENGINE_REFUSED;
	id = members_write(0, 0, 1);
	members_settle();
	ck_assert_int_eq(writes[id].fate, FATE_REFUSED);
	ck_assert_uint_eq(members_figures(0)->refused, 1);
	ck_assert(members_figures(0)->connected);
	check_refusing(began);
}
END_TEST

/* Broken variant 11. */
START_TEST(away_it_refuses_writes)
{
	uint32_t id;

	members_begin(2);
	memory.away = true;
	members_disconnect(0);
	ck_assert_str_eq(members_trouble(0),
	    "degraded: the engine is away, writes are refused");
	id = members_write(0, 0, 1);
	ck_assert_int_eq(writes[id].fate, FATE_NOT_TAKEN);
	members_await(members[0].engine->connects >= 3);
	id = members_write(0, 0, 1);
	ck_assert_int_eq(writes[id].fate, FATE_NOT_TAKEN);
	ck_assert_uint_eq(*datatable_registers(members[0].table, 1), 0);
	memory.away = false;
	await_live(0);
	ck_assert_str_eq(members_trouble(0), "");
	id = members_write(0, 0, 1);
	members_settle();
	ck_assert_int_eq(writes[id].fate, FATE_EXECUTED);
	ck_assert_uint_ge(members_figures(0)->disconnects, 1);
}
END_TEST

/* Broken variant 4. */
START_TEST(a_write_that_was_lost_is_refused_after_a_reconnection)
{
	uint32_t id;

	members_begin(1);
	id = members_write(0, 0, 1);
	members_settle();
	members[0].engine->hold_answers[MEMORY_READER] = true;
	members_write(0, 0, 2);
	members_settle();
	members[0].engine->hold_requests[MEMORY_WRITER] = true;
	members_write(0, 0, 2);
	members_disconnect(0);
	members[0].engine->hold_answers[MEMORY_READER] = false;
	members[0].engine->hold_requests[MEMORY_WRITER] = false;
	for (uint32_t i = 1; i < 5; i++)
		ck_assert_int_eq(writes[id + i].fate, FATE_PENDING);
	await_live(0);
	for (uint32_t i = 1; i < 5; i++)
		ck_assert_int_eq(
		    writes[id + i].fate, i < 3 ? FATE_EXECUTED : FATE_REFUSED);
	members_check_fates();
	members_check_table(0);
}
END_TEST

/* Broken variant 6. */
START_TEST(a_write_that_arrives_late_is_ignored)
{
	uint32_t id;

	members_begin(2);
	members[0].engine->late = true;
	members[0].engine->hold_requests[MEMORY_WRITER] = true;
	id = members_write(0, 0, 2);
	members_disconnect(0);
	members[0].engine->hold_requests[MEMORY_WRITER] = false;
	await_live(0);
	ck_assert_int_eq(writes[id].fate, FATE_REFUSED);
	ck_assert(memory_log_arrive_late(&memory));
	ck_assert(memory_log_arrive_late(&memory));
	members_settle();
	for (unsigned i = 0; i < 2; i++) {
		members_check_table(i);
		ck_assert_uint_eq(members_figures(i)->late, 2);
		ck_assert_uint_eq(members_figures(i)->executed, 0);
		ck_assert_uint_eq(*datatable_registers(members[i].table, 1), 0);
	}
	members_check_fates();
}
END_TEST

/* A hello that was lost with its connection, and arrives late, neither makes
 * the member live nor closes the session that is open. */
START_TEST(a_hello_that_arrives_late_closes_nothing)
{
	uint32_t id;

	members_begin(1);
	members[0].engine->late = true;
	members_disconnect(0);
	members[0].engine->hold_requests[MEMORY_WRITER] = true;
	members_await(TAILQ_FIRST(&members[0].engine->requests[MEMORY_WRITER]));
	members_disconnect(0);
	members[0].engine->hold_requests[MEMORY_WRITER] = false;
	await_live(0);
	while (memory_log_arrive_late(&memory))
		;
	id = members_write(0, 0, 1);
	members_settle();
	ck_assert_int_eq(writes[id].fate, FATE_EXECUTED);
	members_check_table(0);
}
END_TEST

static unsigned again;

static void
write_again(uint32_t id)
{
	if (writes[id].fate == FATE_REFUSED && again > 0) {
		again--;
		members_write(0, 0, 1);
	}
}

/* Broken variant 12. */
START_TEST(its_hello_refuses_writes_of_older_sessions_only)
{
	uint32_t id;

	members_begin(2);
	members[0].engine->late = true;
	members[0].engine->hold_requests[MEMORY_WRITER] = true;
	id = members_write(0, 0, 3);
	members_disconnect(0);
	members[0].engine->hold_requests[MEMORY_WRITER] = false;
	again = 3;
	members_settled = write_again;
	await_live(0);
	ck_assert_uint_eq(again, 0);
	for (uint32_t i = 0; i < 6; i++)
		ck_assert_int_eq(
		    writes[id + i].fate, i < 3 ? FATE_REFUSED : FATE_EXECUTED);
	while (memory_log_arrive_late(&memory))
		;
	members_settle();
	members_check_fates();
	members_check_table(0);
	members_check_table(1);
}
END_TEST

/* Broken variant 10. */
START_TEST(it_is_not_live_before_it_has_read_its_own_hello)
{
	members_begin(1);
	members_write(0, 0, 100);
	members_settle();
	members_make(1);
	members[1].engine->hold_requests[MEMORY_WRITER] = true;
	members_await(members[1].engine->reads >= 2);
	ck_assert_uint_eq(members_figures(1)->entry, memory.count);
	ck_assert(!members[1].live);
	ck_assert_uint_eq(members_write(1, 2, 1), written);
	ck_assert_int_eq(writes[written].fate, FATE_NOT_TAKEN);
	members[1].engine->hold_requests[MEMORY_WRITER] = false;
	members_settle();
	ck_assert(members[1].live);
	members_check_table(1);
}
END_TEST

/* The tail of the log is lost, and its numbers are given again. */
static void
rewrite_tail(uint64_t last)
{
	members_lose = true;
	for (unsigned i = 0; i < 2; i++)
		members_disconnect(i);
	memory_log_cut(&memory, last);
	members[0].engine->hold_requests[MEMORY_READER] = true;
	await_live(1);
	while (memory.count < members_figures(0)->entry + 5) {
		members_write(1, 2, 1);
		members_settle();
	}
	members[0].engine->hold_requests[MEMORY_READER] = false;
}

/* Broken variant 7. */
START_TEST(a_tail_that_was_lost_and_written_again_is_noticed)
{
	uint64_t kept;

	members_begin(2);
	members_write(0, 0, 5);
	members_settle();
	kept = memory.count;
	members_write(0, 1, 20);
	members_settle();
	rewrite_tail(kept);
	await_live(0);
	ck_assert_uint_eq(members_figures(0)->reloads, 1);
	ck_assert_uint_eq(members_figures(1)->reloads, 1);
	members_check_table(0);
	members_check_table(1);
	ck_assert_uint_eq(*datatable_registers(members[0].table, 3), 0);
}
END_TEST

/* The same while it is connected: nothing is read for a while. */
START_TEST(a_tail_that_was_lost_is_noticed_while_nothing_is_read)
{
	uint64_t kept;

	members_begin(1);
	kept = memory.count;
	members_write(0, 0, 5);
	members_settle();
	members_lose = true;
	memory_log_cut(&memory, kept);
	ck_assert(memory_engine_idle(members[0].engine));
	members_await(
	    members_figures(0)->reloads == 1 && members_figures(0)->connected);
	members_check_table(0);
	ck_assert_uint_eq(*datatable_registers(members[0].table, 1), 0);
}
END_TEST

/* Observers of the table. */
struct seen {
	unsigned writes;
	unsigned quantity[2];
	uint8_t function;
};

static void
see(void *arg, const struct datatable_change *change)
{
	struct seen *seen = arg;

	seen->writes++;
	seen->quantity[change->kind] += change->quantity;
	seen->function |= change->writer->function;
	ck_assert_ptr_nonnull(change->writer->client);
}

/* Broken variant 9. The old table is shown until the new one is there. */
START_TEST(a_gap_is_loaded_over)
{
	struct seen seen = { 0 };
	struct datatable_observer observer = { see, &seen, NULL };
	uint32_t id;

	members_config.snapshot = 10;
	members_begin(2);
	members_write(1, 2, 1);
	members_settle();
	members[0].engine->hold_requests[MEMORY_READER] = true;
	id = members_write(0, 0, 1);
	for (int i = 0; i < 60; i++) {
		members_write(1, 2, 1);
		members_settle();
	}
	ck_assert_uint_gt(memory.first, members_figures(0)->entry + 2);
	datatable_observe(members[0].table, &observer);
	members[0].engine->hold_requests[MEMORY_READER] = false;
	await_live(0);
	datatable_unobserve(members[0].table, &observer);
	ck_assert_uint_eq(members_figures(0)->reloads, 1);
	ck_assert_uint_eq(seen.quantity[DATATABLE_REGISTERS], 65536);
	ck_assert_uint_eq(seen.quantity[DATATABLE_COILS], 65536);
	ck_assert_uint_eq(seen.function, 0);
	members_check_table(0);
	ck_assert_int_eq(writes[id].fate, FATE_UNKNOWN);
	ck_assert_uint_eq(members_figures(0)->unknown, 1);
}
END_TEST

/* Broken variant 5: each foreign entry counts. */
START_TEST(thousands_of_foreign_entries_are_executed)
{
	members_begin(2);
	for (int i = 0; i < 30; i++) {
		members_write(0, 0, 100);
		members_settle();
	}
	members_check_table(1);
	members_write(1, 2, 1);
	members_settle();
	members_check_fates();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared member");
	TCase *tc = tcase_create("steps");

	tcase_add_checked_fixture(tc, members_setup, members_teardown);
	tcase_add_test(tc, a_write_is_executed_everywhere);
	tcase_add_test(tc, nothing_is_executed_before_it_is_read);
	tcase_add_test(tc, what_the_engine_has_accepted_has_no_outcome_yet);
	tcase_add_test(tc, writes_that_are_read_together_are_settled_together);
	tcase_add_test(tc, a_refused_write_waits_for_those_before_it);
	tcase_add_test(tc, a_refused_write_is_told_at_once);
	tcase_add_test(tc, away_it_refuses_writes);
	tcase_add_test(
	    tc, a_write_that_was_lost_is_refused_after_a_reconnection);
	tcase_add_test(tc, a_write_that_arrives_late_is_ignored);
	tcase_add_test(tc, a_hello_that_arrives_late_closes_nothing);
	tcase_add_test(tc, its_hello_refuses_writes_of_older_sessions_only);
	tcase_add_test(tc, it_is_not_live_before_it_has_read_its_own_hello);
	tcase_add_test(tc, a_tail_that_was_lost_and_written_again_is_noticed);
	tcase_add_test(
	    tc, a_tail_that_was_lost_is_noticed_while_nothing_is_read);
	tcase_add_test(tc, a_gap_is_loaded_over);
	tcase_add_test(tc, thousands_of_foreign_entries_are_executed);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
