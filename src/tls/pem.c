#include "tls/pem.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>

#include "system/error.h"
#include "system/file.h"
#include "system/private_file.h"

#define EXPECTED_CERTIFICATE "expected a certificate in PEM"
#define EXPECTED_KEY         "expected a private key in PEM"
#define EXPECTED_LIST        "expected a revocation list in PEM"
#define NO_MEMORY            "no memory"

/* A stream on an open file, which it closes; NULL and why. */
static BIO *
stream_of(int fd, const char **why)
{
	FILE *file = fdopen(fd, "r");
	BIO *in;

	if (file == NULL) {
		*why = error_text(errno);
		file_close(fd);
		return NULL;
	}
	in = BIO_new_fp(file, BIO_CLOSE);
	if (in == NULL) {
		*why = NO_MEMORY;
		fclose(file);
	}
	return in;
}

/* NULL where fd is a regular file and not empty. */
static const char *
check_file(int fd)
{
	int regular = file_is_regular(fd);

	if (regular < 0)
		return error_text(errno);
	if (regular == 0)
		return "expected a regular file";
	return file_size(fd) == 0 ? "the file is empty" : NULL;
}

static BIO *
open_checked(int fd, const char **why)
{
	*why = check_file(fd);
	if (*why == NULL)
		return stream_of(fd, why);
	file_close(fd);
	return NULL;
}

static BIO *
open_public(const char *path, const char **why)
{
	int fd = file_open(path, FILE_TO_READ);

	if (fd >= 0)
		return open_checked(fd, why);
	*why = error_text(errno);
	return NULL;
}

static BIO *
open_private(const char *path, const char **why)
{
	int fd = private_file_open(path, why);

	return fd >= 0 ? open_checked(fd, why) : NULL;
}

/* Why the last object of a file could not be read: NULL at the end, once there
 * were some. */
static const char *
why_ended(int read, const char *expected, const char *damaged)
{
	unsigned code = (unsigned)ERR_peek_last_error();

	ERR_clear_error();
	if (ERR_GET_LIB(code) == ERR_LIB_PEM &&
	    ERR_GET_REASON(code) == PEM_R_NO_START_LINE)
		return read > 0 ? NULL : expected;
	if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
		return NO_MEMORY;
	return damaged;
}

/* Passphrases are never asked for: OpenSSL's own callback would ask on the
 * terminal. Notes in arg, a bool, that one was wanted. */
static int
refuse_passphrase(char *buffer, int size, int writing, void *arg)
{
	bool *wanted = arg;

	(void)buffer;
	(void)size;
	(void)writing;
	*wanted = true;
	return -1;
}

/* Read objects into a stack, until there is none. */
static const char *
read_certificates(BIO *in, STACK_OF(X509) * certificates)
{
	bool wanted = false;
	X509 *x;

	while ((x = PEM_read_bio_X509(in, NULL, refuse_passphrase, &wanted)) !=
	    NULL)
		if (sk_X509_push(certificates, x) == 0) {
			X509_free(x);
			return NO_MEMORY;
		}
	return why_ended(sk_X509_num(certificates), EXPECTED_CERTIFICATE,
	    "a certificate in it is damaged");
}

const char *
tls_pem_certificates(const char *path, STACK_OF(X509) * *certificates)
{
	STACK_OF(X509) * all;
	const char *why;
	BIO *in = open_public(path, &why);

	if (in == NULL)
		return why;
	ERR_clear_error();
	all = sk_X509_new_null();
	why = all != NULL ? read_certificates(in, all) : NO_MEMORY;
	BIO_free(in);
	if (why == NULL)
		*certificates = all;
	else
		sk_X509_pop_free(all, X509_free);
	return why;
}

static const char *
read_lists(BIO *in, STACK_OF(X509_CRL) * lists)
{
	bool wanted = false;
	X509_CRL *l;

	while ((l = PEM_read_bio_X509_CRL(
		    in, NULL, refuse_passphrase, &wanted)) != NULL)
		if (sk_X509_CRL_push(lists, l) == 0) {
			X509_CRL_free(l);
			return NO_MEMORY;
		}
	return why_ended(sk_X509_CRL_num(lists), EXPECTED_LIST,
	    "a revocation list in it is damaged");
}

const char *
tls_pem_lists(const char *path, STACK_OF(X509_CRL) * *lists)
{
	STACK_OF(X509_CRL) * all;
	const char *why;
	BIO *in = open_public(path, &why);

	if (in == NULL)
		return why;
	ERR_clear_error();
	all = sk_X509_CRL_new_null();
	why = all != NULL ? read_lists(in, all) : NO_MEMORY;
	BIO_free(in);
	if (why == NULL)
		*lists = all;
	else
		sk_X509_CRL_pop_free(all, X509_CRL_free);
	return why;
}

const char *
tls_pem_key(const char *path, EVP_PKEY **key)
{
	bool encrypted = false;
	const char *why;
	BIO *in = open_private(path, &why);
	EVP_PKEY *k;

	if (in == NULL)
		return why;
	ERR_clear_error();
	k = PEM_read_bio_PrivateKey(in, NULL, refuse_passphrase, &encrypted);
	BIO_free(in);
	ERR_clear_error();
	if (k != NULL)
		*key = k;
	else if (encrypted)
		return "the key is encrypted: expected one without a "
		       "passphrase";
	else
		return EXPECTED_KEY;
	return NULL;
}
