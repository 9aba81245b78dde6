#include <string.h>

#include "base/identity.h"
#include "support/suite.h"

static struct identities all;

START_TEST(one_for_equal_texts)
{
	const struct identity *a, *b, *c;

	identities_init(&all);
	a = identity_of(&all, "CN=HMI 3,O=Plant", "CN=Plant CA", "Operator");
	b = identity_of(&all, "CN=HMI 3,O=Plant", "CN=Plant CA", "Operator");
	ck_assert_ptr_eq(a, b);
	c = identity_of(&all, "CN=HMI 3,O=Plant", "CN=Plant CA", "");
	ck_assert_ptr_ne(a, c);
	ck_assert_str_eq(a->subject, "CN=HMI 3,O=Plant");
	ck_assert_str_eq(a->issuer, "CN=Plant CA");
	ck_assert_str_eq(a->role, "Operator");
	ck_assert_str_eq(c->role, "");
	identity_release(a);
	ck_assert_str_eq(b->role, "Operator");
	identity_release(b);
	identity_release(c);
	ck_assert(LIST_EMPTY(&all.held));
}
END_TEST

START_TEST(nobody)
{
	ck_assert_ptr_null(identity_hold(NULL));
	identity_release(NULL);
}
END_TEST

START_TEST(long_texts_are_cut)
{
	char text[IDENTITY_NAME_SIZE + 100];
	const struct identity *i;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	identities_init(&all);
	i = identity_of(&all, text, text, text);
	ck_assert_uint_eq(strlen(i->subject), IDENTITY_NAME_SIZE - 1);
	ck_assert_uint_eq(strlen(i->issuer), IDENTITY_NAME_SIZE - 1);
	ck_assert_uint_eq(strlen(i->role), IDENTITY_ROLE_SIZE - 1);
	identity_release(i);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("identity");
	TCase *tc = tcase_create("identity");

	tcase_add_test(tc, one_for_equal_texts);
	tcase_add_test(tc, nobody);
	tcase_add_test(tc, long_texts_are_cut);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
