#include <string.h>

#include "shared/sessions.h"
#include "suite.h"

static struct sessions s;

/* Open sessions 1..64 by entries 101..164. */
static void
open_all(void)
{
	memset(&s, 0, sizeof(s));
	for (uint64_t i = 1; i <= SESSIONS_MAX; i++)
		sessions_open(&s, i, 0, 100 + i);
}

START_TEST(an_open_session_speaks)
{
	memset(&s, 0, sizeof(s));
	ck_assert(!sessions_speak(&s, 5, 1));
	ck_assert_uint_eq(s.count, 0);
	sessions_open(&s, 5, 0, 2);
	ck_assert(sessions_speak(&s, 5, 3));
	ck_assert(!sessions_speak(&s, 6, 4));
	ck_assert_uint_eq(s.count, 1);
	ck_assert_uint_eq(s.open[0].last, 3);
}
END_TEST

START_TEST(a_session_closes_another)
{
	open_all();
	sessions_open(&s, 65, 20, 165);
	ck_assert_uint_eq(s.count, SESSIONS_MAX);
	for (uint64_t i = 1; i <= 65; i++)
		ck_assert_int_eq(sessions_speak(&s, i, 200), i != 20);
}
END_TEST

START_TEST(closing_what_is_not_open_closes_nothing)
{
	memset(&s, 0, sizeof(s));
	sessions_open(&s, 1, 0, 1);
	sessions_open(&s, 2, 9, 2);
	ck_assert_uint_eq(s.count, 2);
	ck_assert(sessions_speak(&s, 1, 3));
	ck_assert(sessions_speak(&s, 2, 4));
}
END_TEST

START_TEST(the_last_session_can_be_closed)
{
	memset(&s, 0, sizeof(s));
	sessions_open(&s, 1, 0, 1);
	sessions_open(&s, 2, 1, 2);
	ck_assert_uint_eq(s.count, 1);
	ck_assert(!sessions_speak(&s, 1, 3));
	ck_assert(sessions_speak(&s, 2, 4));
}
END_TEST

START_TEST(a_session_is_open_once)
{
	memset(&s, 0, sizeof(s));
	sessions_open(&s, 1, 0, 1);
	sessions_open(&s, 1, 0, 2);
	sessions_open(&s, 1, 1, 3);
	ck_assert_uint_eq(s.count, 1);
	ck_assert_uint_eq(s.open[0].last, 3);
}
END_TEST

/* 1 and 2 have opened first, but have spoken since. */
START_TEST(the_65th_replaces_the_one_that_is_silent_longest)
{
	open_all();
	ck_assert(sessions_speak(&s, 1, 200));
	ck_assert(sessions_speak(&s, 2, 201));
	sessions_open(&s, 65, 0, 202);
	ck_assert_uint_eq(s.count, SESSIONS_MAX);
	for (uint64_t i = 1; i <= 65; i++)
		ck_assert_int_eq(sessions_speak(&s, i, 300 + i), i != 3);
	sessions_open(&s, 3, 0, 400);
	ck_assert(!sessions_speak(&s, 1, 401));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared_sessions");
	TCase *tc = tcase_create("sessions");

	tcase_add_test(tc, an_open_session_speaks);
	tcase_add_test(tc, a_session_closes_another);
	tcase_add_test(tc, closing_what_is_not_open_closes_nothing);
	tcase_add_test(tc, the_last_session_can_be_closed);
	tcase_add_test(tc, a_session_is_open_once);
	tcase_add_test(tc, the_65th_replaces_the_one_that_is_silent_longest);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
