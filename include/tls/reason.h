/* Why a handshake or a session failed, in words for the log. */
#ifndef TLS_REASON_H
#define TLS_REASON_H

#include "tls/session.h"

struct x509_store_ctx_st; /* OpenSSL's X509_STORE_CTX */

#define TLS_REASON_SIZE 320

struct tls_reason {
	enum tls_result result;
	char text[TLS_REASON_SIZE];
};

/*
 * The verification of the client's certificate has failed: "certificate
 * refused: " and OpenSSL's words. If a revocation list is the cause, the issuer
 * whose it is, or should be, is named.
 */
void tls_reason_refused(struct tls_reason *r, struct x509_store_ctx_st *x);

/* OpenSSL has failed; its last error is in the queue, which is emptied. */
void tls_reason_openssl(struct tls_reason *r);

/* The socket has failed with an errno, or the peer has closed (0). */
void tls_reason_socket(struct tls_reason *r, int error);

#endif
