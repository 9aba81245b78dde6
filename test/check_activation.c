/* Each case runs in a process of its own, as the descriptors from 3 on belong
 * to Check in this one. */
#include "system/activation.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

#define MOST   16
#define CLOSED (-1) /* in place of a descriptor */

/* What the process has found. */
static struct {
	int count;
	uint32_t named; /* "mbaps" */
	char error[ACTIVATION_ERROR_MAX];
	bool close_on_exec; /* all that were passed */
	bool variables_are_gone;
} * found;

/* What is passed to it. */
static struct {
	int fds[MOST];
	int count;
	const char *listen_fds; /* NULL: the count */
	const char *listen_pid; /* NULL: its own */
	const char *names;
} passed;

static void
setup(void)
{
	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(found, MAP_FAILED);
}

static void
set_number(const char *name, const char *text, int number)
{
	char digits[20];

	snprintf(digits, sizeof(digits), "%d", number);
	setenv(name, text != NULL ? text : digits, 1);
}

/* Where the manager would have put them. */
static void
place_descriptors(void)
{
	int high[MOST];

	for (int i = 0; i < passed.count; i++)
		high[i] = passed.fds[i] == CLOSED ?
		    CLOSED :
		    fcntl(passed.fds[i], F_DUPFD, 100);
	for (int i = 0; i < passed.count; i++)
		if (high[i] == CLOSED)
			close(ACTIVATION_FIRST_FD + i);
		else
			dup2(high[i], ACTIVATION_FIRST_FD + i);
}

static bool
variables_are_gone(void)
{
	return getenv("LISTEN_PID") == NULL && getenv("LISTEN_FDS") == NULL &&
	    getenv("LISTEN_FDNAMES") == NULL;
}

static void
take_in_child(void)
{
	place_descriptors();
	set_number("LISTEN_FDS", passed.listen_fds, passed.count);
	set_number("LISTEN_PID", passed.listen_pid, (int)getpid());
	if (passed.names != NULL)
		setenv("LISTEN_FDNAMES", passed.names, 1);
	found->count =
	    activation_take(MOST, "mbaps", &found->named, found->error);
	found->variables_are_gone = variables_are_gone();
	found->close_on_exec = true;
	for (int i = 0; i < passed.count; i++)
		if (fcntl(ACTIVATION_FIRST_FD + i, F_GETFD) != FD_CLOEXEC)
			found->close_on_exec = false;
}

static void
take(void)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		take_in_child();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert(found->variables_are_gone);
}

static void
pass(int fd)
{
	passed.fds[passed.count++] = fd;
}

/* Bound to a port of the loopback. */
static int
bound(int family, int type)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(family, type, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(family == AF_INET ?
		bind(fd, (struct sockaddr *)&in, sizeof(in)) :
		bind(fd, (struct sockaddr *)&in6, sizeof(in6)),
	    0);
	return fd;
}

static int
listening(int family)
{
	int fd = bound(family, SOCK_STREAM);

	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

static int
listening_ipv4(void)
{
	return listening(AF_INET);
}

static bool
has_ipv6(void)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool has =
	    fd >= 0 && bind(fd, (struct sockaddr *)&in6, sizeof(in6)) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

static int
datagram(void)
{
	return bound(AF_INET, SOCK_DGRAM);
}

static int
not_listening(void)
{
	return bound(AF_INET, SOCK_STREAM);
}

/* As from a unit with Accept=yes. */
static int
connected(void)
{
	int listener = listening_ipv4();
	int client = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in to;
	socklen_t length = sizeof(to);
	int fd;

	getsockname(listener, (struct sockaddr *)&to, &length);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&to, length), 0);
	fd = accept(listener, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	return fd;
}

/* Bound by itself to an abstract name. */
static int
local(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(
	    bind(fd, (struct sockaddr *)&to, sizeof(sa_family_t)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

static int
local_datagram(void)
{
	return socket(AF_UNIX, SOCK_DGRAM, 0);
}

static int
of_the_kernel(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

static int
file(void)
{
	return open("/dev/null", O_RDWR);
}

static int
closed(void)
{
	return CLOSED;
}

START_TEST(finds_nothing_when_no_variable_is_set)
{
	char error[ACTIVATION_ERROR_MAX];
	uint32_t named;

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	ck_assert_int_eq(activation_take(MOST, "mbaps", &named, error), 0);
	setenv("LISTEN_FDS", "1", 1); /* without LISTEN_PID: not for us */
	ck_assert_int_eq(activation_take(MOST, "mbaps", &named, error), 0);
	ck_assert(variables_are_gone());
	set_number("LISTEN_PID", NULL, (int)getpid()); /* and LISTEN_FDS */
	ck_assert_int_eq(activation_take(MOST, "mbaps", &named, error), 0);
	ck_assert(variables_are_gone());
}
END_TEST

START_TEST(takes_one_socket)
{
	pass(listening_ipv4());
	take();
	ck_assert_int_eq(found->count, 1);
	ck_assert(found->close_on_exec);
}
END_TEST

START_TEST(takes_as_many_as_it_may_and_no_more)
{
	while (passed.count < MOST)
		pass(listening_ipv4());
	take();
	ck_assert_int_eq(found->count, MOST);
	ck_assert(found->close_on_exec);
	passed.listen_fds = "17";
	take();
	ck_assert_int_eq(found->count, -1);
	ck_assert_str_eq(found->error,
	    "LISTEN_FDS: \"17\": expected a number of sockets from 0 to 16");
}
END_TEST

START_TEST(takes_ipv6)
{
	if (!has_ipv6())
		return;
	pass(listening(AF_INET6));
	pass(listening_ipv4());
	take();
	ck_assert_int_eq(found->count, 2);
}
END_TEST

START_TEST(takes_one_of_this_machine)
{
	pass(local());
	take();
	ck_assert_int_eq(found->count, 1);
	ck_assert(found->close_on_exec);
}
END_TEST

START_TEST(finds_sockets_by_name)
{
	for (int i = 0; i < 4; i++)
		pass(listening_ipv4());
	take();
	ck_assert_uint_eq(found->named, 0);
	passed.names = "mbaps:mbap:mbaps2:mbaps";
	take();
	ck_assert_int_eq(found->count, 4);
	ck_assert_uint_eq(found->named, 1 | 8);
}
END_TEST

START_TEST(takes_0_sockets)
{
	passed.listen_fds = "0";
	take();
	ck_assert_int_eq(found->count, 0);
}
END_TEST

static const struct {
	int (*make)(void);
	const char *fault;
} wrong[] = {
	{ datagram, "not TCP" },
	{ not_listening, "not listening" },
	{ connected, "not listening" },
	{ local_datagram, "not TCP" },
	{ of_the_kernel, "neither IPv4 nor IPv6, nor of this machine" },
	{ file, "not a socket" },
	{ closed, "not open" },
};

/* Behind one that is right. */
START_TEST(refuses_what_is_not_a_listening_tcp_socket)
{
	char expected[ACTIVATION_ERROR_MAX];

	pass(listening_ipv4());
	pass(wrong[_i].make());
	passed.names = "modbus:field:more";
	take();
	ck_assert_int_eq(found->count, -1);
	snprintf(expected, sizeof(expected),
	    "LISTEN_FDS: descriptor 4 (field): %s: expected a listening TCP "
	    "socket, as of a socket unit with ListenStream=PORT and Accept=no",
	    wrong[_i].fault);
	ck_assert_str_eq(found->error, expected);
}
END_TEST

/* It names the first that is wrong by what the manager calls it. */
START_TEST(names_the_socket_as_far_as_it_can)
{
	static const struct {
		const char *names, *shown;
	} cases[] = {
		{ NULL, "(unnamed)" },
		{ "", "(unnamed)" },
		{ "a", "(a)" },
		{ ":b", "(unnamed)" },
		{ "a\n\033b:c", "(a??b)" },
	};

	pass(CLOSED);
	passed.names = cases[_i].names;
	take();
	ck_assert_int_eq(found->count, -1);
	ck_assert_ptr_nonnull(strstr(found->error, "descriptor 3 "));
	ck_assert_ptr_nonnull(strstr(found->error, cases[_i].shown));
}
END_TEST

START_TEST(survives_a_name_without_end)
{
	static char names[100000];

	memset(names, 'x', sizeof(names) - 1);
	pass(CLOSED);
	pass(CLOSED);
	passed.names = names;
	take();
	ck_assert_int_eq(found->count, -1);
	ck_assert_ptr_nonnull(strstr(found->error, "Accept=no"));
}
END_TEST

START_TEST(leaves_the_sockets_of_another_process_alone)
{
	pass(listening_ipv4());
	passed.listen_pid = "1";
	take();
	ck_assert_int_eq(found->count, 0);
	ck_assert(!found->close_on_exec);
}
END_TEST

static const char *const bad_numbers[] = { "", "x", "1x", "-1", "+1", " 1",
	"1 ", "0x1", "99999999999999999999" };

START_TEST(refuses_an_invalid_count)
{
	char expected[ACTIVATION_ERROR_MAX];

	passed.listen_fds = bad_numbers[_i];
	take();
	ck_assert_int_eq(found->count, -1);
	snprintf(expected, sizeof(expected),
	    "LISTEN_FDS: \"%s\": expected a number of sockets from 0 to 16",
	    bad_numbers[_i]);
	ck_assert_str_eq(found->error, expected);
}
END_TEST

START_TEST(refuses_an_invalid_process_id)
{
	char expected[ACTIVATION_ERROR_MAX];

	passed.listen_pid = bad_numbers[_i];
	take();
	ck_assert_int_eq(found->count, -1);
	snprintf(expected, sizeof(expected),
	    "LISTEN_PID: \"%s\": expected a process ID", bad_numbers[_i]);
	ck_assert_str_eq(found->error, expected);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("activation");
	TCase *tc = tcase_create("activation");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, finds_nothing_when_no_variable_is_set);
	tcase_add_test(tc, takes_one_socket);
	tcase_add_test(tc, takes_as_many_as_it_may_and_no_more);
	tcase_add_test(tc, takes_ipv6);
	tcase_add_test(tc, takes_one_of_this_machine);
	tcase_add_test(tc, finds_sockets_by_name);
	tcase_add_test(tc, takes_0_sockets);
	tcase_add_loop_test(
	    tc, refuses_what_is_not_a_listening_tcp_socket, 0, COUNT(wrong));
	tcase_add_loop_test(tc, names_the_socket_as_far_as_it_can, 0, 5);
	tcase_add_test(tc, survives_a_name_without_end);
	tcase_add_test(tc, leaves_the_sockets_of_another_process_alone);
	tcase_add_loop_test(
	    tc, refuses_an_invalid_count, 0, COUNT(bad_numbers));
	tcase_add_loop_test(
	    tc, refuses_an_invalid_process_id, 0, COUNT(bad_numbers));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
