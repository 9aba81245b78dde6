#include "tls/socket.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

struct tls_sockets {
	BIO_METHOD *method; /* owned */
};

static int
read_cb(BIO *bio, char *out, size_t room, size_t *got)
{
	struct tls_socket *s = BIO_get_data(bio);
	ssize_t n = recv(s->fd, out, room, 0);

	BIO_clear_retry_flags(bio);
	if (n > 0) {
		*got = (size_t)n;
		return 1;
	}
	*got = 0;
	if (n == 0)
		s->ended = true;
	else if (BIO_sock_should_retry(-1))
		BIO_set_retry_read(bio);
	return (int)n;
}

static int
write_cb(BIO *bio, const char *bytes, size_t length, size_t *sent)
{
	const struct tls_socket *s = BIO_get_data(bio);
	ssize_t n = send(s->fd, bytes, length, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (n > 0) {
		*sent = (size_t)n;
		return 1;
	}
	*sent = 0;
	if (n < 0 && BIO_sock_should_retry(-1))
		BIO_set_retry_write(bio);
	return (int)n;
}

static long
control_cb(BIO *bio, int what, long number, void *arg)
{
	const struct tls_socket *s = BIO_get_data(bio);

	(void)number;
	(void)arg;
	if (what == BIO_CTRL_FLUSH)
		return 1;
	return what == BIO_CTRL_EOF && s->ended;
}

struct tls_sockets *
tls_sockets_new(void)
{
	struct tls_sockets *shared = calloc(1, sizeof(*shared));

	if (shared == NULL)
		return NULL;
	shared->method =
	    BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
	if (shared->method == NULL ||
	    BIO_meth_set_read_ex(shared->method, read_cb) != 1 ||
	    BIO_meth_set_write_ex(shared->method, write_cb) != 1 ||
	    BIO_meth_set_ctrl(shared->method, control_cb) != 1) {
		tls_sockets_free(shared);
		return NULL;
	}
	return shared;
}

void
tls_sockets_free(struct tls_sockets *shared)
{
	if (shared == NULL)
		return;
	BIO_meth_free(shared->method);
	free(shared);
}

int
tls_socket_begin(
    struct tls_socket *s, struct tls_sockets *shared, int fd, SSL *ssl)
{
	BIO *bio = BIO_new(shared->method);

	if (bio == NULL)
		return -1;
	*s = (struct tls_socket){ .shared = shared, .fd = fd };
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
	return 0;
}
