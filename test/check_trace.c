#include "report/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/client.h"
#include "base/identity.h"
#include "base/log.h"
#include "one_points.h"
#include "service/exchange.h"
#include "suite.h"
#include "wire.h"

#define GUARD      16
#define GUARD_BYTE 0x5A

/* One exchange, and all that it borrows. */
struct scene {
	struct client client;
	uint8_t adu[MB_ADU_MAX];
	struct mbap_frame frame;
	struct mb_request request;
	struct exchange x;
};

/* From peer comes this PDU; after decoding, the policy answers refusal. */
static void
play(struct scene *s, const char *peer, const uint8_t *pdu, size_t length,
    enum mb_exception refusal, size_t response_length)
{
	enum mb_exception e;

	*s = (struct scene){ .client.id = 1 };
	ck_assert_int_eq(address_parse(peer, 0, &s->client.address), 0);
	memcpy(s->adu + MB_MBAP_LENGTH, pdu, length);
	s->frame.adu = s->adu;
	s->frame.length = wire_header(s->adu, 4660, 255, length);
	e = mb_request_decode(mbap_pdu(&s->frame), length, &s->request);
	s->x = (struct exchange){
		.client = &s->client,
		.frame = &s->frame,
		.request = e == MB_EX_NONE ? &s->request : NULL,
		.exception = e == MB_EX_NONE ? refusal : e,
		.response_length = response_length,
	};
}

static void
assert_line(const struct scene *s, const char *expected)
{
	char text[1000];

	ck_assert_ptr_eq(trace_format(&s->x, NULL, text, sizeof(text)), text);
	ck_assert_str_eq(text, expected);
}

#define PEER       "192.0.2.7:40000"
#define BEGIN      "trace: " PEER ": transaction 4660 unit 255 "
#define BYTES(...) { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ })

static const struct {
	uint8_t pdu[16];
	size_t length;
	enum mb_exception refusal;
	size_t response_length;
	const char *line;
} cases[] = {
	/* Reads. */
	{ BYTES(1, 0, 0, 0x07, 0xD0), 0, 252,
	    BEGIN "Read Coils read address 0 quantity 2000: ok, 252 bytes" },
	{ BYTES(2, 0xFF, 0xFF, 0, 1), 0, 3,
	    BEGIN "Read Discrete Inputs read address 65535 quantity 1: "
		  "ok, 3 bytes" },
	{ BYTES(3, 0, 107, 0, 3), 0, 8,
	    BEGIN "Read Holding Registers read address 107 quantity 3: "
		  "ok, 8 bytes" },
	{ BYTES(4, 0, 8, 0, 1), 0, 4,
	    BEGIN "Read Input Registers read address 8 quantity 1: "
		  "ok, 4 bytes" },

	/* Writes. */
	{ BYTES(5, 0, 172, 0xFF, 0), 0, 5,
	    BEGIN "Write Single Coil write address 172 quantity 1: "
		  "ok, 5 bytes" },
	{ BYTES(6, 0, 1, 0, 3), 0, 5,
	    BEGIN "Write Single Register write address 1 quantity 1: "
		  "ok, 5 bytes" },
	{ BYTES(15, 0, 19, 0, 10, 2, 0xCD, 1), 0, 5,
	    BEGIN "Write Multiple Coils write address 19 quantity 10: "
		  "ok, 5 bytes" },
	{ BYTES(16, 0, 1, 0, 2, 4, 0, 10, 1, 2), 0, 5,
	    BEGIN "Write Multiple Registers write address 1 quantity 2: "
		  "ok, 5 bytes" },
	{ BYTES(22, 0, 4, 0, 0xF2, 0, 0x25), 0, 7,
	    BEGIN "Mask Write Register write address 4 quantity 1: "
		  "ok, 7 bytes" },

	/* Both. */
	{ BYTES(23, 0, 3, 0, 6, 0, 14, 0, 1, 2, 0, 255), 0, 14,
	    BEGIN "Read/Write Multiple Registers read address 3 quantity 6 "
		  "write address 14 quantity 1: ok, 14 bytes" },

	/* Neither. */
	{ BYTES(8, 0, 0, 0xA5, 0x37), 0, 5, BEGIN "Diagnostics: ok, 5 bytes" },
	{ BYTES(17), 0, 23, BEGIN "Report Server ID: ok, 23 bytes" },
	{ BYTES(43, 14, 1, 0), 0, 60,
	    BEGIN "Read Device Identification: ok, 60 bytes" },

	/* Refused by a policy, so that the ranges are known. */
	{ BYTES(6, 0, 1, 0, 3), MB_EX_ILLEGAL_FUNCTION, 2,
	    BEGIN "Write Single Register write address 1 quantity 1: "
		  "exception 01 illegal function" },
	{ BYTES(23, 0, 3, 0, 6, 0, 14, 0, 1, 2, 0, 255),
	    MB_EX_SERVER_DEVICE_FAILURE, 2,
	    BEGIN "Read/Write Multiple Registers read address 3 quantity 6 "
		  "write address 14 quantity 1: "
		  "exception 04 server device failure" },

	/* Not decoded, so that the bytes are shown. */
	{ BYTES(3, 0, 0, 0, 126), 0, 2,
	    BEGIN "Read Holding Registers PDU 03 00 00 00 7e: "
		  "exception 03 illegal data value" },
	{ BYTES(1, 0xFF, 0xFF, 0, 2), 0, 2,
	    BEGIN "Read Coils PDU 01 ff ff 00 02: "
		  "exception 02 illegal data address" },
	{ BYTES(3), 0, 2,
	    BEGIN "Read Holding Registers PDU 03: "
		  "exception 03 illegal data value" },
	{ BYTES(43, 13, 0), 0, 2,
	    BEGIN "Read Device Identification PDU 2b 0d 00: "
		  "exception 01 illegal function" },

	/* Unknown functions. */
	{ BYTES(7), 0, 2,
	    BEGIN "function 7 PDU 07: exception 01 illegal function" },
	{ BYTES(0, 1), 0, 2,
	    BEGIN "function 0 PDU 00 01: exception 01 illegal function" },
	{ BYTES(131), 0, 2,
	    BEGIN "function 131 PDU 83: exception 01 illegal function" },
	{ BYTES(255, 10), 0, 2,
	    BEGIN "function 255 PDU ff 0a: exception 01 illegal function" },
};

#define CASES ((int)(sizeof(cases) / sizeof(*cases)))

START_TEST(formats_a_request_and_its_result)
{
	struct scene s;

	play(&s, PEER, cases[_i].pdu, cases[_i].length, cases[_i].refusal,
	    cases[_i].response_length);
	assert_line(&s, cases[_i].line);
}
END_TEST

START_TEST(formats_an_ipv6_peer_and_the_smallest_numbers)
{
	static const uint8_t pdu[] = { 3, 0, 0, 0, 1 };
	struct scene s;

	play(&s, "[2001:db8::7]:1", pdu, sizeof(pdu), MB_EX_NONE, 4);
	wire_header(s.adu, 0, 0, sizeof(pdu));
	assert_line(&s,
	    "trace: [2001:db8::7]:1: transaction 0 unit 0 "
	    "Read Holding Registers read address 0 quantity 1: ok, 4 bytes");
}
END_TEST

START_TEST(names_the_certificate)
{
	static const uint8_t pdu[] = { 3, 0, 0, 0, 1 };
	struct scene s;

	play(&s, PEER, pdu, sizeof(pdu), MB_EX_NONE, 4);
	s.client.identity = &(struct identity){
		.subject = "CN=HMI 3,O=Plant", .issuer = "", .role = ""
	};
	assert_line(&s,
	    "trace: " PEER ": CN=HMI 3,O=Plant: transaction 4660 unit 255 "
	    "Read Holding Registers read address 0 quantity 1: ok, 4 bytes");
}
END_TEST

#define BYTES_32                                                               \
	" 63 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 "  \
	"16 17 18 19 1a 1b 1c 1d 1e 1f"

static const struct {
	size_t length;
	const char *line;
} long_pdus[] = {
	{ 32,
	    BEGIN "function 99 PDU" BYTES_32
		  ": exception 01 illegal function" },
	{ 33,
	    BEGIN "function 99 PDU" BYTES_32
		  " ... 33 bytes: exception 01 illegal function" },
	{ 253,
	    BEGIN "function 99 PDU" BYTES_32
		  " ... 253 bytes: exception 01 illegal function" },
};

START_TEST(shows_32_bytes_of_a_pdu_at_the_most)
{
	uint8_t pdu[MB_PDU_MAX];
	struct scene s;

	for (size_t i = 0; i < sizeof(pdu); i++)
		pdu[i] = (uint8_t)i;
	pdu[0] = 99;
	play(&s, PEER, pdu, long_pdus[_i].length, MB_EX_NONE, 2);
	assert_line(&s, long_pdus[_i].line);
}
END_TEST

/* Into every size of text, with nothing written outside. */
START_TEST(cuts_what_does_not_fit)
{
	size_t whole = strlen(cases[_i].line);
	struct scene s;

	play(&s, PEER, cases[_i].pdu, cases[_i].length, cases[_i].refusal,
	    cases[_i].response_length);
	for (size_t size = 1; size <= whole + 2; size++) {
		char buffer[GUARD + 400 + GUARD];
		char *text = buffer + GUARD;
		size_t shown = size - 1 < whole ? size - 1 : whole;

		ck_assert_uint_le(size, 400);
		memset(buffer, GUARD_BYTE, sizeof(buffer));
		ck_assert_ptr_eq(trace_format(&s.x, NULL, text, size), text);
		ck_assert_uint_eq(strlen(text), shown);
		ck_assert_int_eq(strncmp(text, cases[_i].line, shown), 0);
		for (size_t i = 0; i < GUARD; i++) {
			ck_assert_int_eq(buffer[i], GUARD_BYTE);
			ck_assert_int_eq(text[size + i], GUARD_BYTE);
		}
	}
}
END_TEST

/* What trace_exchange writes to standard error. The test is a process of its
 * own, and has no more use for the old one. */
static const char *
traced(const struct exchange *x, struct points *ps)
{
	static char line[2000];
	int ends[2];
	ssize_t n;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	trace_exchange(ps, x);
	n = read(ends[0], line, sizeof(line) - 1);
	ck_assert_int_gt(n, 0);
	line[n] = '\0';
	close(ends[0]);
	return line;
}

static void
assert_ends_in(const char *line, const char *level, const char *text)
{
	char expected[1000];
	int n = snprintf(expected, sizeof(expected), "%s%s\n", level, text);

	ck_assert_uint_ge(strlen(line), (size_t)n);
	ck_assert_str_eq(line + strlen(line) - (size_t)n, expected);
}

START_TEST(tap_logs_the_line_at_every_level)
{
	struct scene s;

	play(&s, PEER, cases[0].pdu, cases[0].length, cases[0].refusal,
	    cases[0].response_length);
	log_set_level(LOG_ERROR);
	assert_ends_in(traced(&s.x, NULL), " debug ", cases[0].line);
}
END_TEST

START_TEST(longest_line_is_logged_whole)
{
	static const uint8_t pdu[MB_PDU_MAX] = { 23 };
	char text[1000];
	struct scene s;

	play(&s, "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535",
	    pdu, sizeof(pdu), MB_EX_NONE, 2);
	wire_header(s.adu, 65535, 255, sizeof(pdu));
	trace_format(&s.x, NULL, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "%4294967295]:65535: "));
	assert_ends_in(traced(&s.x, NULL), " debug ", text);
}
END_TEST

static const struct {
	uint8_t pdu[16];
	size_t length;
	const char *names[2]; /* behind the ranges */
} named[] = {
	{ BYTES(3, 0, 20, 0, 2), { " (flow)" } },
	{ BYTES(4, 0, 21, 0, 2), { " (flow, level)" } },
	{ BYTES(3, 0, 0, 0, 125), { " (flow, level, speed +1)" } },
	{ BYTES(3, 0, 50, 0, 1), { "" } },
	{ BYTES(1, 0, 20, 0, 1), { " (pump on)" } },
	{ BYTES(5, 0, 20, 0xFF, 0), { " (pump on)" } },
	{ BYTES(6, 0, 22, 0, 1), { " (level)" } },
	{ BYTES(22, 0, 30, 0, 0, 0, 0), { " (speed)" } },
	{ BYTES(23, 0, 31, 0, 1, 0, 20, 0, 1, 2, 0, 0),
	    { " (torque)", " (flow)" } },
	{ BYTES(23, 0, 50, 0, 1, 0, 22, 0, 1, 2, 0, 0), { "", " (level)" } },
};

#define NAMED ((int)(sizeof(named) / sizeof(*named)))

/* Names stand behind their ranges, and nothing else is different. */
START_TEST(names_the_points_of_each_range)
{
	struct points *ps = one_points(DATATABLE_SEPARATE,
	    "name,address,type\n"
	    "flow,HR20,float32\n"
	    "level,HR22,uint16\n"
	    "speed,HR30,uint16\n"
	    "torque,HR31,uint16\n"
	    "pump on,C20,bool\n");
	char plain[1000], expected[1000], text[1000];
	const char *names = named[_i].names[0];
	struct scene s;
	size_t n;

	play(&s, PEER, named[_i].pdu, named[_i].length, MB_EX_NONE, 5);
	trace_format(&s.x, NULL, plain, sizeof(plain));
	if (named[_i].names[1] != NULL) {
		n = (size_t)(strstr(plain, " write address ") - plain);
		snprintf(
		    expected, sizeof(expected), "%.*s%s", (int)n, plain, names);
		memmove(plain, plain + n, strlen(plain + n) + 1);
		names = named[_i].names[1];
	} else {
		expected[0] = '\0';
	}
	n = (size_t)(strstr(plain, ": ok, ") - plain);
	snprintf(expected + strlen(expected),
	    sizeof(expected) - strlen(expected), "%.*s%s%s", (int)n, plain,
	    names, plain + n);
	ck_assert_str_eq(trace_format(&s.x, ps, text, sizeof(text)), expected);
	points_free(ps);
}
END_TEST

/* The longest names beside the longest of the rest. */
START_TEST(longest_line_with_names_is_logged_whole)
{
	static const uint8_t pdu[] = { 23, 0xFF, 0x82, 0, 125, 0xFF, 0x82, 0, 1,
		2, 0, 0 };
	char csv[20000] = "name,address,type\n", text[2000];
	struct points *ps;
	struct scene s;

	for (int i = 0; i < 125; i++) {
		size_t n = strlen(csv);

		snprintf(csv + n, sizeof(csv) - n, "%0*d,HR%d,uint16\n",
		    POINT_NAME_MAX, i, 65410 + i);
	}
	ps = one_points(DATATABLE_SEPARATE, csv);
	play(&s, "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535",
	    pdu, sizeof(pdu), MB_EX_SERVER_DEVICE_FAILURE, 2);
	wire_header(s.adu, 65535, 255, sizeof(pdu));
	trace_format(&s.x, ps, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "2 +122) write address 65410 "));
	assert_ends_in(traced(&s.x, ps), " debug ", text);
	points_free(ps);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("trace");
	TCase *tc = tcase_create("trace");

	tcase_add_loop_test(tc, formats_a_request_and_its_result, 0, CASES);
	tcase_add_test(tc, formats_an_ipv6_peer_and_the_smallest_numbers);
	tcase_add_test(tc, names_the_certificate);
	tcase_add_loop_test(tc, shows_32_bytes_of_a_pdu_at_the_most, 0,
	    sizeof(long_pdus) / sizeof(*long_pdus));
	tcase_add_loop_test(tc, cuts_what_does_not_fit, 0, CASES);
	tcase_add_test(tc, tap_logs_the_line_at_every_level);
	tcase_add_test(tc, longest_line_is_logged_whole);
	tcase_add_loop_test(tc, names_the_points_of_each_range, 0, NAMED);
	tcase_add_test(tc, longest_line_with_names_is_logged_whole);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
