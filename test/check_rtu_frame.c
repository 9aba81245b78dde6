#include "modbus/rtu_frame.h"

#include <stdlib.h>
#include <string.h>

#include "modbus/rtu.h"
#include "suite.h"

#define BYTES(text) text, sizeof(text) - 1

/* A frame with its CRC. Returns its length. */
static size_t
seal(const char *bytes, size_t length, uint8_t *frame)
{
	uint16_t crc;

	memcpy(frame, bytes, length);
	crc = rtu_crc(frame, length);
	frame[length] = (uint8_t)(crc & 0xFF);
	frame[length + 1] = (uint8_t)(crc >> 8);
	return length + 2;
}

/* Requests without their CRC. */
static const struct {
	const char *bytes;
	size_t length;
} requests[] = {
	{ BYTES("\x01\x03\x00\x00\x00\x0A") },
	{ BYTES("\x00\x01\x00\x13\x00\x25") }, /* not a broadcast */
	{ BYTES("\xFF\x06\x00\x01\x00\x03") }, /* a reserved unit */
	{ BYTES("\x11\x10\x00\x01\x00\x02\x04\x00\x0A\x01\x02") },
	{ BYTES("\x11\x0F\x00\x13\x00\x0A\x02\xCD\x01") },
	{ BYTES("\x11\x17\x00\x03\x00\x06\x00\x0E\x00\x01\x02\x00\xFF") },
	{ BYTES("\x01\x16\x00\x04\x00\xF2\x00\x25") },
	{ BYTES("\x01\x07") },
	{ BYTES("\x01\x11") },
	{ BYTES("\x01\x14\x07\x06\x00\x04\x00\x01\x00\x02") },
	{ BYTES("\x01\x18\x04\xDE") },
	{ BYTES("\x01\x08\x00\x00\xA5\x37") },
	{ BYTES("\x01\x2B\x0E\x01\x00") },
	/* Those whose end only the CRC tells. */
	{ BYTES("\x01\x08\x00\x00\xA5\x37\x01\x02\x03\x04") },
	{ BYTES("\x01\x2B\x0D\x01") },
	{ BYTES("\x01\x41") },
	{ BYTES("\x01\x64\x01\x02\x03\x04\x05\x06\x07") },
	{ BYTES("\x01\x83\x02") },
	{ BYTES("\x01\x00") },
	/* More data than a frame has room for, says its count. */
	{ BYTES("\x01\x10\x00\x01\x00\x02\xFF\x00\x0A") },
};

START_TEST(finds_a_request_byte_by_byte)
{
	uint8_t frame[RTU_FRAME_MAX];
	size_t length = seal(requests[_i].bytes, requests[_i].length, frame);
	size_t found;

	for (size_t have = 0; have < length; have++)
		ck_assert_int_eq(rtu_find(frame, have, &found), RTU_PARTIAL);
	ck_assert_int_eq(rtu_find(frame, length, &found), RTU_READY);
	ck_assert_uint_eq(found, length);
}
END_TEST

START_TEST(finds_a_request_with_others_behind_it)
{
	uint8_t frames[3 * RTU_FRAME_MAX];
	size_t length = seal(requests[_i].bytes, requests[_i].length, frames);
	size_t all = length +
	    seal(requests[_i].bytes, requests[_i].length, frames + length);
	size_t found;

	all += seal(requests[0].bytes, requests[0].length, frames + all);
	ck_assert_int_eq(rtu_find(frames, all, &found), RTU_READY);
	ck_assert_uint_eq(found, length);
}
END_TEST

START_TEST(a_wrong_crc_is_no_frame)
{
	uint8_t frame[RTU_FRAME_MAX];
	size_t length = seal(requests[0].bytes, requests[0].length, frame);
	size_t found;

	for (unsigned bit = 0; bit < length * 8; bit++) {
		if (bit / 8 == 1)
			continue; /* a function of another length */
		frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
		ck_assert_int_eq(rtu_find(frame, length, &found), RTU_BAD);
		frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
}
END_TEST

START_TEST(an_end_is_looked_for_in_256_bytes)
{
	uint8_t frame[RTU_FRAME_MAX] = { 1, 0x64, 1 };
	size_t found;

	for (size_t have = 2; have < RTU_FRAME_MAX; have++)
		ck_assert_int_eq(rtu_find(frame, have, &found), RTU_PARTIAL);
	ck_assert_int_eq(rtu_find(frame, RTU_FRAME_MAX, &found), RTU_BAD);
}
END_TEST

START_TEST(a_frame_may_have_256_bytes)
{
	uint8_t frame[RTU_FRAME_MAX] = { 1, 0x64, 1 };
	size_t found;

	seal((const char *)frame, RTU_FRAME_MAX - 2, frame);
	ck_assert_int_eq(rtu_find(frame, RTU_FRAME_MAX, &found), RTU_READY);
	ck_assert_uint_eq(found, RTU_FRAME_MAX);
	seal("\x01\x10\x00\x00\x00\x7B\xF7", 7, frame);
	memset(frame + 7, 0, RTU_FRAME_MAX - 7);
	ck_assert_int_eq(
	    rtu_find(frame, RTU_FRAME_MAX - 1, &found), RTU_PARTIAL);
}
END_TEST

#define UNIT_0  "\x00\x03\x00\x00\x00\x0A\xC4\x1C"
#define UNIT_16 "\x10\x03\x00\x00\x00\x0A\xC6\x8C"

/* What may be the last byte of the frame before. */
static const struct {
	const char *bytes;
	size_t length;
	enum rtu_result result;
	size_t skipped;
} behind[] = {
	{ BYTES(UNIT_16), RTU_READY, 0 },
	{ BYTES(UNIT_0), RTU_READY, 0 },
	{ BYTES("\x00" UNIT_16), RTU_READY, 1 },
	{ BYTES("\x00" UNIT_0), RTU_READY, 1 },
	{ BYTES(""), RTU_PARTIAL, 0 },
	{ BYTES("\x00"), RTU_PARTIAL, 0 },
	{ BYTES("\x00\x10\x03\x00\x00\x00\x0A\xC7"), RTU_PARTIAL, 0 },
	{ BYTES("\x00\x03\x00\x00\x00\x0A\xC4"), RTU_PARTIAL, 0 },
	{ BYTES("\x00\x03\x03\x00\x00\x00\x0A\xC4\x1C"), RTU_BAD, 0 },
	{ BYTES("\x01\x03\x00\x00\x00\x0A\xC4\x1C"), RTU_BAD, 0 },
};

START_TEST(a_byte_of_the_frame_before_is_skipped)
{
	size_t skipped = 9, found = 0;

	ck_assert_int_eq(rtu_find_behind((const uint8_t *)behind[_i].bytes,
			     behind[_i].length, &skipped, &found),
	    behind[_i].result);
	ck_assert_uint_eq(skipped, behind[_i].skipped);
	if (behind[_i].result == RTU_READY)
		ck_assert_uint_eq(found, 8);
}
END_TEST

START_TEST(knows_frames_whose_end_only_the_crc_tells)
{
	uint8_t frame[RTU_FRAME_MAX];

	ck_assert(!rtu_is_open((const uint8_t *)UNIT_16, 8));
	ck_assert(rtu_is_open(frame, seal(BYTES("\x01\x64\x01"), frame)));
	ck_assert(rtu_is_open(frame, seal(BYTES("\x01\x08\0\0\0\0\0"), frame)));
}
END_TEST

START_TEST(a_request_becomes_an_adu)
{
	uint8_t frame[RTU_FRAME_MAX], adu[RTU_FRAME_MAX + RTU_ADU_GROWS];
	size_t length = seal(requests[0].bytes, requests[0].length, frame);

	ck_assert_uint_eq(rtu_to_adu(frame, length, 0x1234, adu), 12);
	ck_assert_mem_eq(
	    adu, "\x12\x34\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0A", 12);
}
END_TEST

START_TEST(recognises_a_request_of_modbus_tcp)
{
	static const uint8_t adu[] = { 0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 10 };
	uint8_t frame[RTU_FRAME_MAX];
	size_t length = seal(requests[0].bytes, requests[0].length, frame);

	ck_assert(rtu_is_mbap(adu, sizeof(adu)));
	ck_assert(!rtu_is_mbap(adu, sizeof(adu) - 1));
	ck_assert(!rtu_is_mbap(adu, 0));
	ck_assert(!rtu_is_mbap(frame, length));
}
END_TEST

#define ADU_1   "\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00\x0A"
#define ADU_2   "\x00\x02\x00\x00\x00\x03\x11\x83\x02"
#define FRAME_1 "\x01\x03\x02\x00\x0A\x38\x43"
#define FRAME_2 "\x11\x83\x02\xC1\x34"

/* In pieces of so many bytes. */
START_TEST(replies_become_frames_in_any_pieces)
{
	static const uint8_t adus[] = ADU_1 ADU_2 ADU_1;
	static const uint8_t frames[] = FRAME_1 FRAME_2 FRAME_1;
	const size_t length = sizeof(adus) - 1;
	struct rtu_reply r = { 0 };
	size_t total = 0, piece = (size_t)_i;

	for (size_t at = 0; at < length; at += piece) {
		uint8_t out[sizeof(adus) + RTU_FRAMES_GROW];
		size_t some = length - at < piece ? length - at : piece;
		size_t n = rtu_from_adus(&r, adus + at, some, out);

		ck_assert_uint_le(n, some + RTU_FRAMES_GROW);
		ck_assert_mem_eq(out, frames + total, n);
		total += n;
	}
	ck_assert_uint_eq(total, sizeof(frames) - 1);
}
END_TEST

START_TEST(the_longest_reply_fits_a_frame)
{
	uint8_t adu[260] = { 0, 1, 0, 0, 0, 254, 1 };
	uint8_t out[sizeof(adu) + RTU_FRAMES_GROW];
	struct rtu_reply r = { 0 };

	ck_assert_uint_eq(
	    rtu_from_adus(&r, adu, sizeof(adu), out), RTU_FRAME_MAX);
	ck_assert_uint_eq(rtu_crc(out, RTU_FRAME_MAX), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rtu_frame");
	TCase *tc = tcase_create("rtu_frame");
	const int count = sizeof(requests) / sizeof(*requests);

	tcase_add_loop_test(tc, finds_a_request_byte_by_byte, 0, count);
	tcase_add_loop_test(
	    tc, finds_a_request_with_others_behind_it, 0, count);
	tcase_add_test(tc, a_wrong_crc_is_no_frame);
	tcase_add_test(tc, an_end_is_looked_for_in_256_bytes);
	tcase_add_test(tc, a_frame_may_have_256_bytes);
	tcase_add_loop_test(tc, a_byte_of_the_frame_before_is_skipped, 0,
	    sizeof(behind) / sizeof(*behind));
	tcase_add_test(tc, knows_frames_whose_end_only_the_crc_tells);
	tcase_add_test(tc, a_request_becomes_an_adu);
	tcase_add_test(tc, recognises_a_request_of_modbus_tcp);
	tcase_add_loop_test(tc, replies_become_frames_in_any_pieces, 1, 33);
	tcase_add_test(tc, the_longest_reply_fits_a_frame);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
