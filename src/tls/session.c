#include "tls/session.h"

#include <errno.h>
#include <event2/util.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "tls/context.h"
#include "tls/identity.h"
#include "tls/reason.h"
#include "tls/resumption.h"
#include "tls/socket.h"

/* The largest short record, of data; the shortest limit that OpenSSL knows. */
#define SHORT_MAX 512

struct tls_session {
	SSL *ssl; /* owned */
	struct tls_socket socket;
	struct tls_reason *reason; /* owned; NULL: nothing has failed, or there
				      was no memory */
	enum tls_result result;    /* without a reason */
	bool failed;
	bool is_short; /* the buffer that OpenSSL takes to write */
	bool writing;  /* it has one, as a record is not sent */
	bool shut;     /* close_notify was sent */
};

const char *
tls_result_name(enum tls_result result)
{
	static const char *const names[TLS_RESULTS] = {
		[TLS_RESULT_DONE] = "done",
		[TLS_RESULT_RESUMED] = "resumed",
		[TLS_RESULT_NO_CERTIFICATE] = "no_certificate",
		[TLS_RESULT_EXPIRED] = "expired",
		[TLS_RESULT_REVOKED] = "revoked",
		[TLS_RESULT_UNKNOWN_CA] = "unknown_ca",
		[TLS_RESULT_VERSION] = "version",
		[TLS_RESULT_LATE] = "late",
		[TLS_RESULT_OTHER] = "other",
	};

	return names[result];
}

/* Get room for a reason. Few sessions need it. Returns 0, or -1 when there is
 * no memory. */
static int
begin_reason(struct tls_session *s)
{
	if (s->reason == NULL)
		s->reason = calloc(1, sizeof(*s->reason));
	return s->reason != NULL ? 0 : -1;
}

/* Called for each certificate of a client's chain, and for each error. The
 * decision stays OpenSSL's. */
static int
note_verified(int good, X509_STORE_CTX *x)
{
	SSL *ssl =
	    X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_session *s = SSL_get_app_data(ssl);
	const X509 *certificate = X509_STORE_CTX_get_current_cert(x);

	if (good && certificate != NULL)
		tls_resumption_note(ssl, certificate);
	if (!good && begin_reason(s) == 0)
		tls_reason_refused(s->reason, x);
	return good;
}

struct tls_session *
tls_session_new(const struct tls_context *c, struct tls_sockets *sockets,
    evutil_socket_t fd)
{
	struct tls_session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	ERR_clear_error();
	s->ssl = SSL_new(tls_context_modbus(c));
	if (s->ssl == NULL ||
	    tls_socket_begin(&s->socket, sockets, fd, s->ssl) != 0 ||
	    SSL_set_app_data(s->ssl, s) != 1) {
		tls_session_free(s);
		return NULL;
	}
	SSL_set_accept_state(s->ssl);
	SSL_set_verify(s->ssl, SSL_get_verify_mode(s->ssl), note_verified);
	return s;
}

void
tls_session_free(struct tls_session *s)
{
	if (s == NULL)
		return;
	SSL_free(s->ssl);
	tls_socket_end(&s->socket);
	ERR_clear_error();
	free(s->reason);
	free(s);
}

/* Before each call of OpenSSL whose result is judged. */
static void
begin_call(void)
{
	if (ERR_peek_error() != 0) /* to clear costs ten times as much */
		ERR_clear_error();
	errno = 0;
}

/* It is over. What verification has found stays the reason. */
static enum tls_step
fail(struct tls_session *s, int ssl_error, int error)
{
	s->failed = true;
	s->result = TLS_RESULT_OTHER;
	if (s->reason != NULL || begin_reason(s) != 0)
		return TLS_FAILED;
	if (ssl_error == SSL_ERROR_SSL)
		tls_reason_openssl(s->reason);
	else
		tls_reason_socket(s->reason, error);
	return TLS_FAILED;
}

/* What a result of OpenSSL, which is not a success, means. */
static enum tls_step
judge(struct tls_session *s, int result)
{
	int error = errno;
	int ssl_error = SSL_get_error(s->ssl, result);
	enum tls_step step;

	switch (ssl_error) {
	case SSL_ERROR_WANT_READ:
		step = TLS_WANT_READ;
		break;
	case SSL_ERROR_WANT_WRITE:
		step = TLS_WANT_WRITE;
		break;
	case SSL_ERROR_ZERO_RETURN:
		step = TLS_EOF;
		break;
	default:
		step = fail(s, ssl_error, error);
		break;
	}
	ERR_clear_error();
	errno = ssl_error == SSL_ERROR_SYSCALL ? error : 0;
	return step;
}

/* A root that the client has sent proves nothing: trusted is --tls-ca, and what
 * verifies the chain again does not look at it. It would take as much memory as
 * all else that is known of the client. */
static void
forget_roots(SSL *ssl)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);

	for (int i = sk_X509_num(chain) - 1; i >= 0; i--)
		if (X509_self_signed(sk_X509_value(chain, i), 0) == 1)
			X509_free(sk_X509_delete(chain, i));
}

enum tls_step
tls_handshake(struct tls_session *s)
{
	enum tls_step step;
	int result;

	begin_call();
	result = SSL_do_handshake(s->ssl);
	if (result == 1) {
		s->result = SSL_session_reused(s->ssl) ? TLS_RESULT_RESUMED :
							 TLS_RESULT_DONE;
		forget_roots(s->ssl);
		return TLS_DONE;
	}
	step = judge(s, result);
	return step == TLS_EOF ? fail(s, SSL_ERROR_SYSCALL, 0) : step;
}

enum tls_result
tls_session_result(const struct tls_session *s)
{
	return s->reason != NULL ? s->reason->result : s->result;
}

const char *
tls_session_reason(const struct tls_session *s)
{
	if (s->reason != NULL)
		return s->reason->text;
	return s->failed ? "out of memory" : "";
}

enum tls_step
tls_read(struct tls_session *s, void *out, size_t room, size_t *got)
{
	enum tls_step step;
	int result;

	*got = 0;
	if (s->failed)
		return errno = 0, TLS_FAILED;
	begin_call();
	tls_socket_read_ahead(&s->socket);
	result = SSL_read_ex(s->ssl, out, room, got);
	step = result == 1 ? TLS_DONE : judge(s, result);
	if (tls_socket_keep(&s->socket) == 0)
		return step;
	*got = 0;
	return errno = ENOMEM, fail(s, SSL_ERROR_SYSCALL, ENOMEM);
}

bool
tls_has_kept(const struct tls_session *s)
{
	return tls_socket_has_kept(&s->socket);
}

size_t
tls_pending(const struct tls_session *s)
{
	return (size_t)SSL_pending(s->ssl);
}

/* For each write OpenSSL allocates a buffer for the largest record that it may
 * make. A short one comes from malloc's cache. The buffer of a record that is
 * not sent yet serves for what is behind it, too. */
static void
fit_buffer(struct tls_session *s, size_t length)
{
	bool is_short = length <= SHORT_MAX;

	if (is_short == s->is_short || s->writing)
		return;
	s->is_short = is_short;
	SSL_set_max_send_fragment(
	    s->ssl, is_short ? SHORT_MAX : TLS_RECORD_MAX);
	SSL_set_split_send_fragment(
	    s->ssl, is_short ? SHORT_MAX : TLS_RECORD_MAX);
}

enum tls_step
tls_write(struct tls_session *s, const void *bytes, size_t length)
{
	enum tls_step step;
	size_t written;
	int result;

	if (s->failed)
		return errno = 0, TLS_FAILED;
	begin_call();
	fit_buffer(s, length);
	result = SSL_write_ex(s->ssl, bytes, length, &written);
	s->writing = result != 1;
	if (result == 1)
		return TLS_DONE;
	step = judge(s, result);
	return step == TLS_EOF ? fail(s, SSL_ERROR_SYSCALL, 0) : step;
}

enum tls_step
tls_shut(struct tls_session *s)
{
	int result;

	if (s->failed || s->shut || !SSL_is_init_finished(s->ssl))
		return TLS_DONE;
	begin_call();
	result = SSL_shutdown(s->ssl);
	s->shut = result >= 0 ||
	    SSL_get_error(s->ssl, result) != SSL_ERROR_WANT_WRITE;
	ERR_clear_error();
	return s->shut ? TLS_DONE : TLS_WANT_WRITE;
}

const struct identity *
tls_session_identity(
    const struct tls_session *s, struct identities *all, enum tls_role *found)
{
	const X509 *certificate = SSL_get0_peer_certificate(s->ssl);

	*found = TLS_ROLE_NONE;
	if (certificate == NULL)
		return NULL;
	return tls_identity_of(all, certificate, found);
}

const char *
tls_session_version(const struct tls_session *s)
{
	return SSL_version(s->ssl) == TLS1_3_VERSION ? "1.3" : "1.2";
}

const char *
tls_session_serial(const struct tls_session *s, char *text)
{
	return tls_serial(SSL_get0_peer_certificate(s->ssl), text);
}

const char *
tls_session_recheck(const struct tls_session *s, const struct tls_context *c)
{
	return tls_context_recheck(c, s->ssl);
}
