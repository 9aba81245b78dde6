/*
 * One listening socket. Accepts a bounded number of connections per turn of
 * the event loop, so that no flood of connects can hold up those who are in.
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stdbool.h>

#include "base/address.h"

struct event_base;
struct listener;

/* A connection: non-blocking, close-on-exec, its options set. The callee owns
 * the descriptor. */
typedef void (*listener_accepted_fn)(
    void *arg, int fd, const struct address *from);

/* accept failed with this error and will do so again: pause. */
typedef void (*listener_failed_fn)(void *arg, int error);

/*
 * Bind a TCP socket to where and listen. Port 0 lets the system choose. With
 * both_families where is the unspecified IPv6 address and takes IPv4 as well,
 * or becomes the unspecified IPv4 address on a system without IPv6.
 *
 * Returns the descriptor, or -1 with errno set.
 */
int listener_open(const struct address *where, bool both_families);

/*
 * Listen on fd, a listening stream socket, which is taken over on success.
 * Sets the options that accepted sockets inherit: no delay, keepalive, user
 * timeout, bounded buffers. Starts paused. Returns NULL when there is no
 * memory; then fd stays the caller's.
 */
struct listener *listener_new(struct event_base *base, int fd,
    listener_accepted_fn accepted, listener_failed_fn failed, void *arg);

/* Close the socket; NULL is fine. Not from within accepted. */
void listener_free(struct listener *l);

/* Accept connections, or leave them in the queue. Returns 0 or -1. */
int listener_resume(struct listener *l);
void listener_pause(struct listener *l);

/* Where it really listens. */
struct address listener_address(const struct listener *l);

/* For a listening socket that something else accepts from: set those options,
 * and tell where it really listens. */
void listener_set_options(int fd);
struct address listener_bound(int fd);

#endif
