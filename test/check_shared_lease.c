#include "shared/lease.h"

#include "suite.h"

#define PERIOD 100
#define WAIT   (LEASE_MS + 2 * PERIOD)

static struct lease lease;

static bool
may_at(uint64_t now)
{
	return lease_may(&lease, PERIOD, now);
}

/* The log of a new table, read by one that is live at 1000. */
static void
begin(bool whole)
{
	lease_begin(&lease, whole);
	lease_live(&lease, 1000);
}

START_TEST(in_a_log_without_simulated_writes_anybody_may)
{
	begin(true);
	ck_assert(may_at(1000));
}
END_TEST

START_TEST(behind_a_snapshot_it_waits)
{
	begin(false);
	ck_assert(!may_at(1000));
	ck_assert(!may_at(1000 + WAIT - 1));
	ck_assert(may_at(1000 + WAIT));
}
END_TEST

START_TEST(whoever_wrote_last_goes_on)
{
	begin(false);
	lease_read(&lease, 7, true, 2000);
	ck_assert(may_at(2000));
	ck_assert(may_at(2000 + 10 * WAIT));
	lease_read(&lease, 8, false, 3000);
	ck_assert(!may_at(3000));
	lease_read(&lease, 7, true, 3000);
	ck_assert(may_at(3000));
}
END_TEST

START_TEST(each_write_of_another_prolongs_the_wait)
{
	begin(true);
	for (uint64_t now = 1000; now < 1000 + 3 * WAIT; now += WAIT / 2) {
		lease_read(&lease, 8, false, now);
		ck_assert(!may_at(now));
		ck_assert(!may_at(now + WAIT - 1));
		ck_assert(may_at(now + WAIT));
	}
}
END_TEST

START_TEST(points_that_move_seldom_wait_longer)
{
	begin(false);
	ck_assert(!lease_may(&lease, 60000, 1000 + LEASE_MS + 119999));
	ck_assert(lease_may(&lease, 60000, 1000 + LEASE_MS + 120000));
	ck_assert(!lease_may(&lease, UINT32_MAX, UINT32_MAX));
}
END_TEST

/* What others have written meanwhile was read before it was live again, but
 * perhaps long after they wrote it. */
START_TEST(after_a_reconnection_only_the_holder_goes_on_at_once)
{
	begin(false);
	lease_read(&lease, 8, false, 1500);
	lease_live(&lease, 90000);
	ck_assert(!may_at(90000 + WAIT - 1));
	ck_assert(may_at(90000 + WAIT));
	lease_read(&lease, 7, true, 100000);
	lease_live(&lease, 200000);
	ck_assert(may_at(200000));
}
END_TEST

START_TEST(a_table_that_is_loaded_anew_makes_all_void)
{
	begin(true);
	lease_read(&lease, 7, true, 2000);
	lease_begin(&lease, false);
	lease_live(&lease, 3000);
	ck_assert_uint_eq(lease.holder, 0);
	ck_assert(!may_at(3000));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared_lease");
	TCase *tc = tcase_create("shared_lease");

	tcase_add_test(tc, in_a_log_without_simulated_writes_anybody_may);
	tcase_add_test(tc, behind_a_snapshot_it_waits);
	tcase_add_test(tc, whoever_wrote_last_goes_on);
	tcase_add_test(tc, each_write_of_another_prolongs_the_wait);
	tcase_add_test(tc, points_that_move_seldom_wait_longer);
	tcase_add_test(
	    tc, after_a_reconnection_only_the_holder_goes_on_at_once);
	tcase_add_test(tc, a_table_that_is_loaded_anew_makes_all_void);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
