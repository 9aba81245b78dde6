#include "fault/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "modbus/mbap.h"
#include "suite.h"

#define SEED 7

static struct fault_rules *rules;
static char error[FAULT_RULES_ERROR_MAX];

static void
begin(void)
{
	rules = fault_rules_new(SEED);
	ck_assert_ptr_nonnull(rules);
	error[0] = '\0';
}

static void
end(void)
{
	fault_rules_free(rules);
}

static void
add(const char *text)
{
	ck_assert_msg(
	    fault_rules_add(rules, text, error) == 0, "%s: %s", text, error);
}

static int
replace(const char *text)
{
	return fault_rules_replace(rules, text, strlen(text), error);
}

/* What happens to a read of a register by a connection's request. */
static struct fault_act
judge_unit(uint64_t connection, uint64_t number, uint8_t unit)
{
	const uint8_t adu[] = { 0, 1, 0, 0, 0, 6, unit, 3, 0, 16, 0, 1 };
	const struct mbap_frame frame = { .adu = adu, .length = sizeof(adu) };
	const struct address client = address_any(40000);
	const struct fault_request request = { &client, connection, number,
		&frame };

	return fault_rules_judge(rules, &request);
}

static struct fault_act
judge(uint64_t number)
{
	return judge_unit(1, number, 1);
}

START_TEST(without_rules_everything_passes)
{
	struct fault_act act = judge(1);

	ck_assert_uint_eq(fault_rules_count(rules), 0);
	ck_assert_int_eq(act.effect, FAULT_PASS);
	ck_assert_uint_eq(act.rule, 0);
}
END_TEST

START_TEST(the_first_rule_that_holds_acts)
{
	struct fault_act act;

	add("silence unit 2");
	add("exception 6 function 3");
	add("close");
	act = judge(1);
	ck_assert_int_eq(act.effect, FAULT_EXCEPTION);
	ck_assert_uint_eq(act.rule, 2);
	ck_assert_uint_eq(act.exception, 6);
	ck_assert_int_eq(judge_unit(1, 2, 2).effect, FAULT_SILENCE);
	ck_assert_uint_eq(fault_rules_acts(rules, 0), 1);
	ck_assert_uint_eq(fault_rules_acts(rules, 1), 1);
	ck_assert_uint_eq(fault_rules_acts(rules, 2), 0);
}
END_TEST

START_TEST(a_range_is_asked_of_the_decoded_request)
{
	add("close registers:17-20");
	add("split registers:16");
	ck_assert_int_eq(judge(1).effect, FAULT_SPLIT);
}
END_TEST

START_TEST(first_and_after_count_over_all_connections)
{
	add("close unit 1 after 2 first 3");
	for (uint64_t n = 1; n <= 8; n++) {
		ck_assert_int_eq(judge_unit(n, 1, 2).effect, FAULT_PASS);
		ck_assert_int_eq(judge_unit(n, 1, 1).effect,
		    n > 2 && n <= 5 ? FAULT_CLOSE : FAULT_PASS);
	}
}
END_TEST

START_TEST(a_rule_does_not_count_what_an_earlier_one_acted_on)
{
	add("silence first 2");
	add("exception 6 first 2");
	ck_assert_int_eq(judge(1).effect, FAULT_SILENCE);
	ck_assert_int_eq(judge(2).effect, FAULT_SILENCE);
	ck_assert_int_eq(judge(3).effect, FAULT_EXCEPTION);
	ck_assert_int_eq(judge(4).effect, FAULT_EXCEPTION);
	ck_assert_int_eq(judge(5).effect, FAULT_PASS);
}
END_TEST

START_TEST(first_counts_what_chance_lets_pass)
{
	unsigned acts = 0;

	add("close chance 50% first 1000");
	for (uint64_t n = 1; n <= 3000; n++)
		acts += judge(n).effect == FAULT_CLOSE;
	ck_assert_uint_gt(acts, 400);
	ck_assert_uint_lt(acts, 600);
}
END_TEST

START_TEST(acts_as_often_as_its_chance_says)
{
	unsigned acts = 0;

	add("close chance 10%");
	add("split chance 0%");
	add("silence chance 100%");
	for (uint64_t n = 1; n <= 10000; n++) {
		struct fault_act act = judge(n);

		acts += act.effect == FAULT_CLOSE;
		ck_assert_int_ne(act.effect, FAULT_SPLIT);
		ck_assert_int_ne(act.effect, FAULT_PASS);
	}
	ck_assert_uint_gt(acts, 900);
	ck_assert_uint_lt(acts, 1100);
}
END_TEST

START_TEST(delays_reach_both_ends_of_their_range)
{
	bool seen[4] = { false };

	add("delay 10ms..12ms");
	for (uint64_t n = 1; n <= 100; n++) {
		unsigned delay = judge(n).delay;

		ck_assert_uint_ge(delay, 10);
		ck_assert_uint_le(delay, 12);
		seen[delay - 10] = true;
	}
	ck_assert(seen[0] && seen[1] && seen[2]);
}
END_TEST

/* The same decisions on every machine and in every version: what a seed stands
 * for is a promise. These are computed by another program. */
START_TEST(a_decision_is_a_function_of_its_four_numbers)
{
	struct fault_act act;

	add("delay 0ms..3600s");
	act = judge_unit(3, 9, 1);
	ck_assert_uint_eq(act.delay, 1753255);
	ck_assert_uint_eq(act.random, UINT64_C(0x6D5F15B282619B60));
}
END_TEST

/* The decisions on some requests of two connections. */
static void
decide(uint64_t seed, uint64_t *randoms, size_t count)
{
	struct fault_rules *before = rules;

	rules = fault_rules_new(seed);
	ck_assert_ptr_nonnull(rules);
	add("corrupt data");
	for (size_t i = 0; i < count; i++)
		randoms[i] = judge_unit(1 + i % 2, 1 + i / 2, 1).random;
	fault_rules_free(rules);
	rules = before;
}

START_TEST(the_same_seed_decides_the_same_and_another_one_otherwise)
{
	uint64_t one[20], same[20], other[20];

	decide(1, one, 20);
	decide(1, same, 20);
	decide(2, other, 20);
	ck_assert_mem_eq(one, same, sizeof(one));
	for (size_t i = 0; i < 20; i++) {
		ck_assert(one[i] != other[i]);
		for (size_t k = 0; k < i; k++)
			ck_assert(one[i] != one[k]);
	}
}
END_TEST

START_TEST(keeps_rules_as_they_were_written)
{
	ck_assert_int_eq(replace("# a plant that misbehaves\n"
				 "\n"
				 "  delay 1s  unit 1\t\r\n"
				 "   # another\n"
				 "close"),
	    0);
	ck_assert_uint_eq(fault_rules_count(rules), 2);
	ck_assert_str_eq(fault_rules_text(rules, 0), "delay 1s  unit 1");
	ck_assert_str_eq(fault_rules_text(rules, 1), "close");
}
END_TEST

START_TEST(replacing_begins_all_counts_anew)
{
	add("close first 1");
	ck_assert_int_eq(judge(1).effect, FAULT_CLOSE);
	ck_assert_int_eq(judge(2).effect, FAULT_PASS);
	ck_assert_int_eq(replace("close first 1\n"), 0);
	ck_assert_uint_eq(fault_rules_acts(rules, 0), 0);
	ck_assert_int_eq(judge(3).effect, FAULT_CLOSE);
	ck_assert_int_eq(replace(""), 0);
	ck_assert_int_eq(judge(4).effect, FAULT_PASS);
}
END_TEST

START_TEST(a_line_that_is_wrong_changes_nothing)
{
	add("close first 1");
	ck_assert_int_eq(judge(1).effect, FAULT_CLOSE);
	ck_assert_int_eq(replace("split\n# one\nsplit unit x\nclose\n"), -1);
	ck_assert_str_eq(error,
	    "line 3: \"x\": expected a unit identifier from 0 to 255, or two "
	    "of them: 1-9");
	ck_assert_uint_eq(fault_rules_count(rules), 1);
	ck_assert_int_eq(judge(2).effect, FAULT_PASS);
}
END_TEST

START_TEST(a_nul_is_an_error_of_its_line)
{
	const char text[] = "split\nclose\0unit 1\n";

	ck_assert_int_eq(
	    fault_rules_replace(rules, text, sizeof(text) - 1, error), -1);
	ck_assert_str_eq(error, "line 2: a NUL: expected printable characters");
}
END_TEST

START_TEST(a_rule_that_is_wrong_is_not_added)
{
	ck_assert_int_eq(fault_rules_add(rules, "clsoe", error), -1);
	ck_assert_ptr_nonnull(strstr(error, "\"clsoe\": expected delay"));
	ck_assert_uint_eq(fault_rules_count(rules), 0);
}
END_TEST

START_TEST(has_1000_rules_and_no_more)
{
	static const char line[] = "split\n";
	static char text[(FAULT_RULES_MAX + 1) * 6 + 1];

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = line[i % 6];
	ck_assert_int_eq(fault_rules_replace(
			     rules, text, (size_t)FAULT_RULES_MAX * 6, error),
	    0);
	ck_assert_uint_eq(fault_rules_count(rules), FAULT_RULES_MAX);
	ck_assert_int_eq(fault_rules_add(rules, "split", error), -1);
	ck_assert_str_eq(error, "one more rule: expected at most 1000");
	ck_assert_int_eq(replace(text), -1);
	ck_assert_str_eq(
	    error, "line 1001: one more rule: expected at most 1000");
}
END_TEST

static void
add_tests(TCase *t)
{
	tcase_add_test(t, without_rules_everything_passes);
	tcase_add_test(t, the_first_rule_that_holds_acts);
	tcase_add_test(t, a_range_is_asked_of_the_decoded_request);
	tcase_add_test(t, first_and_after_count_over_all_connections);
	tcase_add_test(t, a_rule_does_not_count_what_an_earlier_one_acted_on);
	tcase_add_test(t, first_counts_what_chance_lets_pass);
	tcase_add_test(t, acts_as_often_as_its_chance_says);
	tcase_add_test(t, delays_reach_both_ends_of_their_range);
	tcase_add_test(t, a_decision_is_a_function_of_its_four_numbers);
	tcase_add_test(
	    t, the_same_seed_decides_the_same_and_another_one_otherwise);
	tcase_add_test(t, keeps_rules_as_they_were_written);
	tcase_add_test(t, replacing_begins_all_counts_anew);
	tcase_add_test(t, a_line_that_is_wrong_changes_nothing);
	tcase_add_test(t, a_nul_is_an_error_of_its_line);
	tcase_add_test(t, a_rule_that_is_wrong_is_not_added);
	tcase_add_test(t, has_1000_rules_and_no_more);
}

int
main(void)
{
	Suite *s = suite_create("fault_rules");
	TCase *t = tcase_create("rules");

	tcase_add_checked_fixture(t, begin, end);
	add_tests(t);
	suite_add_tcase(s, t);
	return suite_run(s);
}
