#include "service/policy.h"

#include <stdio.h>
#include <string.h>

#include "base/client.h"
#include "suite.h"

#define UNIT     17
#define FUNCTION 6

static const struct client client = { .id = 7 };
static const struct mb_request request = { .function = FUNCTION };

/* The names of those that were asked, in order. */
static char asked[16];

/* A policy's arg: its name, and what it answers. */
struct answer {
	char name;
	bool yes;
	enum mb_exception exception;
};

static void
record(const struct answer *answer, const struct client *who)
{
	size_t length = strlen(asked);

	ck_assert_ptr_eq(who, &client);
	ck_assert_uint_lt(length, sizeof(asked) - 1);
	asked[length] = answer->name;
}

static bool
answer_bool(void *arg, const struct client *who)
{
	const struct answer *answer = arg;

	record(answer, who);
	return answer->yes;
}

static enum mb_exception
answer_request(void *arg, const struct client *who, uint8_t unit,
    const struct mb_request *what)
{
	const struct answer *answer = arg;

	record(answer, who);
	ck_assert_uint_eq(unit, UNIT);
	ck_assert_ptr_eq(what, &request);
	return answer->exception;
}

static enum mb_exception
answer_use(void *arg, const struct client *who, uint8_t unit, uint8_t function)
{
	const struct answer *answer = arg;

	record(answer, who);
	ck_assert_uint_eq(unit, UNIT);
	ck_assert_uint_eq(function, FUNCTION);
	return answer->exception;
}

static struct answer answers[3];
static struct policy policies[3];

/* a, b, c: all say yes. */
static void
setup(void)
{
	memset(asked, 0, sizeof(asked));
	for (int i = 0; i < 3; i++) {
		answers[i] = (struct answer){ .name = (char)('a' + i),
			.yes = true,
			.exception = MB_EX_NONE };
		policies[i] = (struct policy){
			.arg = &answers[i],
			.next = i < 2 ? &policies[i + 1] : NULL,
			.may_connect = answer_bool,
			.may_use = answer_use,
			.may_request = answer_request,
			.may_shut_down = answer_bool,
		};
	}
}

static enum mb_exception
may_use(const struct policy *p)
{
	return policy_may_use(p, &client, UNIT, FUNCTION);
}

static enum mb_exception
may_request(const struct policy *p)
{
	return policy_may_request(p, &client, UNIT, &request);
}

START_TEST(empty_list_allows_everything)
{
	ck_assert(policy_may_connect(NULL, &client));
	ck_assert_int_eq(may_use(NULL), MB_EX_NONE);
	ck_assert_int_eq(may_request(NULL), MB_EX_NONE);
	ck_assert(policy_may_shut_down(NULL, &client));
}
END_TEST

START_TEST(policy_without_questions_allows_everything)
{
	const struct policy p = { .arg = NULL };

	ck_assert(policy_may_connect(&p, &client));
	ck_assert_int_eq(may_use(&p), MB_EX_NONE);
	ck_assert_int_eq(may_request(&p), MB_EX_NONE);
	ck_assert(policy_may_shut_down(&p, &client));
}
END_TEST

START_TEST(all_are_asked_in_turn_about_a_connection)
{
	ck_assert(policy_may_connect(policies, &client));
	ck_assert_str_eq(asked, "abc");
}
END_TEST

START_TEST(all_are_asked_in_turn_about_a_request)
{
	ck_assert_int_eq(may_request(policies), MB_EX_NONE);
	ck_assert_str_eq(asked, "abc");
}
END_TEST

START_TEST(all_are_asked_in_turn_about_a_function)
{
	ck_assert_int_eq(may_use(policies), MB_EX_NONE);
	ck_assert_str_eq(asked, "abc");
}
END_TEST

START_TEST(all_are_asked_in_turn_about_a_shut_down)
{
	ck_assert(policy_may_shut_down(policies, &client));
	ck_assert_str_eq(asked, "abc");
}
END_TEST

/* Who says no, and who is asked therefore. */
static const char *const asked_until[] = { "a", "ab", "abc" };

START_TEST(first_no_to_a_connection_decides)
{
	answers[_i].yes = false;
	ck_assert(!policy_may_connect(policies, &client));
	ck_assert_str_eq(asked, asked_until[_i]);
}
END_TEST

START_TEST(first_exception_decides)
{
	answers[_i].exception = MB_EX_ILLEGAL_DATA_ADDRESS;
	if (_i < 2)
		answers[_i + 1].exception = MB_EX_ILLEGAL_FUNCTION;
	ck_assert_int_eq(may_request(policies), MB_EX_ILLEGAL_DATA_ADDRESS);
	ck_assert_str_eq(asked, asked_until[_i]);
}
END_TEST

START_TEST(first_exception_about_a_function_decides)
{
	answers[_i].exception = MB_EX_ILLEGAL_FUNCTION;
	if (_i < 2)
		answers[_i + 1].exception = MB_EX_ILLEGAL_DATA_ADDRESS;
	ck_assert_int_eq(may_use(policies), MB_EX_ILLEGAL_FUNCTION);
	ck_assert_str_eq(asked, asked_until[_i]);
}
END_TEST

START_TEST(first_no_to_a_shut_down_decides)
{
	answers[_i].yes = false;
	ck_assert(!policy_may_shut_down(policies, &client));
	ck_assert_str_eq(asked, asked_until[_i]);
}
END_TEST

START_TEST(policies_without_the_question_are_skipped)
{
	policies[_i].may_connect = NULL;
	policies[_i].may_use = NULL;
	policies[_i].may_request = NULL;
	policies[_i].may_shut_down = NULL;
	answers[2].yes = false;
	answers[2].exception = MB_EX_SERVER_DEVICE_FAILURE;
	ck_assert(!policy_may_connect(policies, &client));
	ck_assert_int_eq(may_use(policies), MB_EX_SERVER_DEVICE_FAILURE);
	ck_assert_int_eq(may_request(policies), MB_EX_SERVER_DEVICE_FAILURE);
	ck_assert(!policy_may_shut_down(policies, &client));
	ck_assert_str_eq(asked, _i == 0 ? "bcbcbcbc" : "acacacac");
}
END_TEST

/* A no to one question is none to another. */
START_TEST(nobody_connects_from_an_internal_address)
{
	struct client internal = { .id = 8, .address = address_start };

	ck_assert(!policy_may_connect(NULL, &internal));
	ck_assert(!policy_may_connect(policies, &internal));
	internal.address.port = 50000;
	ck_assert(!policy_may_connect(NULL, &internal));
	internal.address = address_simulation;
	ck_assert(!policy_may_connect(NULL, &internal));
	internal.address = address_unix;
	ck_assert(!policy_may_connect(NULL, &internal));
	internal.way = CLIENT_UNIX;
	ck_assert(policy_may_connect(NULL, &internal));
	ck_assert_str_eq(asked, "");
}
END_TEST

START_TEST(questions_are_apart)
{
	answers[1].exception = MB_EX_ILLEGAL_FUNCTION;
	ck_assert(policy_may_connect(policies, &client));
	ck_assert(policy_may_shut_down(policies, &client));
	answers[1] = (struct answer){ .name = 'b', .yes = false };
	ck_assert_int_eq(may_request(policies), MB_EX_NONE);
}
END_TEST

static bool
yes(void *arg, const struct client *who)
{
	record(arg, who);
	return true;
}

static bool
no(void *arg, const struct client *who)
{
	record(arg, who);
	return false;
}

START_TEST(connection_and_shut_down_are_different_questions)
{
	const struct policy p = {
		.arg = answers,
		.may_connect = yes,
		.may_shut_down = no,
	};

	ck_assert(policy_may_connect(&p, &client));
	ck_assert(!policy_may_shut_down(&p, &client));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tc = tcase_create("policy");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, empty_list_allows_everything);
	tcase_add_test(tc, policy_without_questions_allows_everything);
	tcase_add_test(tc, all_are_asked_in_turn_about_a_connection);
	tcase_add_test(tc, all_are_asked_in_turn_about_a_request);
	tcase_add_test(tc, all_are_asked_in_turn_about_a_function);
	tcase_add_test(tc, all_are_asked_in_turn_about_a_shut_down);
	tcase_add_loop_test(tc, first_no_to_a_connection_decides, 0, 3);
	tcase_add_loop_test(tc, first_exception_decides, 0, 3);
	tcase_add_loop_test(tc, first_exception_about_a_function_decides, 0, 3);
	tcase_add_loop_test(tc, first_no_to_a_shut_down_decides, 0, 3);
	tcase_add_loop_test(
	    tc, policies_without_the_question_are_skipped, 0, 2);
	tcase_add_test(tc, nobody_connects_from_an_internal_address);
	tcase_add_test(tc, questions_are_apart);
	tcase_add_test(tc, connection_and_shut_down_are_different_questions);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
