/*
 * TLS for the clients (client.h): Modbus/TCP Security, where both sides have
 * certificates. Sockets are not blocking; whoever calls waits.
 */
#ifndef SECURE_H
#define SECURE_H

#include <stddef.h>

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */
struct ssl_st;     /* SSL */

/* PEM files. */
struct secure_files {
	const char *cert; /* the client's, then its issuers */
	const char *key;
	const char *ca; /* who issues the server's */
};

/* What all connections share. NULL with one line in error, 200 bytes. */
struct ssl_ctx_st *
secure_context(const struct secure_files *files, char *error);

/* NULL is fine; connections go on. */
void secure_context_free(struct ssl_ctx_st *context);

/* A connection on a socket; the handshake has not begun. NULL when there is no
 * memory. */
struct ssl_st *secure_open(struct ssl_ctx_st *context, int fd);

/* Free it; the socket stays open. NULL is fine. */
void secure_free(struct ssl_st *ssl);

/* What the functions below return instead of a number of bytes. */
enum {
	SECURE_WANTS_READ = -1,  /* again, once the socket is readable */
	SECURE_WANTS_WRITE = -2, /* again, once it is writable */
	SECURE_LOST = -3,        /* EOF, close_notify, an alert, an error */
};

/* Go on with the handshake: 0 when it is done. */
long secure_shake_hands(struct ssl_st *ssl);

/* Receive at least 1 byte. */
long secure_receive(struct ssl_st *ssl, void *out, size_t room);

/* Send at least 1 byte, in a record; else the next call must be with the same
 * bytes. */
long secure_send(struct ssl_st *ssl, const void *data, size_t length);

/* Send close_notify; receiving goes on. */
void secure_shut(struct ssl_st *ssl);

#endif
