#include "base/cidr.h"

#include "suite.h"

static const struct {
	const char *block;
	const char *address;
	bool inside;
} cases[] = {
	{ "10.0.0.0/8", "10.255.255.255", true },
	{ "10.0.0.0/8", "11.0.0.0", false },
	{ "10.1.2.3/8", "10.200.0.1", true }, /* host bits don't matter */
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "192.0.2.1/32", "192.0.2.1", true },
	{ "192.0.2.0/31", "192.0.2.1", true },
	{ "192.0.2.0/31", "192.0.2.2", false },
	{ "192.0.2.0/25", "192.0.2.127", true },
	{ "192.0.2.0/25", "192.0.2.128", false },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "203.0.113.9", false },
	{ "::/0", "::ffff:203.0.113.9", false },
	{ "10.0.0.0/8", "::ffff:10.1.1.1", true },
	{ "::ffff:10.0.0.0/104", "10.1.1.1", true },
	{ "::ffff:0:0/96", "10.1.1.1", true },
	{ "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/32", "2001:db9::1", false },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "2001:db8::1", "2001:db8::1", true },
	{ "2001:db8::1/127", "2001:db8::", true },
	{ "::1", "::1", true },
	{ "::1", "127.0.0.1", false },
	/* A zone is one link; without one, every link. */
	{ "fe80::1%1", "fe80::1%1", true },
	{ "fe80::1%1", "fe80::1%2", false },
	{ "fe80::1%lo", "fe80::1%1", true },
	{ "fe80::1%lo", "fe80::1%2", false },
	{ "fe80::%2/10", "fe80::9%2", true },
	{ "fe80::%2/10", "fe80::9%1", false },
	{ "fe80::%2/10", "fec0::9", false },
	{ "fe80::%2/0", "2001:db8::1", false },
	{ "fe80::/10", "fe80::9%1", true },
	{ "fe80::/10", "fe80::9%2", true },
	{ "fe80::1", "fe80::1%2", true },
	{ "fe80:0000:0000:0000:1111:2222:3333:4444%4294967295/128",
	    "fe80::1111:2222:3333:4444%4294967295", true },
};

START_TEST(contains_the_addresses_of_its_block)
{
	struct cidr block;
	struct address address;

	ck_assert_int_eq(cidr_parse(cases[_i].block, &block), 0);
	ck_assert_int_eq(address_parse(cases[_i].address, 1, &address), 0);
	ck_assert_msg(cidr_contains(&block, &address) == cases[_i].inside,
	    "%s in %s", cases[_i].address, cases[_i].block);
}
END_TEST

static const char *const bad[] = {
	"",
	"/",
	"/8",
	"10.0.0.0/",
	"10.0.0.0/33",
	"10.0.0.0/-1",
	"10.0.0.0/8x",
	"10.0.0.0/ 8",
	"10.0.0/8",
	"10.0.0.256",
	"10.0.0.0/8/8",
	"10.0.0.0:502/8",
	"10.0.0.0:0/8",
	"2001:db8::/129",
	"[2001:db8::]/32",
	"2001:db8::g/32",
	"localhost",
	"fe80::1%",
	"fe80::1%0",
	"fe80::1%no-such-link",
	"fe80::1/64%1",
	"2001:db8::1%1", /* not of one link */
	"::%1/0",
	"10.0.0.1%1",
	"10.0.0.0/99999999999999999999",
	"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/8",
};

START_TEST(refuses_what_is_not_a_block)
{
	struct cidr block;

	ck_assert_msg(cidr_parse(bad[_i], &block) == -1, "\"%s\"", bad[_i]);
}
END_TEST

START_TEST(a_block_of_one_address_has_no_other)
{
	struct address a, other;
	struct cidr block;

	ck_assert_int_eq(address_parse("fe80::1%1", 1, &a), 0);
	block = cidr_of(&a);
	a.port = 9;
	ck_assert(cidr_contains(&block, &a));
	ck_assert_int_eq(address_parse("fe80::1%2", 1, &other), 0);
	ck_assert(!cidr_contains(&block, &other));
	ck_assert_int_eq(address_parse("192.0.2.1", 1, &a), 0);
	block = cidr_of(&a);
	ck_assert(cidr_contains(&block, &a));
	ck_assert_int_eq(address_parse("192.0.2.0", 1, &other), 0);
	ck_assert(!cidr_contains(&block, &other));
}
END_TEST

START_TEST(only_its_word_contains_local_clients)
{
	static const char *const others[] = { "::/0", "100::/64", "0.0.0.0/0" };
	struct address a = address_unix, other;
	struct cidr block;

	a.port = 9;
	ck_assert_int_eq(cidr_parse("unix", &block), 0);
	ck_assert(cidr_contains(&block, &a));
	ck_assert_int_eq(address_parse("::1", 1, &other), 0);
	ck_assert(!cidr_contains(&block, &other));
	ck_assert_int_eq(cidr_parse("unix/0", &block), -1);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		ck_assert_int_eq(cidr_parse(others[i], &block), 0);
		ck_assert(!cidr_contains(&block, &a));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cidr");
	TCase *tc = tcase_create("cidr");

	tcase_add_loop_test(tc, contains_the_addresses_of_its_block, 0,
	    sizeof(cases) / sizeof(*cases));
	tcase_add_loop_test(
	    tc, refuses_what_is_not_a_block, 0, sizeof(bad) / sizeof(*bad));
	tcase_add_test(tc, a_block_of_one_address_has_no_other);
	tcase_add_test(tc, only_its_word_contains_local_clients);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
