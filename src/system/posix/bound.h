/* What sockets of streams and of datagrams have in common. */
#ifndef POSIX_BOUND_H
#define POSIX_BOUND_H

#include <stdbool.h>

#include "system/inet.h"

/* Returns 0, or -1 with errno set. */
int bound_set_option(int fd, int level, int option, int value);

/* bind, or more. Returns 0, or -1 with errno set. */
typedef int (*bound_bind_fn)(
    int fd, const struct sockaddr_storage *where, socklen_t length);

/* A socket of a type, which bind has bound to an address, with both_families as
 * in socket_bind. Returns -1 with errno set. */
int bound_new(int type, const struct sockaddr_storage *where, socklen_t length,
    bool both_families, bound_bind_fn bind);

#endif
