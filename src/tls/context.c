#include "tls/context.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#include "context_private.h"
#include "system/error.h"
#include "tls/pem.h"
#include "tls/resumption.h"

#define VERIFY_DEPTH   5
#define SECURITY_LEVEL 2

/* TLS 1.2. TLS 1.3 has no others. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

/* An error line. Returns -1. */
static int
fail(char *error, const char *option, const char *file, const char *why)
{
	char name[PRINTABLE_SIZE];

	snprintf(error, TLS_TEXT_SIZE, "%s: \"%s\": %s", option,
	    printable(file, name), why);
	return -1;
}

/* What OpenSSL says last. */
static const char *
openssl_words(void)
{
	const char *words = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return words != NULL ? words : "OpenSSL gives no reason";
}

/* What OpenSSL refused while it made a context of no file. */
static int
fail_settings(char *error)
{
	snprintf(error, TLS_TEXT_SIZE, "--tls-cert: no context for TLS: %s",
	    openssl_words());
	return -1;
}

/* What every context has. */
static int
set_protocol(SSL_CTX *context, char *error)
{
	SSL_CTX_set_security_level(context, SECURITY_LEVEL);
	SSL_CTX_set_options(context,
	    SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
		SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(context,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
		SSL_MODE_NO_AUTO_CHAIN);
	/* One record a read, or a client could keep us busy with records that
	 * are not data. */
	SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(context, 0) != 1 ||
	    SSL_CTX_set_cipher_list(context, CIPHERS) != 1 ||
	    tls_resumption_limit(context) != 0)
		return fail_settings(error);
	return 0;
}

static int
add_extra(SSL_CTX *context, X509 *certificate)
{
	if (SSL_CTX_add_extra_chain_cert(context, certificate) != 1)
		return 0;
	return X509_up_ref(certificate); /* which add_extra_chain_cert took */
}

/* The server's certificate, its issuers, and its key. */
static int
set_own(SSL_CTX *context, STACK_OF(X509) * chain, EVP_PKEY *key,
    const struct tls_files *files, char *error)
{
	int set = SSL_CTX_use_certificate(context, sk_X509_value(chain, 0));

	/* As extra certificates, of which no connection has a list of its own.
	 */
	for (int i = 1; set == 1 && i < sk_X509_num(chain); i++)
		set = add_extra(context, sk_X509_value(chain, i));
	if (set != 1)
		return fail(error, "--tls-cert", files->cert, openssl_words());
	if (SSL_CTX_use_PrivateKey(context, key) != 1)
		return fail(error, "--tls-key", files->key, openssl_words());
	return 0;
}

static SSL_CTX *
new_context(const struct tls_context *c, EVP_PKEY *key,
    const struct tls_files *files, char *error)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context == NULL) {
		fail_settings(error);
		return NULL;
	}
	if (set_protocol(context, error) == 0 &&
	    set_own(context, c->chain, key, files, error) == 0)
		return context;
	SSL_CTX_free(context);
	return NULL;
}

/* Whose certificates are accepted, which clients are told. */
static int
set_issuers(SSL_CTX *context, STACK_OF(X509) * issuers)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);

	for (int i = 0; i < sk_X509_num(issuers); i++) {
		X509 *issuer = sk_X509_value(issuers, i);

		if (X509_STORE_add_cert(store, issuer) != 1 ||
		    SSL_CTX_add_client_CA(context, issuer) != 1)
			return -1;
	}
	return 0;
}

/* What of them is revoked: each certificate of a chain is looked up. */
static int
set_lists(SSL_CTX *context, STACK_OF(X509_CRL) * lists)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);

	for (int i = 0; i < sk_X509_CRL_num(lists); i++)
		if (X509_STORE_add_crl(store, sk_X509_CRL_value(lists, i)) != 1)
			return -1;
	return X509_STORE_set_flags(store,
		   X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1 ?
	    0 :
	    -1;
}

/* Both sides have certificates. */
static int
set_mutual(SSL_CTX *context, const struct tls_context *c,
    const struct tls_files *files, char *error)
{
	SSL_CTX_set_verify(
	    context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_verify_depth(context, VERIFY_DEPTH);
	if (set_issuers(context, c->issuers) != 0)
		return fail(error, "--tls-ca", files->ca, openssl_words());
	if (c->lists != NULL && set_lists(context, c->lists) != 0)
		return fail(error, "--tls-crl", files->crl, openssl_words());
	return 0;
}

static int
make_contexts(struct tls_context *c, EVP_PKEY *key,
    const struct tls_files *files, char *error)
{
	if (c->issuers != NULL) {
		c->modbus = new_context(c, key, files, error);
		if (c->modbus == NULL ||
		    set_mutual(c->modbus, c, files, error) != 0)
			return -1;
	}
	if (files->https) {
		c->https = new_context(c, key, files, error);
		if (c->https == NULL)
			return -1;
	}
	return 0;
}

/* Read what is public. */
static int
read_public(struct tls_context *c, const struct tls_files *files, char *error)
{
	const char *why = tls_pem_certificates(files->cert, &c->chain);

	if (why != NULL)
		return fail(error, "--tls-cert", files->cert, why);
	if (files->ca != NULL)
		why = tls_pem_certificates(files->ca, &c->issuers);
	if (why != NULL)
		return fail(error, "--tls-ca", files->ca, why);
	if (files->crl != NULL)
		why = tls_pem_lists(files->crl, &c->lists);
	if (why != NULL)
		return fail(error, "--tls-crl", files->crl, why);
	return 0;
}

/* Read the key, which is the certificate's. */
static int
read_key(const struct tls_context *c, EVP_PKEY **key,
    const struct tls_files *files, char *error)
{
	const char *why = tls_pem_key(files->key, key);

	if (why == NULL &&
	    X509_check_private_key(sk_X509_value(c->chain, 0), *key) != 1)
		why = "is not the key of --tls-cert";
	ERR_clear_error();
	return why == NULL ? 0 : fail(error, "--tls-key", files->key, why);
}

struct tls_context *
tls_context_new(const struct tls_files *files, char *error)
{
	struct tls_context *c = calloc(1, sizeof(*c));
	EVP_PKEY *key = NULL;
	int made;

	if (c == NULL) {
		snprintf(
		    error, TLS_TEXT_SIZE, "--tls-cert: %s", error_text(errno));
		return NULL;
	}
	printable(files->cert, c->cert_file);
	printable(files->crl != NULL ? files->crl : "", c->crl_file);
	made = read_public(c, files, error);
	if (made == 0)
		made = read_key(c, &key, files, error);
	if (made == 0)
		made = make_contexts(c, key, files, error);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (made == 0)
		return c;
	tls_context_free(c);
	return NULL;
}

void
tls_context_free(struct tls_context *c)
{
	if (c == NULL)
		return;
	SSL_CTX_free(c->modbus);
	SSL_CTX_free(c->https);
	sk_X509_pop_free(c->chain, X509_free);
	sk_X509_pop_free(c->issuers, X509_free);
	sk_X509_CRL_pop_free(c->lists, X509_CRL_free);
	free(c);
}

SSL_CTX *
tls_context_modbus(const struct tls_context *c)
{
	return c->modbus;
}

SSL_CTX *
tls_context_https(const struct tls_context *c)
{
	return c->https;
}

/* Verify as OpenSSL does in a handshake (ssl_verify_cert_chain). Returns NULL
 * or its words. */
static const char *
verify(X509_STORE_CTX *x, SSL_CTX *context, X509 *certificate,
    STACK_OF(X509) * others)
{
	X509_VERIFY_PARAM *param;

	if (X509_STORE_CTX_init(
		x, SSL_CTX_get_cert_store(context), certificate, others) != 1 ||
	    X509_STORE_CTX_set_default(x, "ssl_client") != 1)
		return "no memory";
	param = X509_STORE_CTX_get0_param(x);
	if (X509_VERIFY_PARAM_set1(param, SSL_CTX_get0_param(context)) != 1)
		return "no memory";
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	if (X509_verify_cert(x) == 1)
		return NULL;
	return X509_verify_cert_error_string(X509_STORE_CTX_get_error(x));
}

const char *
tls_context_recheck(const struct tls_context *c, const SSL *ssl)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);
	X509_STORE_CTX *x;
	const char *why;

	if (certificate == NULL)
		return "no certificate";
	x = X509_STORE_CTX_new();
	why = x != NULL ?
	    verify(x, c->modbus, certificate, SSL_get_peer_cert_chain(ssl)) :
	    "no memory";
	X509_STORE_CTX_free(x);
	ERR_clear_error();
	return why;
}
