/*
 * A client that waits until the connection to its server is there. Its bytes
 * wait in its socket meanwhile.
 */
#ifndef FAULT_DIAL_H
#define FAULT_DIAL_H

#include <event2/util.h>
#include <stdint.h>

#include "base/address.h"

struct bufferevent;
struct dial;
struct event_base;

/* Milliseconds until a server that does not answer is unreachable. */
#define DIAL_MS 10000

/*
 * The server has answered: server is connected, and the callee's, as is fd. Or
 * it is unreachable: server is NULL, and why says so; then fd is the callee's,
 * too.
 */
typedef void (*dial_done_fn)(void *arg, struct dial *d, evutil_socket_t fd,
    struct bufferevent *server, const char *why);

/*
 * Connect to a server, for the client from an address on fd. Calls done later,
 * once, and then frees itself; never from within. Returns it, or NULL with
 * errno set; then fd is still the caller's.
 */
struct dial *dial_new(struct event_base *base, const struct address *to,
    evutil_socket_t fd, dial_done_fn done, void *arg);

/* Give up, and close fd. Not in done. */
void dial_free(struct dial *d);

#endif
