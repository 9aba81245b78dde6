#include "modbus/explain.h"

#include <string.h>

#include "modbus/request.h"
#include "suite.h"

static char text[MB_EXPLAIN_TEXT_MAX];

#define PDU(...)                                                               \
	{                                                                      \
		__VA_ARGS__                                                    \
	}

static const struct {
	uint8_t length;
	uint8_t pdu[12];
	const char *text;
} cases[] = {
	{ 1, PDU(7), "function 7: there is no such function here" },
	{ 1, PDU(0), "function 0: there is no such function here" },
	{ 5, PDU(0x83, 0, 0, 0, 1),
	    "function 131: there is no such function here" },
	{ 4, PDU(3, 0, 0, 0), "PDU of 4 bytes: 5 belong to this function" },
	{ 6, PDU(3, 0, 0, 0, 1, 0),
	    "PDU of 6 bytes: 5 belong to this function" },
	{ 5, PDU(3, 0, 0, 0, 126),
	    "quantity 126: 1 to 125 can be read at once" },
	{ 5, PDU(4, 0, 0, 0, 0), "quantity 0: 1 to 125 can be read at once" },
	{ 5, PDU(1, 0, 0, 0x07, 0xD1),
	    "quantity 2001: 1 to 2000 can be read at once" },
	{ 5, PDU(3, 0xFF, 0xFF, 0, 2),
	    "address 65535 + quantity 2 is more than 65536" },
	{ 5, PDU(5, 0, 0, 0x12, 0x34),
	    "value 0x1234: a coil takes 0x0000 or 0xff00" },
	{ 5, PDU(15, 0, 0, 0, 1),
	    "PDU of 5 bytes: at least 6 belong to this function" },
	{ 7, PDU(15, 0, 0, 0, 9, 1, 0), "byte count 1: quantity 9 makes it 2" },
	{ 8, PDU(16, 0, 0, 0, 2, 2, 0, 0),
	    "byte count 2: quantity 2 makes it 4" },
	{ 8, PDU(16, 0, 0, 0, 2, 4, 0, 0),
	    "PDU of 8 bytes: its byte count makes it 10" },
	{ 8, PDU(16, 0, 0, 0, 124, 248, 0, 0),
	    "quantity 124: 1 to 123 can be written at once" },
	{ 8, PDU(16, 0xFF, 0xFF, 0, 0, 0, 0, 0),
	    "quantity 0: 1 to 123 can be written at once" },
	{ 10, PDU(16, 0xFF, 0xFF, 0, 2, 4, 0, 0, 0, 0),
	    "address 65535 + quantity 2 is more than 65536" },
	{ 5, PDU(22, 0, 0, 0, 0), "PDU of 5 bytes: 7 belong to this function" },
	{ 12, PDU(23, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0),
	    "quantity 0: 1 to 125 can be read at once" },
	{ 12, PDU(23, 0xFF, 0xFF, 0, 2, 0, 0, 0, 1, 2, 0, 0),
	    "address 65535 + quantity 2 is more than 65536" },
	{ 5, PDU(8, 0, 1, 0, 0),
	    "sub-function 1: there is only 0, Return Query Data" },
	{ 2, PDU(8, 0), "PDU of 2 bytes: at least 3 belong to this function" },
	{ 3, PDU(43, 13, 0),
	    "MEI type 13: there is only 14, Read Device Identification" },
	{ 3, PDU(43, 14, 1), "PDU of 3 bytes: 4 belong to this function" },
	{ 2, PDU(17, 0), "PDU of 2 bytes: 1 belong to this function" },
	{ 1, PDU(43), "PDU of 1 bytes: 4 belong to this function" },
	{ 4, PDU(43, 14, 5, 0),
	    "read code 5, object 0: expected code 1 to 4, and for code 4 an "
	    "object up to 4" },
	{ 5, PDU(3, 0, 0, 0, 1), "nothing is wrong" },
};

START_TEST(what_is_wrong_is_said)
{
	ck_assert_str_eq(
	    mb_explain(cases[_i].pdu, cases[_i].length, text), cases[_i].text);
}
END_TEST

/* Bytes at random, of functions that there are, of any length. */
START_TEST(whatever_does_not_decode_has_something_wrong)
{
	uint32_t state = 20261122;
	struct mb_request request;
	uint8_t pdu[MB_PDU_MAX];
	int illegal = 0;

	for (int i = 0; i < 200000; i++) {
		size_t length;

		for (size_t j = 0; j < 12; j++) {
			state = state * 1664525 + 1013904223;
			pdu[j] = (uint8_t)(state >> 24);
			if (j > 0 && state & 1 << 20)
				pdu[j] &= 3;
		}
		pdu[0] %= 48;
		length = 1 + (state >> 8) % 12;
		mb_explain(pdu, length, text);
		ck_assert_uint_lt(strlen(text), sizeof(text) - 1);
		ck_assert_ptr_null(strchr(text, '"'));
		ck_assert_int_eq(
		    mb_request_decode(pdu, length, &request) == MB_EX_NONE,
		    strcmp(text, "nothing is wrong") == 0);
		illegal += strcmp(text, "nothing is wrong") != 0;
	}
	ck_assert_int_gt(illegal, 10000);
	ck_assert_int_lt(illegal, 199000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("illegal");
	TCase *tc = tcase_create("illegal");

	tcase_add_loop_test(tc, what_is_wrong_is_said, 0,
	    (int)(sizeof(cases) / sizeof(*cases)));
	tcase_add_test(tc, whatever_does_not_decode_has_something_wrong);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
