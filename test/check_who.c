#include "base/who.h"

#include <string.h>

#include "suite.h"

static struct identities all;
static struct client plain, hmi;

static void
setup(void)
{
	identities_init(&all);
	plain = (struct client){ .id = 1 };
	address_parse("192.0.2.7:1000", 0, &plain.address);
	hmi = plain;
	hmi.identity =
	    identity_of(&all, "CN=HMI 3,O=Plant", "CN=CA", "Operator");
}

static void
teardown(void)
{
	identity_release(hmi.identity);
	ck_assert(LIST_EMPTY(&all.held));
}

START_TEST(a_certificate_is_somebody_else_than_its_host)
{
	ck_assert(!who_is(&plain.address, NULL, &hmi));
	ck_assert(!who_is(&hmi.address, hmi.identity, &plain));
	ck_assert(who_is(&plain.address, NULL, &plain));
	ck_assert(who_is(&hmi.address, hmi.identity, &hmi));
}
END_TEST

START_TEST(a_certificate_is_the_same_from_everywhere)
{
	struct address before = hmi.address;

	address_parse("[2001:db8::1]:2", 0, &hmi.address);
	ck_assert(who_is(&before, hmi.identity, &hmi));
	plain.address.port = 77;
	ck_assert(who_is(&before, NULL, &plain));
	plain.address = hmi.address;
	ck_assert(!who_is(&before, NULL, &plain));
}
END_TEST

START_TEST(sets_of_hosts_tell_them_apart)
{
	struct hosts *h = hosts_new(4);
	struct client other = hmi;

	other.identity = identity_of(&all, "CN=HMI 4,O=Plant", "CN=CA", "");
	ck_assert_uint_eq(who_use(h, &plain, 0), 0);
	ck_assert_uint_eq(who_use(h, &hmi, 0), 1);
	ck_assert_uint_eq(who_use(h, &other, 0), 2);
	ck_assert_uint_eq(who_use(h, &hmi, 1), 3);
	address_parse("198.51.100.1:9", 0, &hmi.address);
	ck_assert_uint_eq(who_use(h, &hmi, 0), 1);
	ck_assert_uint_eq(who_use(h, &plain, 0), 0);
	identity_release(other.identity);
	hosts_free(h);
}
END_TEST

START_TEST(texts_name_certificate_and_host)
{
	char text[WHO_TEXT_MAX], longest[300];
	const struct identity *who;
	struct address host = who_host(&hmi);

	ck_assert_uint_eq(host.port, 0);
	ck_assert_str_eq(who_format(&host, NULL, text), "192.0.2.7");
	ck_assert_str_eq(who_format(&host, hmi.identity, text),
	    "CN=HMI 3,O=Plant (192.0.2.7)");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	who = identity_of(&all, longest, "", "");
	who_format(&host, who, text);
	ck_assert_str_eq(text + IDENTITY_NAME_SIZE - 2, "x (192.0.2.7)");
	identity_release(who);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("who");
	TCase *tc = tcase_create("who");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_certificate_is_somebody_else_than_its_host);
	tcase_add_test(tc, a_certificate_is_the_same_from_everywhere);
	tcase_add_test(tc, sets_of_hosts_tell_them_apart);
	tcase_add_test(tc, texts_name_certificate_and_host);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
