#include "fault/rule.h"

#include <stdio.h>
#include <string.h>

#include "modbus/mbap.h"
#include "suite.h"

static int
parse(const char *text, struct fault_rule *rule, char *error)
{
	return fault_rule_parse(text, strlen(text), rule, error);
}

static struct fault_rule
rule_of(const char *text)
{
	char error[FAULT_RULES_ERROR_MAX] = "";
	struct fault_rule rule;

	ck_assert_msg(parse(text, &rule, error) == 0, "%s: %s", text, error);
	return rule;
}

static const struct {
	const char *text;
	enum fault_effect effect;
} effects[] = {
	{ "delay 100ms", FAULT_DELAY },
	{ "silence", FAULT_SILENCE },
	{ "exception 6", FAULT_EXCEPTION },
	{ "close", FAULT_CLOSE },
	{ "corrupt data", FAULT_CORRUPT },
	{ "split", FAULT_SPLIT },
	{ "\t close \t unit  3\t", FAULT_CLOSE },
};

START_TEST(has_the_effect_that_its_first_word_names)
{
	ck_assert_int_eq(rule_of(effects[_i].text).effect, effects[_i].effect);
}
END_TEST

static const struct {
	const char *text;
	unsigned from, to;
} delays[] = {
	{ "delay 0ms", 0, 0 },
	{ "delay 100ms", 100, 100 },
	{ "delay 2s", 2000, 2000 },
	{ "delay 60m", 3600000, 3600000 },
	{ "delay 200ms..800ms", 200, 800 },
	{ "delay 5ms..1m", 5, 60000 },
};

START_TEST(delays_by_a_time_or_between_two)
{
	struct fault_rule rule = rule_of(delays[_i].text);

	ck_assert_uint_eq(rule.delay_from, delays[_i].from);
	ck_assert_uint_eq(rule.delay_to, delays[_i].to);
}
END_TEST

START_TEST(corrupts_the_part_that_it_names)
{
	ck_assert_int_eq(
	    rule_of("corrupt transaction").part, FAULT_TRANSACTION);
	ck_assert_int_eq(rule_of("corrupt unit").part, FAULT_UNIT);
	ck_assert_int_eq(rule_of("corrupt function").part, FAULT_FUNCTION);
	ck_assert_int_eq(rule_of("corrupt length").part, FAULT_LENGTH);
	ck_assert_int_eq(rule_of("corrupt data").part, FAULT_DATA);
}
END_TEST

START_TEST(takes_each_condition_once)
{
	struct fault_rule rule = rule_of(
	    "exception 255 unit 1-9 function 3 coils:0-9 HR16-20 "
	    "client 192.0.2.0/24 chance 2.5% after 10 first 4294967295");

	for (int i = 0; i < FAULT_CONDITIONS; i++)
		ck_assert(rule.given[i]);
	ck_assert_uint_eq(rule.exception, 255);
	ck_assert_uint_eq(rule.unit_first, 1);
	ck_assert_uint_eq(rule.unit_last, 9);
	ck_assert_uint_eq(rule.function, 3);
	ck_assert_uint_eq(rule.coils.last, 9);
	ck_assert_uint_eq(rule.registers.first, 16);
	ck_assert_uint_eq(rule.registers.last, 20);
	ck_assert_uint_eq(rule.client.prefix, 96 + 24);
	ck_assert_uint_eq(rule.chance, 2500);
	ck_assert_uint_eq(rule.after, 10);
	ck_assert_uint_eq(rule.first, 4294967295);
}
END_TEST

static const struct {
	const char *text;
	unsigned chance;
} chances[] = {
	{ "close chance 0%", 0 },
	{ "close chance 10%", 10000 },
	{ "close chance 0.001%", 1 },
	{ "close chance 0.5%", 500 },
	{ "close chance 12.34%", 12340 },
	{ "close chance 100%", 100000 },
	{ "close chance 100.000%", 100000 },
};

START_TEST(takes_a_chance_with_three_digits_behind_the_point)
{
	ck_assert_uint_eq(rule_of(chances[_i].text).chance, chances[_i].chance);
}
END_TEST

#define EFFECTS "delay, silence, exception, close, corrupt or split"
#define TIMES                                                                  \
	"a time such as 100ms, 2s or 1m, up to 60m, or two of them: "          \
	"100ms..2s"
#define CONDITIONS                                                             \
	"unit N, function N, coils:A-B, registers:A-B with addresses from 0 "  \
	"to 65535, client CIDR, chance P%, after N or first N"
#define CHANCE                                                                 \
	"a percentage from 0% to 100%, such as 2.5%, with at most three "      \
	"digits behind the point"
#define UNITS "a unit identifier from 0 to 255, or two of them: 1-9"

static const struct {
	const char *text;
	const char *error;
} bad[] = {
	{ "", "at the end: expected " EFFECTS },
	{ " \t ", "at the end: expected " EFFECTS },
	{ "pass", "\"pass\": expected " EFFECTS },
	{ "dleay 1s", "\"dleay\": expected " EFFECTS },
	{ "Close", "\"Close\": expected " EFFECTS },
	{ "unit 1", "\"unit\": expected " EFFECTS },
	{ "\x1b[2J", "\"\\x1b[2J\": expected " EFFECTS },
	{ "delay", "at the end: expected " TIMES },
	{ "delay 1", "\"1\": expected " TIMES },
	{ "delay 1h", "\"1h\": expected " TIMES },
	{ "delay -1s", "\"-1s\": expected " TIMES },
	{ "delay 1.5s", "\"1.5s\": expected " TIMES },
	{ "delay 1sx", "\"1sx\": expected " TIMES },
	{ "delay 61m", "\"61m\": expected " TIMES },
	{ "delay 3600001ms", "\"3600001ms\": expected " TIMES },
	{ "delay 2s..", "\"2s..\": expected " TIMES },
	{ "delay 2s..1s", "\"2s..1s\": expected " TIMES },
	{ "delay 1s..2s..3s", "\"1s..2s..3s\": expected " TIMES },
	{ "exception", "at the end: expected an exception code from 1 to 255" },
	{ "exception 0", "\"0\": expected an exception code from 1 to 255" },
	{ "exception 256",
	    "\"256\": expected an exception code from 1 to 255" },
	{ "corrupt",
	    "at the end: expected transaction, unit, function, length or "
	    "data" },
	{ "corrupt crc",
	    "\"crc\": expected transaction, unit, function, length or data" },
	{ "close now", "\"now\": expected " CONDITIONS },
	{ "close\n", "\"close\\n\": expected " EFFECTS },
	{ "close coils:3-2", "\"coils:3-2\": expected " CONDITIONS },
	{ "close registers:0-65536",
	    "\"registers:0-65536\": expected " CONDITIONS },
	{ "close unit", "at the end: expected " UNITS },
	{ "close unit 256", "\"256\": expected " UNITS },
	{ "close unit 9-1", "\"9-1\": expected " UNITS },
	{ "close unit 1-", "\"1-\": expected " UNITS },
	{ "close unit 1-2-3", "\"1-2-3\": expected " UNITS },
	{ "close unit 1 unit 2", "\"unit\": expected one condition of a kind" },
	{ "close HR1 HR2", "\"HR2\": expected one condition of a kind" },
	{ "close function 256",
	    "\"256\": expected a function code from 0 to 255" },
	{ "close client plant",
	    "\"plant\": expected an address, or a block of them: "
	    "192.0.2.0/24 or 2001:db8::/32" },
	{ "close chance 10", "\"10\": expected " CHANCE },
	{ "close chance %", "\"%\": expected " CHANCE },
	{ "close chance 101%", "\"101%\": expected " CHANCE },
	{ "close chance 100.001%", "\"100.001%\": expected " CHANCE },
	{ "close chance 0.0001%", "\"0.0001%\": expected " CHANCE },
	{ "close chance 1.%", "\"1.%\": expected " CHANCE },
	{ "close chance .5%", "\".5%\": expected " CHANCE },
	{ "close chance 5%%", "\"5%%\": expected " CHANCE },
	{ "close after 4294967296",
	    "\"4294967296\": expected a number of requests up to 4294967295" },
	{ "close first 0",
	    "\"0\": expected a number of requests from 1 to 4294967295" },
};

START_TEST(names_the_word_that_is_wrong_and_what_was_expected)
{
	char error[FAULT_RULES_ERROR_MAX] = "";
	struct fault_rule rule;

	ck_assert_int_eq(parse(bad[_i].text, &rule, error), -1);
	ck_assert_str_eq(error, bad[_i].error);
}
END_TEST

START_TEST(refuses_a_nul_and_what_is_too_long)
{
	char text[FAULT_RULE_TEXT_MAX + 2];
	char error[FAULT_RULES_ERROR_MAX] = "";
	struct fault_rule rule;

	ck_assert_int_eq(fault_rule_parse("close\0", 6, &rule, error), -1);
	ck_assert_str_eq(error, "a NUL: expected printable characters");

	snprintf(text, sizeof(text), "close%*s", FAULT_RULE_TEXT_MAX - 4, "");
	ck_assert_int_eq(
	    fault_rule_parse(text, FAULT_RULE_TEXT_MAX, &rule, error), 0);
	ck_assert_int_eq(parse(text, &rule, error), -1);
	ck_assert_str_eq(error, "501 bytes: expected at most 500");
}
END_TEST

/* Requests: unit 1 reads registers 16..19, unit 7 writes coils 172..., and so
 * on. */
#define READ_HR16_19  "\0\1\0\0\0\6\1\3\0\x10\0\4"
#define WRITE_C172    "\0\2\0\0\0\6\7\5\0\xAC\xFF\0"
#define READ_WRITE    "\0\3\0\0\0\x0D\1\x17\0\0\0\2\0\x20\0\1\2\0\0"
#define READ_NOTHING  "\0\4\0\0\0\6\1\3\0\x10\0\0"
#define UNKNOWN       "\0\5\0\0\0\2\1\x63"
#define REQUEST(text) text, sizeof(text) - 1

static const struct {
	const char *adu;
	size_t length;
	const char *rule;
	bool concerned;
} requests[] = {
	{ REQUEST(READ_HR16_19), "close", true },
	{ REQUEST(READ_HR16_19), "close unit 1", true },
	{ REQUEST(READ_HR16_19), "close unit 0", false },
	{ REQUEST(READ_HR16_19), "close unit 0-1", true },
	{ REQUEST(READ_HR16_19), "close unit 2-255", false },
	{ REQUEST(READ_HR16_19), "close function 3", true },
	{ REQUEST(READ_HR16_19), "close function 4", false },
	{ REQUEST(READ_HR16_19), "close registers:19-99", true },
	{ REQUEST(READ_HR16_19), "close registers:20-99", false },
	{ REQUEST(READ_HR16_19), "close registers:0-16", true },
	{ REQUEST(READ_HR16_19), "close registers:0-15", false },
	{ REQUEST(READ_HR16_19), "close HR17", true },
	{ REQUEST(READ_HR16_19), "close 400020", true },
	{ REQUEST(READ_HR16_19), "close IR17", true }, /* one table */
	{ REQUEST(READ_HR16_19), "close coils:0-65535", false },
	{ REQUEST(READ_HR16_19), "close HR17 C1", false },
	{ REQUEST(READ_HR16_19), "close client 192.0.2.0/24", true },
	{ REQUEST(READ_HR16_19), "close client 192.0.2.8", false },
	{ REQUEST(READ_HR16_19), "close unit 1 function 4", false },
	{ REQUEST(READ_HR16_19), "close chance 0% after 9", true },
	{ REQUEST(WRITE_C172), "close coils:172", true },
	{ REQUEST(WRITE_C172), "close DI173", false },
	{ REQUEST(WRITE_C172), "close registers:0-65535", false },
	{ REQUEST(WRITE_C172), "close unit 7 function 5", true },
	{ REQUEST(READ_WRITE), "close registers:1-9", true },
	{ REQUEST(READ_WRITE), "close registers:2-31", false },
	{ REQUEST(READ_WRITE), "close registers:32", true },
	{ REQUEST(READ_NOTHING), "close registers:0-65535", false },
	{ REQUEST(READ_NOTHING), "close function 3", true },
	{ REQUEST(UNKNOWN), "close registers:0-65535", false },
	{ REQUEST(UNKNOWN), "close function 99", true },
};

START_TEST(concerns_a_request_that_meets_its_conditions)
{
	struct fault_rule rule = rule_of(requests[_i].rule);
	const uint8_t *adu = (const uint8_t *)requests[_i].adu;
	struct mbap_frame frame;
	struct address client;
	struct fault_request request = { &client, 1, 1, &frame };
	struct fault_subject subject = { .request = &request };

	ck_assert_int_eq(address_parse("192.0.2.7", 40000, &client), 0);
	ck_assert_int_eq(
	    mbap_parse(adu, requests[_i].length, &frame), MBAP_READY);
	subject.decodes =
	    mb_request_decode(mbap_pdu(&frame), mbap_pdu_length(&frame),
		&subject.decoded) == MB_EX_NONE;
	ck_assert_msg(
	    fault_rule_concerns(&rule, &subject) == requests[_i].concerned,
	    "%s", requests[_i].rule);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *s = suite_create("fault_rule");
	TCase *t = tcase_create("rule");

	tcase_add_loop_test(
	    t, has_the_effect_that_its_first_word_names, 0, COUNT(effects));
	tcase_add_loop_test(
	    t, delays_by_a_time_or_between_two, 0, COUNT(delays));
	tcase_add_test(t, corrupts_the_part_that_it_names);
	tcase_add_test(t, takes_each_condition_once);
	tcase_add_loop_test(t,
	    takes_a_chance_with_three_digits_behind_the_point, 0,
	    COUNT(chances));
	tcase_add_loop_test(t,
	    names_the_word_that_is_wrong_and_what_was_expected, 0, COUNT(bad));
	tcase_add_test(t, refuses_a_nul_and_what_is_too_long);
	tcase_add_loop_test(t, concerns_a_request_that_meets_its_conditions, 0,
	    COUNT(requests));
	suite_add_tcase(s, t);
	return suite_run(s);
}
