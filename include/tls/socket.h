/*
 * How OpenSSL reads and writes the socket of a session: by
 * socket_receive and socket_send.
 *
 * OpenSSL asks for the header of a record, and then for its body. Both come
 * from one recv, into space that all sockets share. Bytes behind the record are
 * kept by the socket until the next read; few clients send so much at once.
 */
#ifndef TLS_SOCKET_H
#define TLS_SOCKET_H

#include <event2/util.h>
#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

struct tls_kept;

/* What the sockets of one thread share. */
struct tls_sockets;

/* A member of its owner; only socket.c uses its members. */
struct tls_socket {
	struct tls_sockets *shared; /* borrowed */
	struct tls_kept *kept;      /* owned; NULL: nothing */
	evutil_socket_t fd;         /* borrowed */
	bool ended;                 /* the peer's sending side */
};

/* NULL when there is no memory. */
struct tls_sockets *tls_sockets_new(void);

/* No socket is left. NULL is fine. */
void tls_sockets_free(struct tls_sockets *shared);

/* Have ssl read and write fd, which is connected and does not block. s stays
 * where it is while ssl lives. Returns 0, or -1 when there is no memory. */
int tls_socket_begin(struct tls_socket *s, struct tls_sockets *shared,
    evutil_socket_t fd, SSL *ssl);

/* Its SSL is freed. */
void tls_socket_end(struct tls_socket *s);

/*
 * OpenSSL is about to read one record: receive what is there, up to
 * TLS_AHEAD_MAX bytes, and more only for the rest of that record. Until
 * tls_socket_keep, which keeps what was not read, and returns 0, or -1 when
 * there is no memory: then those bytes are lost.
 *
 * Without these two, exactly the bytes that OpenSSL asks for are received.
 */
void tls_socket_read_ahead(struct tls_socket *s);
int tls_socket_keep(struct tls_socket *s);

/* Enough for the requests of a record, with few exceptions. The records that
 * fit are read in one turn of the event loop: 18 key updates, the dearest ones,
 * take less than 1 ms. */
#define TLS_AHEAD_MAX 512

/* Whether bytes are kept: the system does not report the socket as readable for
 * them. */
static inline bool
tls_socket_has_kept(const struct tls_socket *s)
{
	return s->kept != NULL;
}

#endif
