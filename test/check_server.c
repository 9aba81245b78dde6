/* A whole server on loopback, driven turn by turn in the test's own thread. */
#include "net/server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "held_order.h"
#include "net/datagrams.h"
#include "net/listener.h"
#include "one_server.h"
#include "service/policy.h"
#include "suite.h"
#include "system/socket.h"
#include "table/datatable.h"
#include "wire.h"

static struct held_order held;

static void
teardown(void)
{
	bool held_writes = config.service.order != NULL;

	one_server_end();
	if (held_writes)
		held_order_end(&held);
}

static void
turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

#define await(expression) await_doing((void)0, expression)

static int
dial_and_await(void)
{
	uint64_t before = counters()->accepted;
	int fd = one_server_dial();

	await(counters()->accepted == before + 1);
	return fd;
}

/* Send a request for one register. */
static void
ask(int fd, uint16_t transaction, uint8_t function)
{
	struct evbuffer *out = evbuffer_new();

	wire_request(out, transaction, function, 5, 1);
	ck_assert_int_eq(evbuffer_write(out, fd), WIRE_REQUEST_LENGTH);
	evbuffer_free(out);
}

/* Whether reading finds the end, or a reset, at once. The system may deliver
 * these a moment after the server has closed. */
static bool
is_closed(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_PEEK);

	return n == 0 || (n < 0 && errno == ECONNRESET);
}

/* Whether a reply is there, which it takes. */
static bool
has_reply(int fd, uint16_t transaction)
{
	struct evbuffer *in = evbuffer_new();
	bool got = evbuffer_read(in, fd, -1) > 0;

	if (got)
		wire_reply(in, transaction);
	evbuffer_free(in);
	return got;
}

START_TEST(serves_and_counts)
{
	int fd;

	one_server_start();
	fd = dial_and_await();
	ask(fd, 1, MB_FC_READ_HOLDING_REGISTERS);
	await(has_reply(fd, 1));
	ck_assert_uint_eq(counters()->connections, 1);
	ck_assert_uint_eq(counters()->requests, 1);
	close(fd);
	await(counters()->connections == 0);
	ck_assert_uint_eq(counters()->closed[CONN_CLOSED_BY_PEER], 1);
}
END_TEST

START_TEST(names_every_address_it_listens_on)
{
	struct address where;

	one_server_start();
	ck_assert_int_eq(address_parse("127.0.0.2", 0, &where), 0);
	ck_assert_int_eq(server_listen(server, &where, false, NULL), 0);
	ck_assert_uint_eq(server_address_count(server), 2);
	where = server_address(server, 1);
	ck_assert_uint_eq(where.ip.s6_addr[15], 2);
	ck_assert_uint_ne(where.port, 0);
	ck_assert_int_eq(server_listen(server, &where, false, NULL), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
}
END_TEST

START_TEST(its_port_is_the_first_there_is)
{
	one_server_start();
	ck_assert_uint_eq(server_port(server), server_address(server, 0).port);
	server_free(server);
	server = server_new(base, &config);
	ck_assert_uint_eq(server_port(server), 0);
}
END_TEST

/* A folder for sockets, and one in it. */
static char folder[] = "/tmp/check_server.XXXXXX";
static char path[sizeof(folder) + 2];

static void
begin_with_a_folder(void)
{
	one_server_begin();
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s", folder);
}

static void
remove_folder(void)
{
	teardown();
	unlink(path);
	ck_assert_int_eq(rmdir(folder), 0);
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
}

static int
dial_path(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(to.sun_path, path);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
see_unix(void *arg, const struct conn_figures *figures)
{
	bool *seen = arg;

	*seen = figures->client->way == CLIENT_UNIX &&
	    address_is_unix(&figures->client->address);
}

START_TEST(listens_at_a_path_until_it_stops)
{
	bool seen = false;
	int fd;

	server = server_new(base, &config);
	ck_assert_int_eq(server_listen_path(server, path), 0);
	ck_assert_uint_eq(server_port(server), 0);
	ck_assert_int_eq(server_start(server), 0);
	fd = dial_path();
	ck_assert_int_ge(fd, 0);
	ask(fd, 1, MB_FC_READ_HOLDING_REGISTERS);
	await(has_reply(fd, 1));
	server_each_client(server, see_unix, &seen);
	ck_assert(seen);
	close(fd);
	server_stop(server);
	ck_assert_int_eq(access(path, F_OK), -1);
	await(stops == 1);
}
END_TEST

START_TEST(who_comes_to_a_path_before_it_starts_waits)
{
	int fd;

	server = server_new(base, &config);
	ck_assert_int_eq(server_listen_path(server, path), 0);
	fd = dial_path();
	ck_assert_int_ge(fd, 0);
	ask(fd, 1, MB_FC_READ_HOLDING_REGISTERS);
	ck_assert_int_eq(server_start(server), 0);
	await(has_reply(fd, 1));
	close(fd);
}
END_TEST

START_TEST(a_path_where_somebody_listens_is_in_use)
{
	evutil_socket_t other = socket_bind_path(path);

	ck_assert_int_ge(other, 0);
	server = server_new(base, &config);
	ck_assert_int_eq(server_listen_path(server, path), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert_int_eq(access(path, F_OK), 0);
	socket_remove_path(path); /* somebody listens */
	ck_assert_int_eq(access(path, F_OK), 0);
	close(other);
	ck_assert_int_eq(server_listen_path(server, path), 0);
}
END_TEST

START_TEST(a_path_of_something_else_is_left_alone)
{
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	ck_assert_int_ge(fd, 0);
	server = server_new(base, &config);
	ck_assert_int_eq(server_listen_path(server, path), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(server_listen_path(server, "/nowhere/at/all"), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(access(path, F_OK), 0);
	close(fd);
}
END_TEST

START_TEST(a_path_that_is_too_long_is_an_error)
{
	char longer[SOCKET_PATH_MAX + 2];

	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_int_eq(socket_bind_path(longer), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
	socket_remove_path(longer);
}
END_TEST

START_TEST(a_path_has_the_permissions_that_the_umask_leaves)
{
	mode_t before = umask(027);
	struct stat there;
	evutil_socket_t fd = socket_bind_path(path);

	umask(before);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(stat(path, &there), 0);
	ck_assert_uint_eq(there.st_mode & 0777, 0750);
	close(fd);
	socket_remove_path(path);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(nobody_can_connect_before_it_starts)
{
	struct address where;
	struct sockaddr_storage to;
	socklen_t length;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(address_parse("127.0.0.1", 0, &where), 0);
	server = server_new(base, &config);
	ck_assert_int_eq(server_listen(server, &where, false, NULL), 0);
	where = server_address(server, 0);
	length = address_to_sockaddr(&where, &to);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, length), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	close(fd);
	ck_assert_int_eq(server_start(server), 0);
	close(dial_and_await());
}
END_TEST

/* A socket as a service manager passes it: it stays open with its owner, who
 * still has what waits in its queue when the server is gone. */
START_TEST(adopts_a_socket_and_leaves_it_listening)
{
	struct address where;
	int owned, fd;

	ck_assert_int_eq(address_parse("127.0.0.1", 0, &where), 0);
	owned = listener_bind(&where, false);
	ck_assert_int_ge(owned, 0);
	ck_assert_int_eq(socket_listen(owned), 0);
	server = server_new(base, &config);
	ck_assert_int_eq(server_adopt(server, dup(owned), NULL), 0);
	ck_assert_int_eq(server_start(server), 0);
	fd = dial_and_await();
	ask(fd, 1, MB_FC_READ_HOLDING_REGISTERS);
	await(has_reply(fd, 1));
	close(fd);

	fd = one_server_dial(); /* waits in the queue, as the loop does not turn
				 */
	server_free(server);
	server = server_new(base, &config);
	ck_assert_int_eq(server_adopt(server, owned, NULL), 0);
	ck_assert_int_eq(server_start(server), 0);
	ask(fd, 2, MB_FC_READ_HOLDING_REGISTERS);
	await(has_reply(fd, 2));
	close(fd);
}
END_TEST

START_TEST(listens_on_no_more_addresses_than_it_can)
{
	struct address where;
	int fd;

	one_server_start();
	ck_assert_int_eq(address_parse("127.0.0.1", 0, &where), 0);
	while (server_address_count(server) < SERVER_LISTEN_MAX)
		ck_assert_int_eq(server_listen(server, &where, false, NULL), 0);
	ck_assert_int_eq(server_listen(server, &where, false, NULL), -1);
	ck_assert_int_eq(errno, ENOSPC);
	fd = listener_bind(&where, false);
	ck_assert_int_eq(server_adopt(server, fd, NULL), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(close(fd), 0); /* still ours */
}
END_TEST

/* --- UDP ---------------------------------------------------------------- */

/* Start a server that has no other address, and return a client's socket. */
static int
start_udp(void)
{
	struct sockaddr_storage to;
	struct address where;
	socklen_t length;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	ck_assert_int_eq(address_parse("127.0.0.1", 0, &where), 0);
	server = server_new(base, &config);
	ck_assert_ptr_null(server_datagrams(server));
	ck_assert_int_eq(server_listen_udp(server, &where, false), 0);
	ck_assert_int_eq(server_start(server), 0);
	ck_assert_uint_eq(server_address_count(server), 1);
	where = server_address(server, 0);
	length = address_to_sockaddr(&where, &to);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, length), 0);
	return fd;
}

START_TEST(serves_and_counts_datagrams)
{
	int fd = start_udp();

	ask(fd, 1, MB_FC_READ_HOLDING_REGISTERS);
	await(has_reply(fd, 1));
	ck_assert_uint_eq(counters()->requests, 1);
	ck_assert_uint_eq(counters()->connections, 0);
	ck_assert_uint_eq(server_datagrams(server)->replied, 1);
	close(fd);
}
END_TEST

START_TEST(datagrams_are_beside_connections)
{
	struct address where;
	int fd;

	one_server_start();
	where = server_address(server, 0);
	ck_assert_int_eq(server_listen_udp(server, &where, false), 0);
	ck_assert_uint_eq(server_address_count(server), 2);
	ck_assert_uint_eq(server_address(server, 1).port, where.port);
	fd = dial_and_await();
	ask(fd, 1, MB_FC_READ_HOLDING_REGISTERS);
	await(has_reply(fd, 1));
	close(fd);
}
END_TEST

/* Until the grace is over, at the most. */
START_TEST(stop_waits_for_datagrams_to_be_answered)
{
	bool answered = _i == 0;
	uint64_t began;
	int fd;

	held_order_init(&held);
	config.service.order = &held.order;
	fd = start_udp();
	ask(fd, 1, MB_FC_WRITE_SINGLE_REGISTER);
	await(held.submitted == 1);
	began = clock_ms();
	server_stop(server);
	for (int i = 0; i < 10; i++)
		turn();
	ck_assert(stops == 0 || clock_ms() - began >= 400);
	if (answered) {
		held_order_settle(&held, 1, ORDER_EXECUTE);
		ck_assert(has_reply(fd, 1));
	}
	await(stops == 1);
	close(fd);
}
END_TEST

/* --- limits ------------------------------------------------------------- */

START_TEST(refuses_new_connections_at_the_limit)
{
	int fds[3];

	config.max_connections = 2;
	one_server_start();
	fds[0] = dial_and_await();
	fds[1] = dial_and_await();
	fds[2] = one_server_dial();
	await(counters()->refused == 1);
	await(is_closed(fds[2]));
	ck_assert_uint_eq(counters()->connections, 2);

	close(fds[0]);
	await(counters()->connections == 1);
	fds[0] = dial_and_await();
	ck_assert_uint_eq(counters()->connections, 2);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}
END_TEST

START_TEST(keeps_the_reserve_of_descriptors_from_clients)
{
	struct rlimit old, tight;
	int fds[3];

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	tight = (struct rlimit){ 200, old.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
	config.reserve = 198;
	one_server_start();
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	fds[0] = dial_and_await();
	fds[1] = dial_and_await();
	fds[2] = one_server_dial();
	await(counters()->refused == 1);
	await(is_closed(fds[2]));
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}
END_TEST

START_TEST(evicts_the_least_recently_active_at_the_limit)
{
	uint64_t now;
	int fds[3];

	config.max_connections = 2;
	config.evict_idle = 50;
	one_server_start();
	fds[0] = dial_and_await();
	now = clock_ms();
	await(clock_ms() > now + 2);
	fds[1] = dial_and_await();
	fds[2] = one_server_dial();
	/* Nobody is idle for so long yet, unless this machine is busy. */
	await(counters()->refused + counters()->closed[CONN_EVICTED] == 1);
	if (counters()->refused == 1) {
		close(fds[2]);
		now = clock_ms();
		await(clock_ms() > now + config.evict_idle);
		fds[2] = dial_and_await();
	}
	ck_assert_uint_eq(counters()->closed[CONN_EVICTED], 1);
	ck_assert_uint_eq(counters()->connections, 2);
	await(is_closed(fds[0]));
	ck_assert(!is_closed(fds[1]));
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}
END_TEST

/* The whole of 127.0.0.0/8 is this host: each address is a client's own. */
static int
dial_from(const char *ip)
{
	struct address to = server_address(server, 0);
	struct address source;
	struct sockaddr_storage name;
	socklen_t length;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(address_parse_ip(ip, &source), 0);
	length = address_to_sockaddr(&source, &name);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, length), 0);
	length = address_to_sockaddr(&to, &name);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&name, length), 0);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

START_TEST(limits_the_connections_of_one_address)
{
	int fds[4];

	config.max_per_client = 2;
	one_server_start();
	fds[0] = dial_from("127.0.0.2");
	fds[1] = dial_from("127.0.0.2");
	fds[2] = dial_from("127.0.0.2");
	await(counters()->refused == 1);
	await(is_closed(fds[2]));
	fds[3] = dial_from("127.0.0.3");
	await(counters()->connections == 3);

	close(fds[0]);
	await(counters()->connections == 2);
	fds[0] = dial_from("127.0.0.2");
	await(counters()->connections == 3);
	ck_assert_uint_eq(counters()->refused, 1);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	await(counters()->connections == 0);
}
END_TEST

START_TEST(pauses_without_descriptors_and_resumes_when_one_is_free)
{
	struct rlimit old, tight;
	uint64_t began;
	int fds[2];

	one_server_start();
	fds[0] = dial_and_await();
	fds[1] = one_server_dial();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	tight = (struct rlimit){ (rlim_t)fds[1] + 1, old.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
	began = clock_ms();
	await(counters()->accept_errors == 1);
	for (int i = 0; i < 1000; i++)
		turn();
	/* It does not spin: it tries again every 100 ms, and with a sweep. */
	ck_assert_uint_le(
	    counters()->accept_errors, 2 + (clock_ms() - began) / 50);

	close(fds[0]);
	await(counters()->closed[CONN_CLOSED_BY_PEER] == 1);
	await(counters()->accepted == 2);
	ask(fds[1], 1, MB_FC_READ_COILS);
	await(has_reply(fds[1], 1));
	setrlimit(RLIMIT_NOFILE, &old);
	close(fds[1]);
}
END_TEST

START_TEST(resumes_by_itself_when_descriptors_are_free_elsewhere)
{
	struct rlimit old, tight;
	int fd;

	one_server_start();
	fd = one_server_dial();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	tight = (struct rlimit){ (rlim_t)fd + 1, old.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
	await(counters()->accept_errors == 1);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	await(counters()->accepted == 1);
	close(fd);
}
END_TEST

/* The sweep comes once a second, and so this takes one. */
START_TEST(sweeps_deadlines)
{
	int fd;

	config.deadlines.idle = 1;
	one_server_start();
	fd = dial_and_await();
	await(counters()->closed[CONN_IDLE] == 1 || is_closed(fd));
	await(is_closed(fd));
	close(fd);
	await(counters()->connections == 0);
	ck_assert_uint_eq(counters()->closed[CONN_IDLE], 1);
}
END_TEST

/* After our last word we wait for the peer's, but not for ever: two sweeps. */
START_TEST(lingers_for_a_bounded_time)
{
	int fd;

	config.deadlines.linger = 1;
	one_server_start();
	fd = dial_and_await();
	ck_assert_int_eq(send(fd, "GET /", 5, 0), 5);
	await(is_closed(fd));
	ck_assert_uint_eq(counters()->connections, 1);
	await(counters()->connections == 0);
	ck_assert_uint_eq(counters()->closed[CONN_BAD_PROTOCOL], 1);
	close(fd);
}
END_TEST

/* --- stopping ----------------------------------------------------------- */

START_TEST(stop_without_connections_calls_stopped_once_from_the_loop)
{
	one_server_start();
	server_stop(server);
	server_stop(server);
	ck_assert_uint_eq(stops, 0);
	await(stops == 1);
	for (int i = 0; i < 10; i++)
		turn();
	ck_assert_uint_eq(stops, 1);
}
END_TEST

START_TEST(stop_ends_connections_in_every_state)
{
	uint64_t began;
	int fds[3];

	one_server_start();
	for (int i = 0; i < 3; i++)
		fds[i] = dial_and_await();
	close(fds[0]); /* the others hold on to theirs */
	began = clock_ms();
	server_stop(server);
	await(stops == 1);
	ck_assert_uint_ge(clock_ms() - began, 400); /* they had their time */
	ck_assert_uint_eq(counters()->connections, 0);
	await(is_closed(fds[1]));
	for (int i = 0; i < 10; i++)
		turn();
	ck_assert_uint_eq(stops, 1);
	close(fds[1]);
	close(fds[2]);
}
END_TEST

START_TEST(stop_is_over_as_soon_as_all_clients_have_left)
{
	uint64_t began;
	int fd;

	one_server_start();
	fd = dial_and_await();
	began = clock_ms();
	server_stop(server);
	await(is_closed(fd));
	/* It waits for the client, unless this machine has been so slow. */
	ck_assert(stops == 0 || clock_ms() - began >= 400);
	close(fd);
	await(stops == 1);
	ck_assert_uint_eq(counters()->closed[CONN_STOPPING], 1);
}
END_TEST

START_TEST(word_stops_the_server)
{
	int fds[2];

	config.shutdown_word = "quit";
	one_server_start();
	fds[0] = dial_and_await();
	fds[1] = dial_and_await();
	ck_assert_int_eq(send(fds[0], "quit", 4, 0), 4);
	await(stops == 1);
	ck_assert_uint_eq(shut_downs, 1);
	ck_assert_uint_eq(counters()->closed[CONN_SHUT_DOWN], 1);
	ck_assert_uint_eq(counters()->closed[CONN_STOPPING], 1);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* --- seams -------------------------------------------------------------- */

static bool
nobody(void *arg, const struct client *who)
{
	(void)who;
	++*(unsigned *)arg;
	return false;
}

START_TEST(policy_keeps_clients_out)
{
	unsigned asked = 0;
	const struct policy policy = { .arg = &asked, .may_connect = nobody };
	int fd;

	config.service.policy = &policy;
	one_server_start();
	fd = one_server_dial();
	await(counters()->refused == 1);
	ck_assert_uint_eq(asked, 1);
	await(is_closed(fd));
	ck_assert_uint_eq(counters()->accepted, 0);
	close(fd);
}
END_TEST

START_TEST(order_holds_one_connection_and_no_other)
{
	int writer, reader;

	held_order_init(&held);
	config.service.order = &held.order;
	one_server_start();
	writer = dial_and_await();
	reader = dial_and_await();
	ask(writer, 1, MB_FC_WRITE_SINGLE_REGISTER);
	await(counters()->held == 1);
	ask(reader, 2, MB_FC_READ_HOLDING_REGISTERS);
	await(has_reply(reader, 2));
	ck_assert(!has_reply(writer, 1));
	held_order_settle(&held, 1, ORDER_EXECUTE);
	await(has_reply(writer, 1));
	close(writer);
	close(reader);
	await(counters()->connections == 0);
}
END_TEST

START_TEST(a_client_that_waits_for_a_reply_is_not_evicted)
{
	int writer, reader;

	held_order_init(&held);
	config.service.order = &held.order;
	config.max_connections = 2;
	config.evict_idle = 1;
	one_server_start();
	writer = dial_and_await();
	ask(writer, 1, MB_FC_WRITE_SINGLE_REGISTER);
	await(counters()->held == 1);
	reader = dial_and_await();
	/* Newcomers come until one of the two has been idle for long enough:
	 * that is never the one that waits. */
	while (counters()->closed[CONN_EVICTED] == 0) {
		uint64_t refused = counters()->refused;
		int fd = one_server_dial();

		await(counters()->refused > refused ||
		    counters()->closed[CONN_EVICTED] > 0);
		close(fd);
	}
	await(is_closed(reader));
	held_order_settle(&held, 1, ORDER_EXECUTE);
	await(has_reply(writer, 1));
	close(writer);
	close(reader);
}
END_TEST

static void
reset(int fd)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

START_TEST(writes_of_closed_connections_are_executed_and_counted)
{
	int fd;

	held_order_init(&held);
	config.service.order = &held.order;
	one_server_start();
	fd = dial_and_await();
	ask(fd, 1, MB_FC_WRITE_SINGLE_REGISTER);
	ask(fd, 2, MB_FC_WRITE_SINGLE_REGISTER);
	ask(fd, 3, MB_FC_WRITE_SINGLE_REGISTER);
	await(held.submitted == 3);
	reset(fd);
	await(counters()->connections == 0);
	ck_assert_uint_eq(counters()->requests, 0);
	held_order_settle(&held, 1, ORDER_EXECUTE);
	held_order_settle(&held, 2, ORDER_REFUSED);
	ck_assert_uint_eq(counters()->requests, 2);
	ck_assert_uint_eq(counters()->exceptions_by_code[MB_EX_NONE], 1);
	ck_assert_uint_eq(
	    counters()->exceptions_by_code[MB_EX_SERVER_DEVICE_FAILURE], 1);
	server_free(server);
	server = NULL;
	held_order_settle(&held, 3, ORDER_EXECUTE); /* of no more effect */
}
END_TEST

static TCase *
add_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, one_server_begin, teardown);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("server");
	TCase *tc = add_case(suite, "serving");

	tcase_add_test(tc, serves_and_counts);
	tcase_add_test(tc, names_every_address_it_listens_on);
	tcase_add_test(tc, nobody_can_connect_before_it_starts);
	tcase_add_test(tc, adopts_a_socket_and_leaves_it_listening);
	tcase_add_test(tc, listens_on_no_more_addresses_than_it_can);

	tcase_add_test(tc, its_port_is_the_first_there_is);

	tc = tcase_create("paths");
	tcase_add_checked_fixture(tc, begin_with_a_folder, remove_folder);
	tcase_add_test(tc, listens_at_a_path_until_it_stops);
	tcase_add_test(tc, who_comes_to_a_path_before_it_starts_waits);
	tcase_add_test(tc, a_path_where_somebody_listens_is_in_use);
	tcase_add_test(tc, a_path_of_something_else_is_left_alone);
	tcase_add_test(tc, a_path_that_is_too_long_is_an_error);
	tcase_add_test(tc, a_path_has_the_permissions_that_the_umask_leaves);
	suite_add_tcase(suite, tc);

	tc = add_case(suite, "limits");
	tcase_add_test(tc, refuses_new_connections_at_the_limit);
	tcase_add_test(tc, keeps_the_reserve_of_descriptors_from_clients);
	tcase_add_test(tc, evicts_the_least_recently_active_at_the_limit);
	tcase_add_test(tc, limits_the_connections_of_one_address);
	tcase_add_test(tc, sweeps_deadlines);
	tcase_add_test(tc, lingers_for_a_bounded_time);

	/* For scripts/memcheck: valgrind has a descriptor limit of its own. */
	tc = add_case(suite, "running out");
	tcase_set_tags(tc, "descriptors");
	tcase_add_test(
	    tc, pauses_without_descriptors_and_resumes_when_one_is_free);
	tcase_add_test(
	    tc, resumes_by_itself_when_descriptors_are_free_elsewhere);

	tc = add_case(suite, "udp");
	tcase_add_test(tc, serves_and_counts_datagrams);
	tcase_add_test(tc, datagrams_are_beside_connections);
	tcase_add_loop_test(tc, stop_waits_for_datagrams_to_be_answered, 0, 2);

	tc = add_case(suite, "stopping");
	tcase_add_test(
	    tc, stop_without_connections_calls_stopped_once_from_the_loop);
	tcase_add_test(tc, stop_ends_connections_in_every_state);
	tcase_add_test(tc, stop_is_over_as_soon_as_all_clients_have_left);
	tcase_add_test(tc, word_stops_the_server);

	tc = add_case(suite, "seams");
	tcase_add_test(tc, policy_keeps_clients_out);
	tcase_add_test(tc, order_holds_one_connection_and_no_other);
	tcase_add_test(tc, a_client_that_waits_for_a_reply_is_not_evicted);
	tcase_add_test(
	    tc, writes_of_closed_connections_are_executed_and_counted);
	return suite_run(suite);
}
