#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "health/reply.h"
#include "health/request.h"
#include "suite.h"

static struct health_request request;
static char error[COMMAND_LINE_ERROR_MAX];
static char why[PRINTABLE_SIZE];

/* Parse words that blanks part. */
static int
parse(const char *text)
{
	char **argv;
	int argc = arguments_split("health", text, " ", &argv);

	return health_request_parse(argc, argv, &request, error);
}

static void
assert_place(const struct address *at, const char *expected)
{
	char text[ADDRESS_TEXT_MAX];

	ck_assert_str_eq(address_format(at, text), expected);
}

START_TEST(asks_modbus_on_this_machine_by_default)
{
	ck_assert_int_eq(parse(""), 0);
	ck_assert(request.modbus && !request.http && !request.help);
	assert_place(&request.modbus_at, "127.0.0.1:502");
	ck_assert_uint_eq(request.timeout, 5);
}
END_TEST

START_TEST(asks_where_it_is_told)
{
	ck_assert_int_eq(parse("--http 8080 --timeout 600"), 0);
	ck_assert(request.http && !request.modbus);
	assert_place(&request.http_at, "127.0.0.1:8080");
	ck_assert_uint_eq(request.timeout, 600);
	ck_assert_int_eq(parse("--modbus [::1]:8502 --http 192.0.2.1:80"), 0);
	ck_assert(request.http && request.modbus);
	assert_place(&request.modbus_at, "[::1]:8502");
	assert_place(&request.http_at, "192.0.2.1:80");
	ck_assert_int_eq(parse("--help --nonsense"), 0);
	ck_assert(request.help);
}
END_TEST

static const char *const wrong[] = { "--modbus 0", "--modbus 65536",
	"--modbus x", "--modbus 127.0.0.1", "--modbus ::1", "--modbus [::1]:0",
	"--modbus", "--http 127.0.0.1:0", "--http localhost:80", "--timeout 0",
	"--timeout 601", "--timeout 1.5", "operand", "--nonsense" };

START_TEST(names_what_is_wrong)
{
	char option[20] = "";

	ck_assert_int_eq(parse(wrong[_i]), -1);
	sscanf(wrong[_i], "%19s", option);
	ck_assert_ptr_nonnull(strstr(error, option));
	ck_assert_ptr_null(strchr(error, '\n'));
}
END_TEST

/* Room for the NUL that a judge relies on. */
static uint8_t reply[HEALTH_REPLY_MAX + 1];

static size_t
set_reply(const void *bytes, size_t length)
{
	memset(reply, 0, sizeof(reply));
	memcpy(reply, bytes, length);
	return length;
}

START_TEST(modbus_that_is_sent_back_is_well)
{
	size_t length = health_modbus_question(NULL, reply);

	for (size_t have = 0; have < length; have++) {
		ck_assert_int_eq(
		    health_modbus_judge(reply, have, false, why), HEALTH_WAIT);
		ck_assert_int_eq(
		    health_modbus_judge(reply, have, true, why), HEALTH_UNWELL);
		ck_assert_ptr_nonnull(strstr(why, "closed"));
	}
	ck_assert_int_eq(
	    health_modbus_judge(reply, length, false, why), HEALTH_WELL);
}
END_TEST

START_TEST(modbus_that_differs_is_unwell)
{
	size_t length = health_modbus_question(NULL, reply);

	for (size_t i = 0; i < length; i++) {
		health_modbus_question(NULL, reply);
		reply[i] ^= 1;
		ck_assert_int_eq(health_modbus_judge(reply, length, true, why),
		    HEALTH_UNWELL);
	}
}
END_TEST

START_TEST(an_exception_is_unwell)
{
	static const uint8_t bytes[] = { 0, 1, 0, 0, 0, 3, 255, 0x88, 1 };

	ck_assert_int_eq(health_modbus_judge(reply,
			     set_reply(bytes, sizeof(bytes)), false, why),
	    HEALTH_UNWELL);
	ck_assert_ptr_nonnull(strstr(why, "Return Query Data"));
}
END_TEST

static const struct {
	const char *text;
	enum health_verdict verdict;
	const char *why;
} replies[] = {
	{ "HTTP/1.1 200 OK\r\n\r\nok\n", HEALTH_WELL, "" },
	{ "HTTP/1.0 200 OK\r\nA: b\r\n\r\n", HEALTH_WELL, "" },
	{ "HTTP/1.1 503 Service Unavailable\r\nA: b\r\n\r\ndegraded: x\ny",
	    HEALTH_UNWELL, "503 degraded: x" },
	{ "HTTP/1.1 403 Forbidden\r\n\r\n", HEALTH_UNWELL, "403 " },
	{ "HTTP/1.1 503 A\r\n\r\na\x01z\x7f", HEALTH_UNWELL, "503 a?z?" },
	{ "", HEALTH_UNWELL, "the connection was closed without a reply" },
	{ "HTTP/1.1 20", HEALTH_UNWELL, "the reply is not HTTP" },
	{ "HTTP/1.", HEALTH_UNWELL, "the reply is not HTTP" },
	{ "HTTP/2 200", HEALTH_UNWELL, "the reply is not HTTP" },
	{ "\x15\x03\x01", HEALTH_UNWELL, "the reply is not HTTP" },
};

START_TEST(http_is_judged_at_its_end)
{
	size_t length = set_reply(replies[_i].text, strlen(replies[_i].text));

	why[0] = '\0';
	ck_assert_int_eq(
	    health_http_judge(reply, length, false, why), HEALTH_WAIT);
	ck_assert_int_eq(health_http_judge(reply, length, true, why),
	    (int)replies[_i].verdict);
	ck_assert_str_eq(why, replies[_i].why);
}
END_TEST

START_TEST(http_without_end_is_judged_too)
{
	memset(reply, 'x', HEALTH_REPLY_MAX);
	reply[HEALTH_REPLY_MAX] = 0;
	ck_assert_int_eq(health_http_judge(reply, HEALTH_REPLY_MAX, false, why),
	    HEALTH_UNWELL);
	memcpy(reply, "HTTP/1.1 500 A\r\n\r\n", 18);
	ck_assert_int_eq(health_http_judge(reply, HEALTH_REPLY_MAX, false, why),
	    HEALTH_UNWELL);
	ck_assert_uint_eq(strlen(why), PRINTABLE_SIZE - 1);
}
END_TEST

START_TEST(http_asks_for_the_address_itself)
{
	uint8_t question[HEALTH_QUESTION_MAX];
	struct address at;
	size_t length;

	ck_assert_int_eq(address_parse("[::1]:8080", 0, &at), 0);
	length = health_http_question(&at, question);
	ck_assert_uint_eq(length, strlen((char *)question));
	ck_assert_str_eq((char *)question,
	    "GET /healthz HTTP/1.0\r\nHost: [::1]:8080\r\n\r\n");
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

int
main(void)
{
	Suite *suite = suite_create("health");
	TCase *tc = tcase_create("health");

	tcase_add_test(tc, asks_modbus_on_this_machine_by_default);
	tcase_add_test(tc, asks_where_it_is_told);
	tcase_add_loop_test(tc, names_what_is_wrong, 0, COUNT(wrong));
	tcase_add_test(tc, modbus_that_is_sent_back_is_well);
	tcase_add_test(tc, modbus_that_differs_is_unwell);
	tcase_add_test(tc, an_exception_is_unwell);
	tcase_add_loop_test(tc, http_is_judged_at_its_end, 0, COUNT(replies));
	tcase_add_test(tc, http_without_end_is_judged_too);
	tcase_add_test(tc, http_asks_for_the_address_itself);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
