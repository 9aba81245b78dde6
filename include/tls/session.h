/*
 * One Modbus connection over TLS, on a non-blocking socket: the handshake, step
 * by step, then data. Knows nothing of libevent.
 *
 * A session does not own its socket. Whoever closes that frees the session
 * first.
 *
 * OpenSSL's queue of errors, which is the thread's, is empty after each call.
 */
#ifndef TLS_SESSION_H
#define TLS_SESSION_H

#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/identity.h"
#include "tls/role.h"

struct tls_context;
struct tls_session;
struct tls_sockets;

enum tls_step {
	TLS_DONE,
	TLS_WANT_READ,  /* again, once the socket is readable */
	TLS_WANT_WRITE, /* again, once the socket is writable */
	TLS_EOF,        /* the peer sends no more: close_notify, or the end of
			   its stream; it may still read */
	TLS_FAILED,     /* for good; tls_session_reason says why, and errno is
			   the system's error, or 0 */
};

/* How a handshake ended, for metrics. */
enum tls_result {
	TLS_RESULT_DONE,
	TLS_RESULT_RESUMED,
	TLS_RESULT_NO_CERTIFICATE,
	TLS_RESULT_EXPIRED,
	TLS_RESULT_REVOKED,
	TLS_RESULT_UNKNOWN_CA,
	TLS_RESULT_VERSION, /* the client has no version that is served */
	TLS_RESULT_LATE,    /* for the door: not done in time */
	TLS_RESULT_OTHER,
	TLS_RESULTS,
};

/* As in metrics: "done", "no_certificate". */
const char *tls_result_name(enum tls_result result);

/* A session on a connected, non-blocking socket, whose handshake has not begun.
 * The context has a modbus part; it may be freed before the session. sockets is
 * borrowed, and outlives it. NULL when there is no memory. */
struct tls_session *tls_session_new(const struct tls_context *c,
    struct tls_sockets *sockets, evutil_socket_t fd);

/* Free it; nothing is sent. NULL is fine. */
void tls_session_free(struct tls_session *s);

/*
 * Go on with the handshake as far as the socket allows: one step of up to 2 ms
 * of processor time. After TLS_DONE the client's certificate is good, and
 * tls_read may have data at once, although the socket is not readable: ask.
 * TLS_FAILED: an alert was sent, if one was due; the socket should be shut
 * down for sending and read empty for a while, or the alert is lost. Never
 * TLS_EOF.
 */
enum tls_step tls_handshake(struct tls_session *s);

/* How the handshake ended, after TLS_DONE or TLS_FAILED. */
enum tls_result tls_session_result(const struct tls_session *s);

/*
 * Why the session failed, after TLS_FAILED; of the session. For the log, such
 * as "certificate refused: certificate has expired", "no certificate", "the
 * client does not trust our certificate: unknown ca", "the client closed the
 * connection", "Connection reset by peer".
 */
const char *tls_session_reason(const struct tls_session *s);

/*
 * Read at most room bytes, out of at most one record; sets got to their number,
 * which is at least 1 with TLS_DONE, else 0. With room for TLS_RECORD_MAX bytes
 * the whole record comes, tls_pending is 0 afterwards, and whether there is
 * more can be left to tls_has_kept, and to the socket's being readable.
 */
#define TLS_RECORD_MAX 16384
enum tls_step
tls_read(struct tls_session *s, void *out, size_t room, size_t *got);

/* Whether bytes behind the record that was read were received with it. Then
 * tls_read goes on with them, although the socket may not be readable: ask. */
bool tls_has_kept(const struct tls_session *s);

/* Bytes of a record that was received and not read yet. */
size_t tls_pending(const struct tls_session *s);

/*
 * Write length bytes, at least 1. TLS_DONE: all were taken by the socket. After
 * TLS_WANT_READ and TLS_WANT_WRITE a part may have been sent; the next write
 * must begin with the same bytes, wherever they are now, and may have more
 * behind. Never TLS_EOF.
 */
enum tls_step
tls_write(struct tls_session *s, const void *bytes, size_t length);

/* Send close_notify, once; errors are ignored, and so is a session that has
 * failed or whose handshake is not done. Reading can go on. To be called when
 * nothing is left to be written. TLS_WANT_WRITE or TLS_DONE. */
enum tls_step tls_shut(struct tls_session *s);

/*
 * Who the client is, held for the caller; after TLS_DONE of tls_handshake. Sets
 * found to what its certificate says of the role. NULL when there is no memory.
 */
const struct identity *tls_session_identity(
    const struct tls_session *s, struct identities *all, enum tls_role *found);

/* "1.2" or "1.3". */
const char *tls_session_version(const struct tls_session *s);

/* The serial number of the client's certificate in hexadecimal. text has room
 * for IDENTITY_NAME_SIZE bytes; returns it. */
const char *tls_session_serial(const struct tls_session *s, char *text);

/* Verify the client's certificate again, by a newer context: NULL or why it is
 * no longer good; see tls_context_recheck. */
const char *
tls_session_recheck(const struct tls_session *s, const struct tls_context *c);

#endif
