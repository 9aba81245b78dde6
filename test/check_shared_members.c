/*
 * Several members on one log, with faults by chance: connections that are lost,
 * bytes that arrive late, refusals, servers that end and begin, snapshots with
 * trimming. Whatever happens, at the end all tables are what the log says,
 * every write that was executed is in it once, and none that was refused; and
 * of those that simulated, at times two at once, one goes on at most.
 *
 * Each seed takes a second or two: members wait up to a second before they
 * connect again.
 */
#include <stdlib.h>

#include "members.h"
#include "shared/member.h"
#include "suite.h"

#define SEEDS  8
#define ROUNDS 5
#define CALM   300 /* steps of a round without faults, and with */
#define STEPS  600

static uint64_t state;
static uint32_t simulated[WRITES_MAX]; /* writes */
static unsigned simulated_count;

/* A number below limit. splitmix64. */
static unsigned
chance(unsigned limit)
{
	uint64_t z = state += 0x9E3779B97F4A7C15;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
	z = (z ^ z >> 27) * 0x94D049BB133111EB;
	return (unsigned)((z ^ z >> 31) % limit);
}

/* An outcome leads to further writes, of the same owner or another, and now and
 * then its owner goes. */
static void
write_more(uint32_t id)
{
	unsigned owner = writes[id].owner;

	if (members[owner / 2].member == NULL)
		return;
	if (chance(4) == 0)
		members_write(owner / 2, owner, 1 + chance(2));
	if (chance(60) == 0)
		members_forget(owner ^ chance(2));
}

static void
write_some(void)
{
	unsigned i = chance(MEMBERS);

	if (members[i].member != NULL && members[i].live)
		members_write(i, 2 * i + chance(2), 1 + chance(4));
}

/* Whoever may, and at times one to whom enough time seems to have passed. */
static void
simulate_some(void)
{
	unsigned i = chance(MEMBERS);
	uint64_t now = chance(3) == 0 ? UINT64_MAX : 0;

	if (members[i].member == NULL ||
	    !member_simulates(members[i].member, 100, now))
		return;
	members_client = address_simulation;
	simulated[simulated_count++] = members_write(i, 2 * i, 1);
	members_client = (struct address){ .port = 0 };
}

static void
move_some(void)
{
	struct test_member *m = &members[chance(MEMBERS)];
	enum memory_channel which = (enum memory_channel)chance(2);

	if (m->member == NULL)
		return;
	if (chance(2) == 0)
		memory_engine_arrive(m->engine, which);
	else
		memory_engine_answer(m->engine, which);
	if (chance(10) == 0)
		memory_engine_idle(m->engine);
}

static void
lose_some(void)
{
	struct test_member *m = &members[chance(MEMBERS)];

	if (m->member == NULL)
		return;
	m->engine->late = chance(2) == 0;
	memory_engine_lose(m->engine);
}

/* One that was told to end, and one that begins. */
static void
replace_some(void)
{
	unsigned i = chance(MEMBERS);

	if (members[i].member != NULL)
		members_kill(i);
	else
		members_make(i);
}

static void
refuse_some(void)
{
	static const enum engine_append results[] = { ENGINE_APPENDED,
		ENGINE_APPENDED, ENGINE_REFUSED, ENGINE_ALONE };

	memory.result = results[chance(4)];
}

/* Some of the writes that were submitted are told apart from the others only by
 * a connection that stands still. */
static void
hold_some(void)
{
	struct test_member *m = &members[chance(MEMBERS)];
	unsigned which = chance(MEMORY_CHANNELS);

	if (m->member == NULL)
		return;
	m->engine->hold_requests[which] = chance(3) == 0;
	m->engine->hold_answers[which] = chance(3) == 0;
}

/* So that those who are away connect. */
static void
let_time_pass(void)
{
	const struct timeval moment = { 0, 20000 };

	event_base_loopexit(members_base, &moment);
	event_base_dispatch(members_base);
}

static void
step(bool faults)
{
	unsigned what = chance(faults ? 1000 : 940);

	if (what < 20)
		simulate_some();
	else if (what < 100)
		write_some();
	else if (what < 940)
		move_some();
	else if (what < 943)
		lose_some();
	else if (what < 944)
		replace_some();
	else if (what < 948)
		refuse_some();
	else if (what < 970)
		hold_some();
	else if (what < 985)
		memory_log_arrive_late(&memory);
	if (what < 994)
		event_base_loop(members_base, EVLOOP_NONBLOCK);
	else
		let_time_pass();
}

static bool
all_live(void)
{
	for (unsigned i = 0; i < MEMBERS; i++)
		if (members[i].member != NULL &&
		    !member_figures(members[i].member)->connected)
			return false;
	return true;
}

/* No faults any more, and all are there. */
static void
heal(void)
{
	memory.result = ENGINE_APPENDED;
	for (unsigned i = 0; i < MEMBERS; i++) {
		struct memory_engine *e = members[i].engine;

		if (members[i].member == NULL)
			members_make(i);
		else
			for (int j = 0; j < MEMORY_CHANNELS; j++)
				e->hold_requests[j] = e->hold_answers[j] =
				    false;
	}
	members_await(all_live());
}

static void
lose_all(void)
{
	for (unsigned i = 0; i < MEMBERS; i++)
		if (members[i].member != NULL)
			memory_engine_lose(members[i].engine);
}

/* At the end all are made to connect once more, and what is late arrives. */
static void
end(void)
{
	heal();
	members_settled = NULL;
	lose_all();
	members_await(all_live());
	while (memory_log_arrive_late(&memory))
		;
	members_settle();
	for (unsigned i = 0; i < MEMBERS; i++)
		members_check_table(i);
}

static void
run(uint64_t seed, void (*fault)(void))
{
	state = seed;
	simulated_count = 0;
	members_settled = write_more;
	for (unsigned round = 0; round < ROUNDS; round++) {
		heal();
		for (unsigned i = 0; i < CALM; i++)
			step(false);
		for (unsigned i = 0; i < STEPS; i++)
			step(true);
		if (fault != NULL)
			fault();
	}
	end();
}

static bool
was_simulated(void)
{
	for (unsigned i = 0; i < simulated_count; i++)
		if (writes[simulated[i]].fate == FATE_EXECUTED)
			return true;
	return false;
}

static void
check_one_simulates(void)
{
	unsigned simulate = 0;

	for (unsigned i = 0; i < MEMBERS; i++)
		simulate += member_simulates(members[i].member, 100, 0);
	ck_assert(was_simulated());
	ck_assert_uint_le(simulate, 1);
}

static unsigned
count(enum fate fate)
{
	unsigned n = 0;

	for (uint32_t id = 1; id <= written; id++)
		n += writes[id].fate == fate;
	return n;
}

START_TEST(all_tables_are_what_the_log_says)
{
	members_config.snapshot = _i % 2 == 0 ? 40 : 1000000;
	run((uint64_t)_i, NULL);
	members_check_fates();
	check_one_simulates();
	ck_assert_uint_gt(count(FATE_EXECUTED), 50);
	/* Nothing is loaded anew where all of the log is there. */
	if (_i % 2 != 0)
		ck_assert_uint_eq(count(FATE_UNKNOWN), 0);
}
END_TEST

START_TEST(all_tables_are_what_the_log_says_with_copies)
{
	members_config.snapshot = 40;
	members_config.copies = 1;
	memory.copies = 1;
	run((uint64_t)_i + 1000, NULL);
	members_check_fates();
	check_one_simulates();
	ck_assert_uint_gt(count(FATE_EXECUTED), 50);
}
END_TEST

static void
lose_tail(void)
{
	uint64_t least = memory.first + 2;

	lose_all();
	if (memory.count > least)
		memory_log_cut(&memory,
		    memory.count -
			chance((unsigned)(memory.count - least)) % 60);
}

/* What was executed may be lost with the tail of the log. */
START_TEST(all_tables_are_equal_after_tails_were_lost)
{
	members_config.snapshot = _i % 2 == 0 ? 40 : 1000000;
	members_lose = true;
	run((uint64_t)_i + 2000, lose_tail);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared members");
	TCase *tc = tcase_create("by chance");

	tcase_add_checked_fixture(tc, members_setup, members_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, all_tables_are_what_the_log_says, 0, SEEDS);
	tcase_add_loop_test(
	    tc, all_tables_are_what_the_log_says_with_copies, 0, SEEDS / 2);
	tcase_add_loop_test(
	    tc, all_tables_are_equal_after_tails_were_lost, 0, SEEDS / 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
