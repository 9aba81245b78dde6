/*
 * What all connections over TLS share: the server's certificate and key, who
 * issues the clients' certificates, what is revoked. MB-TCP-Security v3.6: TLS
 * 1.2 and up, both sides with certificates, AEAD ciphers only.
 *
 * A context never changes. A reload makes a new one and frees the old one,
 * which the sessions that began with it outlive; no session is resumed across
 * them.
 */
#ifndef TLS_CONTEXT_H
#define TLS_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */
struct ssl_st;     /* SSL */

/* Files, as options name them; PEM. Borrowed. */
struct tls_files {
	const char *cert; /* --tls-cert: the server's, then its issuers */
	const char *key;  /* --tls-key */
	const char *ca;   /* --tls-ca; NULL: no Modbus over TLS */
	const char *crl;  /* --tls-crl; NULL: nothing is revoked */
	bool https;       /* --http-tls */
};

/* Room for an error or a warning. */
#define TLS_TEXT_SIZE 512

struct tls_context;

/*
 * Read the files. Returns NULL and sets error, which has room for TLS_TEXT_SIZE
 * bytes, to one line for the log: option, file and reason, such as
 *
 *	--tls-key: "server.key": is not the key of --tls-cert
 *
 * A certificate or a list that has expired is no error here.
 */
struct tls_context *tls_context_new(const struct tls_files *files, char *error);

/* NULL is fine. Sessions go on. */
void tls_context_free(struct tls_context *c);

/* What is shared by Modbus connections, and by HTTPS connections, which are not
 * asked for certificates. NULL without. Borrowed. */
struct ssl_ctx_st *tls_context_modbus(const struct tls_context *c);
struct ssl_ctx_st *tls_context_https(const struct tls_context *c);

/*
 * Verify the certificate of a connection's client again, by this context, which
 * may be newer than the connection. Returns NULL when it is still good, else
 * OpenSSL's words, such as "certificate revoked". A resumed session knows only
 * the client's own certificate: if an intermediate issued it that is not in
 * --tls-ca, it fails here.
 */
const char *
tls_context_recheck(const struct tls_context *c, const struct ssl_st *ssl);

/*
 * Whether a revocation list has expired at a moment, in seconds since 1970:
 *then every client is refused. Sets text, which has room for TLS_TEXT_SIZE
 *bytes, to
 *
 *	--tls-crl: "crl.pem": the list of CN=Root CA has expired:
 *2026-11-25T10:00:00Z
 *
 * A reload refuses such lists.
 */
bool
tls_context_list_expired(const struct tls_context *c, int64_t now, char *text);

/* Called with each warning: a line as above. */
typedef void (*tls_warn_fn)(void *arg, enum log_level level, const char *text);

/*
 * What the operator should know, at the start, after a reload, and then once a
 * day; now is in seconds since 1970:
 * - the chain of the server's certificate does not reach its root;
 * - the server's certificate has ended, ends in less than 30 days, or has not
 *   begun yet;
 * - a revocation list has expired, or an issuer in --tls-ca has none: an error,
 *   since its clients are refused.
 */
void tls_context_warn(
    const struct tls_context *c, int64_t now, tls_warn_fn warn, void *arg);

/* When the server's certificate ends, and when the first revocation list
 * expires, in seconds since 1970; the latter is INT64_MAX where none does. */
int64_t tls_context_expiry(const struct tls_context *c);
int64_t tls_context_next_update(const struct tls_context *c);

#endif
