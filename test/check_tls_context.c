#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "party.h"
#include "scratch.h"
#include "suite.h"
#include "tls/context.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

/* A root, an intermediate that issues the server's certificate, and files. */
static struct party root, issuer, server, stranger;
static char cert[200], key[200], ca[200], crl[200];
static char text[TLS_TEXT_SIZE];

static void
keep(char *to, const char *path)
{
	snprintf(to, 200, "%s", path);
}

static void
begin(void)
{
	scratch_begin();
	root =
	    party_make((struct party_wish){ .name = "Root CA", .is_ca = true });
	issuer = party_make((struct party_wish){
	    .issuer = &root, .name = "Plant CA", .is_ca = true });
	server = party_make((struct party_wish){
	    .issuer = &issuer, .name = "server", .ends = 90 * PARTY_DAY });
	stranger = party_make((struct party_wish){ .name = "stranger" });
	keep(cert, party_write("server.pem", &server, &issuer, &root, NULL));
	keep(key, party_write_key("server.key", &server));
	keep(ca, party_write("ca.pem", &root, NULL));
	keep(crl, party_write_list("crl.pem", &root, PARTY_DAY, NULL));
}

static void
end(void)
{
	party_free(&root);
	party_free(&issuer);
	party_free(&server);
	party_free(&stranger);
	scratch_end();
}

static struct tls_context *
context_of(struct tls_files files)
{
	struct tls_context *c = tls_context_new(&files, text);

	ck_assert_msg(c != NULL, "%s", text);
	return c;
}

/* All files, as they are. */
static struct tls_context *
whole_context(void)
{
	return context_of((struct tls_files){ cert, key, ca, crl, true });
}

START_TEST(a_context_is_for_modbus_for_https_or_both)
{
	struct tls_context *c = whole_context();

	ck_assert_ptr_nonnull(tls_context_modbus(c));
	ck_assert_ptr_nonnull(tls_context_https(c));
	tls_context_free(c);
	c = context_of(
	    (struct tls_files){ .cert = cert, .key = key, .ca = ca });
	ck_assert_ptr_nonnull(tls_context_modbus(c));
	ck_assert_ptr_null(tls_context_https(c));
	tls_context_free(c);
	c = context_of(
	    (struct tls_files){ .cert = cert, .key = key, .https = true });
	ck_assert_ptr_null(tls_context_modbus(c));
	ck_assert_ptr_nonnull(tls_context_https(c));
	tls_context_free(c);
	tls_context_free(NULL);
}
END_TEST

START_TEST(clients_of_modbus_have_certificates_and_of_https_none)
{
	struct tls_context *c = whole_context();
	SSL_CTX *modbus = tls_context_modbus(c);
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(modbus);

	ck_assert_int_eq(SSL_CTX_get_verify_mode(modbus),
	    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
	ck_assert_int_eq(
	    SSL_CTX_get_verify_mode(tls_context_https(c)), SSL_VERIFY_NONE);
	ck_assert_int_eq(SSL_CTX_get_verify_depth(modbus), 5);
	ck_assert_int_eq(
	    sk_X509_NAME_num(SSL_CTX_get_client_CA_list(modbus)), 1);
	ck_assert_uint_eq(SSL_CTX_get_options(modbus) & SSL_OP_NO_RENEGOTIATION,
	    SSL_OP_NO_RENEGOTIATION);
	ck_assert_int_eq(SSL_CTX_get_min_proto_version(modbus), TLS1_2_VERSION);
	ck_assert_int_eq(SSL_CTX_get_security_level(modbus), 2);
	ck_assert_int_eq(SSL_CTX_sess_get_cache_size(modbus), 1024);
	ck_assert_int_eq(X509_VERIFY_PARAM_get_depth(param), 5);
	tls_context_free(c);
}
END_TEST

/* Nothing with SHA-1, MD5, NULL, static RSA, or without authentication. */
START_TEST(ciphers_are_ephemeral_and_aead)
{
	struct tls_context *c = whole_context();
	STACK_OF(SSL_CIPHER) *ciphers =
	    SSL_CTX_get_ciphers(tls_context_modbus(c));
	bool must = false;

	for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);

		ck_assert_int_ne(SSL_CIPHER_is_aead(cipher), 0);
		ck_assert_int_ne(SSL_CIPHER_get_kx_nid(cipher), NID_kx_rsa);
		ck_assert_int_ne(
		    SSL_CIPHER_get_auth_nid(cipher), NID_auth_null);
		if (strcmp(SSL_CIPHER_get_name(cipher),
			"ECDHE-ECDSA-AES128-GCM-SHA256") == 0)
			must = true;
	}
	ck_assert(must);
	tls_context_free(c);
}
END_TEST

/* A file of one byte too few, and what is said of it; %s is its name. */
enum which {
	CERT,
	KEY,
	CA,
	CRL
};

static const struct {
	enum which which;
	const char *text; /* in the file; NULL: there is none */
	const char *error;
} faults[] = {
	{ CERT, NULL, "--tls-cert: \"%s\": No such file or directory" },
	{ CERT, "", "--tls-cert: \"%s\": the file is empty" },
	{ CERT, "x\n", "--tls-cert: \"%s\": expected a certificate in PEM" },
	{ KEY, NULL, "--tls-key: \"%s\": No such file or directory" },
	{ KEY, "", "--tls-key: \"%s\": the file is empty" },
	{ KEY, "x\n", "--tls-key: \"%s\": expected a private key in PEM" },
	{ CA, NULL, "--tls-ca: \"%s\": No such file or directory" },
	{ CA, "", "--tls-ca: \"%s\": the file is empty" },
	{ CA, "x\n", "--tls-ca: \"%s\": expected a certificate in PEM" },
	{ CRL, NULL, "--tls-crl: \"%s\": No such file or directory" },
	{ CRL, "", "--tls-crl: \"%s\": the file is empty" },
	{ CRL, "x\n", "--tls-crl: \"%s\": expected a revocation list in PEM" },
};

static void
expect_error(const struct tls_files *files, const char *expected)
{
	memset(text, '?', sizeof(text));
	ck_assert_ptr_null(tls_context_new(files, text));
	ck_assert_str_eq(text, expected);
}

START_TEST(a_fault_names_option_file_and_reason)
{
	struct tls_files files = { cert, key, ca, crl, true };
	const char **names[] = { &files.cert, &files.key, &files.ca,
		&files.crl };
	char path[200], expected[TLS_TEXT_SIZE];
	const char *content = faults[_i].text;

	keep(path, scratch_path("other"));
	if (content != NULL) {
		scratch_write("other", content, strlen(content));
		ck_assert_int_eq(chmod(path, 0600), 0);
	}
	*names[faults[_i].which] = path;
	/* A literal cannot be the format here. */
	snprintf(expected, sizeof(expected), "%.*s%s%s",
	    (int)(strstr(faults[_i].error, "%s") - faults[_i].error),
	    faults[_i].error, path, strstr(faults[_i].error, "%s") + 2);
	expect_error(&files, expected);
}
END_TEST

START_TEST(the_key_must_be_the_certificates)
{
	struct tls_files files = { cert, key, ca, crl, false };
	char expected[TLS_TEXT_SIZE];

	keep(key, party_write_key("other.key", &stranger));
	snprintf(expected, sizeof(expected),
	    "--tls-key: \"%s\": is not the key of --tls-cert", key);
	expect_error(&files, expected);
}
END_TEST

START_TEST(the_key_must_be_the_first_certificates)
{
	struct tls_files files = { cert, key, ca, crl, false };
	char expected[TLS_TEXT_SIZE];

	keep(cert, party_write("wrong.pem", &issuer, &server, NULL));
	snprintf(expected, sizeof(expected),
	    "--tls-key: \"%s\": is not the key of --tls-cert", key);
	expect_error(&files, expected);
}
END_TEST

START_TEST(the_key_must_not_be_for_others)
{
	struct tls_files files = { cert, key, ca, crl, false };
	char expected[TLS_TEXT_SIZE];

	ck_assert_int_eq(chmod(key, 0644), 0);
	snprintf(expected, sizeof(expected),
	    "--tls-key: \"%s\": expected a file that others can neither read "
	    "nor write (chmod 600)",
	    key);
	expect_error(&files, expected);
}
END_TEST

START_TEST(a_weak_key_is_refused_in_openssls_words)
{
	struct tls_files files = { cert, key, ca, crl, false };
	struct party weak = party_make((struct party_wish){ .name = "weak" });
	char expected[TLS_TEXT_SIZE];

	EVP_PKEY_free(weak.key);
	weak.key = EVP_RSA_gen(1024);
	X509_set_pubkey(weak.certificate, weak.key);
	X509_sign(weak.certificate, weak.key, EVP_sha256());
	keep(cert, party_write("weak.pem", &weak, NULL));
	keep(key, party_write_key("weak.key", &weak));
	snprintf(expected, sizeof(expected),
	    "--tls-cert: \"%s\": ee key too small", cert);
	expect_error(&files, expected);
	party_free(&weak);
}
END_TEST

START_TEST(a_long_name_of_a_file_is_cut)
{
	char name[2000];
	struct tls_files files = { name, key, ca, crl, true };

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ck_assert_ptr_null(tls_context_new(&files, text));
	ck_assert_uint_lt(strlen(text), 200);
}
END_TEST

/* --- Dates and warnings -------------------------------------------------- */

static struct {
	unsigned count;
	enum log_level level;
	char text[TLS_TEXT_SIZE]; /* the last one */
} warned;

static void
note(void *arg, enum log_level level, const char *line)
{
	ck_assert_ptr_eq(arg, &warned);
	ck_assert_ptr_null(strchr(line, '\n'));
	warned.count++;
	warned.level = level;
	snprintf(warned.text, sizeof(warned.text), "%s", line);
}

/* Warn of a context some days from now, and free it. Returns the number. */
static unsigned
warnings_of(struct tls_context *c, long days)
{
	memset(&warned, 0, sizeof(warned));
	tls_context_warn(c, time(NULL) + days * PARTY_DAY, note, &warned);
	tls_context_free(c);
	return warned.count;
}

/* The moment in a text, which is near days from now. */
static void
expect_moment(const char *moment, long days)
{
	struct tm broken_down = { 0 };
	double off;

	ck_assert_ptr_nonnull(
	    strptime(moment, "%Y-%m-%dT%H:%M:%SZ", &broken_down));
	off = difftime(timegm(&broken_down), time(NULL) + days * PARTY_DAY);
	ck_assert(off > -3600 && off < 3600);
}

static void
expect_warning(enum log_level level, const char *part)
{
	ck_assert_uint_eq(warned.count, 1);
	ck_assert_int_eq(warned.level, level);
	ck_assert_msg(strstr(warned.text, part) != NULL, "%s", warned.text);
}

START_TEST(nothing_to_say)
{
	ck_assert_uint_eq(warnings_of(whole_context(), 0), 0);
}
END_TEST

START_TEST(a_chain_without_its_root)
{
	keep(cert, party_write("short.pem", &server, &issuer, NULL));
	ck_assert_uint_eq(warnings_of(whole_context(), 0), 1);
	expect_warning(LOG_WARN, "the chain does not reach its root");
	keep(cert, party_write("gap.pem", &server, &root, NULL));
	ck_assert_uint_eq(warnings_of(whole_context(), 0), 1);
	keep(cert, party_write("alone.pem", &server, NULL));
	ck_assert_uint_eq(warnings_of(whole_context(), 0), 1);
}
END_TEST

START_TEST(a_certificate_without_an_issuer_is_its_root)
{
	keep(cert, party_write("self.pem", &stranger, NULL));
	keep(key, party_write_key("self.key", &stranger));
	warnings_of(whole_context(), 0); /* its end */
	expect_warning(LOG_WARN, "expires in less than 30 days: ");
}
END_TEST

/* Days from now, and what is said of a certificate that ends in 90. */
static const struct {
	long days;
	const char *part; /* NULL: nothing */
} days_of_certificate[] = {
	{ 0, NULL },
	{ 59, NULL },
	{ 61, "the certificate expires in less than 30 days: " },
	{ 89, "the certificate expires in less than 30 days: " },
	{ 91, "the certificate has expired: " },
	{ -3650, "the certificate is not valid before " },
};

START_TEST(the_certificate_ends)
{
	const char *part = days_of_certificate[_i].part;
	struct tls_context *c =
	    context_of((struct tls_files){ cert, key, ca, NULL, true });

	warnings_of(c, days_of_certificate[_i].days);
	if (part == NULL)
		ck_assert_uint_eq(warned.count, 0);
	else
		expect_warning(LOG_WARN, part);
	if (days_of_certificate[_i].days > 0 && part != NULL)
		expect_moment(strrchr(warned.text, ' ') + 1, 90);
}
END_TEST

START_TEST(an_expired_certificate_is_no_error)
{
	struct party old = party_make((struct party_wish){ .issuer = &root,
	    .name = "old",
	    .begins = -20 * PARTY_DAY,
	    .ends = -10 * PARTY_DAY });
	struct tls_context *c;

	keep(cert, party_write("old.pem", &old, &root, NULL));
	keep(key, party_write_key("old.key", &old));
	c = whole_context();
	ck_assert_int_lt(tls_context_expiry(c), time(NULL));
	warnings_of(c, 0);
	expect_warning(LOG_WARN, "the certificate has expired: ");
	party_free(&old);
}
END_TEST

/* It ends when no time_t of 32 bits can say. */
START_TEST(a_certificate_of_40_years_has_not_expired)
{
	const int64_t years = 40 * INT64_C(365) * PARTY_DAY;
	struct party young = party_make((struct party_wish){ .issuer = &root,
	    .name = "young",
	    .begins = -PARTY_DAY,
	    .ends = (long)years });
	struct tls_context *c;

	keep(cert, party_write("young.pem", &young, &root, NULL));
	keep(key, party_write_key("young.key", &young));
	c = whole_context();
	ck_assert_int_gt(tls_context_expiry(c), time(NULL) + years - PARTY_DAY);
	ck_assert_uint_eq(warnings_of(c, 0), 0);
	party_free(&young);
}
END_TEST

START_TEST(a_list_expires)
{
	struct tls_context *c = whole_context();
	int64_t now = time(NULL);
	const char *part = "the list of CN=Root CA has expired: ";

	text[0] = '\0';
	ck_assert(!tls_context_list_expired(c, now, text));
	ck_assert(tls_context_list_expired(c, now + 2 * PARTY_DAY, text));
	ck_assert_int_eq(strncmp(text, "--tls-crl: \"", 12), 0);
	ck_assert_ptr_nonnull(strstr(text, part));
	expect_moment(strstr(text, part) + strlen(part), 1);
	warnings_of(c, 2);
	expect_warning(LOG_ERROR, text);
}
END_TEST

START_TEST(a_later_list_of_the_same_issuer_counts)
{
	char all[8192];
	size_t length, more;
	char *old, *new;
	struct tls_context *c;

	party_write_list("old.pem", &root, -3600, NULL);
	old = scratch_read("old.pem", &length);
	new = scratch_read("crl.pem", &more);
	ck_assert_uint_le(length + more, sizeof(all));
	memcpy(all, old, length);
	memcpy(all + length, new, more);
	free(old);
	free(new);
	scratch_write("both.pem", all, length + more);
	keep(crl, scratch_path("both.pem"));
	c = whole_context();
	ck_assert(!tls_context_list_expired(c, time(NULL), text));
	ck_assert_int_gt(tls_context_next_update(c), time(NULL));
	ck_assert_uint_eq(warnings_of(c, 0), 0);
}
END_TEST

START_TEST(an_issuer_without_a_list)
{
	keep(ca, party_write("two.pem", &root, &issuer, NULL));
	warnings_of(whole_context(), 0);
	expect_warning(LOG_ERROR,
	    "there is no list of CN=Plant CA: its clients are refused");
}
END_TEST

START_TEST(dates_for_metrics)
{
	struct tls_context *c = whole_context();
	int64_t now = time(NULL);

	ck_assert_int_ge(tls_context_expiry(c), now + 89 * PARTY_DAY);
	ck_assert_int_le(tls_context_expiry(c), now + 90 * PARTY_DAY);
	ck_assert_int_gt(tls_context_next_update(c), now);
	ck_assert_int_le(tls_context_next_update(c), now + PARTY_DAY);
	tls_context_free(c);
	c = context_of(
	    (struct tls_files){ .cert = cert, .key = key, .ca = ca });
	ck_assert_int_eq(tls_context_next_update(c), INT64_MAX);
	ck_assert(!tls_context_list_expired(c, INT64_MAX, text));
	tls_context_free(c);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_context");
	TCase *tc = tcase_create("files");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, a_context_is_for_modbus_for_https_or_both);
	tcase_add_test(
	    tc, clients_of_modbus_have_certificates_and_of_https_none);
	tcase_add_test(tc, ciphers_are_ephemeral_and_aead);
	tcase_add_loop_test(
	    tc, a_fault_names_option_file_and_reason, 0, COUNT(faults));
	tcase_add_test(tc, the_key_must_be_the_certificates);
	tcase_add_test(tc, the_key_must_be_the_first_certificates);
	tcase_add_test(tc, the_key_must_not_be_for_others);
	tcase_add_test(tc, a_weak_key_is_refused_in_openssls_words);
	tcase_add_test(tc, a_long_name_of_a_file_is_cut);
	suite_add_tcase(suite, tc);

	tc = tcase_create("dates");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, nothing_to_say);
	tcase_add_test(tc, a_chain_without_its_root);
	tcase_add_test(tc, a_certificate_without_an_issuer_is_its_root);
	tcase_add_loop_test(
	    tc, the_certificate_ends, 0, COUNT(days_of_certificate));
	tcase_add_test(tc, an_expired_certificate_is_no_error);
	tcase_add_test(tc, a_certificate_of_40_years_has_not_expired);
	tcase_add_test(tc, a_list_expires);
	tcase_add_test(tc, a_later_list_of_the_same_issuer_counts);
	tcase_add_test(tc, an_issuer_without_a_list);
	tcase_add_test(tc, dates_for_metrics);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
