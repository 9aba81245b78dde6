#include "base/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "suite.h"

#define DEFAULT_PORT 502
#define GUARD_BYTE   0x5A

static void
parse(const char *text, struct address *a)
{
	ck_assert_msg(address_parse(text, DEFAULT_PORT, a) == 0, "%s", text);
}

/* Format into no more room than promised. */
static void
assert_text(const struct address *a, const char *expected)
{
	char text[ADDRESS_TEXT_MAX + 1];

	text[ADDRESS_TEXT_MAX] = GUARD_BYTE;
	ck_assert_ptr_eq(address_format(a, text), text);
	ck_assert_str_eq(text, expected);
	ck_assert_int_eq(text[ADDRESS_TEXT_MAX], GUARD_BYTE);
}

static const struct {
	const char *given;
	const char *text;
	bool ipv4;
} valid[] = {
	{ "1.2.3.4", "1.2.3.4:502", true },
	{ "1.2.3.4:5", "1.2.3.4:5", true },
	{ "0.0.0.0", "0.0.0.0:502", true },
	{ "0.0.0.0:0", "0.0.0.0:0", true },
	{ "255.255.255.255:65535", "255.255.255.255:65535", true },
	{ "127.0.0.1:00080", "127.0.0.1:80", true },
	{ "::", "[::]:502", false },
	{ "[::]", "[::]:502", false },
	{ "[::]:0", "[::]:0", false },
	{ "::1", "[::1]:502", false },
	{ "[::1]:65535", "[::1]:65535", false },
	{ "2001:DB8::1", "[2001:db8::1]:502", false },
	{ "2001:db8:0:0:0:0:0:1", "[2001:db8::1]:502", false },
	{ "[1:2:3:4:5:6:7:8]:9", "[1:2:3:4:5:6:7:8]:9", false },
	/* Without brackets all of it is the address. */
	{ "2001:db8::1:700", "[2001:db8::1:700]:502", false },
	/* However IPv4 is written, it is IPv4. */
	{ "::ffff:1.2.3.4", "1.2.3.4:502", true },
	{ "[::ffff:1.2.3.4]:5", "1.2.3.4:5", true },
	{ "::ffff:102:304", "1.2.3.4:502", true },
	/* But this is not. */
	{ "::1.2.3.4", "[::1.2.3.4]:502", false },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:502", false },
};

START_TEST(parses_and_formats)
{
	struct address a;

	parse(valid[_i].given, &a);
	assert_text(&a, valid[_i].text);
	ck_assert_int_eq(address_is_ipv4(&a), valid[_i].ipv4);
	ck_assert_uint_eq(a.scope, 0);
}
END_TEST

START_TEST(what_it_formats_it_parses)
{
	struct address a, again;

	parse(valid[_i].given, &a);
	ck_assert_int_eq(address_parse(valid[_i].text, 1, &again), 0);
	ck_assert_mem_eq(&again.ip, &a.ip, sizeof(a.ip));
	ck_assert_uint_eq(again.port, a.port);
	ck_assert_uint_eq(again.scope, a.scope);
}
END_TEST

START_TEST(internal_addresses_are_words)
{
	static const struct {
		const struct address *address;
		const char *word, *numbers;
	} cases[] = {
		{ &address_start, "start", "[100::1]:7" },
		{ &address_simulation, "simulation", "[100::2]:7" },
	};
	const struct address *internal = cases[_i].address;
	struct address a;
	char text[ADDRESS_TEXT_MAX];

	ck_assert(address_is_internal(internal));
	ck_assert_int_eq(
	    address_is_simulation(internal), internal == &address_simulation);
	assert_text(internal, cases[_i].word);
	ck_assert_str_eq(address_format_ip(internal, text), cases[_i].word);
	ck_assert_int_eq(address_parse_client(cases[_i].word, &a), 0);
	ck_assert_mem_eq(&a, internal, sizeof(a));
	ck_assert_int_eq(address_parse_internal(cases[_i].word, &a), 0);
	ck_assert_mem_eq(&a, internal, sizeof(a));
	/* However it is written, it is internal. */
	ck_assert_int_eq(address_parse_client(cases[_i].numbers, &a), 0);
	ck_assert(address_is_internal(&a));
	assert_text(&a, cases[_i].word);
	/* Listeners, and the names of HTTP's guard, are no clients. */
	ck_assert_int_eq(address_parse(cases[_i].word, 1, &a), -1);
	ck_assert_int_eq(address_parse_ip(cases[_i].word, &a), -1);
}
END_TEST

START_TEST(local_clients_are_a_word)
{
	struct sockaddr_storage from = { .ss_family = AF_UNIX };
	struct address a = address_from_sockaddr(&from);
	char text[ADDRESS_TEXT_MAX];

	ck_assert(address_is_unix(&a));
	ck_assert(!address_is_internal(&a));
	ck_assert(!address_is_loopback(&a));
	a.port = 7;
	assert_text(&a, "unix");
	ck_assert_str_eq(address_format_ip(&a, text), "unix");
	ck_assert_int_eq(address_parse_client("unix", &a), 0);
	ck_assert_mem_eq(&a, &address_unix, sizeof(a));
	ck_assert_int_eq(address_parse_internal("unix", &a), -1);
	ck_assert_int_eq(address_parse("unix", 1, &a), -1);
	ck_assert_int_eq(address_parse("192.0.2.1", 1, &a), 0);
	ck_assert(!address_is_unix(&a));
}
END_TEST

START_TEST(other_addresses_are_not_internal)
{
	static const char *const others[] = { "100::", "100::3", "100::1:0:0:1",
		"::1", "1.0.0.1", "100::1%lo", "fe80::1%lo" };
	struct address a;

	if (address_parse_client(others[_i], &a) == 0)
		ck_assert(
		    !address_is_internal(&a) && !address_is_simulation(&a));
}
END_TEST

START_TEST(clients_are_parsed_as_they_are_formatted)
{
	struct address a;

	ck_assert_int_eq(address_parse_client("[::1]:5", &a), 0);
	assert_text(&a, "[::1]:5");
	ck_assert_int_eq(address_parse_client("192.0.2.1", &a), 0);
	assert_text(&a, "192.0.2.1:0");
	ck_assert_int_eq(address_parse_internal("192.0.2.1", &a), -1);
	ck_assert_int_eq(address_parse_internal("100::1", &a), -1);
	ck_assert_int_eq(address_parse_client("Start", &a), -1);
	ck_assert_int_eq(address_parse_client("start:5", &a), -1);
	ck_assert_int_eq(address_parse_client("", &a), -1);
}
END_TEST

static const char *const invalid[] = {
	"",
	" ",
	":",
	"::::",
	":502",
	"502",
	"localhost",
	"example.org:502",
	"*",
	"*:502",
	/* IPv4 */
	"1",
	"1.2.3",
	"1.2.3.4.5",
	"1.2.3.256",
	"1.2.3.-4",
	"1.2.3.0x4",
	" 1.2.3.4",
	"1.2.3.4 ",
	"1.2.3.4/24",
	"1.2.3.4%lo",
	"[1.2.3.4]",
	"[1.2.3.4]:5",
	/* ports */
	"1.2.3.4:",
	"1.2.3.4:65536",
	"1.2.3.4:99999999999999999999",
	"1.2.3.4:4294967298",
	"1.2.3.4:-1",
	"1.2.3.4:+1",
	"1.2.3.4: 1",
	"1.2.3.4:1 ",
	"1.2.3.4:0x1",
	"1.2.3.4:http",
	"1.2.3.4:5:6",
	"[::1]:",
	"[::1]:65536",
	"[::1]:-1",
	"[::1]:x",
	/* IPv6 */
	":::",
	"::g",
	"12345::",
	"1:2:3:4:5:6:7",
	"1:2:3:4:5:6:7:8:9",
	"1::2::3",
	"::1/128",
	"::1 ",
	/* brackets */
	"[",
	"]",
	"[]",
	"[]:",
	"[]:502",
	"[::1",
	"::1]",
	"[::1]x",
	"[::1]502",
	"[[::1]]:502",
	"[::1]]:502",
	" [::1]",
	/* interfaces */
	"fe80::1%",
	"fe80::1%no-such-interface",
	"::1%lo",
};

START_TEST(refuses)
{
	struct address a;

	ck_assert_msg(address_parse(invalid[_i], DEFAULT_PORT, &a) == -1,
	    "\"%s\"", invalid[_i]);
}
END_TEST

/* No length of text is too much for it. */
START_TEST(refuses_long_text)
{
	char text[300];
	struct address a;

	for (size_t length = 7; length < sizeof(text); length++) {
		memset(text, 'f', length);
		text[length] = '\0';
		ck_assert_int_eq(address_parse(text, 0, &a), -1);
		memcpy(text, "::", 2);
		ck_assert_int_eq(address_parse(text, 0, &a), -1);
		memcpy(text, "[::", 3);
		text[length - 1] = ']';
		ck_assert_int_eq(address_parse(text, 0, &a), -(length > 8));
	}
}
END_TEST

/* The longest host that there is: 45 characters and an interface of 15. */
START_TEST(refuses_a_host_that_is_too_long_by_one)
{
	static const char host[] =
	    "fe80:0000:0000:0000:0000:0000:255.255.255.255";
	char text[200];
	struct address a;

	for (int zeros = 0; zeros < 100; zeros++) {
		snprintf(
		    text, sizeof(text), "[%s%%%0*d]:1", host, zeros + 1, 7);
		if (strlen(host) + 2 + (size_t)zeros > 62) {
			ck_assert_int_eq(address_parse(text, 0, &a), -1);
		} else {
			ck_assert_int_eq(address_parse(text, 0, &a), 0);
			ck_assert_uint_eq(a.scope, 7);
		}
	}
}
END_TEST

static const struct {
	const char *given;
	const char *text;
} ips[] = {
	{ "1.2.3.4", "1.2.3.4:0" },
	{ "::", "[::]:0" },
	{ "2001:db8::1", "[2001:db8::1]:0" },
	{ "::ffff:1.2.3.4", "1.2.3.4:0" },
};

static const struct {
	const char *text;
	const char *parsed; /* NULL: refused */
} places[] = {
	{ "0", "127.0.0.1:0" },
	{ "8080", "127.0.0.1:8080" },
	{ "65535", "127.0.0.1:65535" },
	{ "192.0.2.1:0", "192.0.2.1:0" },
	{ "192.0.2.1:1", "192.0.2.1:1" },
	{ "[::1]:8080", "[::1]:8080" },
	{ "", NULL },
	{ "-1", NULL },
	{ "80x", NULL },
	{ "65536", NULL },
	{ ":80", NULL },
	{ "192.0.2.1", NULL },
	{ "192.0.2.1:", NULL },
	{ "::1", NULL },
	{ "[::1]", NULL },
	{ "localhost:80", NULL },
};

START_TEST(a_place_is_a_port_or_an_address_with_one)
{
	struct address a;
	char text[ADDRESS_TEXT_MAX];

	ck_assert_int_eq(address_parse_place(places[_i].text, &a),
	    places[_i].parsed == NULL ? -1 : 0);
	if (places[_i].parsed != NULL)
		ck_assert_str_eq(address_format(&a, text), places[_i].parsed);
}
END_TEST

START_TEST(parses_an_address_without_a_port)
{
	struct address a;

	memset(&a, 0xFF, sizeof(a));
	ck_assert_int_eq(address_parse_ip(ips[_i].given, &a), 0);
	assert_text(&a, ips[_i].text);
	ck_assert_uint_eq(a.scope, 0);
}
END_TEST

static const char *const no_ips[] = { "", " ", "1.2.3.4:5", "1.2.3.4:", "[::1]",
	"[::1]:5", "::1 ", "1.2.3.4/8", "localhost", "1.2.3" };

START_TEST(refuses_a_port_where_none_is_allowed)
{
	struct address a;

	ck_assert_int_eq(address_parse_ip(no_ips[_i], &a), -1);
}
END_TEST

START_TEST(link_local_address_keeps_its_interface)
{
	unsigned loopback = if_nametoindex("lo");
	char expected[ADDRESS_TEXT_MAX];
	struct address a;

	ck_assert_uint_ne(loopback, 0);
	snprintf(expected, sizeof(expected), "[fe80::1%%%u]:700", loopback);
	parse("[fe80::1%lo]:700", &a);
	ck_assert_uint_eq(a.scope, loopback);
	ck_assert_uint_eq(a.port, 700);
	assert_text(&a, expected);

	parse("fe80::1%lo", &a);
	ck_assert_uint_eq(a.scope, loopback);
	ck_assert_uint_eq(a.port, DEFAULT_PORT);

	ck_assert_int_eq(address_parse_ip("fe80::1%lo", &a), 0);
	ck_assert_uint_eq(a.scope, loopback);
	ck_assert_uint_eq(a.port, 0);

	/* What it formats, it parses. */
	parse(expected, &a);
	ck_assert_uint_eq(a.scope, loopback);
	assert_text(&a, expected);
}
END_TEST

static const struct {
	const char *text;
	bool is;
} hosts[] = {
	{ "0.0.0.0", false },
	{ "::", false },
	{ "224.0.0.1", false },
	{ "239.255.255.255", false },
	{ "255.255.255.255", false },
	{ "ff02::1", false },
	{ "0.0.0.1", true },
	{ "127.0.0.1", true },
	{ "192.0.2.7", true },
	{ "223.255.255.255", true },
	{ "::1", true },
	{ "fe80::1", true },
	{ "2001:db8::1", true },
};

START_TEST(address_of_one_machine)
{
	struct address a;

	ck_assert_int_eq(address_parse_ip(hosts[_i].text, &a), 0);
	ck_assert_msg(
	    address_is_unicast(&a) == hosts[_i].is, "%s", hosts[_i].text);
}
END_TEST

START_TEST(longest_text_fits)
{
	struct address a = { .scope = UINT32_MAX, .port = UINT16_MAX };

	ck_assert_int_eq(inet_pton(AF_INET6,
			     "fe80:1111:2222:3333:4444:5555:6666:7777", &a.ip),
	    1);
	assert_text(
	    &a, "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535");
}
END_TEST

START_TEST(ipv4_is_kept_as_mapped_ipv6)
{
	static const uint8_t mapped[16] = { [10] = 0xFF, 0xFF, 192, 0, 2, 33 };
	struct address a;

	memset(&a, 0xFF, sizeof(a));
	parse("192.0.2.33:7", &a);
	ck_assert_mem_eq(a.ip.s6_addr, mapped, sizeof(mapped));
	ck_assert_uint_eq(a.port, 7);
	ck_assert_uint_eq(a.scope, 0);
}
END_TEST

START_TEST(any_address_of_ipv6)
{
	struct address a = address_any(1502);

	ck_assert(IN6_IS_ADDR_UNSPECIFIED(&a.ip));
	ck_assert(!address_is_ipv4(&a));
	ck_assert_uint_eq(a.scope, 0);
	assert_text(&a, "[::]:1502");
}
END_TEST

START_TEST(any_address_of_ipv4)
{
	struct address a = address_any_ipv4(1502);

	ck_assert(address_is_ipv4(&a));
	ck_assert_uint_eq(a.scope, 0);
	assert_text(&a, "0.0.0.0:1502");
}
END_TEST

START_TEST(ipv4_becomes_a_sockaddr_in)
{
	struct sockaddr_storage to;
	const struct sockaddr_in *in = (const void *)&to;
	struct address a;

	memset(&to, 0xFF, sizeof(to));
	parse("192.0.2.33:1234", &a);
	ck_assert_uint_eq(
	    address_to_sockaddr(&a, &to), sizeof(struct sockaddr_in));
	ck_assert_int_eq(to.ss_family, AF_INET);
	ck_assert_uint_eq(ntohs(in->sin_port), 1234);
	ck_assert_uint_eq(ntohl(in->sin_addr.s_addr), 0xC0000221);
}
END_TEST

START_TEST(ipv6_becomes_a_sockaddr_in6)
{
	struct sockaddr_storage to;
	const struct sockaddr_in6 *in6 = (const void *)&to;
	struct address a;

	memset(&to, 0xFF, sizeof(to));
	parse("[fe80::7]:1234", &a);
	a.scope = 5;
	ck_assert_uint_eq(
	    address_to_sockaddr(&a, &to), sizeof(struct sockaddr_in6));
	ck_assert_int_eq(to.ss_family, AF_INET6);
	ck_assert_uint_eq(ntohs(in6->sin6_port), 1234);
	ck_assert_mem_eq(&in6->sin6_addr, &a.ip, sizeof(a.ip));
	ck_assert_uint_eq(in6->sin6_scope_id, 5);
	ck_assert_uint_eq(in6->sin6_flowinfo, 0);
}
END_TEST

/* Parsed, to a sockaddr and back. */
START_TEST(sockaddr_round_trip_changes_nothing)
{
	struct sockaddr_storage sockaddr;
	struct address a, back;

	parse(valid[_i].given, &a);
	address_to_sockaddr(&a, &sockaddr);
	ck_assert_int_eq(
	    sockaddr.ss_family, valid[_i].ipv4 ? AF_INET : AF_INET6);
	back = address_from_sockaddr(&sockaddr);
	ck_assert_mem_eq(&back.ip, &a.ip, sizeof(a.ip));
	ck_assert_uint_eq(back.port, a.port);
	ck_assert_uint_eq(back.scope, a.scope);
	assert_text(&back, valid[_i].text);
}
END_TEST

START_TEST(sockaddr_keeps_the_scope)
{
	struct sockaddr_storage sockaddr;
	struct address a, back;

	parse("fe80::7", &a);
	a.scope = 5;
	address_to_sockaddr(&a, &sockaddr);
	back = address_from_sockaddr(&sockaddr);
	ck_assert_uint_eq(back.scope, 5);
}
END_TEST

/* What a listener of both families is told of an IPv4 client. */
START_TEST(mapped_sockaddr_in6_is_ipv4)
{
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(40000),
	};
	struct sockaddr_storage from = { 0 };
	struct address a;

	ck_assert_int_eq(
	    inet_pton(AF_INET6, "::ffff:192.0.2.33", &in6.sin6_addr), 1);
	memcpy(&from, &in6, sizeof(in6));
	a = address_from_sockaddr(&from);
	ck_assert(address_is_ipv4(&a));
	assert_text(&a, "192.0.2.33:40000");
}
END_TEST

static const sa_family_t strange[] = { AF_UNSPEC, AF_PACKET };

START_TEST(other_families_become_the_unspecified_address)
{
	struct sockaddr_storage from;
	struct address a;

	memset(&from, 0x11, sizeof(from));
	from.ss_family = strange[_i];
	a = address_from_sockaddr(&from);
	assert_text(&a, "[::]:0");
	ck_assert_uint_eq(a.scope, 0);
}
END_TEST

START_TEST(formats_without_a_port)
{
	static const char *const same[] = { "192.0.2.33", "::", "2001:db8::1" };
	char text[ADDRESS_TEXT_MAX];
	struct address a;

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		ck_assert_int_eq(address_parse(same[i], 502, &a), 0);
		ck_assert_str_eq(address_format_ip(&a, text), same[i]);
	}
	ck_assert_int_eq(address_parse("fe80::1", 502, &a), 0);
	a.scope = 7;
	ck_assert_str_eq(address_format_ip(&a, text), "fe80::1%7");
	ck_assert_str_eq(address_format(&a, text), "[fe80::1%7]:502");
}
END_TEST

START_TEST(a_host_is_an_ip_and_its_interface)
{
	struct address a, b;

	ck_assert_int_eq(address_parse("[fe80::1]:1", 0, &a), 0);
	b = a;
	b.port = 2;
	ck_assert(address_same_host(&a, &b));
	ck_assert_uint_eq(address_hash(&a, 3), address_hash(&b, 3));
	ck_assert_uint_ne(address_hash(&a, 3), address_hash(&a, 4));
	b.scope = 7;
	ck_assert(!address_same_host(&a, &b));
	ck_assert_uint_ne(address_hash(&a, 3), address_hash(&b, 3));
	b = a;
	b.ip.s6_addr[15] = 2;
	ck_assert(!address_same_host(&a, &b));
	ck_assert_uint_ne(address_hash(&a, 3), address_hash(&b, 3));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *suite = suite_create("address");
	TCase *tc = tcase_create("address");

	tcase_add_loop_test(tc, parses_and_formats, 0, COUNT(valid));
	tcase_add_loop_test(tc, what_it_formats_it_parses, 0, COUNT(valid));
	tcase_add_loop_test(tc, internal_addresses_are_words, 0, 2);
	tcase_add_test(tc, local_clients_are_a_word);
	tcase_add_loop_test(tc, other_addresses_are_not_internal, 0, 7);
	tcase_add_test(tc, clients_are_parsed_as_they_are_formatted);
	tcase_add_loop_test(tc, refuses, 0, COUNT(invalid));
	tcase_add_loop_test(
	    tc, a_place_is_a_port_or_an_address_with_one, 0, COUNT(places));
	tcase_add_test(tc, refuses_long_text);
	tcase_add_test(tc, refuses_a_host_that_is_too_long_by_one);
	tcase_add_loop_test(
	    tc, parses_an_address_without_a_port, 0, COUNT(ips));
	tcase_add_loop_test(
	    tc, refuses_a_port_where_none_is_allowed, 0, COUNT(no_ips));
	tcase_add_test(tc, link_local_address_keeps_its_interface);
	tcase_add_loop_test(tc, address_of_one_machine, 0,
	    (int)(sizeof(hosts) / sizeof(*hosts)));
	tcase_add_test(tc, longest_text_fits);
	tcase_add_test(tc, formats_without_a_port);
	tcase_add_test(tc, a_host_is_an_ip_and_its_interface);
	tcase_add_test(tc, ipv4_is_kept_as_mapped_ipv6);
	tcase_add_test(tc, any_address_of_ipv6);
	tcase_add_test(tc, any_address_of_ipv4);
	tcase_add_test(tc, ipv4_becomes_a_sockaddr_in);
	tcase_add_test(tc, ipv6_becomes_a_sockaddr_in6);
	tcase_add_loop_test(
	    tc, sockaddr_round_trip_changes_nothing, 0, COUNT(valid));
	tcase_add_test(tc, sockaddr_keeps_the_scope);
	tcase_add_test(tc, mapped_sockaddr_in6_is_ipv4);
	tcase_add_loop_test(tc, other_families_become_the_unspecified_address,
	    0, COUNT(strange));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
