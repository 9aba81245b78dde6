#include "base/crc32c.h"

#include <pthread.h>
#include <string.h>

#include "suite.h"

/* By the loop: what is used, the tables, the processor's instruction. */
#define WAYS 3

static crc32c_fn
way(int i)
{
	crc32c_fn processor = crc32c_by_processor();

	if (i == 0)
		return crc32c;
	return i == 1 || processor == NULL ? crc32c_by_tables : processor;
}

/* RFC 3720, appendix B.4, and the usual nine digits. */
START_TEST(is_castagnoli)
{
	crc32c_fn crc = way(_i);
	uint8_t bytes[32];

	ck_assert_uint_eq(crc(0, "", 0), 0);
	ck_assert_uint_eq(crc(0, "123456789", 9), 0xE3069283);
	memset(bytes, 0, sizeof(bytes));
	ck_assert_uint_eq(crc(0, bytes, sizeof(bytes)), 0x8A9136AA);
	memset(bytes, 0xFF, sizeof(bytes));
	ck_assert_uint_eq(crc(0, bytes, sizeof(bytes)), 0x62A8AB43);
	for (uint8_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	ck_assert_uint_eq(crc(0, bytes, sizeof(bytes)), 0x46DD794E);
	for (uint8_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(31 - i);
	ck_assert_uint_eq(crc(0, bytes, sizeof(bytes)), 0x113FDB5C);
}
END_TEST

START_TEST(goes_on_behind_other_bytes)
{
	crc32c_fn crc = way(_i);

	ck_assert_uint_eq(crc(crc(0, "1234", 4), "56789", 5), 0xE3069283);
}
END_TEST

/* The definition, bit by bit. */
static uint32_t
slowly(const uint8_t *bytes, size_t length)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < 8 * length; i++) {
		uint32_t bit = bytes[i / 8] >> i % 8 & 1;

		crc = crc >> 1 ^ ((crc ^ bit) & 1 ? 0x82F63B78 : 0);
	}
	return ~crc;
}

/* Every length and alignment that their loops tell apart. */
START_TEST(all_ways_agree)
{
	crc32c_fn crc = way(_i);
	uint8_t bytes[300];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)((i + 1) * 2654435761U >> 13);
	for (size_t start = 0; start < 16; start++)
		for (size_t length = 0; start + length <= sizeof(bytes);
		     length++)
			ck_assert_uint_eq(crc(0, bytes + start, length),
			    slowly(bytes + start, length));
}
END_TEST

static void *
sum(void *arg)
{
	uint32_t *result = arg;

	*result = crc32c(0, "123456789", 9);
	return NULL;
}

/* Several threads begin to use it together. */
START_TEST(the_first_uses_may_be_on_several_threads)
{
	pthread_t threads[8];
	uint32_t results[8];

	for (size_t i = 0; i < 8; i++)
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, sum, &results[i]), 0);
	for (size_t i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_uint_eq(results[i], 0xE3069283);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crc32c");
	TCase *tc = tcase_create("crc32c");

	tcase_add_test(tc, the_first_uses_may_be_on_several_threads);
	tcase_add_loop_test(tc, is_castagnoli, 0, WAYS);
	tcase_add_loop_test(tc, goes_on_behind_other_bytes, 0, WAYS);
	tcase_add_loop_test(tc, all_ways_agree, 0, WAYS);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
