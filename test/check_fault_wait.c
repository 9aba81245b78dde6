#include "fault/wait.h"

#include <event2/event.h>

#include "suite.h"

static struct event_base *base;
static struct wait w;
static uint64_t now;
static unsigned calls;

static uint64_t
test_clock(void)
{
	return now;
}

static void
due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ck_assert_ptr_eq(arg, &calls);
	calls++;
}

static void
begin(void)
{
	base = event_base_new();
	now = 1000;
	wait_init(&w, base, test_clock, due, &calls);
}

static void
end(void)
{
	wait_for_nothing(&w);
	event_base_free(base);
}

static void
turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

START_TEST(waits_for_nothing_at_first)
{
	ck_assert_int_eq(w.kind, WAIT_NOTHING);
	turn();
	ck_assert_uint_eq(calls, 0);
}
END_TEST

START_TEST(what_is_due_already_is_called_at_once_and_not_from_within)
{
	ck_assert_int_eq(wait_until(&w, WAIT_HELD, 999), 0);
	ck_assert_uint_eq(calls, 0);
	turn();
	ck_assert_uint_eq(calls, 1);
	turn();
	ck_assert_uint_eq(calls, 1);
}
END_TEST

START_TEST(counts_from_now_on)
{
	ck_assert_int_eq(wait_for(&w, WAIT_END, 60000), 0);
	ck_assert_int_eq(w.kind, WAIT_END);
	ck_assert_uint_eq(w.until, 61000);
	turn();
	ck_assert_uint_eq(calls, 0);
}
END_TEST

START_TEST(waits_for_the_last_that_was_said)
{
	ck_assert_int_eq(wait_for(&w, WAIT_HELD, 0), 0);
	ck_assert_int_eq(wait_for(&w, WAIT_PATIENCE, 60000), 0);
	turn();
	ck_assert_uint_eq(calls, 0);
	ck_assert_int_eq(wait_for(&w, WAIT_HELD, 0), 0);
	wait_for_nothing(&w);
	ck_assert_int_eq(w.kind, WAIT_NOTHING);
	turn();
	ck_assert_uint_eq(calls, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fault_wait");
	TCase *t = tcase_create("wait");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, waits_for_nothing_at_first);
	tcase_add_test(
	    t, what_is_due_already_is_called_at_once_and_not_from_within);
	tcase_add_test(t, counts_from_now_on);
	tcase_add_test(t, waits_for_the_last_that_was_said);
	suite_add_tcase(s, t);
	return suite_run(s);
}
