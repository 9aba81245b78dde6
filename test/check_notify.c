/* The service manager is a socket here, and time stands still until a test lets
 * some pass. */
#include "system/notify.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "suite.h"

#define READY     "READY=1\nSTATUS=0 connections, 0 requests"
#define STOPPING  "STOPPING=1\nSTATUS=0 connections, 0 requests"
#define WATCHDOG  "WATCHDOG=1"
#define STATUS_MS 2000
#define DAY_MS    (24 * 3600 * 1000)

static struct event_base *base;
static struct notify_figures figures;
static struct notify *notify;
static int manager = -1; /* its socket */
static char folder[] = "/tmp/check_notify.XXXXXX";
static char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
static uint64_t now_ms = 1000;
static bool in_loop; /* where that is the time; Check has its own */

/* Stands before the C library's. */
int
clock_gettime(clockid_t clock, struct timespec *now)
{
	if (!in_loop ||
	    (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE))
		return (int)syscall(SYS_clock_gettime, clock, now);
	now->tv_sec = (time_t)(now_ms / 1000);
	now->tv_nsec = (long)(now_ms % 1000 * 1000000);
	return 0;
}

/* Let time pass at once, then turn the loop. */
static void
pass(uint64_t ms)
{
	now_ms += ms;
	in_loop = true;
	ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
	in_loop = false;
}

static struct notify_figures
get_figures(void *arg)
{
	return *(struct notify_figures *)arg;
}

static void
create(void)
{
	in_loop = true;
	notify = notify_new(base, get_figures, &figures);
	in_loop = false;
	ck_assert_ptr_nonnull(notify);
}

static void
setup(void)
{
	log_set_level(LOG_ERROR);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/manager", folder);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
}

static void
teardown(void)
{
	notify_free(notify);
	event_base_free(base);
	if (manager >= 0)
		close(manager);
	unlink(path);
	rmdir(folder);
}

/* A manager that listens at a path, or at @ and a name. */
static void
listen_at(const char *name)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t length = strlen(name);

	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(manager, 0);
	memcpy(to.sun_path, name, length);
	if (name[0] == '@')
		to.sun_path[0] = '\0';
	length += offsetof(struct sockaddr_un, sun_path);
	ck_assert_msg(
	    bind(manager, (struct sockaddr *)&to, (socklen_t)length) == 0,
	    "%s: %s", name, strerror(errno));
}

static void
stop_listening(void)
{
	close(manager);
	manager = -1;
	unlink(path);
}

/* The object under test, whose manager listens at path. */
static void
begin(const char *watchdog_usec)
{
	listen_at(path);
	setenv("NOTIFY_SOCKET", path, 1);
	if (watchdog_usec != NULL)
		setenv("WATCHDOG_USEC", watchdog_usec, 1);
	create();
}

/* The next datagram is this one; the manager's queue holds it already. */
static void
expect(const char *text)
{
	char got[200];
	ssize_t length = recv(manager, got, sizeof(got) - 1, 0);

	ck_assert_msg(length >= 0, "nothing, in place of %s", text);
	got[length] = '\0';
	ck_assert_str_eq(got, text);
}

static void
expect_nothing(void)
{
	char byte;
	ssize_t length = recv(manager, &byte, 1, 0);

	ck_assert_msg(length < 0, "a datagram that begins with %c", byte);
}

/* The next descriptor that the system would hand out. */
static int
next_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY);

	ck_assert_int_ge(fd, 0);
	close(fd);
	return fd;
}

START_TEST(does_nothing_without_a_manager)
{
	int next = next_descriptor();

	setenv("WATCHDOG_USEC", "200000", 1);
	create();
	notify_ready(notify);
	figures.requests++;
	notify_stopping(notify);
	ck_assert_int_eq(next_descriptor(), next);
	ck_assert_int_eq(event_base_loop(base, EVLOOP_NONBLOCK), 1);
}
END_TEST

START_TEST(reports_readiness_once_clients_are_accepted)
{
	begin(NULL);
	pass(10 * STATUS_MS);
	expect_nothing();
	notify_ready(notify);
	expect(READY);
	pass(10 * STATUS_MS);
	expect_nothing();
}
END_TEST

START_TEST(finds_an_abstract_name)
{
	char name[40];

	snprintf(name, sizeof(name), "@check_notify.%d", (int)getpid());
	listen_at(name);
	setenv("NOTIFY_SOCKET", name, 1);
	create();
	notify_ready(notify);
	expect(READY);
}
END_TEST

/* 107 bytes and the NUL. */
START_TEST(finds_the_longest_path)
{
	size_t length = strlen(path);

	memset(path + length, 'x', sizeof(path) - 1 - length);
	path[sizeof(path) - 1] = '\0';
	begin(NULL);
	notify_ready(notify);
	expect(READY);
}
END_TEST

static const char *const bad_names[] = {
	"", "/", "@", "notify", "vsock:2:1234",
	("/-------------------------------------------------------------------"
	 "----------------------------------------"), /* 108 bytes */
};

START_TEST(ignores_an_invalid_name)
{
	int next = next_descriptor();

	setenv("NOTIFY_SOCKET", bad_names[_i], 1);
	create();
	notify_ready(notify);
	ck_assert_int_eq(next_descriptor(), next);
}
END_TEST

START_TEST(reports_status_when_it_has_changed)
{
	begin(NULL);
	notify_ready(notify);
	expect(READY);
	figures.connections = 3;
	figures.requests = UINT64_C(12345678901);
	pass(STATUS_MS - 1);
	expect_nothing();
	pass(1);
	expect("STATUS=3 connections, 12345678901 requests");
	pass(STATUS_MS);
	expect_nothing();
	figures.connections = 2;
	pass(STATUS_MS);
	expect("STATUS=2 connections, 12345678901 requests");
	figures.requests++;
	pass(STATUS_MS);
	expect("STATUS=2 connections, 12345678902 requests");
	expect_nothing();
}
END_TEST

START_TEST(reports_the_stop_at_once_and_only_once)
{
	begin(NULL);
	notify_ready(notify);
	expect(READY);
	notify_stopping(notify);
	expect(STOPPING);
	notify_stopping(notify);
	pass(STATUS_MS);
	expect_nothing();
}
END_TEST

/* systemd compares the moment with its own. */
START_TEST(reports_a_reload_with_its_moment)
{
	char text[160];

	begin(NULL);
	notify_ready(notify);
	expect(READY);
	in_loop = true; /* the time is ours */
	notify_reloading(notify);
	in_loop = false;
	snprintf(text, sizeof(text),
	    "RELOADING=1\nMONOTONIC_USEC=%ju\n"
	    "STATUS=0 connections, 0 requests",
	    (uintmax_t)now_ms * 1000);
	expect(text);
	notify_ready(notify);
	expect(READY);
	pass(STATUS_MS);
	expect_nothing();
}
END_TEST

START_TEST(feeds_the_watchdog_at_half_its_time)
{
	begin("200000");
	for (int i = 0; i < 10; i++) {
		pass(99);
		expect_nothing();
		pass(1);
		expect(WATCHDOG);
	}
	notify_stopping(notify);
	expect(STOPPING);
	pass(100);
	expect(WATCHDOG);
}
END_TEST

START_TEST(feeds_the_watchdog_once_when_the_loop_was_late)
{
	begin("200000");
	pass(1000);
	expect(WATCHDOG);
	expect_nothing();
}
END_TEST

START_TEST(does_not_feed_a_watchdog_that_is_not_requested)
{
	begin(NULL);
	pass(DAY_MS);
	expect_nothing();
}
END_TEST

static const char *const bad_times[] = { "", "0", "x", "200000x", "-200000",
	"+200000", " 200000", "0x100", "1e6", "18446744073709551616" };

START_TEST(ignores_an_invalid_watchdog_time)
{
	begin(bad_times[_i]);
	pass(DAY_MS);
	pass(DAY_MS);
	expect_nothing();
	notify_ready(notify);
	expect(READY);
}
END_TEST

START_TEST(keeps_extreme_watchdog_times_within_a_millisecond_and_a_day)
{
	static const struct {
		const char *usec;
		uint64_t ms;
	} extremes[] = {
		{ "1", 1 },
		{ "2000", 1 },
		{ "8000000000", 4000000 }, /* more than 32 bits */
		{ "18446744073709551615", DAY_MS },
	};

	begin(extremes[_i].usec);
	for (int i = 0; i < 3; i++) {
		pass(extremes[_i].ms - 1);
		expect_nothing();
		pass(1);
		expect(WATCHDOG);
	}
}
END_TEST

START_TEST(feeds_the_watchdog_of_this_process_only)
{
	char pid[20];
	const char *pids[] = { pid, "1", "x", "", "0", "4294967297" };

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pids[_i], 1);
	begin("200000");
	pass(100);
	if (_i == 0)
		expect(WATCHDOG);
	expect_nothing();
}
END_TEST

START_TEST(reports_later_what_a_manager_has_missed)
{
	begin("1000000");
	stop_listening();
	notify_ready(notify);
	pass(500);
	listen_at(path);
	pass(STATUS_MS - 500 - 1);
	expect(WATCHDOG);
	pass(1);
	expect(READY);
	pass(500);
	expect(WATCHDOG);
	expect_nothing();
}
END_TEST

/* Fill the manager's queue. Returns how much it holds. */
static unsigned
fill_queue(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	unsigned count = 0;

	memcpy(to.sun_path, path, sizeof(path));
	while (sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1)
		count++;
	ck_assert_int_eq(errno, EAGAIN);
	close(fd);
	return count;
}

/* If it did, Check would end the test. */
START_TEST(does_not_wait_for_a_manager_that_does_not_read)
{
	unsigned count;

	begin("200000");
	count = fill_queue();
	notify_ready(notify);
	for (int i = 0; i < 100; i++)
		pass(100);
	while (count-- > 0)
		expect("x");
	expect_nothing();
	pass(STATUS_MS);
	expect(WATCHDOG);
	expect(READY);
}
END_TEST

START_TEST(leaves_no_descriptor_behind)
{
	int next = next_descriptor();

	setenv("NOTIFY_SOCKET", path, 1);
	create();
	ck_assert_int_ne(next_descriptor(), next);
	ck_assert_int_ne(fcntl(next, F_GETFD) & FD_CLOEXEC, 0);
	notify_free(notify);
	notify = NULL;
	ck_assert_int_eq(next_descriptor(), next);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("notify");
	TCase *tc = tcase_create("notify");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, does_nothing_without_a_manager);
	tcase_add_test(tc, reports_readiness_once_clients_are_accepted);
	tcase_add_test(tc, finds_an_abstract_name);
	tcase_add_test(tc, finds_the_longest_path);
	tcase_add_loop_test(tc, ignores_an_invalid_name, 0, COUNT(bad_names));
	tcase_add_test(tc, reports_status_when_it_has_changed);
	tcase_add_test(tc, reports_the_stop_at_once_and_only_once);
	tcase_add_test(tc, reports_a_reload_with_its_moment);
	tcase_add_test(tc, feeds_the_watchdog_at_half_its_time);
	tcase_add_test(tc, feeds_the_watchdog_once_when_the_loop_was_late);
	tcase_add_test(tc, does_not_feed_a_watchdog_that_is_not_requested);
	tcase_add_loop_test(
	    tc, ignores_an_invalid_watchdog_time, 0, COUNT(bad_times));
	tcase_add_loop_test(tc,
	    keeps_extreme_watchdog_times_within_a_millisecond_and_a_day, 0, 4);
	tcase_add_loop_test(tc, feeds_the_watchdog_of_this_process_only, 0, 6);
	tcase_add_test(tc, reports_later_what_a_manager_has_missed);
	tcase_add_test(tc, does_not_wait_for_a_manager_that_does_not_read);
	tcase_add_test(tc, leaves_no_descriptor_behind);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
