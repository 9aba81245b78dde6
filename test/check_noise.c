#include "simulation/noise.h"

#include <stdio.h>

#include "suite.h"

START_TEST(the_numbers_are_those_of_splitmix64)
{
	/* Of the state 1234567, as its authors' implementation prints. */
	static const uint64_t expected[] = { UINT64_C(6457827717110365317),
		UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
		UINT64_C(4593380528125082431), UINT64_C(16408922859458223821) };

	for (unsigned i = 0; i < 5; i++)
		ck_assert_uint_eq(noise_at(1234567, i + 1), expected[i]);
}
END_TEST

START_TEST(a_seed_and_a_name_are_a_sequence)
{
	ck_assert_uint_eq(noise_key(1, "flow"), noise_key(1, "flow"));
	ck_assert_uint_ne(noise_key(1, "flow"), noise_key(2, "flow"));
	ck_assert_uint_ne(noise_key(1, "flow"), noise_key(1, "flow2"));
	ck_assert_uint_ne(noise_key(1, "ab"), noise_key(1, "ba"));
	ck_assert_uint_ne(noise_key(1, ""), noise_key(2, ""));
}
END_TEST

START_TEST(a_number_is_scaled_to_the_most)
{
	ck_assert_uint_eq(noise_whole(0, 5), 0);
	ck_assert_uint_eq(noise_whole(UINT64_MAX, 5), 5);
	ck_assert_uint_eq(noise_whole(UINT64_MAX / 6, 5), 0);
	ck_assert_uint_eq(noise_whole(UINT64_MAX / 6 + 1, 5), 1);
	ck_assert_uint_eq(noise_whole(UINT64_MAX, 0), 0);
	ck_assert_uint_eq(noise_whole(UINT64_MAX, UINT64_MAX), UINT64_MAX);
	ck_assert_uint_eq(
	    noise_whole(UINT64_MAX, UINT64_MAX - 1), UINT64_MAX - 1);
	ck_assert_uint_eq(
	    noise_whole(UINT64_C(1) << 63, UINT64_MAX - 1), UINT64_MAX / 2);
	ck_assert_uint_eq(
	    noise_whole(UINT64_C(0x123456789ABCDEF0), UINT64_C(0xFEDCBA987)),
	    UINT64_C(0x121FA00AD));
}
END_TEST

START_TEST(a_number_is_scaled_to_less_than_one)
{
	ck_assert_double_eq(noise_real(0), 0);
	ck_assert_double_eq(noise_real(UINT64_C(1) << 63), 0.5);
	ck_assert_double_eq(noise_real(UINT64_MAX), 1 - 0x1p-53);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("noise");
	TCase *tc = tcase_create("noise");

	tcase_add_test(tc, the_numbers_are_those_of_splitmix64);
	tcase_add_test(tc, a_seed_and_a_name_are_a_sequence);
	tcase_add_test(tc, a_number_is_scaled_to_the_most);
	tcase_add_test(tc, a_number_is_scaled_to_less_than_one);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
