#include <stdio.h>
#include <string.h>

#include "party.h"
#include "suite.h"
#include "tls/role.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

#define SIXTY_FOUR                                                             \
	"0123456789012345678901234567890123456789012345678901234567890123"

/* Content of the extension; a string's own NUL is not counted. */
#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *content;
	size_t length;
	const char *role;
} good[] = {
	{ BYTES("\x0c\x08Operator"), "Operator" },
	{ BYTES("\x0c\x01x"), "x" },
	{ BYTES("\x0c\x0dPlant Manager"), "Plant Manager" },
	{ BYTES("\x0c\x0cW\xc3\xa4rter \xe2\x82\xac\x31"),
	    "W\xc3\xa4rter \xe2\x82\xac\x31" },
	{ BYTES("\x0c\x04\xf0\x9f\x94\xa7"), "\xf0\x9f\x94\xa7" },
	{ BYTES("\x0c\x03\"\\#"), "\"\\#" },
	{ BYTES("\x0c\x40" SIXTY_FOUR), SIXTY_FOUR },
};

static const struct {
	const char *content;
	size_t length;
	const char *what;
} bad[] = {
	{ BYTES(""), "nothing" },
	{ BYTES("\x0c"), "a tag alone" },
	{ BYTES("\x0c\x00"), "an empty string" },
	{ BYTES("Operator"), "no DER" },
	{ BYTES("\x13\x08Operator"), "a PrintableString" },
	{ BYTES("\x16\x08Operator"), "an IA5String" },
	{ BYTES("\x14\x08Operator"), "a TeletexString" },
	{ BYTES("\x1e\x02\x00O"), "a BMPString" },
	{ BYTES("\x04\x08Operator"), "an OCTET STRING" },
	{ BYTES("\x2c\x0a\x0c\x08Operator"), "a constructed string" },
	{ BYTES("\x30\x0a\x0c\x08Operator"), "a sequence of one string" },
	{ BYTES("\x8c\x08Operator"), "another class" },
	{ BYTES("\x0c\x09Operator"), "a string that is cut" },
	{ BYTES("\x0c\x07Operator"), "a byte behind" },
	{ BYTES("\x0c\x08Operator\x0c\x08Operator"), "two strings" },
	{ BYTES("\x0c\x08Operator\x00"), "a NUL behind" },
	{ BYTES("\x0c\x81\x08Operator"), "a long form of the length" },
	{ BYTES("\x0c\x82\x00\x08Operator"), "a longer one" },
	{ BYTES("\x0c\x80Operator\x00\x00"), "an indefinite length" },
	{ BYTES("\x0c\x41" SIXTY_FOUR "4"), "65 bytes" },
	{ BYTES("\x0c\x09Operator\x00"), "a NUL in the string" },
	{ BYTES("\x0c\x08\nperator"), "a newline" },
	{ BYTES("\x0c\x08\x1bperator"), "an escape" },
	{ BYTES("\x0c\x08Operato\x7f"), "a delete" },
	{ BYTES("\x0c\x0aOperator\xc2\x85"), "a control character of C1" },
	{ BYTES("\x0c\x08Operato\xe4"), "Latin 1" },
	{ BYTES("\x0c\x02\xc0\x80"), "an overlong form" },
	{ BYTES("\x0c\x03\xed\xa0\x80"), "a surrogate" },
};

/* A copy of exactly that size, for the sanitizer. */
static int
parse(const char *content, size_t length, char *role)
{
	uint8_t *copy = malloc(length > 0 ? length : 1);
	int result;

	memcpy(copy, content, length);
	result = tls_role_parse(copy, length, role);
	free(copy);
	return result;
}

START_TEST(good_content_is_a_role)
{
	char role[IDENTITY_ROLE_SIZE] = "?";

	ck_assert_int_eq(parse(good[_i].content, good[_i].length, role), 0);
	ck_assert_str_eq(role, good[_i].role);
}
END_TEST

START_TEST(other_content_is_none)
{
	char role[IDENTITY_ROLE_SIZE] = "?";

	ck_assert_msg(parse(bad[_i].content, bad[_i].length, role) == -1,
	    "%s is taken", bad[_i].what);
	ck_assert_str_eq(role, "");
}
END_TEST

static enum tls_role
role_of(struct party_wish wish, char *role)
{
	struct party p = party_make(wish);
	enum tls_role found = tls_role_of(p.certificate, role);

	party_free(&p);
	return found;
}

START_TEST(a_certificate_has_a_role)
{
	char role[IDENTITY_ROLE_SIZE] = "?";

	ck_assert_int_eq(role_of((struct party_wish){ .role = good[_i].content,
				     .role_length = good[_i].length },
			     role),
	    TLS_ROLE_GOOD);
	ck_assert_str_eq(role, good[_i].role);
}
END_TEST

START_TEST(a_certificate_has_a_malformed_role)
{
	char role[IDENTITY_ROLE_SIZE] = "?";

	ck_assert_int_eq(role_of((struct party_wish){ .role = bad[_i].content,
				     .role_length = bad[_i].length },
			     role),
	    TLS_ROLE_MALFORMED);
	ck_assert_str_eq(role, "");
}
END_TEST

START_TEST(a_certificate_has_no_role)
{
	char role[IDENTITY_ROLE_SIZE] = "?";

	ck_assert_int_eq(role_of((struct party_wish){ .name = "Operator",
				     .usage = "clientAuth" },
			     role),
	    TLS_ROLE_NONE);
	ck_assert_str_eq(role, "");
}
END_TEST

START_TEST(two_roles_are_none_even_if_equal)
{
	char role[IDENTITY_ROLE_SIZE] = "?";

	ck_assert_int_eq(role_of((struct party_wish){ .role = good[0].content,
				     .role_length = good[0].length,
				     .roles = 2 },
			     role),
	    TLS_ROLE_TWICE);
	ck_assert_str_eq(role, "");
}
END_TEST

START_TEST(a_malformed_role_beside_a_good_one_is_none)
{
	char role[IDENTITY_ROLE_SIZE] = "?";
	struct party p = party_make((struct party_wish){
	    .role = good[0].content, .role_length = good[0].length });

	party_add_role(&p, &p, BYTES("\x05\x00"));
	ck_assert_int_eq(tls_role_of(p.certificate, role), TLS_ROLE_TWICE);
	ck_assert_str_eq(role, "");
	party_free(&p);
}
END_TEST

START_TEST(what_is_wrong_is_said)
{
	ck_assert_ptr_null(tls_role_fault(TLS_ROLE_GOOD));
	ck_assert_ptr_null(tls_role_fault(TLS_ROLE_NONE));
	ck_assert_str_eq(tls_role_fault(TLS_ROLE_TWICE), "more than one role");
	ck_assert_str_eq(tls_role_fault(TLS_ROLE_MALFORMED), "malformed role");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_role");
	TCase *tc = tcase_create("tls_role");

	tcase_add_loop_test(tc, good_content_is_a_role, 0, COUNT(good));
	tcase_add_loop_test(tc, other_content_is_none, 0, COUNT(bad));
	tcase_add_loop_test(tc, a_certificate_has_a_role, 0, COUNT(good));
	tcase_add_loop_test(
	    tc, a_certificate_has_a_malformed_role, 0, COUNT(bad));
	tcase_add_test(tc, a_certificate_has_no_role);
	tcase_add_test(tc, two_roles_are_none_even_if_equal);
	tcase_add_test(tc, a_malformed_role_beside_a_good_one_is_none);
	tcase_add_test(tc, what_is_wrong_is_said);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
