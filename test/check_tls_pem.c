#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "party.h"
#include "scratch.h"
#include "suite.h"
#include "tls/pem.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

#define EXPECTED_CERTIFICATE "expected a certificate in PEM"
#define EXPECTED_KEY         "expected a private key in PEM"
#define EXPECTED_LIST        "expected a revocation list in PEM"

static struct party ca, server;

static void
begin(void)
{
	scratch_begin();
	ca = party_make(
	    (struct party_wish){ .name = "Plant CA", .is_ca = true });
	server =
	    party_make((struct party_wish){ .issuer = &ca, .name = "server" });
}

static void
end(void)
{
	party_free(&server);
	party_free(&ca);
	scratch_end();
}

/* Each reader, its result dropped. */
static const char *
read_certificates(const char *path)
{
	STACK_OF(X509) *all = NULL;
	const char *why = tls_pem_certificates(path, &all);

	ck_assert((why == NULL) == (all != NULL));
	sk_X509_pop_free(all, X509_free);
	return why;
}

static const char *
read_lists(const char *path)
{
	STACK_OF(X509_CRL) *all = NULL;
	const char *why = tls_pem_lists(path, &all);

	ck_assert((why == NULL) == (all != NULL));
	sk_X509_CRL_pop_free(all, X509_CRL_free);
	return why;
}

static const char *
read_key(const char *path)
{
	EVP_PKEY *key = NULL;
	const char *why = tls_pem_key(path, &key);

	ck_assert((why == NULL) == (key != NULL));
	EVP_PKEY_free(key);
	return why;
}

static const struct {
	const char *(*read)(const char *path);
	const char *expected;
} readers[] = {
	{ read_certificates, EXPECTED_CERTIFICATE },
	{ read_lists, EXPECTED_LIST },
	{ read_key, EXPECTED_KEY },
};

/* A private file with that text. */
static const char *
file_with(const char *text)
{
	scratch_write("file", text, strlen(text));
	ck_assert_int_eq(chmod(scratch_path("file"), 0600), 0);
	return scratch_path("file");
}

START_TEST(a_file_must_be_there)
{
	ck_assert_str_eq(readers[_i].read(scratch_path("none")),
	    "No such file or directory");
}
END_TEST

START_TEST(a_file_must_be_regular)
{
	ck_assert_int_eq(mkdir(scratch_path("folder"), 0700), 0);
	ck_assert_str_eq(readers[_i].read(scratch_path("folder")),
	    "expected a regular file");
	/* Nobody writes into this one: it must not wait. */
	ck_assert_int_eq(mkfifo(scratch_path("fifo"), 0600), 0);
	ck_assert_str_eq(
	    readers[_i].read(scratch_path("fifo")), "expected a regular file");
}
END_TEST

START_TEST(a_file_must_not_be_empty)
{
	ck_assert_str_eq(readers[_i].read(file_with("")), "the file is empty");
}
END_TEST

START_TEST(a_file_must_hold_what_is_expected)
{
	ck_assert_str_eq(readers[_i].read(file_with("Good morning\n")),
	    readers[_i].expected);
	ck_assert_str_eq(
	    readers[_i].read(file_with("-----BEGIN FLOWERS-----\nAAAA\n"
				       "-----END FLOWERS-----\n")),
	    readers[_i].expected);
}
END_TEST

START_TEST(other_objects_are_not_it)
{
	const char *path = party_write("cert", &server, NULL);

	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_ptr_null(read_certificates(path));
	ck_assert_str_eq(read_lists(path), EXPECTED_LIST);
	ck_assert_str_eq(read_key(path), EXPECTED_KEY);
	path = party_write_key("key", &server);
	ck_assert_str_eq(read_certificates(path), EXPECTED_CERTIFICATE);
	ck_assert_str_eq(read_lists(path), EXPECTED_LIST);
	ck_assert_ptr_null(read_key(path));
	path = party_write_list("list", &ca, PARTY_DAY, &server);
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_str_eq(read_certificates(path), EXPECTED_CERTIFICATE);
	ck_assert_ptr_null(read_lists(path));
	ck_assert_str_eq(read_key(path), EXPECTED_KEY);
}
END_TEST

/* The bytes of a file of text, with a NUL, and of another behind. */
static char *
joined(const char *one, const char *other)
{
	static char text[16384];
	size_t length, more;
	char *a = scratch_read(one, &length);
	char *b = scratch_read(other, &more);

	ck_assert_uint_lt(length + more, sizeof(text));
	memcpy(text, a, length);
	memcpy(text + length, b, more);
	text[length + more] = '\0';
	free(a);
	free(b);
	return text;
}

START_TEST(a_file_may_hold_everything)
{
	const char *path;

	party_write("cert", &server, &ca, NULL);
	party_write_key("key", &server);
	party_write_list("list", &ca, PARTY_DAY, NULL);
	file_with(joined("cert", "key"));
	path = file_with(joined("file", "list"));
	for (int i = 0; i < COUNT(readers); i++)
		ck_assert_ptr_null(readers[i].read(path));
	file_with(joined("list", "key"));
	path = file_with(joined("file", "cert"));
	for (int i = 0; i < COUNT(readers); i++)
		ck_assert_ptr_null(readers[i].read(path));
}
END_TEST

START_TEST(certificates_keep_their_order)
{
	STACK_OF(X509) * all;
	const char *path = party_write("chain", &server, &ca, NULL);

	ck_assert_ptr_null(tls_pem_certificates(path, &all));
	ck_assert_int_eq(sk_X509_num(all), 2);
	ck_assert_int_eq(
	    X509_cmp(sk_X509_value(all, 0), server.certificate), 0);
	ck_assert_int_eq(X509_cmp(sk_X509_value(all, 1), ca.certificate), 0);
	sk_X509_pop_free(all, X509_free);
}
END_TEST

/* Break the last object in a text: in its middle, or cut it there. */
static void
damage(char *text, bool cut)
{
	char *begin = strrchr(text, '\n');

	while (strncmp(begin, "-----BEGIN", 10) != 0)
		begin--;
	begin = strchr(begin, '\n') + 20;
	if (cut)
		*begin = '\0';
	else
		memcpy(begin, "!!!!", 4);
}

START_TEST(damage_is_found_behind_what_is_good)
{
	char *text;

	party_write("cert", &server, NULL);
	party_write_list("list", &ca, PARTY_DAY, NULL);
	text = joined("cert", "cert");
	damage(text, _i == 1);
	ck_assert_str_eq(read_certificates(file_with(text)),
	    "a certificate in it is damaged");
	text = joined("list", "list");
	damage(text, _i == 1);
	ck_assert_str_eq(
	    read_lists(file_with(text)), "a revocation list in it is damaged");
}
END_TEST

START_TEST(a_damaged_key_is_none)
{
	char *text;

	party_write_key("key", &server);
	scratch_write("nothing", "", 0);
	text = joined("key", "nothing");
	damage(text, _i == 1);
	ck_assert_str_eq(read_key(file_with(text)), EXPECTED_KEY);
}
END_TEST

static void
write_encrypted(const char *path, bool traditional)
{
	FILE *f = fopen(path, "w");
	static const unsigned char word[] = "secret";
	int written;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(chmod(path, 0600), 0);
	if (traditional) {
		BIO *out = BIO_new_fp(f, BIO_NOCLOSE);

		written = PEM_write_bio_PrivateKey_traditional(
		    out, server.key, EVP_aes_128_cbc(), word, 6, NULL, NULL);
		BIO_free(out);
	} else {
		written = PEM_write_PrivateKey(
		    f, server.key, EVP_aes_128_cbc(), word, 6, NULL, NULL);
	}
	ck_assert_int_eq(written, 1);
	fclose(f);
}

START_TEST(nobody_is_asked_for_a_passphrase)
{
	const char *path = scratch_path("encrypted");

	write_encrypted(path, _i == 1);
	ck_assert_str_eq(read_key(path),
	    "the key is encrypted: expected one without a passphrase");
}
END_TEST

static const struct {
	mode_t mode;
	bool good;
} modes[] = {
	{ 0600, true },
	{ 0400, true },
	{ 0640, true }, /* ssl-cert */
	{ 0660, false },
	{ 0644, false },
	{ 0604, false },
	{ 0602, false },
	{ 0601, false },
};

START_TEST(a_key_is_not_for_others)
{
	const char *path = party_write_key("key", &server);
	const char *why;

	ck_assert_int_eq(chmod(path, modes[_i].mode), 0);
	why = read_key(path);
	if (modes[_i].good)
		ck_assert_ptr_null(why);
	else
		ck_assert_str_eq(why,
		    "expected a file that others can neither read nor write "
		    "(chmod 600)");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_pem");
	TCase *tc = tcase_create("tls_pem");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_loop_test(tc, a_file_must_be_there, 0, COUNT(readers));
	tcase_add_loop_test(tc, a_file_must_be_regular, 0, COUNT(readers));
	tcase_add_loop_test(tc, a_file_must_not_be_empty, 0, COUNT(readers));
	tcase_add_loop_test(
	    tc, a_file_must_hold_what_is_expected, 0, COUNT(readers));
	tcase_add_test(tc, other_objects_are_not_it);
	tcase_add_test(tc, a_file_may_hold_everything);
	tcase_add_test(tc, certificates_keep_their_order);
	tcase_add_loop_test(tc, damage_is_found_behind_what_is_good, 0, 2);
	tcase_add_loop_test(tc, a_damaged_key_is_none, 0, 2);
	tcase_add_loop_test(tc, nobody_is_asked_for_a_passphrase, 0, 2);
	tcase_add_loop_test(tc, a_key_is_not_for_others, 0, COUNT(modes));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
