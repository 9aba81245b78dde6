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

#include "scratch.h"
#include "service/order.h"
#include "service/service.h"
#include "service/writing.h"
#include "state/batch.h"
#include "suite.h"
#include "table/datatable.h"

static struct event_base *base;
static struct datatable *table;
static struct state *state;
static bool is_lost;

static enum order_outcome outcome; /* of the last write settled */
static unsigned settlings;

static const struct client somebody = { .id = 3 };

static void
settled(struct order_write *write, enum order_outcome what, bool more)
{
	(void)more;
	if (what == ORDER_EXECUTE)
		order_execute(write, table);
	outcome = what;
	settlings++;
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
	store_load(store, table);
	config.base = base;
	config.table = table;
	state = state_new(store, &config);
	ck_assert_ptr_nonnull(state);
	settlings = 0;
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

/* Submit a write; NULL: it was refused. Its number of registers may take
 * several requests. */
static struct order_write *
submit(enum datatable_kind kind, uint16_t address, uint16_t quantity,
    uint16_t value)
{
	const struct service service = { .table = table,
		.order = state_order(state) };
	uint16_t values[2000];
	const struct writing w = { kind, address, quantity, values, NULL };
	struct writing_result result;

	for (unsigned i = 0; i < quantity; i++)
		values[i] = value;
	result = writing_submit(&service, &somebody, &w, 1, NULL, &settlings);
	ck_assert_int_eq(result.exception,
	    result.waits == NULL ? MB_EX_SERVER_DEVICE_FAILURE : MB_EX_NONE);
	if (result.waits != NULL)
		result.waits->settled = settled;
	return result.waits;
}

static void
write_registers(uint16_t address, uint16_t quantity, uint16_t value)
{
	ck_assert_ptr_nonnull(
	    submit(DATATABLE_REGISTERS, address, quantity, value));
}

/* The same for nobody who waits for it. */
static void
post_registers(uint16_t address, uint16_t quantity, uint16_t value)
{
	order_forget(submit(DATATABLE_REGISTERS, address, quantity, value));
}

static uint16_t
register_at(uint16_t address)
{
	return *datatable_registers(table, address);
}

static bool
is_refused(void)
{
	return submit(DATATABLE_REGISTERS, 0, 1, 1) == NULL;
}

/* The end of a turn is what is waiting, so this does not block. */
static void
turn_once(void)
{
	ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void
await_settlings(unsigned n)
{
	while (settlings < n)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
}

static uint64_t
commits(void)
{
	uint64_t n = 0;

	for (int i = 0; i <= HISTOGRAM_BUCKETS; i++)
		n += state_figures(state)->took.counts[i];
	return n;
}

START_TEST(a_write_is_executed_once_it_is_committed)
{
	write_registers(100, 3, 7);
	ck_assert_uint_eq(settlings, 0);
	ck_assert_uint_eq(register_at(102), 0); /* nobody sees it yet */
	await_settlings(1);
	ck_assert_int_eq(outcome, ORDER_EXECUTE);
	ck_assert_uint_eq(register_at(102), 7);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(102), 7);
	close_state();
}
END_TEST

START_TEST(writes_of_one_turn_share_a_commit)
{
	write_registers(0, 1, 1);
	write_registers(1, 1, 1);
	await_settlings(2);
	ck_assert_uint_eq(commits(), 1);
	write_registers(2, 1, 1);
	await_settlings(3);
	ck_assert_uint_eq(commits(), 2);
	close_state();
}
END_TEST

START_TEST(writes_build_on_those_that_wait)
{
	write_registers(0, 1, 0x00FF);
	turn_once(); /* one is under way */
	/* Bit 8 of register 0: the row of the journal has 0x00FF before. */
	ck_assert_ptr_nonnull(submit(DATATABLE_COILS, 8, 1, 1));
	await_settlings(2);
	ck_assert_uint_eq(register_at(0), 0x01FF);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(0), 0x01FF);
	close_state();
}
END_TEST

START_TEST(closing_commits_what_waits)
{
	post_registers(5, 1, 55);
	turn_once(); /* one is under way */
	post_registers(6, 1, 66);
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

static unsigned changes; /* of the table, as observers see it */

static void
count_change(void *arg, const struct datatable_change *change)
{
	(void)arg;
	(void)change;
	changes++;
}

START_TEST(without_space_nothing_that_is_not_committed_is_executed)
{
	struct datatable_observer observer = { .changed = count_change };
	unsigned before;

	datatable_observe(table, &observer);
	/* A log of some size: Check itself must still be able to write. */
	for (uint16_t i = 0; i < 100; i++)
		write_registers((uint16_t)(i * 600), 2000, 1);
	await_settlings(100);
	before = changes;
	limit_files(400000);
	write_registers(0, 5, 2);
	turn_once(); /* this one is being committed */
	write_registers(3, 5, 3);
	ck_assert_ptr_nonnull(submit(DATATABLE_COILS, 40, 16, 0xFFFF));
	await_settlings(103);
	ck_assert_int_eq(outcome, ORDER_REFUSED);
	for (uint16_t i = 0; i < 10; i++)
		ck_assert_uint_eq(register_at(i), 1);
	ck_assert_uint_eq(changes, before);
	ck_assert(state_is_degraded(state));
	ck_assert(is_refused());

	limit_files(RLIM_INFINITY);
	while (state_is_degraded(state)) /* a second later */
		turn_once();
	/* The image has forgotten what was refused. */
	ck_assert_ptr_nonnull(submit(DATATABLE_COILS, 1, 1, 1));
	await_settlings(104);
	ck_assert_int_eq(outcome, ORDER_EXECUTE);
	ck_assert_uint_eq(register_at(0), 3);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(0), 3);
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
	write_registers(0, 10, 1);
	await_settlings(1);
	break_log();
	write_registers(0, 10, 2);
	await_settlings(2);
	ck_assert_int_eq(outcome, ORDER_UNKNOWN);
	ck_assert(is_lost);
	ck_assert_uint_eq(register_at(0), 1);
	ck_assert(is_refused());
	ck_assert_int_eq(close_state(), EX_IOERR);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(0), 1);
	close_state();
}
END_TEST

START_TEST(more_than_memory_has_is_refused)
{
	unsigned n = 0;

	while (submit(DATATABLE_REGISTERS, (uint16_t)(n * 30 % 60000), 2000,
		   (uint16_t)n) != NULL)
		n++;
	ck_assert_uint_gt(n, STATE_WAITING_MAX / 10000);
	await_settlings(n);
	ck_assert_int_eq(outcome, ORDER_EXECUTE);
	write_registers(0, 1, 1);
	await_settlings(n + 1);
	ck_assert_int_eq(close_state(), EX_OK);
}
END_TEST

/* Commits, backups and an event loop, all at once: for ThreadSanitizer. */
START_TEST(threads_get_along)
{
	char copy[200];

	snprintf(copy, sizeof(copy), "%s", scratch_path("copy"));
	for (unsigned i = 0; i < 2000; i++) {
		post_registers((uint16_t)(i * 31), 100, (uint16_t)i);
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
	tcase_add_test(tc, a_write_is_executed_once_it_is_committed);
	tcase_add_test(tc, writes_of_one_turn_share_a_commit);
	tcase_add_test(tc, writes_build_on_those_that_wait);
	tcase_add_test(tc, closing_commits_what_waits);
	tcase_add_test(
	    tc, without_space_nothing_that_is_not_committed_is_executed);
	tcase_add_test(tc, a_disk_that_fails_is_the_end);
	tcase_add_test(tc, more_than_memory_has_is_refused);
	tcase_add_test(tc, threads_get_along);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
