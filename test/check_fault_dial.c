#include "fault/dial.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listener.h"
#include "one_server.h"
#include "system/socket.h"

static int pair[2];       /* the client's, and its proxy's end */
static int server_socket; /* bound */
static struct address to;
static struct dial *dial;
static unsigned calls;
static bool connected;

static void
done(void *arg, struct dial *d, evutil_socket_t fd, struct bufferevent *bev,
    const char *why)
{
	ck_assert_ptr_eq(arg, &calls);
	ck_assert_ptr_eq(d, dial);
	ck_assert_int_eq(fd, pair[1]);
	ck_assert((bev == NULL) == (why != NULL));
	connected = bev != NULL;
	calls++;
	if (bev != NULL)
		bufferevent_free(bev);
	close(fd);
}

static void
begin(void)
{
	one_server_begin();
	ck_assert_int_eq(address_parse("127.0.0.1", 0, &to), 0);
	server_socket = listener_bind(&to, false);
	ck_assert_int_ge(server_socket, 0);
	to = listener_bound(server_socket);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
}

static void
end(void)
{
	close(server_socket);
	close(pair[0]);
	one_server_end();
}

/* Nothing happens before the loop turns. */
static void
begin_dial(void)
{
	dial = dial_new(base, &to, pair[1], done, &calls);
	ck_assert_ptr_nonnull(dial);
	ck_assert_uint_eq(calls, 0);
}

START_TEST(connects_later_and_once)
{
	ck_assert_int_eq(socket_listen(server_socket), 0);
	begin_dial();
	await_doing((void)0, calls != 0);
	ck_assert(connected);
	for (int i = 0; i < 5; i++)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_uint_eq(calls, 1);
}
END_TEST

START_TEST(tells_why_it_cannot_connect)
{
	begin_dial();
	await_doing((void)0, calls != 0);
	ck_assert(!connected);
	ck_assert_uint_eq(calls, 1);
}
END_TEST

START_TEST(closes_the_client_when_it_is_given_up)
{
	char byte;

	begin_dial();
	dial_free(dial);
	ck_assert_int_eq(recv(pair[0], &byte, 1, 0), 0);
	ck_assert_uint_eq(calls, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fault_dial");
	TCase *t = tcase_create("dial");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, connects_later_and_once);
	tcase_add_test(t, tells_why_it_cannot_connect);
	tcase_add_test(t, closes_the_client_when_it_is_given_up);
	suite_add_tcase(s, t);
	return suite_run(s);
}
