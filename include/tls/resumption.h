/*
 * How long a client may resume a session: MB-TCP-Security v3.6, R-42, R-43. An
 * hour from the handshake in which its certificate was verified, and not longer
 * than the certificates of its chain last. In TLS 1.3 every resumption hands
 * out a new ticket, so without an end that is kept in the tickets a client
 * could resume for ever, whatever became of its certificate.
 */
#ifndef TLS_RESUMPTION_H
#define TLS_RESUMPTION_H

#include <stdint.h>

struct ssl_ctx_st;
struct ssl_st;
struct x509_st;

#define TLS_RESUMPTION_SECONDS 3600

/* Limit the sessions of a context. Returns 0, or -1 when there is no memory. */
int tls_resumption_limit(struct ssl_ctx_st *context);

/* A certificate of the client's chain was verified: no session of this
 * connection may last longer. */
void tls_resumption_note(struct ssl_st *ssl, const struct x509_st *certificate);

#endif
