/*
 * The transport seam: what carries the bytes of a connection over its socket,
 * in place of the socket alone. TLS is one (tls/transport.h), RTU frames are
 * another (rtu/transport.h).
 *
 * A transport neither owns its socket nor waits: each call goes as far as the
 * socket allows, and says what it waits for. A handshake comes first, where
 * there is one; then bytes are read and written.
 */
#ifndef SERVICE_TRANSPORT_H
#define SERVICE_TRANSPORT_H

#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>

struct client;
struct identity;
struct transport;

/* The most bytes that are worth writing at once, and the room with which a read
 * leaves nothing behind: one record of TLS. */
#define TRANSPORT_RECORD_MAX 16384

enum transport_step {
	TRANSPORT_DONE,
	TRANSPORT_WANTS_READ,  /* again, once the socket is readable */
	TRANSPORT_WANTS_WRITE, /* again, once the socket is writable */
	TRANSPORT_EOF,         /* the peer sends no more, and may still read */
	TRANSPORT_FAILED,      /* for good. The peer may have been sent the
				  reason: it must have time to read that */
};

struct transport_methods {
	/* One step of the handshake, of 2 ms at the most. Never
	 * TRANSPORT_EOF. */
	enum transport_step (*shake_hands)(struct transport *t);

	/* Why it has failed, or is no longer good, for the log. Borrowed from
	 * t. */
	const char *(*reason)(const struct transport *t);

	/* The handshake is done: who the client is, held for the caller, or
	 * NULL when there is no memory. Logs what is odd about it. Not called
	 * for transports without a handshake. */
	const struct identity *(*identity)(
	    const struct transport *t, const struct client *who);

	/* Whether the client would still be let in, by what holds now; 1 ms at
	 * the most. If not, reason says why. */
	bool (*is_still_good)(struct transport *t);

	/* The version of TLS, for people: "1.3". A literal; NULL: it is not
	 * TLS. */
	const char *(*version)(const struct transport *t);

	/* Read at most room bytes; sets got, which is 0 unless DONE. */
	enum transport_step (*read)(
	    struct transport *t, void *out, size_t room, size_t *got);

	/* Whether bytes were received that are still to be read: the system
	 * does not report the socket as readable for them. */
	bool (*has_kept)(const struct transport *t);

	/* Nothing is read from now on until the next call of read, whatever
	 * arrives. May be NULL. */
	void (*pause)(struct transport *t);

	/* Write all of length bytes, or be called with the same bytes again. */
	enum transport_step (*write)(
	    struct transport *t, const void *bytes, size_t length);

	/* Tell the peer that no more is written; nothing if it has failed.
	 * Never TRANSPORT_EOF. */
	enum transport_step (*shut)(struct transport *t);

	/* Sends nothing. */
	void (*free)(struct transport *t);
};

/* The first member of what a transport is. */
struct transport {
	const struct transport_methods *methods;
};

/* Where transports come from. */
struct transport_source {
	/* Returns one whose handshake has not begun, or NULL when there is no
	 * memory. */
	struct transport *(*begin)(void *arg, evutil_socket_t fd);

	/* A client has taken too long to shake hands; it may not even have
	 * begun. May be NULL. */
	void (*late)(void *arg);

	void *arg;
};

#endif
