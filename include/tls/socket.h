/*
 * How OpenSSL reads and writes the socket of a session: by recv and send.
 */
#ifndef TLS_SOCKET_H
#define TLS_SOCKET_H

#include <openssl/types.h>
#include <stdbool.h>

/* What the sockets of one thread share. */
struct tls_sockets;

/* A member of its owner; only socket.c uses its members. */
struct tls_socket {
	struct tls_sockets *shared; /* borrowed */
	int fd;                     /* borrowed */
	bool ended;                 /* the peer's sending side */
};

/* NULL when there is no memory. */
struct tls_sockets *tls_sockets_new(void);

/* No socket is left. NULL is fine. */
void tls_sockets_free(struct tls_sockets *shared);

/* Have ssl read and write fd, which is connected and does not block. s stays
 * where it is while ssl lives. Returns 0, or -1 when there is no memory. */
int tls_socket_begin(
    struct tls_socket *s, struct tls_sockets *shared, int fd, SSL *ssl);

#endif
