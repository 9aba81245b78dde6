#include "roles/bit_set.h"

#include <stdlib.h>
#include <string.h>

#include "suite.h"

#define BITS 300

static struct bit_set set;

static void
teardown(void)
{
	bit_set_clear(&set);
}

static void
add(uint32_t first, uint32_t last)
{
	ck_assert_int_eq(
	    bit_set_add(&set, (struct bit_range){ first, last }), 0);
}

static bool
includes(uint32_t first, uint32_t last)
{
	return bit_set_includes(&set, (struct bit_range){ first, last });
}

static bool
touches(uint32_t first, uint32_t last)
{
	return bit_set_touches(&set, (struct bit_range){ first, last });
}

START_TEST(empty_set_has_nothing)
{
	bit_set_join(&set);
	ck_assert_uint_eq(set.count, 0);
	ck_assert(!includes(0, 0));
	ck_assert(!touches(0, UINT32_MAX - 1));
}
END_TEST

START_TEST(ranges_that_touch_are_joined)
{
	add(10, 19);
	add(30, 39);
	add(20, 29);
	add(0, 0);
	add(12, 13);
	bit_set_join(&set);
	ck_assert_uint_eq(set.count, 2);
	ck_assert_uint_eq(set.ranges[0].first, 0);
	ck_assert_uint_eq(set.ranges[0].last, 0);
	ck_assert_uint_eq(set.ranges[1].first, 10);
	ck_assert_uint_eq(set.ranges[1].last, 39);
	ck_assert(includes(10, 39));
	ck_assert(!includes(9, 10));
	ck_assert(!includes(39, 40));
	ck_assert(touches(39, 40));
	ck_assert(!touches(1, 9));
}
END_TEST

START_TEST(ranges_with_a_bit_between_stay_apart)
{
	add(0, 9);
	add(11, 20);
	bit_set_join(&set);
	ck_assert_uint_eq(set.count, 2);
	ck_assert(!includes(9, 11));
	ck_assert(touches(9, 11));
	ck_assert(!touches(10, 10));
}
END_TEST

/* A range within one that began before must not shorten it. */
START_TEST(ranges_within_others_add_nothing)
{
	add(0, 100);
	add(5, 6);
	add(50, 51);
	bit_set_join(&set);
	ck_assert_uint_eq(set.count, 1);
	ck_assert(includes(0, 100));
}
END_TEST

START_TEST(joining_again_changes_nothing)
{
	add(7, 8);
	bit_set_join(&set);
	bit_set_join(&set);
	ck_assert_uint_eq(set.count, 1);
	add(9, 9);
	bit_set_join(&set);
	ck_assert_uint_eq(set.count, 1);
	ck_assert(includes(7, 9));
}
END_TEST

/* Whether each range that begins there is as the bits are. One assertion for
 * all: each costs a system call. */
static bool
agrees_from(const bool *model, uint32_t first)
{
	uint32_t n = 0;
	bool agrees = true;

	for (uint32_t last = first; last < BITS; last++) {
		n += model[last];
		agrees = agrees &&
		    includes(first, last) == (n == last - first + 1) &&
		    touches(first, last) == (n != 0);
	}
	return agrees;
}

/* All ranges of a small set, against a bit each. */
START_TEST(agrees_with_a_bitmap)
{
	bool model[BITS] = { false };

	srand((unsigned)_i);
	for (int n = rand() % 40; n > 0; n--) {
		uint32_t first = (uint32_t)rand() % BITS;
		uint32_t last = first + (uint32_t)rand() % 12;

		if (last >= BITS)
			last = BITS - 1;
		add(first, last);
		memset(model + first, true, last - first + 1);
	}
	bit_set_join(&set);
	for (size_t i = 1; i < set.count; i++)
		ck_assert_uint_gt(
		    set.ranges[i].first, set.ranges[i - 1].last + 1);
	for (uint32_t first = 0; first < BITS; first++)
		ck_assert_msg(agrees_from(model, first), "from bit %u", first);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("bit_set");
	TCase *tc = tcase_create("bit_set");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, empty_set_has_nothing);
	tcase_add_test(tc, ranges_that_touch_are_joined);
	tcase_add_test(tc, ranges_with_a_bit_between_stay_apart);
	tcase_add_test(tc, ranges_within_others_add_nothing);
	tcase_add_test(tc, joining_again_changes_nothing);
	tcase_add_loop_test(tc, agrees_with_a_bitmap, 0, 20);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
