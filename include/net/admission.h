/*
 * An entrance (net/server.h) that admits clients at once, each with a transport
 * that has no handshake.
 */
#ifndef NET_ADMISSION_H
#define NET_ADMISSION_H

#include <event2/util.h>

#include "base/client.h"
#include "net/server.h"

struct transport;

/* Returns a transport for fd, which it borrows, as it does who; or NULL when
 * there is no memory. */
typedef struct transport *(*admission_begin_fn)(
    void *arg, evutil_socket_t fd, const struct client *who);

struct admission {
	struct entrance entrance; /* for server_listen */
	struct server *server;    /* borrowed */
	admission_begin_fn begin;
	void *arg; /* of begin; borrowed */
};

/* An entrance for clients who come in this way. a must stay where it is while
 * the server has listeners. */
void admission_init(struct admission *a, struct server *server,
    enum client_way way, admission_begin_fn begin, void *arg);

#endif
