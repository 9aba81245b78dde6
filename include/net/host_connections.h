/*
 * How many connections each client address has, whatever its port. NULL counts
 * nothing: then there is no limit.
 */
#ifndef NET_HOST_CONNECTIONS_H
#define NET_HOST_CONNECTIONS_H

#include <stddef.h>

#include "base/address.h"

struct host_connections;

/* A new object that counts no connection, or NULL when there is no memory. */
struct host_connections *host_connections_new(void);

/* NULL is fine. */
void host_connections_free(struct host_connections *h);

/* How many connections this address has: 0 for one that is not listed. */
size_t host_connections_count(
    const struct host_connections *h, const struct address *a);

/* Count one connection more. Returns 0, or -1 when there is no memory. */
int host_connections_add(struct host_connections *h, const struct address *a);

/* Count one less; it was added before. */
void
host_connections_remove(struct host_connections *h, const struct address *a);

#endif
