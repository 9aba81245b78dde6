#include "system/wakeup.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/clock.h"
#include "suite.h"
#include "system/thread.h"

static struct wakeup wakeup;
static struct event_base *base;
static unsigned woken;

static void
setup(void)
{
	base = event_base_new();
	woken = 0;
	ck_assert_ptr_nonnull(base);
	ck_assert_int_eq(wakeup_open(&wakeup), 0);
}

static void
teardown(void)
{
	wakeup_close(&wakeup);
	event_base_free(base);
}

static void
woken_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	woken++;
	if (arg != NULL)
		wakeup_clear(&wakeup);
}

/* Ask the loop once whether it is readable; clear it then, or not. */
static bool
is_readable(bool clear)
{
	struct event *e = event_new(base, wakeup_socket(&wakeup), EV_READ,
	    woken_cb, clear ? &wakeup : NULL);
	unsigned before = woken;

	ck_assert_ptr_nonnull(e);
	ck_assert_int_eq(event_add(e, NULL), 0);
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_free(e);
	return woken != before;
}

START_TEST(is_not_readable_at_first)
{
	ck_assert(!is_readable(false));
}
END_TEST

START_TEST(stays_readable_until_it_is_cleared)
{
	wakeup_signal(&wakeup);
	ck_assert(is_readable(false));
	ck_assert(is_readable(true));
	ck_assert(!is_readable(false));
}
END_TEST

START_TEST(many_signals_are_as_one)
{
	for (unsigned i = 0; i < 100000; i++)
		wakeup_signal(&wakeup);
	ck_assert(is_readable(true));
	ck_assert(!is_readable(false));
	wakeup_signal(&wakeup);
	ck_assert(is_readable(true));
}
END_TEST

START_TEST(clearing_what_is_clear_does_not_wait)
{
	wakeup_clear(&wakeup);
	ck_assert(!is_readable(false));
}
END_TEST

static void *
signal_it(void *arg)
{
	wakeup_signal(arg);
	return NULL;
}

static void
end_cb(evutil_socket_t fd, short what, void *arg)
{
	woken_cb(fd, what, arg);
	event_base_loopbreak(base);
}

START_TEST(another_thread_ends_the_wait_of_the_loop)
{
	struct event *e =
	    event_new(base, wakeup_socket(&wakeup), EV_READ, end_cb, &wakeup);
	pthread_t thread;

	ck_assert_int_eq(event_add(e, NULL), 0);
	ck_assert_int_eq(thread_start(&thread, signal_it, &wakeup), 0);
	ck_assert_int_eq(event_base_dispatch(base), 0);
	ck_assert_uint_eq(woken, 1);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	event_free(e);
}
END_TEST

/* What a thread waits for. */
struct waited {
	pthread_mutex_t lock;
	pthread_cond_t condition;
	bool set;
};

static void *
set(void *arg)
{
	struct waited *w = arg;

	pthread_mutex_lock(&w->lock);
	w->set = true;
	pthread_cond_signal(&w->condition);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

START_TEST(a_wait_ends_when_it_is_due)
{
	struct waited w = { .set = false };
	uint64_t due = clock_ns() + UINT64_C(20000000);

	pthread_mutex_init(&w.lock, NULL);
	thread_condition_init(&w.condition);
	pthread_mutex_lock(&w.lock);
	while (clock_ns() < due)
		thread_wait_until(&w.condition, &w.lock, due);
	thread_wait_until(&w.condition, &w.lock, due); /* in the past */
	pthread_mutex_unlock(&w.lock);
	pthread_cond_destroy(&w.condition);
	pthread_mutex_destroy(&w.lock);
}
END_TEST

START_TEST(a_wait_ends_when_it_is_signalled)
{
	struct waited w = { .set = false };
	pthread_t thread;

	pthread_mutex_init(&w.lock, NULL);
	thread_condition_init(&w.condition);
	pthread_mutex_lock(&w.lock);
	ck_assert_int_eq(thread_start(&thread, set, &w), 0);
	/* Long after any limit of the test. */
	while (!w.set)
		thread_wait_until(&w.condition, &w.lock,
		    clock_ns() + UINT64_C(86400000000000));
	pthread_mutex_unlock(&w.lock);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	pthread_cond_destroy(&w.condition);
	pthread_mutex_destroy(&w.lock);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wakeup");
	TCase *tc = tcase_create("wakeup");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, is_not_readable_at_first);
	tcase_add_test(tc, stays_readable_until_it_is_cleared);
	tcase_add_test(tc, many_signals_are_as_one);
	tcase_add_test(tc, clearing_what_is_clear_does_not_wait);
	tcase_add_test(tc, another_thread_ends_the_wait_of_the_loop);
	tcase_add_test(tc, a_wait_ends_when_it_is_due);
	tcase_add_test(tc, a_wait_ends_when_it_is_signalled);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
