/*
 * Of the servers that share a table, one simulates.
 */
#include "base/clock.h"
#include "members.h"
#include "shared/lease.h"
#include "shared/member.h"
#include "suite.h"

#define PERIOD 100

/* However long this process was paused, no time has passed; or enough has. */
static uint64_t
soon(void)
{
	return 0;
}

static uint64_t
late(void)
{
	return clock_ms() + LEASE_MS + 2 * PERIOD;
}

static bool
may(unsigned i, uint64_t now)
{
	return member_simulates(members[i].member, PERIOD, now);
}

/* A tick of a server. */
static void
simulate(unsigned i)
{
	members_client = address_simulation;
	members_write(i, 2 * i, 1);
	members_client = (struct address){ .port = 0 };
}

static void
await_live(unsigned i)
{
	members_await(members_figures(i)->connected);
	members_settle();
}

START_TEST(whoever_has_written_goes_on_alone)
{
	members_begin(3);
	/* The table is new. */
	ck_assert(may(0, soon()) && may(1, soon()));
	simulate(1);
	members_settle();
	for (unsigned n = 0; n < 3; n++) {
		ck_assert(!may(0, soon()) && !may(2, soon()));
		ck_assert(may(1, soon()));
		simulate(1);
		members_settle();
	}
	members_check_table(0);
}
END_TEST

START_TEST(writes_of_clients_change_nothing)
{
	members_begin(2);
	simulate(1);
	members_write(0, 0, 3);
	members_settle();
	ck_assert(!may(0, soon()) && may(1, soon()));
}
END_TEST

/* _i: which of them is read first. */
START_TEST(two_that_begin_together_agree)
{
	const unsigned last = 1 - (unsigned)_i;

	members_begin(3);
	members[last].engine->hold_requests[MEMORY_WRITER] = true;
	ck_assert(may(0, soon()) && may(1, soon()));
	simulate(0);
	simulate(1);
	members_settle();
	members[last].engine->hold_requests[MEMORY_WRITER] = false;
	members_settle();
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(may(i, soon()), i == last);
		members_check_table(i);
	}
}
END_TEST

START_TEST(another_takes_over_when_one_has_gone)
{
	members_begin(2);
	simulate(0);
	members_settle();
	members_kill(0);
	ck_assert(!may(1, soon()));
	ck_assert(may(1, late()));
	simulate(1);
	members_settle();
	ck_assert(may(1, soon()));
	/* Who comes back waits, as it cannot know. */
	members_make(0);
	ck_assert(!may(0, late()));
	await_live(0);
	ck_assert(!may(0, soon()));
	ck_assert(may(0, late()));
}
END_TEST

START_TEST(a_newcomer_with_a_snapshot_waits)
{
	members_config.snapshot = 10;
	members_begin(1);
	for (unsigned i = 0; i < 50; i++) {
		members_write(0, 0, 1);
		members_settle();
	}
	ck_assert_uint_gt(memory.first, 1);
	members_make(1);
	await_live(1);
	ck_assert(may(0, soon()));
	ck_assert(!may(1, soon()));
	ck_assert(may(1, late()));
}
END_TEST

START_TEST(after_a_reconnection_one_goes_on)
{
	members_begin(2);
	simulate(0);
	members_settle();
	members_disconnect(0);
	ck_assert(!may(0, late())); /* it is away */
	await_live(0);
	ck_assert(may(0, soon()));
	ck_assert(!may(1, soon()));
}
END_TEST

/* What another has written meanwhile is read before it is live again. */
START_TEST(after_a_reconnection_it_knows_who_took_over)
{
	members_begin(2);
	simulate(0);
	members_settle();
	memory.away = true;
	members_disconnect(0);
	ck_assert(may(1, late()));
	simulate(1);
	members_settle();
	memory.away = false;
	await_live(0);
	ck_assert(!may(0, soon()));
	ck_assert(may(1, soon()));
}
END_TEST

/* A write that is read on the next connection is its own, too. */
START_TEST(a_write_that_is_read_late_is_its_own)
{
	members_begin(2);
	members[0].engine->hold_answers[MEMORY_READER] = true;
	simulate(0);
	members_settle();
	ck_assert(!may(1, soon()));
	members_disconnect(0);
	members[0].engine->hold_answers[MEMORY_READER] = false;
	await_live(0);
	ck_assert(may(0, soon()));
	ck_assert(!may(1, soon()));
}
END_TEST

struct shown {
	unsigned servers, simulate;
	bool own;
};

static void
show(void *arg, const struct member_peer *peer)
{
	struct shown *s = arg;

	s->servers++;
	s->simulate += peer->simulates;
	s->own |= peer->simulates && peer->own;
}

/* Whether member i shows that one of two simulates. One that has said nothing
 * new for some seconds, as all of this process may have paused, is not shown
 * until then. */
static bool
shows_one(unsigned i)
{
	struct shown s = { 0 };

	member_each_server(members[i].member, show, &s);
	ck_assert_uint_le(s.simulate, 1);
	if (s.servers != 2 || s.simulate != 1)
		return false;
	ck_assert_int_eq(s.own, i == 1);
	return true;
}

START_TEST(all_show_who_simulates)
{
	struct shown s = { 0 };

	members_begin(2);
	member_each_server(members[0].member, show, &s);
	ck_assert_uint_eq(s.simulate, 0);
	simulate(1);
	members_settle();
	members_await(shows_one(0));
	members_await(shows_one(1));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared simulation");
	TCase *tc = tcase_create("simulation");

	tcase_add_checked_fixture(tc, members_setup, members_teardown);
	tcase_add_test(tc, whoever_has_written_goes_on_alone);
	tcase_add_test(tc, writes_of_clients_change_nothing);
	tcase_add_loop_test(tc, two_that_begin_together_agree, 0, 2);
	tcase_add_test(tc, another_takes_over_when_one_has_gone);
	tcase_add_test(tc, a_newcomer_with_a_snapshot_waits);
	tcase_add_test(tc, after_a_reconnection_one_goes_on);
	tcase_add_test(tc, after_a_reconnection_it_knows_who_took_over);
	tcase_add_test(tc, a_write_that_is_read_late_is_its_own);
	tcase_add_test(tc, all_show_who_simulates);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
