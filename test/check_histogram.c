#include "base/histogram.h"

#include "suite.h"

static const uint64_t bounds[HISTOGRAM_BUCKETS] = { 1, 2, 5, 10, 20, 50, 100,
	200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000 };

static const struct {
	uint64_t value;
	int bucket;
} cases[] = { { 0, 0 }, { 1, 0 }, { 2, 1 }, { 3, 2 }, { 5, 2 }, { 6, 3 },
	{ 20000, 13 }, { 20001, 14 }, { 100000, 15 }, { 100001, 16 },
	{ UINT64_MAX, 16 } };

START_TEST(a_value_falls_into_the_first_bucket_that_reaches_it)
{
	struct histogram h = { .bounds = bounds };

	histogram_add(&h, cases[_i].value);
	for (int i = 0; i <= HISTOGRAM_BUCKETS; i++)
		ck_assert_uint_eq(h.counts[i], i == cases[_i].bucket);
	ck_assert_uint_eq(h.sum, cases[_i].value);
}
END_TEST

START_TEST(values_add_up)
{
	struct histogram h = { .bounds = bounds };

	for (uint64_t i = 1; i <= 100; i++)
		histogram_add(&h, i);
	ck_assert_uint_eq(h.sum, 5050);
	ck_assert_uint_eq(h.counts[5], 30); /* 21 to 50 */
	ck_assert_uint_eq(h.counts[6], 50); /* 51 to 100 */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("histogram");
	TCase *tc = tcase_create("histogram");

	tcase_add_loop_test(tc,
	    a_value_falls_into_the_first_bucket_that_reaches_it, 0,
	    (int)(sizeof(cases) / sizeof(*cases)));
	tcase_add_test(tc, values_add_up);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
