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

static void
await_live(unsigned i)
{
	members_await(members_figures(i)->connected);
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
	ck_assert_str_ne(members_trouble(0), "");
	members_settle();
	ck_assert(!members_figures(0)->connected);
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
	members_await(strstr(
	    members_trouble(0), "degraded: the engine has lost the table"));
	members_await(members[0].engine->connects >= 4);
	ck_assert(!memory.exists);
	ck_assert_int_eq(members[0].status, 0);
	ck_assert_uint_eq(*shown, 3);
	ck_assert_uint_eq(memory.begun, 1);
	/* Somebody makes another one: that is what is shared now. */
	members_make(1);
	await_live(1);
	await_live(0);
	ck_assert_str_eq(members_trouble(0), "");
	members_check_table(0);
	ck_assert_uint_eq(*shown, 0);
}
END_TEST

START_TEST(a_wipe_is_noticed_while_nothing_is_written)
{
	members_begin(1);
	memory_log_wipe(&memory);
	ck_assert(memory_engine_idle(members[0].engine));
	members_await(strstr(members_trouble(0), "lost the table"));
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
	ck_assert_uint_ge(members_figures(0)->snapshots, 4);
	ck_assert_uint_gt(memory.first, 10);
	/* One to two intervals are kept. */
	ck_assert_uint_ge(memory.count - memory.first, 10);
	ck_assert_uint_le(memory.count - memory.first, 25);
	members_make(1);
	await_live(1);
	members_check_table(1);
	ck_assert_uint_lt(members_figures(1)->executed, 15);
	ck_assert_uint_eq(members_figures(1)->reloads, 0);
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
	ck_assert_uint_eq(members_figures(0)->outstanding, 0);
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
	members_disconnect(0);
	members_kill(0);
	members_kill(2);
}
END_TEST

struct servers {
	unsigned count, own;
	uint64_t entry;
};

static void
note_server(void *arg, const struct member_peer *peer)
{
	struct servers *s = arg;

	ck_assert_str_eq(peer->host, "here:502");
	s->count++;
	s->own += peer->own;
	if (peer->entry > s->entry)
		s->entry = peer->entry;
}

/* It shows three, with the last entry. One that has said nothing new for some
 * seconds, as all of this process may have paused, is not shown until then. */
static bool
shows_all(unsigned i)
{
	struct servers s = { 0 };

	member_each_server(members[i].member, note_server, &s);
	ck_assert_uint_le(s.count, 3);
	return s.count == 3 && s.own == 1 && s.entry == memory.count;
}

START_TEST(servers_say_that_they_are_there)
{
	size_t other;

	members_begin(3);
	members_await(shows_all(0));
	members_write(1, 2, 1);
	members_settle();
	members_await(shows_all(0));
	/* What others have put there is not shown, nor what is malformed. */
	other = memory.announced_count++;
	strcpy(memory.announced[other][0], "other");
	strcpy(memory.announced[other][1], "nonsense");
	members_write(1, 2, 1);
	members_settle();
	members_await(shows_all(2));
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
	tcase_add_test(tc, an_outcome_may_free_the_owner);
	tcase_add_test(tc, it_may_be_freed_at_any_time);
	tcase_add_test(tc, servers_say_that_they_are_there);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
