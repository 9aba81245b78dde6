/* A whole proxy on loopback, with a server that the test plays itself. */
#include "fault/proxy.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/listener.h"
#include "one_server.h"
#include "system/socket.h"

static struct fault_proxy_config proxy_config;
static struct fault_proxy *proxy;
static int listening; /* the server's; -1: there is none */

static const uint8_t request[12] = { 0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1 };
static const uint8_t reply[11] = { 0, 1, 0, 0, 0, 5, 1, 3, 2, 0x12, 0x34 };

static struct address
loopback(void)
{
	struct address where;

	ck_assert_int_eq(address_parse("127.0.0.1", 0, &where), 0);
	return where;
}

/* A server's socket: bound, so that its port is known. */
static void
begin(void)
{
	struct address where = loopback();

	one_server_begin();
	listening = listener_bind(&where, false);
	ck_assert_int_ge(listening, 0);
	proxy_config = (struct fault_proxy_config){
		.base = base,
		.rules = fault_rules_new(1),
		.to = listener_bound(listening),
	};
}

static void
end(void)
{
	fault_proxy_free(proxy);
	fault_rules_free(proxy_config.rules);
	if (listening >= 0)
		close(listening);
	one_server_end();
}

static void
start(const char *rule)
{
	struct address where = loopback();
	char error[FAULT_RULES_ERROR_MAX];

	if (rule != NULL)
		ck_assert_int_eq(
		    fault_rules_add(proxy_config.rules, rule, error), 0);
	proxy = fault_proxy_new(&proxy_config);
	ck_assert_ptr_nonnull(proxy);
	ck_assert_int_eq(fault_proxy_listen(proxy, &where, false), 0);
	ck_assert_uint_ne(fault_proxy_address(proxy).port, 0);
}

static const struct fault_figures *
figures(void)
{
	return fault_proxy_figures(proxy);
}

#define await(expression) await_doing((void)0, expression)

static int
connect_client(void)
{
	struct address where = fault_proxy_address(proxy);
	struct sockaddr_storage to;
	socklen_t length = address_to_sockaddr(&where, &to);
	int fd = socket(to.ss_family, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, length), 0);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

/* Whether the proxy has connected to the server, whose end fd becomes. */
static bool
has_come(int *fd)
{
	*fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
	return *fd >= 0;
}

/* A client, and the server's end of its connection. */
static void
connect_both(int *client, int *server_end)
{
	ck_assert_int_eq(socket_listen(listening), 0);
	*client = connect_client();
	await(has_come(server_end));
}

/* What a read gives: bytes, 0 at the end, or -1 with errno; not while there is
 * nothing. */
static bool
has_read(int fd, uint8_t *bytes, ssize_t *n)
{
	*n = recv(fd, bytes, 64, 0);
	return *n >= 0 || errno != EAGAIN;
}

static void
hears(int fd, const uint8_t *expected, size_t length)
{
	uint8_t bytes[64];
	size_t got = 0;
	ssize_t n;

	while (got < length) {
		await(has_read(fd, bytes, &n));
		ck_assert_int_gt(n, 0);
		ck_assert_mem_eq(bytes, expected + got, (size_t)n);
		got += (size_t)n;
	}
}

static void
hears_end(int fd, int error)
{
	uint8_t bytes[64];
	ssize_t n;

	await(has_read(fd, bytes, &n));
	ck_assert_int_eq(n, error == 0 ? 0 : -1);
	if (error != 0)
		ck_assert_int_eq(errno, error);
}

static void
say(int fd, const uint8_t *bytes, size_t length)
{
	ck_assert_int_eq(
	    send(fd, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

static void
reset(int fd)
{
	socket_reset_on_close(fd);
	close(fd);
}

START_TEST(a_request_and_its_reply_pass)
{
	int client, server_end;

	start(NULL);
	connect_both(&client, &server_end);
	say(client, request, sizeof(request));
	hears(server_end, request, sizeof(request));
	say(server_end, reply, sizeof(reply));
	hears(client, reply, sizeof(reply));
	ck_assert_uint_eq(figures()->accepted, 1);
	ck_assert_uint_eq(figures()->connections, 1);
	ck_assert_uint_eq(figures()->requests, 1);
	ck_assert_uint_eq(figures()->replies, 1);
	close(client);
	hears_end(server_end, 0);
	close(server_end);
	await(figures()->connections == 0);
}
END_TEST

START_TEST(what_is_sent_before_the_server_has_answered_is_not_lost)
{
	int client, server_end;

	start(NULL);
	ck_assert_int_eq(socket_listen(listening), 0);
	client = connect_client();
	say(client, request, sizeof(request));
	shutdown(client, SHUT_WR);
	await(has_come(&server_end));
	hears(server_end, request, sizeof(request));
	hears_end(server_end, 0);
	say(server_end, reply, sizeof(reply));
	close(server_end);
	hears(client, reply, sizeof(reply));
	hears_end(client, 0);
	await(figures()->connections == 0);
	close(client);
}
END_TEST

START_TEST(each_client_has_a_connection_of_its_own)
{
	int clients[3], ends[3];
	uint8_t each[sizeof(request)];

	start(NULL);
	memcpy(each, request, sizeof(each));
	for (uint8_t i = 0; i < 3; i++)
		connect_both(&clients[i], &ends[i]);
	for (uint8_t i = 0; i < 3; i++) {
		each[1] = i;
		say(clients[i], each, sizeof(each));
		hears(ends[i], each, sizeof(each));
	}
	ck_assert_uint_eq(figures()->connections, 3);
	for (int i = 0; i < 3; i++) {
		close(ends[i]);
		hears_end(clients[i], 0);
		close(clients[i]);
	}
	await(figures()->connections == 0);
}
END_TEST

START_TEST(a_client_of_an_unreachable_server_is_closed)
{
	int client;

	start(NULL); /* nobody listens */
	client = connect_client();
	hears_end(client, 0);
	ck_assert_uint_eq(figures()->accepted, 1);
	ck_assert_uint_eq(figures()->unreachable, 1);
	ck_assert_uint_eq(figures()->connections, 0);
	close(client);
}
END_TEST

START_TEST(a_reset_of_the_client_resets_the_server)
{
	int client, server_end;

	start(NULL);
	connect_both(&client, &server_end);
	say(client, request, sizeof(request));
	hears(server_end, request, sizeof(request));
	reset(client);
	hears_end(server_end, ECONNRESET);
	await(figures()->connections == 0);
	close(server_end);
}
END_TEST

START_TEST(a_reset_of_the_server_resets_the_client)
{
	int client, server_end;

	start(NULL);
	connect_both(&client, &server_end);
	say(client, request, sizeof(request));
	hears(server_end, request, sizeof(request));
	reset(server_end);
	hears_end(client, ECONNRESET);
	await(figures()->connections == 0);
	close(client);
}
END_TEST

START_TEST(a_reset_of_the_server_waits_behind_a_delay)
{
	int client, server_end;
	uint64_t began = clock_ms();

	start("delay 50ms");
	connect_both(&client, &server_end);
	say(client, request, sizeof(request));
	hears(server_end, request, sizeof(request));
	say(server_end, reply, sizeof(reply));
	await(figures()->replies == 1);
	reset(server_end);
	hears(client, reply, sizeof(reply));
	ck_assert_uint_ge(clock_ms() - began, 50);
	hears_end(client, ECONNRESET);
	close(client);
}
END_TEST

/* That it is two reads, whatever the system makes of it. */
START_TEST(a_split_reply_is_two_reads)
{
	int client, server_end;
	uint8_t bytes[64];
	ssize_t first, second;

	start("split");
	connect_both(&client, &server_end);
	say(client, request, sizeof(request));
	hears(server_end, request, sizeof(request));
	say(server_end, reply, sizeof(reply));
	await(has_read(client, bytes, &first));
	ck_assert_int_gt(first, 0);
	ck_assert_int_lt(first, (int)sizeof(reply));
	await(has_read(client, bytes + first, &second));
	ck_assert_int_eq(first + second, (int)sizeof(reply));
	ck_assert_mem_eq(bytes, reply, sizeof(reply));
	close(client);
	close(server_end);
}
END_TEST

START_TEST(close_reaches_the_client_and_the_server)
{
	int client, server_end;

	start("close");
	connect_both(&client, &server_end);
	say(client, request, sizeof(request));
	hears_end(client, 0);
	hears_end(server_end, 0);
	close(client);
	await(figures()->connections == 0);
	close(server_end);
}
END_TEST

START_TEST(so_many_connections_and_no_more)
{
	int client, server_end, another;

	proxy_config.max_connections = 1;
	start(NULL);
	connect_both(&client, &server_end);
	another = connect_client();
	hears_end(another, 0);
	ck_assert_uint_eq(figures()->refused, 1);
	ck_assert_uint_eq(figures()->accepted, 1);
	close(another);
	close(server_end);
	close(client);
	await(figures()->connections == 0);
	connect_both(&client, &server_end);
	ck_assert_uint_eq(figures()->accepted, 2);
	close(server_end);
	close(client);
}
END_TEST

static void
limit_descriptors(rlim_t more)
{
	struct rlimit limit;
	int next = open("/dev/null", O_RDONLY);

	close(next);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur =
	    more == RLIM_INFINITY ? limit.rlim_max : (rlim_t)next + more;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(a_client_without_a_descriptor_waits)
{
	int client, server_end;

	start(NULL);
	ck_assert_int_eq(socket_listen(listening), 0);
	client = connect_client();
	limit_descriptors(0);
	for (int i = 0; i < 5; i++)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_uint_eq(figures()->accepted, 0);
	limit_descriptors(RLIM_INFINITY);
	await(has_come(&server_end));
	ck_assert_uint_eq(figures()->accepted, 1);
	close(client);
	close(server_end);
}
END_TEST

START_TEST(a_client_without_a_descriptor_for_the_server_is_closed)
{
	int client;

	start(NULL);
	ck_assert_int_eq(socket_listen(listening), 0);
	client = connect_client();
	limit_descriptors(1);
	await(figures()->unreachable == 1);
	limit_descriptors(RLIM_INFINITY);
	hears_end(client, 0);
	close(client);
}
END_TEST

START_TEST(a_port_that_is_taken_is_an_error)
{
	struct address taken = proxy_config.to;

	ck_assert_int_eq(socket_listen(listening), 0);
	proxy = fault_proxy_new(&proxy_config);
	errno = 0;
	ck_assert_int_eq(fault_proxy_listen(proxy, &taken, false), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
}
END_TEST

/* While one client waits for the server, and another one has it. */
START_TEST(may_be_freed_at_any_time)
{
	int client, server_end, another;
	uint8_t byte;

	start("delay 60s");
	connect_both(&client, &server_end);
	say(client, request, sizeof(request));
	hears(server_end, request, sizeof(request));
	say(server_end, reply, sizeof(reply));
	await(figures()->replies == 1);
	another = connect_client();
	event_base_loop(base, EVLOOP_NONBLOCK);
	fault_proxy_free(proxy);
	proxy = NULL;
	ck_assert_int_le(recv(another, &byte, 1, 0), 0);
	close(another);
	close(client);
	close(server_end);
}
END_TEST

START_TEST(freeing_none_is_fine)
{
	fault_proxy_free(NULL);
}
END_TEST

static TCase *
connections(void)
{
	TCase *t = tcase_create("connections");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, a_request_and_its_reply_pass);
	tcase_add_test(
	    t, what_is_sent_before_the_server_has_answered_is_not_lost);
	tcase_add_test(t, each_client_has_a_connection_of_its_own);
	tcase_add_test(t, a_client_of_an_unreachable_server_is_closed);
	tcase_add_test(t, a_reset_of_the_client_resets_the_server);
	tcase_add_test(t, a_reset_of_the_server_resets_the_client);
	tcase_add_test(t, a_reset_of_the_server_waits_behind_a_delay);
	tcase_add_test(t, a_split_reply_is_two_reads);
	tcase_add_test(t, close_reaches_the_client_and_the_server);
	tcase_add_test(t, so_many_connections_and_no_more);
	tcase_add_test(t, a_port_that_is_taken_is_an_error);
	tcase_add_test(t, may_be_freed_at_any_time);
	tcase_add_test(t, freeing_none_is_fine);
	return t;
}

/* For scripts/memcheck: valgrind has a descriptor limit of its own. */
static TCase *
running_out(void)
{
	TCase *t = tcase_create("running out");

	tcase_set_tags(t, "descriptors");
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, a_client_without_a_descriptor_waits);
	tcase_add_test(
	    t, a_client_without_a_descriptor_for_the_server_is_closed);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("fault_proxy");

	suite_add_tcase(s, connections());
	suite_add_tcase(s, running_out());
	return suite_run(s);
}
