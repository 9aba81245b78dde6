/*
 * The number of connections of each client address, all ports together. NULL in
 * place of the object counts nothing.
 */
#ifndef NET_HOST_CONNECTIONS_H
#define NET_HOST_CONNECTIONS_H

#include <stddef.h>

#include "base/address.h"

struct host_connections;

/* Returns NULL when there is no memory. */
struct host_connections *host_connections_new(void);

/* NULL is fine. */
void host_connections_free(struct host_connections *h);

/* The number of connections of an address. */
size_t host_connections_count(
    const struct host_connections *h, const struct address *a);

/* Add one connection. Returns 0, or -1 when there is no memory. */
int host_connections_add(struct host_connections *h, const struct address *a);

/* Remove one connection, which was added before. */
void
host_connections_remove(struct host_connections *h, const struct address *a);

#endif
