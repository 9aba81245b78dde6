/*
 * TCP sockets. Every socket that is made here does not block, and no program
 * that this one starts inherits it.
 *
 * A call that fails returns -1 and sets errno, to the same values on every
 * system; system/error.h has their texts. Those that callers tell apart:
 *
 *   EAGAIN        it would block: when the socket is ready again
 *   EINTR         interrupted: at once again
 *   ECONNABORTED  accept: that connection has gone; there may be another
 *   EMFILE, ENFILE, ENOBUFS, ENOMEM
 *                 accept: there is no descriptor or memory for it
 *   EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EACCES, EPERM
 *                 bind: the address is taken, is none of this machine's, is of
 *                 a family that it lacks, or is not permitted
 *
 * No call raises a signal.
 */
#ifndef SYSTEM_SOCKET_H
#define SYSTEM_SOCKET_H

#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "system/inet.h"

/* Bytes of the longest path of a socket that every system takes; it may take
 * fewer. */
#define SOCKET_PATH_MAX 107

/* Receive at most so many bytes, which is less than 2 GiB. Returns their
 * number, 0 when the peer has ended its sending side, or -1. */
static inline ssize_t
socket_receive(evutil_socket_t s, void *bytes, size_t room);

/* Send what the system takes. Returns the number of bytes, or -1. */
static inline ssize_t
socket_send(evutil_socket_t s, const void *bytes, size_t length);

/* End the sending side. Returns 0 or -1. */
static inline int socket_end_sending(evutil_socket_t s);

static inline void socket_close(evutil_socket_t s);

/* Accept a connection on a socket that listens; from becomes its address.
 * Returns its socket, whose options are those that were set for the listening
 * one (socket_set_options), or -1. */
static inline evutil_socket_t
socket_accept(evutil_socket_t s, struct sockaddr_storage *from);

/* Whether errno, after socket_receive, socket_send or socket_accept, says to
 * try again: EAGAIN or EINTR. */
static inline bool socket_should_retry(int error);

/* The error of the last call that was made for a socket, also by libevent or
 * OpenSSL; 0: none. It is one of errno's. */
static inline int socket_error(void);

/*
 * Make a socket and bind it to an address of IPv4 or IPv6: the address is
 * taken, and nobody can connect to it. Another socket cannot be bound to the
 * same address and port, of whichever program, unless both do not listen yet:
 * then the second one fails at socket_listen. Connections of a former server
 * on that port, which the system has not forgotten yet, do not hinder. An
 * IPv6 address accepts IPv6 only, unless both_families.
 *
 * Returns it, or -1.
 */
evutil_socket_t socket_bind(
    const struct sockaddr_storage *where, socklen_t length, bool both_families);

/*
 * Make a stream socket of this machine alone at path, with the permissions that
 * the umask leaves, and listen. A socket there on which nobody listens, as one
 * that has crashed leaves it, is replaced.
 *
 * Returns it, or -1: EADDRINUSE when somebody listens there, EEXIST when it is
 * something else, EAFNOSUPPORT on a system that has no such sockets,
 * ENAMETOOLONG.
 */
evutil_socket_t socket_bind_path(const char *path);

/* Remove the socket at path, unless somebody listens there. */
void socket_remove_path(const char *path);

/* Listen with the longest queue that the system has, unless s listens already.
 * Returns 0 or -1. */
int socket_listen(evutil_socket_t s);

struct socket_options {
	/* Most bytes in the system's buffers; some systems double them. */
	int send_buffer, receive_buffer;
	/* Seconds without data until the peer is probed, seconds between two
	 * probes, and the probes without an answer that end a connection. */
	int keepalive_idle, keepalive_interval, keepalive_probes;
	/* Milliseconds without an acknowledgement that end a connection. */
	int user_timeout;
};

/* Set these for s, and send without delay. Where a system lacks one, or refuses
 * it, the others are set nevertheless. */
void socket_set_options(evutil_socket_t s, const struct socket_options *o);

/* Send small amounts at once, without waiting for an acknowledgement. */
void socket_set_no_delay(evutil_socket_t s);

/* Have socket_close, and what else closes it, reset the connection: the peer
 * gets an error, and what is unsent is lost. */
void socket_reset_on_close(evutil_socket_t s);

/* The address that a socket is bound to; of family 0 if it is not. */
void socket_address(evutil_socket_t s, struct sockaddr_storage *address);

#include "native/socket.h"

#endif
