#include "api/rates.h"

#include "service/counters.h"
#include "suite.h"

START_TEST(each_second_has_its_own_counts)
{
	struct counters n = { .requests = 100 };
	struct rates r;

	n.requests_by_function[MB_FC_WRITE_SINGLE_REGISTER] = 40;
	rates_init(&r, &n);
	ck_assert_uint_eq(rates_count(&r), 0);
	n.requests += 7;
	n.requests_by_function[MB_FC_WRITE_MULTIPLE_COILS] += 2;
	n.requests_by_function[MB_FC_READ_COILS] += 5;
	rates_sample(&r, &n, 1000);
	rates_sample(&r, &n, 2000);
	ck_assert_uint_eq(rates_count(&r), 2);
	ck_assert_uint_eq(rates_get(&r, 0)->requests, 7);
	ck_assert_uint_eq(rates_get(&r, 0)->writes, 2);
	ck_assert_uint_eq(rates_get(&r, 0)->time, 1000);
	ck_assert_uint_eq(rates_get(&r, 1)->requests, 0);
}
END_TEST

START_TEST(the_last_two_minutes_are_kept)
{
	struct counters n = { .requests = 0 };
	struct rates r;

	rates_init(&r, &n);
	for (uint64_t i = 1; i <= 300; i++) {
		n.requests += i;
		rates_sample(&r, &n, i);
	}
	ck_assert_uint_eq(rates_count(&r), RATES_SECONDS);
	for (size_t i = 0; i < RATES_SECONDS; i++)
		ck_assert_uint_eq(rates_get(&r, i)->requests, 181 + i);
}
END_TEST

static const int writing[] = { 5, 6, 15, 16, 22, 23 };

START_TEST(functions_that_write_are_writes)
{
	struct counters n = { .requests = 0 };
	uint64_t expected = 0;

	for (unsigned i = 0; i < MB_FUNCTION_CODES; i++)
		n.requests_by_function[i] = UINT64_C(1) << i % 50;
	for (size_t i = 0; i < sizeof(writing) / sizeof(*writing); i++)
		expected += UINT64_C(1) << writing[i];
	ck_assert_uint_eq(rates_writes(&n), expected);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rates");
	TCase *tc = tcase_create("rates");

	tcase_add_test(tc, each_second_has_its_own_counts);
	tcase_add_test(tc, the_last_two_minutes_are_kept);
	tcase_add_test(tc, functions_that_write_are_writes);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
