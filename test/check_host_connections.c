#include "net/host_connections.h"

#include <arpa/inet.h>

#include "suite.h"

#define MANY 20000

static struct host_connections *connections;

static void
setup(void)
{
	connections = host_connections_new(MANY);
	ck_assert_ptr_nonnull(connections);
}

static void
teardown(void)
{
	host_connections_free(connections);
}

/* The n-th of many addresses, from a port of its own. */
static struct address
nth(unsigned n)
{
	struct address a = address_any_ipv4((uint16_t)n);
	uint32_t ip = htonl(n);

	for (int i = 0; i < 4; i++)
		a.ip.s6_addr[12 + i] = ((uint8_t *)&ip)[i];
	return a;
}

START_TEST(counts_in_and_out)
{
	struct address a = nth(1), b = nth(2);

	ck_assert_uint_eq(host_connections_count(connections, &a), 0);
	ck_assert_int_eq(host_connections_add(connections, &a), 0);
	ck_assert_int_eq(host_connections_add(connections, &a), 0);
	ck_assert_int_eq(host_connections_add(connections, &b), 0);
	ck_assert_uint_eq(host_connections_count(connections, &a), 2);
	ck_assert_uint_eq(host_connections_count(connections, &b), 1);
	host_connections_remove(connections, &a);
	ck_assert_uint_eq(host_connections_count(connections, &a), 1);
	host_connections_remove(connections, &a);
	ck_assert_uint_eq(host_connections_count(connections, &a), 0);
	ck_assert_uint_eq(host_connections_count(connections, &b), 1);
}
END_TEST

START_TEST(port_does_not_matter)
{
	struct address a = nth(1), b = nth(1);

	b.port = 9999;
	ck_assert_int_eq(host_connections_add(connections, &a), 0);
	ck_assert_uint_eq(host_connections_count(connections, &b), 1);
	host_connections_remove(connections, &b);
	ck_assert_uint_eq(host_connections_count(connections, &a), 0);
}
END_TEST

START_TEST(keeps_many_addresses_apart)
{
	for (unsigned i = 0; i < MANY; i++) {
		struct address a = nth(i);

		for (unsigned k = 0; k <= i % 3; k++)
			ck_assert_int_eq(
			    host_connections_add(connections, &a), 0);
	}
	for (unsigned i = 0; i < MANY; i += 2) {
		struct address a = nth(i);

		for (unsigned k = 0; k <= i % 3; k++)
			host_connections_remove(connections, &a);
	}
	for (unsigned i = 0; i < MANY; i++) {
		struct address a = nth(i);

		ck_assert_uint_eq(host_connections_count(connections, &a),
		    i % 2 == 0 ? 0 : i % 3 + 1);
	}
}
END_TEST

START_TEST(addresses_beyond_the_room_are_refused)
{
	struct address a = nth(1), b = nth(2);

	host_connections_free(connections);
	connections = host_connections_new(1);
	ck_assert_ptr_nonnull(connections);
	ck_assert_int_eq(host_connections_add(connections, &a), 0);
	ck_assert_int_eq(host_connections_add(connections, &b), -1);
	ck_assert_int_eq(host_connections_add(connections, &a), 0);
	ck_assert_uint_eq(host_connections_count(connections, &a), 2);
	ck_assert_uint_eq(host_connections_count(connections, &b), 0);
	host_connections_remove(connections, &a);
	host_connections_remove(connections, &a);
	ck_assert_int_eq(host_connections_add(connections, &b), 0);
	ck_assert_uint_eq(host_connections_count(connections, &b), 1);
}
END_TEST

/* The limit on connections may be higher than any number of hosts. */
START_TEST(takes_any_limit)
{
	struct address a = nth(1);

	host_connections_free(connections);
	connections = host_connections_new(SIZE_MAX);
	ck_assert_ptr_nonnull(connections);
	ck_assert_int_eq(host_connections_add(connections, &a), 0);
	ck_assert_uint_eq(host_connections_count(connections, &a), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("connections");
	TCase *tc = tcase_create("connections");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, counts_in_and_out);
	tcase_add_test(tc, port_does_not_matter);
	tcase_add_test(tc, keeps_many_addresses_apart);
	tcase_add_test(tc, addresses_beyond_the_room_are_refused);
	tcase_add_test(tc, takes_any_limit);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
