#include "state/state.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "modbus/request.h"
#include "service/gate.h"
#include "scratch.h"
#include "state/batch.h"
#include "suite.h"
#include "table/datatable.h"

static struct event_base *base;
static struct datatable *table;
static struct state *state;
static struct policy policy;
static bool is_lost;

static struct gate_waiter waiter;
static uint64_t decided_up_to;
static enum gate_verdict verdict;
static unsigned verdicts;

static const struct client somebody = { .id = 3 };
static const struct datatable_writer writer = { &somebody, 1, 16 };

static void
decided(struct gate_waiter *w, uint64_t up_to, enum gate_verdict v)
{
	(void)w;
	decided_up_to = up_to;
	verdict = v;
	verdicts++;
}

static void
lost(void *arg)
{
	(void)arg;
	is_lost = true;
}

static void
open_state(enum datatable_overlay overlay)
{
	struct store_error why = { .text = "" };
	struct store *store;
	struct state_config config = { .lost = lost };

	base = event_base_new();
	table = datatable_new(overlay);
	ck_assert(base != NULL && table != NULL);
	store = store_open(scratch_path("state"), STORE_WRITE, &overlay, &why);
	ck_assert_msg(store != NULL, "%s", why.text);
	ck_assert_int_eq(store_load(store, table, &why), 0);
	config.base = base;
	config.table = table;
	state = state_new(store, &config);
	ck_assert_ptr_nonnull(state);
	policy = state_policy(state);
	waiter.decided = decided;
	gate_join(state_gate(state), &waiter);
}

/* Returns the exit status. */
static int
close_state(void)
{
	int status = state_close(state);

	datatable_free(table);
	event_base_free(base);
	return status;
}

static void
setup(void)
{
	const enum datatable_overlay overlay =
	    DATATABLE_OVERLAID; /* where coils are blocks of registers */
	struct store_error why = { .text = "" };

	scratch_begin();
	ck_assert_msg(store_create(scratch_path("state"), overlay, &why) == 0,
	    "%s", why.text);
	open_state(overlay);
}

static void
teardown(void)
{
	scratch_end();
}

static void
write_registers(uint16_t address, uint16_t quantity, uint16_t value)
{
	uint16_t values[DATATABLE_WRITE_MAX];

	for (unsigned i = 0; i < quantity; i++)
		values[i] = value;
	datatable_write_registers(table, &writer, address, quantity, values);
}

static uint16_t
register_at(uint16_t address)
{
	return *datatable_registers(table, address);
}

static enum mb_exception
ask_policy(void)
{
	static const uint8_t pdu[] = { 6, 0, 0, 0, 1 };
	struct mb_request request;

	ck_assert_int_eq(mb_request_decode(pdu, sizeof(pdu), &request), 0);
	return policy.may_request(policy.arg, &somebody, 1, &request);
}

static uint64_t
hold(void)
{
	return gate_hold(state_gate(state));
}

/* The end of a turn is what is waiting, so this does not block. */
static void
turn_once(void)
{
	ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void
await_verdicts(unsigned n)
{
	while (verdicts < n)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
}

START_TEST(a_write_is_held_until_it_is_committed)
{
	uint64_t ticket;

	write_registers(100, 3, 7);
	ticket = hold();
	ck_assert_uint_ne(ticket, 0);
	ck_assert_uint_eq(verdicts, 0);
	await_verdicts(1);
	ck_assert_int_eq(verdict, GATE_SAFE);
	ck_assert_uint_eq(decided_up_to, ticket);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(102), 7);
	close_state();
}
END_TEST

START_TEST(writes_of_one_turn_share_a_commit)
{
	uint64_t first;

	write_registers(0, 1, 1);
	first = hold();
	write_registers(1, 1, 1);
	ck_assert_uint_eq(hold(), first);
	await_verdicts(1);
	write_registers(2, 1, 1);
	ck_assert_uint_gt(hold(), first);
	await_verdicts(2);
	close_state();
}
END_TEST

START_TEST(closing_commits_what_waits)
{
	write_registers(5, 1, 55);
	turn_once(); /* one is under way */
	write_registers(6, 1, 66);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(5), 55);
	ck_assert_uint_eq(register_at(6), 66);
	close_state();
}
END_TEST

static void
limit_files(rlim_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static unsigned undone;

static void
count_undone(void *arg, const struct datatable_change *change)
{
	(void)arg;
	undone += change->writer->client->id == UINT64_MAX;
}

START_TEST(without_space_all_that_is_not_committed_is_undone)
{
	struct datatable_observer observer = { .changed = count_undone };
	uint16_t coils[1] = { 0xFFFF };
	uint64_t ticket;

	datatable_observe(table, &observer);
	/* A log of some size: Check itself must still be able to write. */
	for (uint16_t i = 0; i < 100; i++)
		write_registers((uint16_t)(i * 600), 2000, 1);
	await_verdicts(1);
	limit_files(400000);
	write_registers(0, 5, 2);
	turn_once(); /* this one is being committed */
	write_registers(3, 5, 3);
	datatable_write_coils(table, &writer, 40, 16, coils);
	ticket = hold();
	ck_assert_int_eq(ask_policy(), MB_EX_NONE);
	await_verdicts(2);
	ck_assert_int_eq(verdict, GATE_FAILED);
	ck_assert_uint_eq(decided_up_to, ticket);
	for (uint16_t i = 0; i < 10; i++)
		ck_assert_uint_eq(register_at(i), 1);
	ck_assert_uint_eq(undone, 3);
	ck_assert(state_is_degraded(state));
	ck_assert_int_eq(ask_policy(), MB_EX_SERVER_DEVICE_FAILURE);

	limit_files(RLIM_INFINITY);
	await_verdicts(3); /* a second later */
	ck_assert(!state_is_degraded(state));
	ck_assert_int_eq(ask_policy(), MB_EX_NONE);
	write_registers(0, 1, 9);
	await_verdicts(4);
	ck_assert_int_eq(verdict, GATE_SAFE);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(0), 9);
	ck_assert_uint_eq(register_at(1), 1);
	close_state();
}
END_TEST

/* Put another file in the place of the log's descriptor. */
static void
break_log(void)
{
	char link[40], path[200];

	for (int fd = 3; fd < 100; fd++) {
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, path, sizeof(path));
		if (n > 4 && memcmp(path + n - 4, "-wal", 4) == 0) {
			int other = open("/dev/null", O_RDONLY);

			ck_assert_int_eq(dup2(other, fd), fd);
			close(other);
			return;
		}
	}
	ck_abort_msg("there is no log");
}

START_TEST(a_disk_that_fails_is_the_end)
{
	uint64_t ticket;

	write_registers(0, 10, 1);
	await_verdicts(1);
	break_log();
	write_registers(0, 10, 2);
	ticket = hold();
	await_verdicts(2);
	ck_assert_int_eq(verdict, GATE_LOST);
	ck_assert_uint_ge(decided_up_to, ticket);
	ck_assert(is_lost);
	ck_assert_int_eq(ask_policy(), MB_EX_SERVER_DEVICE_FAILURE);
	ck_assert_int_eq(close_state(), EX_IOERR);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(0), 1);
	close_state();
}
END_TEST

START_TEST(more_than_memory_has_is_refused)
{
	unsigned n = 0;

	while (ask_policy() == MB_EX_NONE) {
		write_registers((uint16_t)(n * 30 % 60000), 2000, (uint16_t)n);
		n++;
	}
	ck_assert_uint_gt(n, STATE_WAITING_MAX / 8100);
	await_verdicts(1);
	ck_assert_int_eq(verdict, GATE_SAFE);
	ck_assert_int_eq(ask_policy(), MB_EX_NONE);
	ck_assert_int_eq(close_state(), EX_OK);
}
END_TEST

/* Commits, backups and an event loop, all at once: for ThreadSanitizer. */
START_TEST(threads_get_along)
{
	char copy[200];

	snprintf(copy, sizeof(copy), "%s", scratch_path("copy"));
	for (unsigned i = 0; i < 2000; i++) {
		write_registers((uint16_t)(i * 31), 100, (uint16_t)i);
		if (i % 100 == 0)
			state_back_up(state, copy);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at((uint16_t)(1999 * 31)), 1999);
	close_state();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("state");
	TCase *tc = tcase_create("state");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_write_is_held_until_it_is_committed);
	tcase_add_test(tc, writes_of_one_turn_share_a_commit);
	tcase_add_test(tc, closing_commits_what_waits);
	tcase_add_test(tc, without_space_all_that_is_not_committed_is_undone);
	tcase_add_test(tc, a_disk_that_fails_is_the_end);
	tcase_add_test(tc, more_than_memory_has_is_refused);
	tcase_add_test(tc, threads_get_along);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
