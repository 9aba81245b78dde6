#include "net/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "suite.h"
#include "system/socket.h"

#define CLIENTS_MAX 150

static struct event_base *base;
static struct listener *listener;
static int listening; /* the listener's descriptor */

/* What the callbacks were told. */
static struct {
	int fds[CLIENTS_MAX];
	struct address from[CLIENTS_MAX];
	size_t count;
	int failures;
	int error;       /* of the last failure */
	bool pause_each; /* pause after each connection */
	bool pause_failed;
} told;

/* When set, the system has no IPv6. */
static bool without_ipv6;

/* Stands before the C library's, so that IPv6 can be taken away. */
int
socket(int domain, int type, int protocol)
{
	if (without_ipv6 && domain == AF_INET6) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return (int)syscall(SYS_socket, domain, type, protocol);
}

static void
accepted(void *arg, int fd, const struct address *from)
{
	ck_assert_ptr_eq(arg, &told);
	ck_assert_uint_lt(told.count, CLIENTS_MAX);
	told.fds[told.count] = fd;
	told.from[told.count++] = *from;
	if (told.pause_each)
		listener_pause(listener);
}

static void
failed(void *arg, int error)
{
	ck_assert_ptr_eq(arg, &told);
	told.failures++;
	told.error = error;
	if (told.pause_failed)
		listener_pause(listener);
}

static void
setup(void)
{
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
}

static void
teardown(void)
{
	for (size_t i = 0; i < told.count; i++)
		close(told.fds[i]);
	listener_free(listener);
	event_base_free(base);
}

/* A listener that is paused. */
static void
listen_at(const struct address *where, bool both_families)
{
	listening = listener_bind(where, both_families);
	ck_assert_msg(listening >= 0, "%s", strerror(errno));
	ck_assert_int_eq(socket_listen(listening), 0);
	listener = listener_new(base, listening, accepted, failed, &told);
	ck_assert_ptr_nonnull(listener);
}

static struct address
address_of(const char *text)
{
	struct address a;

	ck_assert_int_eq(address_parse(text, 0, &a), 0);
	return a;
}

static void
listen_on(const char *text)
{
	struct address a = address_of(text);

	listen_at(&a, false);
}

static void
resume(void)
{
	ck_assert_int_eq(listener_resume(listener), 0);
}

static void
turn_loop_once(void)
{
	ck_assert_int_ge(
	    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
}

/* The queue of a listening socket, which a table of the system has by its
 * inode: 4: addresses and the state, tx_queue:rx_queue, 5 columns, and the
 * inode. Returns -1 if it is not there. TCP_INFO tells it as well, but not all
 * of that to a program that an emulator runs. */
static int
queued_in(const char *table, uintmax_t inode)
{
	FILE *f = fopen(table, "re");
	char line[512];
	uintmax_t found = 0;
	unsigned count;
	int result = -1;

	while (f != NULL && result < 0 && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%*s %*s %*s %*s %*x:%x %*s %*s %*s %*s %ju",
			&count, &found) == 2 &&
		    found == inode)
			result = (int)count;
	if (f != NULL)
		fclose(f);
	return result;
}

/* Connections that wait in the listener's queue. */
static unsigned
queued(void)
{
	struct stat st;
	int count;

	ck_assert_int_eq(fstat(listening, &st), 0);
	count = queued_in("/proc/net/tcp", st.st_ino);
	if (count < 0)
		count = queued_in("/proc/net/tcp6", st.st_ino);
	ck_assert_int_ge(count, 0);
	return (unsigned)count;
}

/* The most that the listener's queue holds. Returns -1 where an emulator does
 * not tell, which passes on the beginning of TCP_INFO only. */
static int
queue_length(void)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	ck_assert_int_eq(
	    getsockopt(listening, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
	if (length < offsetof(struct tcp_info, tcpi_lost))
		return -1;
	return (int)info.tcpi_sacked;
}

/* The last step of a handshake is the kernel's, which may be a moment behind
 * connect; Check ends the test if it never comes. */
static void
wait_for_queued(unsigned count)
{
	while (queued() != count)
		sched_yield();
}

/* Connect to the listener's port at this address. Returns a descriptor, or -1
 * with errno set. */
static int
try_connect(const char *text)
{
	struct address to = address_of(text);
	struct sockaddr_storage sockaddr;
	socklen_t length;
	int fd, error;

	to.port = listener_address(listener).port;
	length = address_to_sockaddr(&to, &sockaddr);
	fd = socket(sockaddr.ss_family, SOCK_STREAM, 0);
	ck_assert_int_ge(fd, 0);
	if (connect(fd, (struct sockaddr *)&sockaddr, length) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int
connect_to(const char *text)
{
	int fd = try_connect(text);

	ck_assert_msg(fd >= 0, "%s: %s", text, strerror(errno));
	return fd;
}

/* Connect clients that wait in the queue. They are closed at the test's end,
 * as it is a process. */
static void
connect_many(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		connect_to("127.0.0.1");
	wait_for_queued(count);
}

/* One client, accepted. Returns its descriptor. */
static int
accept_from(const char *text)
{
	size_t before = told.count;
	int client = connect_to(text);

	wait_for_queued(1);
	turn_loop_once();
	ck_assert_uint_eq(told.count, before + 1);
	return client;
}

static bool
has_ipv6(void)
{
	struct address loopback = address_of("::1");
	int fd = listener_bind(&loopback, false);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static int
int_option(int fd, int level, int option)
{
	int value = -1;
	socklen_t length = sizeof(value);

	ck_assert_int_eq(getsockopt(fd, level, option, &value, &length), 0);
	return value;
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

START_TEST(system_chooses_a_port_and_the_address_names_it)
{
	char text[ADDRESS_TEXT_MAX], expected[ADDRESS_TEXT_MAX];
	struct address a;

	listen_on("127.0.0.1");
	a = listener_address(listener);
	ck_assert_uint_ne(a.port, 0);
	snprintf(expected, sizeof(expected), "127.0.0.1:%u", a.port);
	ck_assert_str_eq(address_format(&a, text), expected);
}
END_TEST

START_TEST(listening_socket_is_non_blocking_and_close_on_exec)
{
	listen_on("127.0.0.1");
	ck_assert_int_ne(fcntl(listening, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(listening, F_GETFD) & FD_CLOEXEC, 0);
}
END_TEST

/* As from systemd. */
START_TEST(makes_a_blocking_socket_non_blocking)
{
	struct address loopback = address_of("127.0.0.1");

	listening = listener_bind(&loopback, false);
	ck_assert_int_ge(listening, 0);
	ck_assert_int_eq(socket_listen(listening), 0);
	ck_assert_int_eq(fcntl(listening, F_SETFL, 0), 0);
	listener = listener_new(base, listening, accepted, failed, &told);
	ck_assert_ptr_nonnull(listener);
	ck_assert_int_ne(fcntl(listening, F_GETFL) & O_NONBLOCK, 0);
	resume();
	accept_from("127.0.0.1");
}
END_TEST

START_TEST(accepted_socket_is_non_blocking_and_close_on_exec)
{
	listen_on("127.0.0.1");
	resume();
	accept_from("127.0.0.1");
	ck_assert_int_ne(fcntl(told.fds[0], F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(told.fds[0], F_GETFD) & FD_CLOEXEC, 0);
}
END_TEST

START_TEST(passes_the_address_of_the_client)
{
	struct sockaddr_storage bound = { 0 };
	socklen_t length = sizeof(bound);
	struct address own;
	int client;

	listen_on("127.0.0.1");
	resume();
	client = accept_from("127.0.0.1");
	ck_assert_int_eq(
	    getsockname(client, (struct sockaddr *)&bound, &length), 0);
	own = address_from_sockaddr(&bound);
	ck_assert_mem_eq(&told.from[0].ip, &own.ip, sizeof(own.ip));
	ck_assert_uint_eq(told.from[0].port, own.port);
	ck_assert(address_is_ipv4(&told.from[0]));
}
END_TEST

START_TEST(accepted_socket_is_the_other_end_of_the_connection)
{
	char byte = 0;
	int client;

	listen_on("127.0.0.1");
	resume();
	client = accept_from("127.0.0.1");
	ck_assert_int_eq(write(told.fds[0], "x", 1), 1);
	ck_assert_int_eq(read(client, &byte, 1), 1);
	ck_assert_int_eq(byte, 'x');
}
END_TEST

/* Wait until the client's end is told how the connection ended. */
static int
error_of_end(bool reset)
{
	char byte = 0;
	int client;

	listen_on("127.0.0.1");
	resume();
	client = accept_from("127.0.0.1");
	if (reset)
		socket_reset_on_close(told.fds[0]);
	socket_close(told.fds[0]);
	told.count = 0;
	return read(client, &byte, 1) == 0 ? 0 : errno;
}

START_TEST(close_ends_the_connection)
{
	ck_assert_int_eq(error_of_end(false), 0);
}
END_TEST

START_TEST(close_resets_the_connection_where_that_was_said)
{
	ck_assert_int_eq(error_of_end(true), ECONNRESET);
}
END_TEST

static const struct {
	int level, option, value;
} inherited[] = {
	{ IPPROTO_TCP, TCP_NODELAY, 1 },
	{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 60 },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 10 },
	{ IPPROTO_TCP, TCP_KEEPCNT, 3 },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, 90000 },
	/* The kernel doubles it. */
	{ SOL_SOCKET, SO_SNDBUF, 2 * 64 * 1024 },
	{ SOL_SOCKET, SO_RCVBUF, 2 * 64 * 1024 },
};

START_TEST(accepted_socket_inherits_its_options)
{
	listen_on("127.0.0.1");
	resume();
	accept_from("127.0.0.1");
	ck_assert_int_eq(
	    int_option(told.fds[0], inherited[_i].level, inherited[_i].option),
	    inherited[_i].value);
}
END_TEST

START_TEST(starts_paused)
{
	listen_on("127.0.0.1");
	connect_many(1);
	turn_loop_once();
	ck_assert_uint_eq(told.count, 0);
	resume();
	turn_loop_once();
	ck_assert_uint_eq(told.count, 1);
}
END_TEST

START_TEST(accepts_nothing_while_paused_and_the_queue_when_resumed)
{
	listen_on("127.0.0.1");
	resume();
	accept_from("127.0.0.1");
	listener_pause(listener);
	connect_many(5);
	for (int i = 0; i < 10; i++)
		turn_loop_once();
	ck_assert_uint_eq(told.count, 1);
	ck_assert_uint_eq(queued(), 5);
	/* Nor does the queue keep the loop awake. */
	ck_assert_int_eq(
	    event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 0);
	resume();
	turn_loop_once();
	ck_assert_uint_eq(told.count, 6);
	ck_assert_uint_eq(queued(), 0);
	ck_assert_int_eq(told.failures, 0);
}
END_TEST

START_TEST(may_be_paused_and_resumed_twice)
{
	listen_on("127.0.0.1");
	listener_pause(listener);
	resume();
	resume();
	accept_from("127.0.0.1");
	listener_pause(listener);
	listener_pause(listener);
	connect_many(1);
	turn_loop_once();
	ck_assert_uint_eq(told.count, 1);
}
END_TEST

START_TEST(pause_from_within_accepted_ends_the_turn)
{
	listen_on("127.0.0.1");
	told.pause_each = true;
	connect_many(3);
	for (size_t i = 1; i <= 3; i++) {
		resume();
		turn_loop_once();
		turn_loop_once();
		ck_assert_uint_eq(told.count, i);
	}
}
END_TEST

START_TEST(accepts_64_connections_per_turn)
{
	listen_on("127.0.0.1");
	connect_many(100);
	resume();
	turn_loop_once();
	ck_assert_uint_eq(told.count, 64);
	ck_assert_uint_eq(queued(), 36);
	turn_loop_once();
	ck_assert_uint_eq(told.count, 100);
	turn_loop_once();
	ck_assert_uint_eq(told.count, 100);
	ck_assert_int_eq(told.failures, 0);
}
END_TEST

/* The length of the queue is as much as the system grants. */
START_TEST(queue_is_as_long_as_the_system_lets_it)
{
	FILE *f = fopen("/proc/sys/net/core/somaxconn", "r");
	int most = SOMAXCONN;
	int length;

	if (f != NULL) {
		ck_assert_int_eq(fscanf(f, "%d", &most), 1);
		fclose(f);
	}
	listen_on("127.0.0.1");
	length = queue_length();
	if (length >= 0)
		ck_assert_int_eq(length, most < SOMAXCONN ? most : SOMAXCONN);
}
END_TEST

/* A listener that is bound only. */
static void
bind_on(const char *text)
{
	struct address a = address_of(text);

	listening = listener_bind(&a, false);
	ck_assert_msg(listening >= 0, "%s", strerror(errno));
	listener = listener_new(base, listening, accepted, failed, &told);
	ck_assert_ptr_nonnull(listener);
}

START_TEST(nobody_can_connect_until_it_is_started)
{
	bind_on("127.0.0.1");
	ck_assert_int_eq(try_connect("127.0.0.1"), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	ck_assert_int_eq(listener_start(listener), 0);
	accept_from("127.0.0.1");
}
END_TEST

START_TEST(address_is_taken_before_anyone_listens)
{
	struct address taken;

	bind_on("127.0.0.1");
	taken = listener_address(listener);
	errno = 0;
	ck_assert_int_eq(listener_bind(&taken, false), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
}
END_TEST

/* As from systemd, which has set the length of its queue. */
START_TEST(socket_that_listens_is_left_as_it_is)
{
	int length;

	bind_on("127.0.0.1");
	ck_assert_int_eq(listen(listening, 5), 0);
	ck_assert_int_eq(listener_start(listener), 0);
	length = queue_length();
	if (length >= 0)
		ck_assert_int_eq(length, 5);
	accept_from("127.0.0.1");
}
END_TEST

START_TEST(both_families_reach_one_socket)
{
	struct address any = address_any(0);

	if (!has_ipv6())
		return;
	listen_at(&any, true);
	resume();
	accept_from("127.0.0.1");
	accept_from("::1");
	ck_assert(address_is_ipv4(&told.from[0]));
	ck_assert(!address_is_ipv4(&told.from[1]));
	ck_assert(IN6_IS_ADDR_LOOPBACK(&told.from[1].ip));
}
END_TEST

/* Bind the listener's port at this address, so that nobody else can listen
 * there. Returns whether it was free. */
static bool
take_port_at(const char *text)
{
	struct address where = address_of(text);
	struct sockaddr_storage sockaddr;
	socklen_t length;
	int fd;

	where.port = listener_address(listener).port;
	length = address_to_sockaddr(&where, &sockaddr);
	fd = socket(sockaddr.ss_family, SOCK_STREAM, 0);
	ck_assert_int_ge(fd, 0);
	return bind(fd, (struct sockaddr *)&sockaddr, length) == 0;
}

START_TEST(one_family_keeps_the_other_out)
{
	struct address any = address_any(0);

	if (!has_ipv6())
		return;
	listen_at(&any, false);
	for (int i = 0; i < 20 && !take_port_at("127.0.0.1"); i++) {
		listener_free(listener);
		listen_at(&any, false);
	}
	resume();
	accept_from("::1");
	ck_assert_int_eq(try_connect("127.0.0.1"), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
}
END_TEST

START_TEST(both_families_become_ipv4_on_a_system_without_ipv6)
{
	struct address any = address_any(0);
	struct address a;

	without_ipv6 = true;
	listen_at(&any, true);
	resume();
	accept_from("127.0.0.1");
	a = listener_address(listener);
	ck_assert(address_is_ipv4(&a));
}
END_TEST

START_TEST(ipv6_alone_fails_on_a_system_without_it)
{
	struct address any = address_any(0);

	without_ipv6 = true;
	errno = 0;
	ck_assert_int_eq(listener_bind(&any, false), -1);
	ck_assert_int_eq(errno, EAFNOSUPPORT);
}
END_TEST

START_TEST(address_in_use_is_an_error)
{
	struct address taken;
	int next;

	listen_on("127.0.0.1");
	taken = listener_address(listener);
	next = next_descriptor();
	errno = 0;
	ck_assert_int_eq(listener_bind(&taken, false), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert_int_eq(next_descriptor(), next);
}
END_TEST

/* The same for both families: the port is in use, not IPv6 missing. */
START_TEST(port_in_use_is_an_error_for_both_families)
{
	struct address taken = address_any(0);

	listen_at(&taken, true);
	taken.port = listener_address(listener).port;
	errno = 0;
	ck_assert_int_eq(listener_bind(&taken, true), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
}
END_TEST

START_TEST(address_of_another_host_is_an_error)
{
	struct address elsewhere = address_of("198.51.100.1");
	int next = next_descriptor();

	errno = 0;
	ck_assert_int_eq(listener_bind(&elsewhere, false), -1);
	ck_assert_int_eq(errno, EADDRNOTAVAIL);
	ck_assert_int_eq(next_descriptor(), next);
}
END_TEST

/* The server closes first, so that its end waits out TIME_WAIT. Returns the
 * address, which is free. */
static struct address
leave_a_connection_behind(void)
{
	struct address where;
	char byte;
	int client;

	listen_on("127.0.0.1");
	resume();
	client = accept_from("127.0.0.1");
	where = listener_address(listener);
	ck_assert_int_eq(shutdown(told.fds[0], SHUT_WR), 0);
	ck_assert_int_eq(read(client, &byte, 1), 0);
	close(client);
	ck_assert_int_eq(fcntl(told.fds[0], F_SETFL, 0), 0);
	ck_assert_int_eq(read(told.fds[0], &byte, 1), 0);
	close(told.fds[0]);
	told.count = 0;
	listener_free(listener);
	listener = NULL;
	return where;
}

START_TEST(port_can_be_taken_again_at_once)
{
	struct address where = leave_a_connection_behind();

	listen_at(&where, false);
	resume();
	accept_from("127.0.0.1");
}
END_TEST

START_TEST(second_of_two_that_take_a_port_again_cannot_listen)
{
	struct address where = leave_a_connection_behind();
	int first = listener_bind(&where, false);
	int second = listener_bind(&where, false);

	ck_assert_int_ge(first, 0);
	ck_assert_int_ge(second, 0);
	ck_assert_int_eq(socket_listen(first), 0);
	errno = 0;
	ck_assert_int_eq(socket_listen(second), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	close(first);
	close(second);
}
END_TEST

/* Let the process have no descriptor more than it has. */
static void
exhaust_descriptors(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)next_descriptor();
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void
restore_descriptors(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(out_of_descriptors_is_reported_once_a_turn)
{
	listen_on("127.0.0.1");
	connect_many(2);
	resume();
	exhaust_descriptors();
	turn_loop_once();
	ck_assert_int_eq(told.failures, 1);
	ck_assert_int_eq(told.error, EMFILE);
	turn_loop_once();
	ck_assert_int_eq(told.failures, 2);
	ck_assert_uint_eq(told.count, 0);

	restore_descriptors();
	turn_loop_once();
	ck_assert_uint_eq(told.count, 2);
	ck_assert_int_eq(told.failures, 2);
}
END_TEST

START_TEST(out_of_descriptors_may_pause_it)
{
	listen_on("127.0.0.1");
	told.pause_failed = true;
	connect_many(2);
	resume();
	exhaust_descriptors();
	for (int i = 0; i < 5; i++)
		turn_loop_once();
	ck_assert_int_eq(told.failures, 1);
	restore_descriptors();
	ck_assert_uint_eq(queued(), 2);
	resume();
	turn_loop_once();
	ck_assert_uint_eq(told.count, 2);
}
END_TEST

START_TEST(empty_queue_is_no_failure)
{
	listen_on("127.0.0.1");
	resume();
	accept_from("127.0.0.1");
	turn_loop_once();
	ck_assert_int_eq(told.failures, 0);
}
END_TEST

START_TEST(free_closes_the_socket)
{
	listen_on("127.0.0.1");
	resume();
	listener_free(listener);
	listener = NULL;
	ck_assert_int_eq(fcntl(listening, F_GETFD), -1);
	ck_assert_int_eq(errno, EBADF);
	turn_loop_once();
	listener_free(NULL);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

static TCase *
opening(void)
{
	TCase *tc = tcase_create("opening");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, system_chooses_a_port_and_the_address_names_it);
	tcase_add_test(tc, listening_socket_is_non_blocking_and_close_on_exec);
	tcase_add_test(tc, makes_a_blocking_socket_non_blocking);
	tcase_add_test(tc, queue_is_as_long_as_the_system_lets_it);
	tcase_add_test(tc, nobody_can_connect_until_it_is_started);
	tcase_add_test(tc, address_is_taken_before_anyone_listens);
	tcase_add_test(tc, socket_that_listens_is_left_as_it_is);
	tcase_add_test(tc, both_families_reach_one_socket);
	tcase_add_test(tc, one_family_keeps_the_other_out);
	tcase_add_test(tc, both_families_become_ipv4_on_a_system_without_ipv6);
	tcase_add_test(tc, ipv6_alone_fails_on_a_system_without_it);
	tcase_add_test(tc, address_in_use_is_an_error);
	tcase_add_test(tc, port_in_use_is_an_error_for_both_families);
	tcase_add_test(tc, address_of_another_host_is_an_error);
	tcase_add_test(tc, port_can_be_taken_again_at_once);
	tcase_add_test(tc, second_of_two_that_take_a_port_again_cannot_listen);
	tcase_add_test(tc, free_closes_the_socket);
	return tc;
}

static TCase *
accepting(void)
{
	TCase *tc = tcase_create("accepting");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, accepted_socket_is_non_blocking_and_close_on_exec);
	tcase_add_test(tc, passes_the_address_of_the_client);
	tcase_add_test(tc, accepted_socket_is_the_other_end_of_the_connection);
	tcase_add_test(tc, close_ends_the_connection);
	tcase_add_test(tc, close_resets_the_connection_where_that_was_said);
	tcase_add_loop_test(
	    tc, accepted_socket_inherits_its_options, 0, COUNT(inherited));
	tcase_add_test(tc, starts_paused);
	tcase_add_test(
	    tc, accepts_nothing_while_paused_and_the_queue_when_resumed);
	tcase_add_test(tc, may_be_paused_and_resumed_twice);
	tcase_add_test(tc, pause_from_within_accepted_ends_the_turn);
	tcase_add_test(tc, accepts_64_connections_per_turn);
	tcase_add_test(tc, empty_queue_is_no_failure);
	return tc;
}

/* For scripts/memcheck: valgrind has a descriptor limit of its own. */
static TCase *
running_out(void)
{
	TCase *tc = tcase_create("running out");

	tcase_set_tags(tc, "descriptors");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, out_of_descriptors_is_reported_once_a_turn);
	tcase_add_test(tc, out_of_descriptors_may_pause_it);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("listener");

	suite_add_tcase(suite, opening());
	suite_add_tcase(suite, accepting());
	suite_add_tcase(suite, running_out());
	return suite_run(suite);
}
