/*
 * One listening socket: listener_bind → listener_new → listener_start. Accepts
 * a bounded number of connections per turn of the event loop, so that many new
 * connections do not delay existing ones.
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <event2/util.h>
#include <stdbool.h>

#include "base/address.h"

struct event_base;
struct listener;

/* Called for each connection. fd is non-blocking and close-on-exec, its options
 * are set, and the callee owns it. */
typedef void (*listener_accepted_fn)(
    void *arg, evutil_socket_t fd, const struct address *from);

/* Called when accept has failed with this error, and would fail again. The
 * callee should pause the listener. */
typedef void (*listener_failed_fn)(void *arg, int error);

/*
 * Bind a TCP socket to where: the address is taken, and nobody can connect to
 * it. With port 0 the system chooses. An IPv6 address accepts IPv6 only. With
 * both_families where is the unspecified IPv6 address and accepts IPv4, too; on
 * a system without IPv6 it is replaced by the unspecified IPv4 address.
 *
 * Returns the descriptor, or -1 with errno set.
 */
evutil_socket_t listener_bind(const struct address *where, bool both_families);

/*
 * Accept from fd, a bound stream socket, and take ownership of it. Sets the
 * options that accepted sockets inherit: no delay, keepalive, user timeout,
 * bounded buffers. Starts paused. Returns NULL when there is no memory; then fd
 * is still the caller's.
 */
struct listener *listener_new(struct event_base *base, evutil_socket_t fd,
    listener_accepted_fn accepted, listener_failed_fn failed, void *arg);

/* Close the socket. NULL is fine. Not to be called in accepted. */
void listener_free(struct listener *l);

/* Listen, unless the socket listens already, and accept connections. Returns 0,
 * or -1 with errno set: EADDRINUSE when another socket, which was bound before
 * anyone listened, has come first. */
int listener_start(struct listener *l);

/* Accept connections, or leave them in the listen queue. Returns 0 or -1. */
int listener_resume(struct listener *l);
void listener_pause(struct listener *l);

/* The address that it is bound to. */
struct address listener_address(const struct listener *l);

/* For a bound socket that something else accepts from: set the options that
 * listener_new sets; and return the address that it is bound to. */
void listener_set_options(evutil_socket_t fd);
struct address listener_bound(evutil_socket_t fd);

#endif
