#include <string.h>

#include "fault/rules.h"
#include "modbus/mbap.h"
#include "suite.h"

/* A reply: transaction 258, unit 5, two registers. */
static const uint8_t reply[] = { 1, 2, 0, 0, 0, 7, 5, 3, 4, 10, 20, 30, 40 };

/* The bytes of an ADU that each part consists of: first..last. */
static const struct {
	size_t first, last;
} places[FAULT_PARTS] = {
	[FAULT_TRANSACTION] = { 0, 1 },
	[FAULT_UNIT] = { 6, 6 },
	[FAULT_FUNCTION] = { 7, 7 },
	[FAULT_LENGTH] = { 5, 5 },
	[FAULT_DATA] = { 8, sizeof(reply) - 1 },
};

/* Numbers that are at the edges of the differences, and others. */
static const uint64_t randoms[] = { 0, 1, 253, 254, 255, 256, 65533, 65534,
	65535, 65536, UINT64_MAX - 1, UINT64_MAX,
	UINT64_C(0x123456789ABCDEF0) };

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

START_TEST(changes_only_its_part_and_always)
{
	struct fault_act act = { .part = (enum fault_part)_i };

	for (size_t i = 0; i < COUNT(randoms); i++) {
		uint8_t adu[sizeof(reply)];
		bool changed = false;

		memcpy(adu, reply, sizeof(adu));
		act.random = randoms[i];
		fault_corrupt(&act, adu, sizeof(adu));
		for (size_t k = 0; k < sizeof(adu); k++) {
			if (adu[k] == reply[k])
				continue;
			changed = true;
			ck_assert_uint_ge(k, places[_i].first);
			ck_assert_uint_le(k, places[_i].last);
		}
		ck_assert(changed);
	}
}
END_TEST

START_TEST(changes_any_byte_of_the_data)
{
	struct fault_act act = { .part = FAULT_DATA };
	bool changed[sizeof(reply)] = { false };

	for (act.random = 0; act.random < 100; act.random++) {
		uint8_t adu[sizeof(reply)];

		memcpy(adu, reply, sizeof(adu));
		fault_corrupt(&act, adu, sizeof(adu));
		for (size_t k = 0; k < sizeof(adu); k++)
			changed[k] = changed[k] || adu[k] != reply[k];
	}
	for (size_t k = places[FAULT_DATA].first; k < sizeof(reply); k++)
		ck_assert(changed[k]);
}
END_TEST

START_TEST(leaves_a_reply_without_data_as_it_is)
{
	struct fault_act act = { .part = FAULT_DATA, .random = 9 };
	const uint8_t bare[] = { 1, 2, 0, 0, 0, 2, 5, 7 };
	uint8_t adu[sizeof(bare)];

	memcpy(adu, bare, sizeof(adu));
	fault_corrupt(&act, adu, sizeof(adu));
	ck_assert_mem_eq(adu, bare, sizeof(adu));
}
END_TEST

START_TEST(cuts_a_reply_at_each_place_within_it)
{
	struct fault_act act = { .effect = FAULT_SPLIT };
	bool cut[sizeof(reply) + 1] = { false };

	for (act.random = 0; act.random < 100; act.random++) {
		size_t at = fault_split_at(&act, sizeof(reply));

		ck_assert_uint_ge(at, 1);
		ck_assert_uint_lt(at, sizeof(reply));
		cut[at] = true;
	}
	for (size_t at = 1; at < sizeof(reply); at++)
		ck_assert(cut[at]);
}
END_TEST

START_TEST(replies_with_an_exception_to_the_request)
{
	const uint8_t request[] = { 1, 2, 0, 0, 0, 6, 5, 3, 0, 0, 0, 2 };
	const uint8_t expected[] = { 1, 2, 0, 0, 0, 3, 5, 0x83, 6 };
	const struct fault_act act = { .effect = FAULT_EXCEPTION,
		.exception = 6 };
	uint8_t adu[MB_ADU_MAX];
	struct mbap_frame frame;

	ck_assert_int_eq(
	    mbap_parse(request, sizeof(request), &frame), MBAP_READY);
	ck_assert_uint_eq(fault_exception(&act, &frame, adu), sizeof(expected));
	ck_assert_mem_eq(adu, expected, sizeof(expected));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fault_alter");
	TCase *t = tcase_create("alter");

	tcase_add_loop_test(
	    t, changes_only_its_part_and_always, 0, FAULT_PARTS);
	tcase_add_test(t, changes_any_byte_of_the_data);
	tcase_add_test(t, leaves_a_reply_without_data_as_it_is);
	tcase_add_test(t, cuts_a_reply_at_each_place_within_it);
	tcase_add_test(t, replies_with_an_exception_to_the_request);
	suite_add_tcase(s, t);
	return suite_run(s);
}
