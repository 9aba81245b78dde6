#include <ctype.h>
#include <openssl/asn1.h>
#include <stdio.h>
#include <string.h>

#include "party.h"
#include "suite.h"
#include "tls/identity.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

static struct identities all;
static struct party ca;

static void
begin(void)
{
	identities_init(&all);
	ca = party_make(
	    (struct party_wish){ .name = "Plant CA", .is_ca = true });
}

static void
end(void)
{
	party_free(&ca);
	ck_assert(LIST_EMPTY(&all.held));
}

/* The identity of a client with that CN and role. */
static const struct identity *
identity_for(const char *name, const char *role)
{
	struct party p = party_make((struct party_wish){ .issuer = &ca,
	    .name = name,
	    .role = role,
	    .role_length = role != NULL ? strlen(role) : 0 });
	enum tls_role found;
	const struct identity *who =
	    tls_identity_of(&all, p.certificate, &found);

	ck_assert_int_eq(found, role != NULL ? TLS_ROLE_GOOD : TLS_ROLE_NONE);
	party_free(&p);
	return who;
}

START_TEST(a_client_is_subject_issuer_and_role)
{
	const struct identity *a = identity_for("HMI 3", "\x0c\x08Operator");
	const struct identity *b = identity_for("HMI 3", "\x0c\x08Operator");
	const struct identity *c = identity_for("HMI 3", NULL);

	ck_assert_str_eq(a->subject, "CN=HMI 3");
	ck_assert_str_eq(a->issuer, "CN=Plant CA");
	ck_assert_str_eq(a->role, "Operator");
	ck_assert_ptr_eq(a, b);
	ck_assert_str_eq(c->role, "");
	ck_assert_ptr_ne(a, c);
	identity_release(a);
	identity_release(b);
	identity_release(c);
}
END_TEST

static const struct {
	const char *name, *subject;
} hostile[] = {
	{ "a\nerror: stop", "CN=a\\0Aerror: stop" },
	{ "a\r\x1b[2J\x7f", "CN=a\\0D\\1B[2J\\7F" },
	{ "a,O=Other", "CN=a\\,O=Other" },
	{ "a\"b\\c", "CN=a\\\"b\\\\c" },
	{ " a ", "CN=\\ a\\ " },
	{ "#04", "CN=\\#04" },
	{ "W\xc3\xa4rter", "CN=W\\C3\\A4rter" },
	{ "\xe2\x80\xae"
	  "evil",
	    "CN=\\E2\\80\\AEevil" },
	{ "%s%n", "CN=%s%n" },
};

START_TEST(a_subject_cannot_forge_a_line)
{
	const struct identity *who = identity_for(hostile[_i].name, NULL);

	ck_assert_str_eq(who->subject, hostile[_i].subject);
	identity_release(who);
}
END_TEST

/* A name with a part for each byte of text, each of that CN. */
static X509_NAME *
name_of_parts(const char *part, int parts)
{
	X509_NAME *name = X509_NAME_new();

	for (int i = 0; i < parts; i++)
		X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_UTF8,
		    (const unsigned char *)part, -1, -1, 0);
	return name;
}

START_TEST(a_long_name_is_cut_at_200_bytes)
{
	X509_NAME *name = name_of_parts("0123456789", 100);
	char text[IDENTITY_NAME_SIZE + 1];

	text[IDENTITY_NAME_SIZE] = '!';
	tls_name(name, text);
	ck_assert_uint_eq(strlen(text), 200);
	ck_assert_int_eq(text[IDENTITY_NAME_SIZE], '!');
	ck_assert_int_eq(strncmp(text, "OU=0123456789,OU=", 17), 0);
	X509_NAME_free(name);
}
END_TEST

START_TEST(any_type_of_string_is_printable)
{
	static const int types[] = { V_ASN1_OCTET_STRING, V_ASN1_T61STRING,
		V_ASN1_PRINTABLESTRING, V_ASN1_IA5STRING, V_ASN1_VISIBLESTRING,
		V_ASN1_UTF8STRING, V_ASN1_BMPSTRING, V_ASN1_UNIVERSALSTRING,
		V_ASN1_BIT_STRING, V_ASN1_INTEGER };
	unsigned char bytes[8] = "\x00\x01\n\x1b\x7f\x80\xff,";
	X509_NAME *name = X509_NAME_new();
	char text[IDENTITY_NAME_SIZE];

	X509_NAME_add_entry_by_NID(
	    name, NID_commonName, types[_i], bytes, sizeof(bytes), -1, 0);
	tls_name(name, text);
	for (const char *p = text; *p != '\0'; p++)
		ck_assert_int_ne(isprint((unsigned char)*p), 0);
	X509_NAME_free(name);
}
END_TEST

START_TEST(without_a_subject_it_is_the_serial_number)
{
	struct party p = party_make((struct party_wish){ .issuer = &ca });
	enum tls_role found;
	const struct identity *who;

	ASN1_INTEGER_set(X509_get_serialNumber(p.certificate), 0x1f40);
	who = tls_identity_of(&all, p.certificate, &found);
	ck_assert_str_eq(who->subject, "serial 1F40 of CN=Plant CA");
	ck_assert_str_eq(who->issuer, "CN=Plant CA");
	identity_release(who);
	party_free(&p);
}
END_TEST

START_TEST(a_long_serial_number_is_cut)
{
	struct party p = party_make((struct party_wish){ .issuer = &ca });
	unsigned char bytes[300];
	char text[IDENTITY_NAME_SIZE];
	enum tls_role found;
	const struct identity *who;

	memset(bytes, 0xab, sizeof(bytes));
	ASN1_STRING_set(
	    X509_get_serialNumber(p.certificate), bytes, sizeof(bytes));
	ck_assert_uint_eq(strlen(tls_serial(p.certificate, text)), 200);
	who = tls_identity_of(&all, p.certificate, &found);
	ck_assert_uint_eq(strlen(who->subject), 200);
	identity_release(who);
	party_free(&p);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_identity");
	TCase *tc = tcase_create("tls_identity");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, a_client_is_subject_issuer_and_role);
	tcase_add_loop_test(
	    tc, a_subject_cannot_forge_a_line, 0, COUNT(hostile));
	tcase_add_test(tc, a_long_name_is_cut_at_200_bytes);
	tcase_add_loop_test(tc, any_type_of_string_is_printable, 0, 10);
	tcase_add_test(tc, without_a_subject_it_is_the_serial_number);
	tcase_add_test(tc, a_long_serial_number_is_cut);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
