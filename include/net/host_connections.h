/*
 * The number of connections of each client address, over all ports. With NULL
 * in place of the object nothing is counted.
 *
 * Memory: 68 bytes for each address that can have a connection, the most there
 * were at one time; the system provides the pages as they are first used.
 */
#ifndef NET_HOST_CONNECTIONS_H
#define NET_HOST_CONNECTIONS_H

#include <stddef.h>

#include "base/address.h"

struct host_connections;

/* The most addresses, whatever the number of connections. */
#define HOST_CONNECTIONS_MAX 1000000

/* For at most so many connections at one time, 1 or more. Returns NULL when
 * there is no memory. */
struct host_connections *host_connections_new(size_t connections_max);

/* NULL is fine. */
void host_connections_free(struct host_connections *h);

/* The number of connections of an address. */
size_t host_connections_count(
    const struct host_connections *h, const struct address *a);

/* Add one connection. Returns 0, or -1 when there are HOST_CONNECTIONS_MAX
 * other addresses. */
int host_connections_add(struct host_connections *h, const struct address *a);

/* Remove one connection, which was added before. */
void
host_connections_remove(struct host_connections *h, const struct address *a);

#endif
