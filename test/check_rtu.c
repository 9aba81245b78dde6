#include "modbus/rtu.h"

#include <string.h>

#include "suite.h"

START_TEST(crc_is_that_of_the_specification)
{
	/* MODBUS over Serial Line V1.02, appendix B: 02 07 gives 41 12. */
	ck_assert_uint_eq(rtu_crc((const uint8_t *)"\x02\x07", 2), 0x1241);
	ck_assert_uint_eq(rtu_crc((const uint8_t *)"123456789", 9), 0x4B37);
	ck_assert_uint_eq(rtu_crc(NULL, 0), 0xFFFF);
	ck_assert_uint_eq(rtu_crc_add(rtu_crc_add(0xFFFF, 2), 7), 0x1241);
}
END_TEST

#define READ_10 "\x01\x03\x00\x00\x00\x0A\xC5\xCD"
#define READ_2  "\x01\x03\x00\x00\x00\x02\xC4\x0B"
#define REPORT  "\x01\x11\xC0\x2C"

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t length;
	size_t requests;
} cases[] = {
	{ BYTES(""), 0 },
	{ BYTES("\x01"), 0 },
	{ BYTES(READ_10), 1 },
	{ BYTES(READ_10 READ_2), 2 },
	{ BYTES(READ_10 READ_10 "\x01\x03"), 2 },
	{ BYTES(REPORT READ_2 REPORT), 3 },
	{ BYTES("\x11\x05\x00\xAC\xFF\x00\x4E\x8B"), 1 },
	{ BYTES("\x11\x10\x00\x01\x00\x02\x04\x00\x0A\x01\x02\xC6\xF0"), 1 },
	{ BYTES("\x11\x0F\x00\x13\x00\x0A\x02\xCD\x01\xBF\x0B"), 1 },
	{ BYTES("\x11\x16\x00\x04\x00\xF2\x00\x25\x66\xE2"), 1 },
	/* A bit, the order of the CRC, a byte too few. */
	{ BYTES("\x01\x03\x00\x00\x00\x0B\xC5\xCD"), 0 },
	{ BYTES("\x01\x03\x00\x00\x00\x0A\xCD\xC5"), 0 },
	{ BYTES("\x01\x03\x00\x00\x00\x0A\xC5"), 0 },
	{ BYTES("\x11\x10\x00\x01\x00\x02\x04\x00\x0A\x01\x02\xC6"), 0 },
	{ BYTES("\x11\x10\x00\x01\x00\x02\xFF\x00\x0A"), 0 },
	/* Garbage ends the count. */
	{ BYTES(READ_10 "x" READ_10), 1 },
	{ BYTES("x" READ_10), 0 },
	/* No request: broadcast, a reserved unit, an exception. */
	{ BYTES("\x00\x03\x00\x00\x00\x0A\xC4\x1C"), 0 },
	{ BYTES("\xF8\x03\x00\x00\x00\x0A\xD1\xA4"), 0 },
	{ BYTES("\x01\x83\x02\xC0\xF1"), 0 },
	/* Modbus/TCP */
	{ BYTES("\x01\x03\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0A"), 0 },
};

static const struct {
	const char *bytes;
	size_t have;
	struct rtu_extent extent;
} extents[] = {
	{ BYTES(""), { 4, 256 } },
	{ BYTES("\x01\x03"), { 8, 8 } },
	{ BYTES("\x01\x10\x00\x00\x00\x01"), { 9, 256 } },
	{ BYTES("\x01\x10\x00\x00\x00\x01\x02"), { 11, 11 } },
	{ BYTES("\x01\x10\x00\x00\x00\x01\xF7"), { 256, 256 } },
	{ BYTES("\x01\x10\x00\x00\x00\x01\xF8"), { 9, 256 } },
	{ BYTES("\x01\x08"), { 8, 256 } },
	{ BYTES("\x01\x2B\x0E"), { 7, 7 } },
	{ BYTES("\x01\x2B\x0D"), { 4, 256 } },
	{ BYTES("\x01\x7F"), { 4, 256 } },
	{ BYTES("\x01\xFF"), { 4, 256 } },
};

START_TEST(knows_the_lengths_that_a_request_may_have)
{
	struct rtu_extent e = rtu_request_extent(
	    (const uint8_t *)extents[_i].bytes, extents[_i].have);

	ck_assert_uint_eq(e.least, extents[_i].extent.least);
	ck_assert_uint_eq(e.most, extents[_i].extent.most);
}
END_TEST

START_TEST(counts_the_requests_that_bytes_begin_with)
{
	uint8_t bytes[64];

	memcpy(bytes, cases[_i].bytes, cases[_i].length);
	ck_assert_uint_eq(
	    rtu_count_requests(bytes, cases[_i].length), cases[_i].requests);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rtu");
	TCase *tc = tcase_create("rtu");

	tcase_add_test(tc, crc_is_that_of_the_specification);
	tcase_add_loop_test(tc, knows_the_lengths_that_a_request_may_have, 0,
	    sizeof(extents) / sizeof(*extents));
	tcase_add_loop_test(tc, counts_the_requests_that_bytes_begin_with, 0,
	    sizeof(cases) / sizeof(*cases));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
