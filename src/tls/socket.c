#include "tls/socket.h"

#include <errno.h>
#include <event2/util.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "system/socket.h"

/* Bytes that were received, of which those up to end are not taken. */
struct tls_kept {
	size_t first, end;
	uint8_t bytes[];
};

struct tls_sockets {
	BIO_METHOD *method;             /* owned */
	const struct tls_socket *ahead; /* borrowed; NULL: none reads ahead */
	bool asked;                     /* its socket was, for all there is */
	bool full;                      /* and may have more */
	size_t first, end;              /* of bytes: not taken yet */
	uint8_t bytes[TLS_AHEAD_MAX];
};

static size_t
take(uint8_t *out, size_t room, const uint8_t *bytes, size_t *first, size_t end)
{
	size_t length = end - *first < room ? end - *first : room;

	memcpy(out, bytes + *first, length);
	*first += length;
	return length;
}

static ssize_t
take_kept(struct tls_socket *s, void *out, size_t room)
{
	struct tls_kept *kept = s->kept;
	size_t length = take(out, room, kept->bytes, &kept->first, kept->end);

	if (kept->first == kept->end) {
		free(kept);
		s->kept = NULL;
	}
	return (ssize_t)length;
}

/* As recv. */
static ssize_t
receive(struct tls_socket *s, void *out, size_t room)
{
	struct tls_sockets *shared = s->shared;
	ssize_t n;

	if (s->kept != NULL)
		return take_kept(s, out, room);
	if (shared->ahead != s)
		return socket_receive(s->fd, out, room);
	if (shared->first == shared->end) {
		if (shared->asked && !shared->full)
			return errno = EAGAIN, -1;
		if (shared->asked)
			return socket_receive(s->fd, out, room);
		n = socket_receive(s->fd, shared->bytes, TLS_AHEAD_MAX);
		shared->asked = true;
		if (n <= 0)
			return n;
		shared->first = 0;
		shared->end = (size_t)n;
		shared->full = n == TLS_AHEAD_MAX;
	}
	return (ssize_t)take(
	    out, room, shared->bytes, &shared->first, shared->end);
}

static int
read_cb(BIO *bio, char *out, size_t room, size_t *got)
{
	struct tls_socket *s = BIO_get_data(bio);
	ssize_t n = receive(s, out, room);

	BIO_clear_retry_flags(bio);
	if (n > 0) {
		*got = (size_t)n;
		return 1;
	}
	*got = 0;
	if (n == 0)
		s->ended = true;
	else if (socket_should_retry(errno))
		BIO_set_retry_read(bio);
	return (int)n;
}

static int
write_cb(BIO *bio, const char *bytes, size_t length, size_t *sent)
{
	const struct tls_socket *s = BIO_get_data(bio);
	ssize_t n = socket_send(s->fd, bytes, length);

	BIO_clear_retry_flags(bio);
	if (n > 0) {
		*sent = (size_t)n;
		return 1;
	}
	*sent = 0;
	if (n < 0 && socket_should_retry(errno))
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
tls_socket_begin(struct tls_socket *s, struct tls_sockets *shared,
    evutil_socket_t fd, SSL *ssl)
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

void
tls_socket_end(struct tls_socket *s)
{
	free(s->kept);
	s->kept = NULL;
}

void
tls_socket_read_ahead(struct tls_socket *s)
{
	struct tls_sockets *shared = s->shared;

	shared->ahead = s;
	shared->asked = s->kept != NULL;
	shared->full = false;
	shared->first = shared->end = 0;
}

int
tls_socket_keep(struct tls_socket *s)
{
	struct tls_sockets *shared = s->shared;
	size_t length = shared->end - shared->first;

	shared->ahead = NULL;
	if (length == 0)
		return 0;
	s->kept = malloc(sizeof(*s->kept) + length);
	if (s->kept == NULL)
		return -1;
	s->kept->first = 0;
	s->kept->end = length;
	memcpy(s->kept->bytes, shared->bytes + shared->first, length);
	return 0;
}
