#include "state/state.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/exit_status.h"
#include "base/identity.h"
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

/* Of the states that are opened. */
static const char *file_name;
static enum state_sync sync_when;
static unsigned interval; /* milliseconds */

static char copy_path[200]; /* of backups */

/* Of the last write settled. */
static enum order_outcome outcome;
static uint64_t commits_before; /* when it was settled */

static unsigned settlings;
static uint16_t settled_values[10]; /* register 0 after each of the first */

static struct client somebody = { .id = 3 };

static uint64_t
commits(void)
{
	uint64_t n = 0;

	for (int i = 0; i <= HISTOGRAM_BUCKETS; i++)
		n += state_figures(state)->took.counts[i];
	return n;
}

/* The journal's. */
static uint64_t
rows(void)
{
	return state_figures(state)->writes.sum;
}

static uint16_t
register_at(uint16_t address)
{
	return *datatable_registers(table, address);
}

static void
settled(struct order_write *write, enum order_outcome what, bool more)
{
	(void)more;
	if (what == ORDER_EXECUTE)
		order_execute(write, table);
	outcome = what;
	commits_before = commits();
	if (settlings < sizeof(settled_values) / sizeof(*settled_values))
		settled_values[settlings] = register_at(0);
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
	struct state_config config = {
		.sync = sync_when, .interval = interval, .lost = lost
	};

	base = event_base_new();
	table = datatable_new(overlay);
	ck_assert(base != NULL && table != NULL);
	store =
	    store_open(scratch_path(file_name), STORE_WRITE, &overlay, &why);
	ck_assert_msg(store != NULL, "%s", why.text);
	store_load(store, table);
	config.base = base;
	config.table = table;
	state = state_new(store, &config);
	ck_assert_ptr_nonnull(state);
	is_lost = false;
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
create_state(enum datatable_overlay overlay)
{
	struct store_error why = { .text = "" };

	ck_assert_msg(store_create(scratch_path(file_name), overlay, &why) == 0,
	    "%s", why.text);
	open_state(overlay);
}

static void
setup(void)
{
	scratch_begin();
	file_name = "state";
	snprintf(copy_path, sizeof(copy_path), "%s", scratch_path("copy"));
	sync_when = STATE_SYNC_ALWAYS;
	create_state(DATATABLE_OVERLAID); /* coils are blocks of registers */
}

/* Begin again, with an empty table. */
static void
begin_again(enum datatable_overlay overlay, enum state_sync when)
{
	ck_assert_int_eq(close_state(), EX_OK);
	file_name = "again";
	sync_when = when;
	create_state(overlay);
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

/* Begin again, with a table of zeros that was written before. */
static void
begin_written(enum datatable_overlay overlay, enum state_sync when)
{
	begin_again(overlay, STATE_SYNC_ALWAYS);
	ck_assert(state_is_unwritten(state));
	order_forget(submit(DATATABLE_REGISTERS, 0, 1, 0));
	ck_assert_int_eq(close_state(), EX_OK);
	sync_when = when;
	open_state(overlay);
	ck_assert(!state_is_unwritten(state));
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

/* Whoever goes while its writes wait is known until they are committed, and no
 * longer. */
START_TEST(clients_are_held_until_their_writes_are_committed)
{
	struct identities all;

	identities_init(&all);
	if (_i != 0)
		begin_written(DATATABLE_OVERLAID, STATE_SYNC_INTERVAL);
	somebody.identity = identity_of(&all, "CN=HMI 3", "CN=CA", "Operator");
	write_registers(0, 1, 1);
	turn_once(); /* one is under way */
	write_registers(0, 1, 2);
	post_registers(0, 1, 3);
	identity_release(somebody.identity);
	somebody.identity = NULL;
	ck_assert_ptr_nonnull(LIST_FIRST(&all.held));
	await_settlings(2);
	ck_assert_int_eq(close_state(), EX_OK);
	ck_assert(LIST_EMPTY(&all.held));
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(0), 3);
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

/* 100 writes, for a log of some size: where it has no room, Check itself must
 * still be able to write. */
static void
fill_log(void)
{
	for (uint16_t i = 0; i < 100; i++)
		write_registers((uint16_t)(i * 600), 2000, (uint16_t)(i + 1));
	await_settlings(100);
}

/* Less than the log has now. */
static void
end_space(void)
{
	limit_files(400000);
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
	fill_log();
	before = changes;
	end_space();
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

START_TEST(every_write_has_a_row)
{
	write_registers(0, 1, 0);
	write_registers(0, 1, 0);
	await_settlings(2);
	ck_assert_uint_eq(rows(), 2);
	close_state();
}
END_TEST

/* _i: the mode of the table. */
START_TEST(a_write_that_changes_nothing_needs_no_commit)
{
	bool overlaid = _i == DATATABLE_OVERLAID;
	struct datatable_observer observer = { .changed = count_change };

	begin_again((enum datatable_overlay)_i, STATE_SYNC_CHANGES);
	datatable_observe(table, &observer);
	write_registers(0, 3, 7);
	await_settlings(1);
	ck_assert_uint_eq(commits(), 1);
	changes = 0;
	write_registers(0, 2, 7);
	write_registers(1, 2, 7);
	await_settlings(3);
	ck_assert_int_eq(outcome, ORDER_EXECUTE);
	ck_assert_uint_eq(changes, 2); /* as observers see any write */
	ck_assert_uint_eq(commits(), 1);
	/* Bits 0 to 2 of register 1, or coils of their own. */
	ck_assert_ptr_nonnull(submit(DATATABLE_COILS, 16, 3, 7));
	await_settlings(4);
	ck_assert_uint_eq(commits(), overlaid ? 1 : 2);
	ck_assert_ptr_nonnull(submit(DATATABLE_COILS, 16, 3, 7));
	await_settlings(5);
	ck_assert_uint_eq(commits(), overlaid ? 1 : 2);
	ck_assert_uint_eq(rows(), overlaid ? 1 : 2);
	ck_assert_int_eq(close_state(), EX_OK);
}
END_TEST

START_TEST(what_repeats_a_pending_value_waits_for_its_commit)
{
	begin_again(DATATABLE_OVERLAID, STATE_SYNC_CHANGES);
	write_registers(0, 1, 5);
	write_registers(0, 1, 5); /* of the same round */
	await_settlings(2);
	ck_assert_uint_eq(commits_before, 1);
	write_registers(0, 1, 6);
	turn_once(); /* it is being committed */
	ck_assert_ptr_nonnull(submit(DATATABLE_COILS, 0, 4, 6));
	await_settlings(4);
	ck_assert_uint_eq(commits_before, 2);
	ck_assert_uint_eq(commits(), 2);
	ck_assert_uint_eq(rows(), 2);
	close_state();
}
END_TEST

/* It waits, as it must not overtake the other; but needs no commit either. */
START_TEST(what_repeats_a_value_beside_a_pending_one_waits_too)
{
	begin_again(DATATABLE_OVERLAID, STATE_SYNC_CHANGES);
	write_registers(1, 1, 5);
	turn_once();
	write_registers(2, 1, 0);
	await_settlings(2);
	ck_assert_uint_eq(commits_before, 1);
	ck_assert_uint_eq(commits(), 1);
	close_state();
}
END_TEST

/* _i: whether a commit is running when the second write comes. */
START_TEST(changed_and_unchanged_writes_keep_their_order)
{
	static const uint16_t values[] = { 1, 1, 2, 2, 1 };
	enum {
		VALUES = sizeof(values) / sizeof(*values)
	};

	begin_again(DATATABLE_OVERLAID, STATE_SYNC_CHANGES);
	for (unsigned i = 0; i < VALUES; i++) {
		write_registers(0, 1, values[i]);
		if (i == 0 && _i == 1)
			turn_once();
	}
	await_settlings(VALUES);
	ck_assert_mem_eq(settled_values, values, sizeof(values));
	ck_assert_uint_eq(commits(), _i == 1 ? 2 : 1);
	ck_assert_uint_eq(rows(), 3);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(0), 1);
	close_state();
}
END_TEST

START_TEST(of_many_requests_those_that_change_something_have_rows)
{
	begin_again(DATATABLE_SEPARATE, STATE_SYNC_CHANGES);
	write_registers(0, 2000, 1); /* 17 requests */
	await_settlings(1);
	write_registers(500, 1, 2);
	await_settlings(2);
	write_registers(0, 2000, 1);
	await_settlings(3);
	ck_assert_uint_eq(rows(), 17 + 1 + 1);
	write_registers(0, 2000, 1);
	await_settlings(4);
	ck_assert_uint_eq(commits(), 3);
	close_state();
}
END_TEST

START_TEST(without_space_unchanged_writes_are_refused_too)
{
	begin_again(DATATABLE_OVERLAID, STATE_SYNC_CHANGES);
	fill_log();
	end_space();
	write_registers(0, 2000, 2);
	turn_once(); /* this one is being committed */
	write_registers(0, 1, 2);
	write_registers(9999, 1, 1);
	await_settlings(103);
	ck_assert_int_eq(outcome, ORDER_REFUSED);
	ck_assert(is_refused());
	limit_files(RLIM_INFINITY);
	while (state_is_degraded(state)) /* a second later */
		turn_once();
	write_registers(0, 1, 1);
	await_settlings(104);
	ck_assert_int_eq(outcome, ORDER_EXECUTE);
	ck_assert_uint_eq(commits(), 1);
	ck_assert_int_eq(close_state(), EX_OK);
}
END_TEST

START_TEST(behind_a_commit_that_fails_an_unchanged_write_is_unknown)
{
	begin_again(DATATABLE_OVERLAID, STATE_SYNC_CHANGES);
	write_registers(0, 1, 1);
	await_settlings(1);
	break_log();
	write_registers(0, 1, 1); /* the disk is not needed */
	await_settlings(2);
	ck_assert_int_eq(outcome, ORDER_EXECUTE);
	write_registers(0, 1, 2);
	turn_once();
	write_registers(0, 1, 2);
	await_settlings(4);
	ck_assert_int_eq(outcome, ORDER_UNKNOWN);
	ck_assert(is_refused());
	ck_assert_int_eq(close_state(), EX_IOERR);
}
END_TEST

/* _i: whether a commit is running. */
START_TEST(closing_frees_unchanged_writes_that_wait)
{
	begin_again(DATATABLE_OVERLAID, STATE_SYNC_CHANGES);
	if (_i == 1) {
		post_registers(1, 1, 1);
		turn_once();
	}
	post_registers(0, 1, 0);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(1), (unsigned)_i);
	close_state();
}
END_TEST

/* So that a later start knows that somebody has set the zeros. */
START_TEST(the_first_write_is_recorded_though_it_changes_nothing)
{
	interval = 1;
	begin_again(DATATABLE_OVERLAID,
	    _i == 0 ? STATE_SYNC_CHANGES : STATE_SYNC_INTERVAL);
	ck_assert(state_is_unwritten(state));
	write_registers(0, 1, 0);
	write_registers(0, 1, 0);
	await_settlings(2);
	while (state_is_unwritten(state))
		turn_once();
	write_registers(0, 1, 0);
	await_settlings(3);
	ck_assert_uint_eq(rows(), 1);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert(!state_is_unwritten(state));
	close_state();
}
END_TEST

START_TEST(more_unchanged_writes_than_memory_has_are_refused)
{
	unsigned n = 0;

	begin_written(DATATABLE_OVERLAID, STATE_SYNC_CHANGES);
	while (submit(DATATABLE_REGISTERS, 0, 2000, 0) != NULL)
		n++;
	ck_assert_uint_gt(n, STATE_WAITING_MAX / 10000);
	await_settlings(n);
	write_registers(0, 1, 0);
	await_settlings(n + 1);
	ck_assert_uint_eq(commits(), 0);
	ck_assert_int_eq(close_state(), EX_OK);
}
END_TEST

#define HOUR (3600 * 1000)

/* Begin again in that mode; ms: the interval. */
static void
begin_interval(enum datatable_overlay overlay, unsigned ms)
{
	interval = ms;
	begin_again(overlay, STATE_SYNC_INTERVAL);
}

/* A backup begins with a commit of what was executed. */
static void
commit_now(void)
{
	state_back_up(state, copy_path);
}

static void
await_commits(uint64_t n)
{
	while (commits() < n)
		turn_once();
}

static void
await_rows(uint64_t n)
{
	while (rows() < n)
		turn_once();
	ck_assert_uint_eq(rows(), n);
}

/* _i: the mode of the table. */
START_TEST(with_an_interval_writes_are_executed_before_their_commit)
{
	begin_interval((enum datatable_overlay)_i, 1);
	write_registers(0, 3, 7);
	ck_assert_uint_eq(settlings, 0);
	turn_once();
	ck_assert_uint_eq(settlings, 1);
	ck_assert_int_eq(outcome, ORDER_EXECUTE);
	ck_assert_uint_eq(register_at(2), 7);
	ck_assert_uint_eq(commits_before, 0);
	ck_assert_ptr_nonnull(submit(DATATABLE_COILS, 0, 4, 9));
	await_settlings(2);
	await_rows(2);
	write_registers(5, 1, 5);
	await_rows(3);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state((enum datatable_overlay)_i);
	ck_assert_uint_eq(register_at(0), _i == DATATABLE_OVERLAID ? 9 : 7);
	ck_assert_uint_eq(register_at(5), 5);
	close_state();
}
END_TEST

START_TEST(an_interval_begins_with_the_first_write_that_changes_something)
{
	int events;

	interval = HOUR;
	begin_written(DATATABLE_OVERLAID, STATE_SYNC_INTERVAL);
	events = event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED);
	write_registers(0, 1, 0);
	await_settlings(1);
	ck_assert_int_eq(
	    event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), events);
	write_registers(0, 1, 1);
	await_settlings(2);
	ck_assert_int_eq(
	    event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED),
	    events + 1); /* a timer */
	ck_assert_int_eq(close_state(), EX_OK);
}
END_TEST

START_TEST(with_an_interval_no_write_waits_for_a_running_commit)
{
	begin_interval(DATATABLE_OVERLAID, HOUR);
	write_registers(0, 1, 1);
	await_settlings(1);
	commit_now();
	write_registers(0, 1, 2);
	turn_once();
	ck_assert_uint_eq(settlings, 2);
	write_registers(0, 1, 1);
	await_settlings(3);
	ck_assert_uint_eq(register_at(0), 1);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(0), 1);
	close_state();
}
END_TEST

START_TEST(closing_commits_what_was_executed)
{
	begin_interval(DATATABLE_OVERLAID, HOUR);
	write_registers(5, 1, 55);
	await_settlings(1);
	post_registers(6, 1, 66); /* and what was not */
	ck_assert_uint_eq(commits(), 0);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(5), 55);
	ck_assert_uint_eq(register_at(6), 66);
	close_state();
}
END_TEST

START_TEST(without_space_executed_writes_are_kept)
{
	begin_interval(DATATABLE_OVERLAID, HOUR);
	fill_log();
	commit_now();
	await_commits(1);
	end_space();
	write_registers(0, 2000, 2);
	await_settlings(101);
	commit_now();
	write_registers(0, 10, 3); /* before the failure is known */
	while (!state_is_degraded(state))
		turn_once();
	ck_assert_uint_eq(settlings, 102);
	ck_assert_int_eq(outcome, ORDER_EXECUTE);
	ck_assert(is_refused());
	ck_assert_uint_eq(register_at(9), 3);
	ck_assert_uint_eq(register_at(1999), 2);
	limit_files(RLIM_INFINITY);
	while (state_is_degraded(state)) /* a second later */
		turn_once();
	ck_assert_uint_eq(commits(), 2);
	write_registers(3000, 1, 9);
	await_settlings(103);
	ck_assert_int_eq(outcome, ORDER_EXECUTE);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(9), 3);
	ck_assert_uint_eq(register_at(1999), 2);
	ck_assert_uint_eq(register_at(3000), 9);
	close_state();
}
END_TEST

START_TEST(closing_without_space_says_so)
{
	begin_interval(DATATABLE_OVERLAID, HOUR);
	fill_log();
	commit_now();
	await_commits(1);
	end_space();
	write_registers(0, 2000, 2);
	await_settlings(101);
	ck_assert_int_eq(close_state(), EX_IOERR);
	limit_files(RLIM_INFINITY);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(0), 1);
	ck_assert_uint_eq(register_at(599), 1);
	close_state();
}
END_TEST

START_TEST(closing_tries_once_more_to_commit)
{
	begin_interval(DATATABLE_OVERLAID, HOUR);
	fill_log();
	commit_now();
	await_commits(1);
	end_space();
	write_registers(0, 2000, 2);
	commit_now();
	while (!state_is_degraded(state))
		turn_once();
	limit_files(RLIM_INFINITY);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(0), 2);
	close_state();
}
END_TEST

START_TEST(when_the_disk_fails_executed_writes_stay_executed)
{
	begin_interval(DATATABLE_OVERLAID, 1);
	write_registers(0, 10, 1);
	await_commits(1);
	break_log();
	write_registers(0, 10, 2);
	await_settlings(2);
	ck_assert_int_eq(outcome, ORDER_EXECUTE);
	while (!is_lost)
		turn_once();
	ck_assert_uint_eq(register_at(0), 2);
	ck_assert(is_refused());
	ck_assert_int_eq(close_state(), EX_IOERR);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(0), 1);
	close_state();
}
END_TEST

START_TEST(a_commit_begins_early_when_memory_is_half_full)
{
	const uint16_t writes = STATE_WAITING_MAX / 2 / 8000 + 1;

	begin_interval(DATATABLE_OVERLAID, HOUR);
	for (uint16_t i = 1; i <= writes; i++) {
		write_registers(0, 2000, i); /* 8000 bytes, and more */
		await_settlings(i);
	}
	ck_assert_int_eq(outcome, ORDER_EXECUTE);
	await_commits(1); /* long before the hour is over */
	ck_assert_int_eq(close_state(), EX_OK);
}
END_TEST

/* Of a write that is being committed, or was executed, and one that gathers.
 * _i: how writes are committed. */
START_TEST(a_backup_has_what_was_submitted_before_it)
{
	interval = HOUR;
	begin_again(DATATABLE_OVERLAID, (enum state_sync)_i);
	write_registers(0, 1, 1);
	turn_once();
	write_registers(1, 1, 1);
	commit_now();
	while (access(copy_path, F_OK) != 0)
		turn_once();
	ck_assert_int_eq(close_state(), EX_OK);
	file_name = "copy";
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(0), 1);
	ck_assert_uint_eq(register_at(1), 1);
	close_state();
}
END_TEST

START_TEST(a_backup_settles_nothing_early)
{
	begin_again(DATATABLE_OVERLAID, STATE_SYNC_CHANGES);
	write_registers(0, 1, 1);
	turn_once(); /* it is being committed */
	write_registers(0, 1, 1);
	commit_now();
	ck_assert_uint_eq(settlings, 0);
	await_settlings(2);
	ck_assert_int_eq(close_state(), EX_OK);
}
END_TEST

/* Write as the simulation does. */
static void
simulate(uint16_t address, uint16_t quantity, uint16_t value)
{
	const struct client other = somebody;

	somebody = (struct client){ .address = address_simulation };
	write_registers(address, quantity, value);
	somebody = other;
}

/* _i: how writes are committed. */
START_TEST(simulated_values_are_saved_at_the_end)
{
	interval = HOUR;
	begin_again(DATATABLE_OVERLAID, (enum state_sync)_i);
	simulate(0, 300, 7);
	await_settlings(1);
	ck_assert_int_eq(outcome, ORDER_EXECUTE);
	ck_assert_uint_eq(register_at(299), 7);
	simulate(0, 300, 8);
	await_settlings(2);
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(299), 8);
	ck_assert_uint_eq(register_at(300), 0);
	/* No client has written. */
	ck_assert(state_is_unwritten(state));
	close_state();
}
END_TEST

START_TEST(simulated_writes_have_no_rows_and_no_commits)
{
	begin_again(DATATABLE_SEPARATE, STATE_SYNC_ALWAYS);
	for (unsigned i = 1; i <= 50; i++) {
		simulate(1, 100, (uint16_t)i);
		await_settlings(i);
	}
	ck_assert_uint_eq(commits(), 0);
	write_registers(0, 1, 9);
	await_settlings(51);
	ck_assert_uint_eq(commits(), 1);
	ck_assert_uint_eq(rows(), 1);
	ck_assert_int_eq(close_state(), EX_OK);
}
END_TEST

/* _i: how writes are committed. */
START_TEST(simulated_writes_keep_their_place)
{
	static const uint16_t values[5] = { 1, 2, 3, 4, 5 };

	interval = HOUR;
	begin_again(DATATABLE_SEPARATE, (enum state_sync)_i);
	write_registers(0, 1, values[0]);
	turn_once(); /* it is being committed, but with an interval */
	simulate(0, 1, values[1]);
	write_registers(0, 1, values[2]);
	simulate(0, 1, values[3]);
	write_registers(0, 1, values[4]);
	await_settlings(5);
	ck_assert_mem_eq(settled_values, values, sizeof(values));
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_SEPARATE);
	ck_assert_uint_eq(register_at(0), 5);
	close_state();
}
END_TEST

/* It is not on the disk before. */
START_TEST(what_repeats_a_simulated_value_has_a_row)
{
	begin_written(DATATABLE_SEPARATE, STATE_SYNC_CHANGES);
	simulate(4, 2, 7);
	await_settlings(1);
	write_registers(5, 1, 7);
	await_settlings(2);
	ck_assert_uint_eq(rows(), 1);
	/* Now it is. */
	write_registers(4, 2, 7);
	await_settlings(3);
	ck_assert_uint_eq(rows(), 1);
	ck_assert_int_eq(close_state(), EX_OK);
}
END_TEST

START_TEST(a_backup_has_simulated_values)
{
	begin_again(DATATABLE_OVERLAID, STATE_SYNC_ALWAYS);
	simulate(0, 1, 7);
	await_settlings(1);
	commit_now();
	while (access(copy_path, F_OK) != 0)
		turn_once();
	ck_assert_int_eq(close_state(), EX_OK);
	file_name = "copy";
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(0), 7);
	close_state();
}
END_TEST

/* _i: how writes are committed. */
START_TEST(without_space_simulated_values_are_kept)
{
	interval = 1;
	begin_again(DATATABLE_OVERLAID, (enum state_sync)_i);
	fill_log();
	await_rows(1700);
	simulate(0, 2, 7);
	await_settlings(101);
	end_space();
	write_registers(0, 1, 8); /* with the table */
	while (!state_is_degraded(state))
		turn_once();
	ck_assert(is_refused());
	limit_files(RLIM_INFINITY);
	while (state_is_degraded(state)) /* a second later */
		turn_once();
	ck_assert_int_eq(close_state(), EX_OK);
	open_state(DATATABLE_OVERLAID);
	ck_assert_uint_eq(register_at(0), _i == STATE_SYNC_INTERVAL ? 8 : 7);
	ck_assert_uint_eq(register_at(1), 7);
	close_state();
}
END_TEST

#define KILLED_REGISTERS 30

/* What was submitted and acknowledged of each register, for the process that
 * looks. Values only grow. */
struct killed {
	uint16_t submitted[KILLED_REGISTERS];
	uint16_t acknowledged[KILLED_REGISTERS]; /* of clients */
};

static struct killed *killed; /* shared */

static void
acknowledged(struct order_write *write, enum order_outcome what, bool more)
{
	unsigned address = bytes_get16(write->pdus[0].bytes + 1);

	(void)more;
	ck_assert_int_eq(what, ORDER_EXECUTE);
	order_execute(write, table);
	killed->acknowledged[address] = register_at((uint16_t)address);
}

/* A client's registers are 0 to 19, those of the simulation 10 to 29. */
static void
submit_any(uint16_t value)
{
	const struct client other = somebody;
	bool simulated = rand() % 2 == 0;
	unsigned address = (unsigned)rand() % 20 + (simulated ? 10 : 0);
	struct order_write *write;

	if (rand() % 4 == 0) /* what is there */
		value = killed->submitted[address];
	killed->submitted[address] = value;
	if (simulated)
		somebody = (struct client){ .address = address_simulation };
	write = submit(DATATABLE_REGISTERS, (uint16_t)address, 1, value);
	ck_assert_ptr_nonnull(write);
	write->settled = acknowledged;
	if (simulated)
		order_forget(write);
	somebody = other;
}

/* Write, and be gone with a commit under way or not. */
_Noreturn static void
write_and_die(unsigned seed)
{
	struct service service = { .order = NULL };

	srand(seed);
	open_state(DATATABLE_OVERLAID);
	service.table = table; /* for writes that have no owner */
	state_order(state)->service = &service;
	for (unsigned i = (unsigned)rand() % 300; i > 0; i--) {
		submit_any((uint16_t)(1000 - i));
		if (rand() % 3 == 0)
			event_base_loop(base, EVLOOP_NONBLOCK);
		if (rand() % 40 == 0)
			turn_once();
	}
	_exit(0);
}

/* No acknowledged write of a client is lost or undone by an older value of the
 * simulation, and the file is sound. _i: a seed, and how writes are committed.
 */
START_TEST(after_a_kill_no_client_has_lost_a_write)
{
	struct store_error why = { .text = "" };
	int status;
	pid_t child;

	ck_assert_int_eq(close_state(), EX_OK);
	file_name = "killed";
	sync_when = _i % 2 == 0 ? STATE_SYNC_ALWAYS : STATE_SYNC_CHANGES;
	ck_assert_int_eq(
	    store_create(scratch_path(file_name), DATATABLE_OVERLAID, &why), 0);
	killed = mmap(NULL, sizeof(*killed), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(killed, MAP_FAILED);
	child = fork();
	if (child == 0)
		write_and_die((unsigned)_i);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	open_state(DATATABLE_OVERLAID);
	for (uint16_t i = 0; i < KILLED_REGISTERS; i++) {
		ck_assert_uint_ge(register_at(i), killed->acknowledged[i]);
		ck_assert_uint_le(register_at(i), killed->submitted[i]);
	}
	ck_assert_int_eq(close_state(), EX_OK);
	munmap(killed, sizeof(*killed));
}
END_TEST

/* A coil is written in a word that the simulation has changed. */
_Noreturn static void
write_coil_and_die(enum datatable_overlay overlay)
{
	open_state(overlay);
	simulate(0, 1, 0x00FF);
	await_settlings(1);
	ck_assert_ptr_nonnull(submit(DATATABLE_COILS, 8, 1, 1));
	await_settlings(2);
	_exit(0);
}

/* _i: the mode of the table. */
START_TEST(a_coil_in_a_simulated_word_is_kept)
{
	const enum datatable_overlay overlay = (enum datatable_overlay)_i;
	uint16_t coil;
	int status;
	pid_t child;

	begin_again(overlay, STATE_SYNC_ALWAYS);
	ck_assert_int_eq(close_state(), EX_OK);
	child = fork();
	if (child == 0)
		write_coil_and_die(overlay);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	open_state(overlay);
	datatable_read_coils(table, 8, 1, &coil);
	ck_assert_uint_eq(coil, 1);
	ck_assert_uint_eq(
	    register_at(0), overlay == DATATABLE_OVERLAID ? 0x01FF : 0);
	close_state();
}
END_TEST

/* Commits, backups and an event loop, all at once: for ThreadSanitizer. _i: how
 * writes are committed. */
START_TEST(threads_get_along)
{
	interval = 1;
	begin_again(DATATABLE_OVERLAID, (enum state_sync)_i);
	for (unsigned i = 0; i < 2000; i++) {
		post_registers((uint16_t)(i * 31), 100, (uint16_t)i);
		if (i % 100 == 0)
			commit_now();
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
	tcase_add_loop_test(
	    tc, clients_are_held_until_their_writes_are_committed, 0, 2);
	tcase_add_test(
	    tc, without_space_nothing_that_is_not_committed_is_executed);
	tcase_add_test(tc, a_disk_that_fails_is_the_end);
	tcase_add_test(tc, more_than_memory_has_is_refused);
	tcase_add_test(tc, every_write_has_a_row);
	tcase_add_loop_test(
	    tc, a_write_that_changes_nothing_needs_no_commit, 0, 2);
	tcase_add_test(tc, what_repeats_a_pending_value_waits_for_its_commit);
	tcase_add_test(tc, what_repeats_a_value_beside_a_pending_one_waits_too);
	tcase_add_loop_test(
	    tc, changed_and_unchanged_writes_keep_their_order, 0, 2);
	tcase_add_test(
	    tc, of_many_requests_those_that_change_something_have_rows);
	tcase_add_test(tc, without_space_unchanged_writes_are_refused_too);
	tcase_add_test(
	    tc, behind_a_commit_that_fails_an_unchanged_write_is_unknown);
	tcase_add_loop_test(tc, closing_frees_unchanged_writes_that_wait, 0, 2);
	tcase_add_loop_test(
	    tc, the_first_write_is_recorded_though_it_changes_nothing, 0, 2);
	tcase_add_test(tc, more_unchanged_writes_than_memory_has_are_refused);
	tcase_add_loop_test(
	    tc, with_an_interval_writes_are_executed_before_their_commit, 0, 2);
	tcase_add_test(
	    tc, an_interval_begins_with_the_first_write_that_changes_something);
	tcase_add_test(
	    tc, with_an_interval_no_write_waits_for_a_running_commit);
	tcase_add_test(tc, closing_commits_what_was_executed);
	tcase_add_test(tc, without_space_executed_writes_are_kept);
	tcase_add_test(tc, closing_without_space_says_so);
	tcase_add_test(tc, closing_tries_once_more_to_commit);
	tcase_add_test(tc, when_the_disk_fails_executed_writes_stay_executed);
	tcase_add_test(tc, a_commit_begins_early_when_memory_is_half_full);
	tcase_add_loop_test(tc, a_backup_has_what_was_submitted_before_it, 0,
	    STATE_SYNC_INTERVAL + 1);
	tcase_add_test(tc, a_backup_settles_nothing_early);
	tcase_add_loop_test(tc, simulated_values_are_saved_at_the_end, 0,
	    STATE_SYNC_INTERVAL + 1);
	tcase_add_test(tc, simulated_writes_have_no_rows_and_no_commits);
	tcase_add_loop_test(
	    tc, simulated_writes_keep_their_place, 0, STATE_SYNC_INTERVAL + 1);
	tcase_add_test(tc, what_repeats_a_simulated_value_has_a_row);
	tcase_add_test(tc, a_backup_has_simulated_values);
	tcase_add_loop_test(tc, without_space_simulated_values_are_kept, 0,
	    STATE_SYNC_INTERVAL + 1);
	tcase_add_loop_test(tc, after_a_kill_no_client_has_lost_a_write, 0, 60);
	tcase_add_loop_test(tc, a_coil_in_a_simulated_word_is_kept, 0, 2);
	tcase_add_loop_test(tc, threads_get_along, 0, STATE_SYNC_INTERVAL + 1);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
