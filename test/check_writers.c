#include "table/writers.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/identity.h"
#include "suite.h"

static struct writers *writers;
static bool gone[WRITERS_END];

static void
setup(void)
{
	writers = writers_new();
	ck_assert_ptr_nonnull(writers);
}

static void
teardown(void)
{
	writers_free(writers);
}

/* The n-th of many hosts, from a port of its own. */
static struct address
nth(unsigned n)
{
	struct address a = address_any_ipv4((uint16_t)(n + 1));
	uint32_t ip = htonl(n);

	memcpy(a.ip.s6_addr + 12, &ip, 4);
	return a;
}

static uint16_t
count(unsigned n)
{
	const struct client who = { .address = nth(n) };

	return writers_count(writers, &who, 1000 + n);
}

static void
fill(void)
{
	for (unsigned i = 0; i < WRITERS_ROOM; i++)
		ck_assert_uint_ge(count(i), WRITERS_FIRST);
}

START_TEST(a_client_keeps_its_number_whatever_its_port)
{
	uint16_t first = count(1);
	struct client who = { .address = nth(1) };
	const struct writer *w;

	ck_assert_uint_ge(first, WRITERS_FIRST);
	ck_assert_uint_lt(first, WRITERS_END);
	ck_assert_uint_ne(count(2), first);
	who.address.port = 9999;
	ck_assert_uint_eq(writers_count(writers, &who, 77), first);
	w = writers_get(writers, first);
	ck_assert(address_same_host(&w->address, &who.address));
	ck_assert_uint_eq(w->address.port, 0);
	ck_assert_uint_eq(w->writes, 2);
	ck_assert_uint_eq(w->time, 77);
	ck_assert_uint_eq(writers_known(writers), 2);
}
END_TEST

/* Whatever its host, which others may have. */
START_TEST(a_certificate_keeps_its_number)
{
	struct identities all;
	struct client who = { .address = nth(1) };
	const struct writer *w;
	uint16_t number, plain = count(1);

	identities_init(&all);
	who.identity = identity_of(&all, "CN=1", "CN=CA", "");
	number = writers_count(writers, &who, 5);
	ck_assert_uint_ne(number, plain);
	who.address = nth(2);
	ck_assert_uint_eq(writers_count(writers, &who, 6), number);
	ck_assert_uint_eq(count(1), plain);
	w = writers_get(writers, number);
	ck_assert_uint_eq(w->writes, 2);
	ck_assert_ptr_eq(w->identity, who.identity);
	ck_assert(address_same_host(&w->address, &who.address));
	ck_assert_uint_eq(w->address.port, 0);
	ck_assert_ptr_null(writers_get(writers, plain)->identity);
	/* It is held as long as it is known. */
	identity_release(who.identity);
	ck_assert_ptr_eq(LIST_FIRST(&all.held), who.identity);
	if (_i == 0) {
		writers_free(writers);
		writers = NULL;
	} else {
		for (unsigned i = 10; count(i) != WRITERS_NOBODY; i++)
			;
		writers_forget(writers, gone);
		ck_assert(gone[number]);
	}
	ck_assert(LIST_EMPTY(&all.held));
}
END_TEST

START_TEST(numbers_of_nobody_have_no_client)
{
	count(1);
	ck_assert_ptr_null(writers_get(writers, WRITERS_NOBODY));
	ck_assert_ptr_null(writers_get(writers, WRITERS_FORGOTTEN));
	ck_assert_ptr_null(writers_get(writers, WRITERS_END - 1));
	ck_assert_ptr_null(writers_get(writers, WRITERS_END));
}
END_TEST

START_TEST(when_full_new_connections_are_refused)
{
	uint16_t numbers[WRITERS_ROOM];

	for (unsigned i = 0; i < WRITERS_ROOM; i++)
		numbers[i] = count(i);
	ck_assert_uint_eq(count(WRITERS_ROOM), WRITERS_NOBODY);
	for (unsigned i = 0; i < WRITERS_ROOM; i++)
		ck_assert_uint_eq(count(i), numbers[i]);
	ck_assert_uint_eq(writers_known(writers), WRITERS_ROOM);
	ck_assert_uint_eq(writers_forgotten(writers), 0);
}
END_TEST

/* Every third one writes again, so that it is not the oldest that go. */
START_TEST(forgets_the_half_that_has_not_written_for_longest)
{
	uint16_t numbers[WRITERS_ROOM];
	unsigned kept = 0;

	fill();
	for (unsigned i = 0; i < WRITERS_ROOM; i += 3)
		count(i);
	for (unsigned i = 0; i < WRITERS_ROOM; i++)
		numbers[i] = 0;
	for (uint16_t n = WRITERS_FIRST; n < WRITERS_END; n++) {
		struct in6_addr ip = writers_get(writers, n)->address.ip;
		uint32_t i;

		memcpy(&i, ip.s6_addr + 12, 4);
		numbers[ntohl(i)] = n;
	}
	writers_forget(writers, gone);
	for (unsigned i = 0; i < WRITERS_ROOM; i++) {
		bool known = writers_get(writers, numbers[i]) != NULL;

		ck_assert_int_ne(known, gone[numbers[i]]);
		ck_assert(known || i % 3 != 0);
		kept += known;
	}
	ck_assert_uint_eq(kept, WRITERS_ROOM / 2);
	ck_assert_uint_eq(writers_known(writers), WRITERS_ROOM / 2);
	ck_assert_uint_eq(writers_forgotten(writers), WRITERS_ROOM / 2);
	for (unsigned i = 0; i < WRITERS_ROOM; i += 3)
		ck_assert_uint_eq(count(i), numbers[i]);
	for (unsigned i = 0; i < WRITERS_ROOM / 2; i++)
		ck_assert_uint_ge(count(100000 + i), WRITERS_FIRST);
	ck_assert_uint_eq(count(200000), WRITERS_NOBODY);
}
END_TEST

START_TEST(survives_many_strangers)
{
	uint16_t friend = count(0);

	for (unsigned i = 1; i < 20000; i++) {
		if (count(i) == WRITERS_NOBODY) {
			writers_forget(writers, gone);
			ck_assert_uint_ge(count(i), WRITERS_FIRST);
		}
		ck_assert_uint_eq(count(0), friend);
	}
	ck_assert_uint_eq(
	    writers_known(writers) + writers_forgotten(writers), 20000);
	ck_assert_uint_eq(writers_get(writers, friend)->writes, 20000);
}
END_TEST

START_TEST(one_or_none_is_not_forgotten)
{
	uint16_t number;

	writers_forget(writers, gone);
	number = count(1);
	writers_forget(writers, gone);
	ck_assert(!gone[number]);
	ck_assert_uint_eq(count(1), number);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("writers");
	TCase *tc = tcase_create("writers");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_client_keeps_its_number_whatever_its_port);
	tcase_add_loop_test(tc, a_certificate_keeps_its_number, 0, 2);
	tcase_add_test(tc, numbers_of_nobody_have_no_client);
	tcase_add_test(tc, when_full_new_connections_are_refused);
	tcase_add_test(tc, forgets_the_half_that_has_not_written_for_longest);
	tcase_add_test(tc, survives_many_strangers);
	tcase_add_test(tc, one_or_none_is_not_forgotten);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
