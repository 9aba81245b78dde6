#include "net/admission.h"

#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bare_transport.h"
#include "base/identity.h"
#include "one_server.h"

#define REQUEST "\0\1\0\0\0\6\1\3\0\0\0\1"

static struct identities identities;
static struct bare_source bare;
static struct admission admission;
static struct client came;
static bool lacks_memory;

static struct transport *
begin(void *arg, evutil_socket_t fd, const struct client *who)
{
	came = *who;
	return lacks_memory ? NULL : bare.source.begin(arg, fd);
}

static void
setup(void)
{
	struct address where;

	one_server_begin();
	identities_init(&identities);
	bare_source_init(&bare, &identities);
	lacks_memory = false;
	server = server_new(base, &config);
	ck_assert_ptr_nonnull(server);
	admission_init(&admission, server, CLIENT_RTU, begin, &bare);
	ck_assert_int_eq(address_parse("127.0.0.1", 0, &where), 0);
	ck_assert_int_eq(
	    server_listen(server, &where, false, &admission.entrance), 0);
	ck_assert_int_eq(server_start(server), 0);
}

static void
teardown(void)
{
	one_server_end();
	ck_assert_uint_eq(bare.freed, bare.begun);
}

START_TEST(a_client_is_a_connection_at_once)
{
	int fd = one_server_dial();
	char reply[32];

	await_doing((void)0, counters()->connections == 1);
	ck_assert_int_eq(came.way, CLIENT_RTU);
	ck_assert(address_is_loopback(&came.address));
	ck_assert_int_eq(send(fd, REQUEST, 12, 0), 12);
	await_doing((void)0, recv(fd, reply, sizeof(reply), 0) == 11);
	close(fd);
	await_doing((void)0, counters()->connections == 0);
	ck_assert_uint_eq(bare.freed, 1);
}
END_TEST

START_TEST(without_memory_a_client_is_sent_away)
{
	int fd = one_server_dial();
	char byte;

	lacks_memory = true;
	await_doing((void)0, recv(fd, &byte, 1, 0) == 0);
	ck_assert_uint_eq(counters()->connections, 0);
	close(fd);
	server_stop(server);
	await_doing((void)0, stops == 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("admission");
	TCase *tc = tcase_create("admission");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_client_is_a_connection_at_once);
	tcase_add_test(tc, without_memory_a_client_is_sent_away);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
