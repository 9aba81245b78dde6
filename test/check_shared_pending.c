#include "shared/pending.h"

#include <stdlib.h>

#include "base/histogram.h"
#include "suite.h"

static struct pending *pending;
static struct histogram took;
static struct order_writes taken;

static void
setup(void)
{
	static const uint64_t bounds[HISTOGRAM_BUCKETS] = { 10 };

	took = (struct histogram){ .bounds = bounds };
	pending = pending_new(&took);
	ck_assert_ptr_nonnull(pending);
	TAILQ_INIT(&taken);
}

static void
teardown(void)
{
	struct order_write *write;

	while ((write = TAILQ_FIRST(&taken)) != NULL) {
		TAILQ_REMOVE(&taken, write, link);
		free(write);
	}
	pending_free(pending);
}

/* The number stands in the unit, modulo 256. */
static void
add(uint64_t session, uint64_t number, uint64_t now)
{
	struct order_write *write = calloc(1, sizeof(*write));

	ck_assert_ptr_nonnull(write);
	write->unit = (uint8_t)number;
	ck_assert_int_eq(pending_add(pending, write, session, number, now), 0);
}

static void
add_all(uint64_t session, uint64_t first, uint64_t last)
{
	for (uint64_t number = first; number <= last; number++)
		add(session, number, number);
}

/* These were taken, in this sequence. */
static void
check_taken(uint64_t first, uint64_t last)
{
	struct order_write *write;

	for (uint64_t number = first; number <= last; number++) {
		write = TAILQ_FIRST(&taken);
		ck_assert_ptr_nonnull(write);
		ck_assert_uint_eq(write->unit, (uint8_t)number);
		TAILQ_REMOVE(&taken, write, link);
		free(write);
	}
	ck_assert(TAILQ_EMPTY(&taken));
}

START_TEST(nothing_is_pending_at_first)
{
	ck_assert_uint_eq(pending_count(pending), 0);
	ck_assert_uint_eq(pending_oldest(pending), UINT64_MAX);
	ck_assert(!pending_has(pending, 1, 1));
	ck_assert(!pending_take(pending, 1, 1, 9, &taken));
	pending_refuse(pending, 1, 1);
	pending_take_refused(pending, 9, &taken);
	pending_take_before(pending, 1, 1, 9, &taken);
	pending_take_older(pending, 1, 9, &taken);
	pending_take_expired(pending, UINT64_MAX, 9, &taken);
	ck_assert(TAILQ_EMPTY(&taken));
}
END_TEST

START_TEST(the_first_one_is_taken)
{
	add_all(7, 1, 1000);
	for (uint64_t number = 1; number <= 1000; number++) {
		ck_assert(pending_has(pending, 7, number));
		ck_assert(!pending_take(pending, 7, number + 1, 1000, &taken));
		ck_assert(!pending_take(pending, 8, number, 1000, &taken));
		ck_assert(pending_take(pending, 7, number, 1000, &taken));
		ck_assert(!pending_has(pending, 7, number));
		check_taken(number, number);
	}
	ck_assert_uint_eq(pending_count(pending), 0);
}
END_TEST

START_TEST(it_grows_wherever_its_head_is)
{
	uint64_t last = 0;

	for (int i = 0; i < 10; i++) {
		add_all(7, last + 1, last + 100);
		pending_take_before(pending, 7, last + 51, last, &taken);
		check_taken(i == 0 ? 1 : last - 49, last + 50);
		last += 100;
	}
	ck_assert_uint_eq(pending_count(pending), 50);
	add_all(7, last + 1, last + 5000);
	ck_assert_uint_eq(pending_count(pending), 5050);
	pending_take_older(pending, 0, last, &taken);
	check_taken(last - 49, last + 5000);
}
END_TEST

START_TEST(refused_ones_wait_for_those_before_them)
{
	add_all(7, 1, 5);
	pending_refuse(pending, 7, 2);
	pending_refuse(pending, 7, 3);
	pending_refuse(pending, 8, 1);
	pending_refuse(pending, 7, 9);
	pending_take_refused(pending, 9, &taken);
	ck_assert(TAILQ_EMPTY(&taken));
	ck_assert(pending_take(pending, 7, 1, 9, &taken));
	pending_take_refused(pending, 9, &taken);
	check_taken(1, 3);
	ck_assert_uint_eq(pending_count(pending), 2);
}
END_TEST

START_TEST(those_before_a_write_are_taken)
{
	add_all(7, 1, 3);
	add_all(8, 10, 12);
	pending_take_before(pending, 7, 11, 20, &taken);
	pending_take_before(pending, 8, 13, 20, &taken);
	ck_assert(TAILQ_EMPTY(&taken));
	pending_take_before(pending, 8, 11, 20, &taken);
	ck_assert_uint_eq(pending_count(pending), 2);
	ck_assert(pending_take(pending, 8, 11, 20, &taken));
	ck_assert(pending_has(pending, 8, 12));
}
END_TEST

START_TEST(those_of_older_sessions_are_taken)
{
	add_all(7, 1, 3);
	add_all(8, 4, 5);
	pending_take_older(pending, 8, 9, &taken);
	check_taken(1, 3);
	ck_assert_uint_eq(pending_oldest(pending), 4);
}
END_TEST

START_TEST(those_that_are_too_old_are_taken)
{
	add_all(7, 1, 9);
	pending_take_expired(pending, 4, 9, &taken);
	check_taken(1, 3);
	ck_assert_uint_eq(pending_oldest(pending), 4);
}
END_TEST

START_TEST(the_times_are_counted)
{
	add(7, 1, 100);
	add(7, 2, 100);
	ck_assert(pending_take(pending, 7, 1, 105, &taken));
	pending_take_older(pending, 0, 150, &taken);
	check_taken(1, 2);
	ck_assert_uint_eq(took.counts[0], 1);
	ck_assert_uint_eq(took.sum, 55);
}
END_TEST

START_TEST(what_is_left_is_freed)
{
	add_all(7, 1, 100);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared pending");
	TCase *tc = tcase_create("pending");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_is_pending_at_first);
	tcase_add_test(tc, the_first_one_is_taken);
	tcase_add_test(tc, it_grows_wherever_its_head_is);
	tcase_add_test(tc, refused_ones_wait_for_those_before_them);
	tcase_add_test(tc, those_before_a_write_are_taken);
	tcase_add_test(tc, those_of_older_sessions_are_taken);
	tcase_add_test(tc, those_that_are_too_old_are_taken);
	tcase_add_test(tc, the_times_are_counted);
	tcase_add_test(tc, what_is_left_is_freed);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
