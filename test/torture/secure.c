#include "secure.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>

SSL_CTX *
secure_context(const struct secure_files *files, char *error)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	const char *what = NULL;

	if (context == NULL)
		what = "no memory";
	else if (SSL_CTX_use_certificate_chain_file(context, files->cert) != 1)
		what = files->cert;
	else if (SSL_CTX_use_PrivateKey_file(
		     context, files->key, SSL_FILETYPE_PEM) != 1)
		what = files->key;
	else if (SSL_CTX_load_verify_file(context, files->ca) != 1)
		what = files->ca;
	if (what != NULL) {
		snprintf(error, 200, "%s: %s", what,
		    ERR_reason_error_string(ERR_peek_last_error()));
		SSL_CTX_free(context);
		return NULL;
	}
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(context,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	return context;
}

void
secure_context_free(SSL_CTX *context)
{
	SSL_CTX_free(context);
}

SSL *
secure_open(SSL_CTX *context, int fd)
{
	SSL *ssl = SSL_new(context);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_connect_state(ssl);
	return ssl;
}

void
secure_free(SSL *ssl)
{
	SSL_free(ssl);
}

/* What came of a call that has returned this. */
static long
result(SSL *ssl, int returned)
{
	int error;

	if (returned > 0)
		return returned;
	error = SSL_get_error(ssl, returned);
	ERR_clear_error();
	if (error == SSL_ERROR_WANT_READ)
		return SECURE_WANTS_READ;
	if (error == SSL_ERROR_WANT_WRITE)
		return SECURE_WANTS_WRITE;
	return SECURE_LOST;
}

long
secure_shake_hands(SSL *ssl)
{
	long done = result(ssl, SSL_do_handshake(ssl));

	return done > 0 ? 0 : done;
}

static int
at_most(size_t length)
{
	return length > INT_MAX ? INT_MAX : (int)length;
}

long
secure_receive(SSL *ssl, void *out, size_t room)
{
	return result(ssl, SSL_read(ssl, out, at_most(room)));
}

long
secure_send(SSL *ssl, const void *data, size_t length)
{
	return result(ssl, SSL_write(ssl, data, at_most(length)));
}

void
secure_shut(SSL *ssl)
{
	if (SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	ERR_clear_error();
}
