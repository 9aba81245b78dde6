#include "system/datagram.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "suite.h"
#include "system/socket.h"

static int bound, asker;
static struct datagram_ends ends;
static uint8_t bytes[16];

static int
bind_text(const char *text, bool both_families)
{
	struct sockaddr_storage to;
	struct address where;

	ck_assert_int_eq(address_parse(text, 0, &where), 0);
	return datagram_bind(
	    &to, address_to_sockaddr(&where, &to), both_families);
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_storage at;

	socket_address(fd, &at);
	return address_from_sockaddr(&at).port;
}

static void
setup(void)
{
	bound = bind_text("127.0.0.1:0", false);
	asker = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_ge(bound, 0);
	ck_assert_int_ge(asker, 0);
}

static void
teardown(void)
{
	close(bound);
	close(asker);
}

/* Ask at an IPv4 address, at the port of the bound socket. */
static void
ask(const char *ip, const void *text, size_t length)
{
	struct sockaddr_storage to;
	struct address where;

	ck_assert_int_eq(address_parse(ip, port_of(bound), &where), 0);
	ck_assert_int_eq(sendto(asker, text, length, 0, (void *)&to,
			     address_to_sockaddr(&where, &to)),
	    (ssize_t)length);
}

static ssize_t
receive(void)
{
	struct pollfd p = { .fd = bound, .events = POLLIN };

	ck_assert_int_eq(poll(&p, 1, 20000), 1);
	return datagram_receive(bound, bytes, sizeof(bytes), &ends);
}

static const char *
text_of(const struct sockaddr_storage *end)
{
	static char text[ADDRESS_TEXT_MAX];
	const struct address a = address_from_sockaddr(end);

	return address_format_ip(&a, text);
}

/* What the asker receives, and from where. */
static void
assert_told(const char *ip, const char *text)
{
	struct sockaddr_storage from;
	socklen_t length = sizeof(from);
	char told[16] = "";

	ck_assert_int_eq(
	    recvfrom(asker, told, sizeof(told), 0, (void *)&from, &length),
	    (ssize_t)strlen(text));
	ck_assert_str_eq(told, text);
	ck_assert_str_eq(text_of(&from), ip);
	ck_assert_uint_eq(address_from_sockaddr(&from).port, port_of(bound));
}

START_TEST(does_not_block_and_is_not_inherited)
{
	ck_assert_int_ne(fcntl(bound, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(bound, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(
	    datagram_receive(bound, bytes, sizeof(bytes), &ends), -1);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

START_TEST(no_second_socket_has_the_address)
{
	char text[ADDRESS_TEXT_MAX];

	snprintf(text, sizeof(text), "127.0.0.1:%u", port_of(bound));
	ck_assert_int_eq(bind_text(text, false), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
}
END_TEST

START_TEST(foreign_address_is_not_bound)
{
	ck_assert_int_eq(bind_text("192.0.2.1:0", false), -1);
	ck_assert_int_eq(errno, EADDRNOTAVAIL);
}
END_TEST

START_TEST(receives_and_answers)
{
	ask("127.0.0.1", "hello", 5);
	ck_assert_int_eq(receive(), 5);
	ck_assert_mem_eq(bytes, "hello", 5);
	ck_assert_uint_eq(
	    address_from_sockaddr(&ends.peer).port, port_of(asker));
	ck_assert_str_eq(text_of(&ends.local), "127.0.0.1");
	ck_assert(!ends.to_many);
	ck_assert_int_eq(datagram_send(bound, "you", 3, &ends), 0);
	assert_told("127.0.0.1", "you");
}
END_TEST

START_TEST(empty_datagram_has_0_bytes)
{
	ask("127.0.0.1", "", 0);
	ck_assert_int_eq(receive(), 0);
}
END_TEST

START_TEST(longer_datagram_is_cut_off)
{
	static const uint8_t longer[sizeof(bytes) + 10];

	ask("127.0.0.1", longer, sizeof(longer));
	ck_assert_int_eq(receive(), sizeof(bytes));
}
END_TEST

/* Bind every address of this machine. */
static void
bind_all(const char *any, bool both_families)
{
	close(bound);
	bound = bind_text(any, both_families);
	ck_assert_int_ge(bound, 0);
}

/* 127.0.0.0/8 is all of this machine. */
static void
assert_answers_from_where_it_was_asked(void)
{
	ask("127.0.0.7", "to 7", 4);
	ck_assert_int_eq(receive(), 4);
	ck_assert_str_eq(text_of(&ends.local), "127.0.0.7");
	ck_assert(!ends.to_many);
	ck_assert_int_eq(datagram_send(bound, "of 7", 4, &ends), 0);
	assert_told("127.0.0.7", "of 7");
}

START_TEST(answers_from_the_address_that_was_asked)
{
	bind_all("0.0.0.0:0", false);
	assert_answers_from_where_it_was_asked();
}
END_TEST

START_TEST(likewise_where_both_families_are_bound)
{
	bind_all("[::]:0", true);
	assert_answers_from_where_it_was_asked();
}
END_TEST

START_TEST(likewise_over_ipv6)
{
	const struct sockaddr_in6 to = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	struct sockaddr_in6 at;

	bind_all("[::]:0", false);
	close(asker);
	asker = socket(AF_INET6, SOCK_DGRAM, 0);
	at = to;
	at.sin6_port = htons(port_of(bound));
	ck_assert_int_eq(
	    sendto(asker, "six", 3, 0, (void *)&at, sizeof(at)), 3);
	ck_assert_int_eq(receive(), 3);
	ck_assert_str_eq(text_of(&ends.local), "::1");
	ck_assert(!ends.to_many);
	ck_assert_int_eq(datagram_send(bound, "6", 1, &ends), 0);
	assert_told("::1", "6");
}
END_TEST

START_TEST(broadcast_is_to_many)
{
	int on = 1;

	bind_all(_i == 0 ? "0.0.0.0:0" : "[::]:0", _i != 0);
	setsockopt(asker, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	ask("127.255.255.255", "all", 3);
	ck_assert_int_eq(receive(), 3);
	ck_assert(ends.to_many);
}
END_TEST

START_TEST(refused_by_the_system_is_an_error)
{
	static const uint8_t endless[70000];

	ask("127.0.0.1", "x", 1);
	ck_assert_int_eq(receive(), 1);
	ck_assert_int_eq(
	    datagram_send(bound, endless, sizeof(endless), &ends), -1);
	ck_assert_int_eq(errno, EMSGSIZE);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("datagram");
	TCase *tc = tcase_create("datagram");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, does_not_block_and_is_not_inherited);
	tcase_add_test(tc, no_second_socket_has_the_address);
	tcase_add_test(tc, foreign_address_is_not_bound);
	tcase_add_test(tc, receives_and_answers);
	tcase_add_test(tc, empty_datagram_has_0_bytes);
	tcase_add_test(tc, longer_datagram_is_cut_off);
	tcase_add_test(tc, answers_from_the_address_that_was_asked);
	tcase_add_test(tc, likewise_where_both_families_are_bound);
	tcase_add_test(tc, likewise_over_ipv6);
	tcase_add_loop_test(tc, broadcast_is_to_many, 0, 2);
	tcase_add_test(tc, refused_by_the_system_is_an_error);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
