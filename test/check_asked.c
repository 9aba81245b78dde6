#include "report/asked.h"

#include <stdlib.h>
#include <string.h>

#include "modbus/execute.h"
#include "one_points.h"
#include "suite.h"
#include "wire.h"

#define BYTES(...) { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ })

/* A recorded request with all that it borrows. */
struct scene {
	uint8_t adu[MB_ADU_MAX];
	uint8_t response[MB_PDU_MAX];
	struct recorded q;
	struct asked a;
};

/* A request, and its response; NULL: an exception. */
static void
play(struct scene *s, const uint8_t *pdu, size_t length,
    const uint8_t *response, size_t response_length, enum mb_exception e)
{
	memset(s, 0, sizeof(*s));
	memcpy(s->adu + MB_MBAP_LENGTH, pdu, length);
	s->q.frame =
	    (struct mbap_frame){ s->adu, wire_header(s->adu, 1, 1, length), 0 };
	s->q.response = s->response;
	s->q.exception = e;
	if (response != NULL)
		memcpy(s->response, response, response_length);
	else
		response_length = mb_put_exception(pdu[0], e, s->response);
	s->q.response_length = response_length;
	s->a = asked_decode(&s->q);
}

static const struct {
	uint8_t pdu[20];
	size_t length;
	bool decoded;
	int read[2]; /* -1: none */
	int write[2];
} ranges[] = {
	{ BYTES(3, 0, 16, 0, 2), true, { 16, 2 }, { -1, 0 } },
	{ BYTES(6, 0, 16, 0, 2), true, { -1, 0 }, { 16, 1 } },
	{ BYTES(22, 0, 16, 0, 2, 0, 0), true, { -1, 0 }, { 16, 1 } },
	{ BYTES(23, 0, 3, 0, 6, 0, 14, 0, 1, 2, 0, 255), true, { 3, 6 },
	    { 14, 1 } },
	{ BYTES(8, 0, 0, 1, 1), true, { -1, 0 }, { -1, 0 } },
	/* These do not decode. */
	{ BYTES(3, 0, 16, 0, 126), false, { 16, 126 }, { -1, 0 } },
	{ BYTES(3, 0, 16, 0), false, { -1, 0 }, { -1, 0 } },
	{ BYTES(4, 255, 255, 255, 255), false, { 65535, 65535 }, { -1, 0 } },
	{ BYTES(5, 0, 7, 0, 1), false, { -1, 0 }, { 7, 1 } },
	{ BYTES(6, 0), false, { -1, 0 }, { -1, 0 } },
	{ BYTES(16, 0, 1, 0, 2, 9), false, { -1, 0 }, { 1, 2 } },
	{ BYTES(99, 0, 1, 0, 2, 9), false, { -1, 0 }, { -1, 0 } },
	{ BYTES(200), false, { -1, 0 }, { -1, 0 } },
};

START_TEST(finds_the_ranges)
{
	struct scene s;

	play(&s, ranges[_i].pdu, ranges[_i].length, NULL, 0,
	    MB_EX_ILLEGAL_DATA_VALUE);
	ck_assert_int_eq(s.a.decoded, ranges[_i].decoded);
	ck_assert_int_eq(s.a.reads, ranges[_i].read[0] >= 0);
	ck_assert_int_eq(s.a.writes, ranges[_i].write[0] >= 0);
	if (s.a.reads) {
		ck_assert_int_eq(s.a.read.address, ranges[_i].read[0]);
		ck_assert_int_eq(s.a.read.quantity, ranges[_i].read[1]);
	}
	if (s.a.writes) {
		ck_assert_int_eq(s.a.write.address, ranges[_i].write[0]);
		ck_assert_int_eq(s.a.write.quantity, ranges[_i].write[1]);
	}
}
END_TEST

static const struct {
	uint8_t pdu[20];
	size_t length;
	enum datatable_kind kind;
	uint32_t address;
	uint32_t quantity;
	bool separate;
	bool overlaid;
} touched[] = {
	{ BYTES(3, 0, 16, 0, 2), DATATABLE_REGISTERS, 17, 5, true, true },
	{ BYTES(3, 0, 16, 0, 2), DATATABLE_REGISTERS, 18, 5, false, false },
	{ BYTES(3, 0, 16, 0, 2), DATATABLE_REGISTERS, 0, 17, true, true },
	{ BYTES(3, 0, 16, 0, 2), DATATABLE_REGISTERS, 0, 16, false, false },
	{ BYTES(3, 0, 16, 0, 2), DATATABLE_COILS, 17, 1, false, false },
	{ BYTES(3, 0, 16, 0, 2), DATATABLE_COILS, 287, 1, false, true },
	{ BYTES(3, 0, 16, 0, 2), DATATABLE_COILS, 288, 1, false, false },
	{ BYTES(5, 0, 33, 0, 0), DATATABLE_REGISTERS, 2, 1, false, true },
	{ BYTES(5, 0, 33, 0, 0), DATATABLE_REGISTERS, 3, 1, false, false },
	{ BYTES(23, 0, 3, 0, 6, 0, 14, 0, 1, 2, 0, 255), DATATABLE_REGISTERS,
	    14, 1, true, true },
	{ BYTES(3, 255, 255, 0, 2), DATATABLE_REGISTERS, 65535, 1, true, true },
	{ BYTES(3, 0, 16, 0, 0), DATATABLE_REGISTERS, 16, 1, false, false },
	{ BYTES(8, 0, 0), DATATABLE_REGISTERS, 0, 65536, false, false },
};

START_TEST(knows_what_it_touches)
{
	struct scene s;

	play(&s, touched[_i].pdu, touched[_i].length, NULL, 0,
	    MB_EX_ILLEGAL_DATA_VALUE);
	ck_assert_int_eq(
	    asked_touches(&s.a, DATATABLE_SEPARATE, touched[_i].kind,
		touched[_i].address, touched[_i].quantity),
	    touched[_i].separate);
	ck_assert_int_eq(
	    asked_touches(&s.a, DATATABLE_OVERLAID, touched[_i].kind,
		touched[_i].address, touched[_i].quantity),
	    touched[_i].overlaid);
}
END_TEST

START_TEST(has_the_values_read)
{
	static const uint8_t registers[] = { 3, 0, 16, 0, 2 };
	static const uint8_t coils[] = { 1, 0, 16, 0, 17 };
	uint16_t words[ASKED_WORDS_MAX + 1];
	struct scene s;

	play(&s, registers, 5, (const uint8_t *)"\3\4\1\2\3\4", 6, MB_EX_NONE);
	ck_assert(asked_values(&s.a, &s.q, words));
	ck_assert_uint_eq(words[0], 0x0102);
	ck_assert_uint_eq(words[1], 0x0304);
	play(&s, coils, 5, (const uint8_t *)"\1\3\1\2\1", 5, MB_EX_NONE);
	ck_assert(asked_values(&s.a, &s.q, words));
	ck_assert_uint_eq(words[0], 0x0201);
	ck_assert_uint_eq(words[1], 1);
	play(&s, registers, 5, NULL, 0, MB_EX_ILLEGAL_DATA_ADDRESS);
	ck_assert(!asked_values(&s.a, &s.q, words));
}
END_TEST

START_TEST(has_room_for_2000_coils)
{
	static const uint8_t pdu[] = { 1, 0, 0, 0x07, 0xD0 };
	uint8_t response[252] = { 1, 250 };
	uint16_t words[ASKED_WORDS_MAX + 1];
	struct scene s;

	memset(response + 2, 0xFF, 250);
	words[ASKED_WORDS_MAX] = 0x5A5A;
	play(&s, pdu, sizeof(pdu), response, sizeof(response), MB_EX_NONE);
	ck_assert(asked_values(&s.a, &s.q, words));
	ck_assert_uint_eq(words[ASKED_WORDS_MAX - 1], 0xFFFF);
	ck_assert_uint_eq(words[ASKED_WORDS_MAX], 0x5A5A);
}
END_TEST

static const struct {
	uint8_t pdu[20];
	size_t length;
	enum mb_exception exception;
	bool points;
	const char *why;
} reasons[] = {
	{ BYTES(3, 0, 0, 0, 1), MB_EX_NONE, true, "" },
	{ BYTES(3, 0, 0, 0, 126), MB_EX_ILLEGAL_DATA_VALUE, false,
	    "quantity 126: 1 to 125 can be read at once" },
	{ BYTES(99), MB_EX_ILLEGAL_FUNCTION, false,
	    "function 99: there is no such function here" },
	{ BYTES(6, 0, 1, 0, 1), MB_EX_ILLEGAL_FUNCTION, false,
	    "this client may not write, by --write-from" },
	{ BYTES(6, 0, 1, 0, 1), MB_EX_ILLEGAL_DATA_ADDRESS, false,
	    "read-only by --read-only or --read-only-range" },
	{ BYTES(6, 0, 1, 0, 1), MB_EX_ILLEGAL_DATA_ADDRESS, true,
	    "\"speed\" is read-only" },
	{ BYTES(6, 0, 2, 0, 1), MB_EX_ILLEGAL_DATA_ADDRESS, true,
	    "an address there has no point" },
	{ BYTES(3, 0, 2, 0, 1), MB_EX_ILLEGAL_DATA_ADDRESS, true,
	    "an address there has no point" },
	{ BYTES(6, 0, 0, 0, 1), MB_EX_ILLEGAL_DATA_ADDRESS, true,
	    "read-only by --read-only or --read-only-range" },
	{ BYTES(6, 0, 1, 0, 1), MB_EX_SERVER_DEVICE_FAILURE, true,
	    "writes were refused for now: the state could not be stored" },
};

static const struct {
	uint8_t pdu[20];
	size_t length;
	const char *without; /* a roles file */
	const char *with;
} refused[] = {
	{ BYTES(6, 0, 1, 0, 1), "this client may not write, by --write-from",
	    "this client may not write, by --roles or --write-from" },
	{ BYTES(23, 0, 3, 0, 6, 0, 14, 0, 1, 2, 0, 255),
	    "this client may not write, by --write-from",
	    "this client may not write, by --roles or --write-from" },
	{ BYTES(3, 0, 1, 0, 1), NULL,
	    "this client may not do that, by --roles" },
	{ BYTES(3, 0, 1, 0, 126), NULL,
	    "this client may not do that, by --roles" },
	{ BYTES(6, 0), NULL, "this client may not do that, by --roles" },
	{ BYTES(99), "function 99: there is no such function here",
	    "function 99: there is no such function here" },
};

/* Exception 01 by a policy, or by the function code. */
START_TEST(says_why_a_function_may_not_be_used)
{
	char text[ASKED_REASON_MAX];
	struct scene s;

	play(&s, refused[_i].pdu, refused[_i].length, NULL, 0,
	    MB_EX_ILLEGAL_FUNCTION);
	ck_assert_str_eq(
	    asked_reason(&s.a, &s.q, NULL, NULL, true, text), refused[_i].with);
	if (refused[_i].without != NULL)
		ck_assert_str_eq(
		    asked_reason(&s.a, &s.q, NULL, NULL, false, text),
		    refused[_i].without);
}
END_TEST

START_TEST(says_why)
{
	struct points *ps = one_points(DATATABLE_SEPARATE,
	    "name,address,access\nflow,HR0,rw\nspeed,HR1,ro\n");
	struct rights *rights = rights_new(ps, DATATABLE_SEPARATE, true);
	bool points = reasons[_i].points;
	char text[ASKED_REASON_MAX];
	struct scene s;

	play(&s, reasons[_i].pdu, reasons[_i].length, NULL, 0,
	    reasons[_i].exception);
	ck_assert_str_eq(asked_reason(&s.a, &s.q, points ? ps : NULL,
			     points ? rights : NULL, false, text),
	    reasons[_i].why);
	rights_free(rights);
	points_free(ps);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

int
main(void)
{
	Suite *s = suite_create("asked");
	TCase *tc = tcase_create("asked");

	tcase_add_loop_test(tc, finds_the_ranges, 0, COUNT(ranges));
	tcase_add_loop_test(tc, knows_what_it_touches, 0, COUNT(touched));
	tcase_add_test(tc, has_the_values_read);
	tcase_add_test(tc, has_room_for_2000_coils);
	tcase_add_loop_test(tc, says_why, 0, COUNT(reasons));
	tcase_add_loop_test(
	    tc, says_why_a_function_may_not_be_used, 0, COUNT(refused));
	suite_add_tcase(s, tc);
	return suite_run(s);
}
