/*
 * What POSIX.1 has for Internet addresses, on every system: struct in_addr and
 * in6_addr with its s6_addr, IN6ADDR_ANY_INIT and IN6_IS_ADDR_…, struct
 * sockaddr_storage, sockaddr_in and sockaddr_in6, AF_UNIX, socklen_t,
 * TCP_NODELAY, htons and ntohs, inet_pton and inet_ntop, getaddrinfo and
 * freeaddrinfo.
 */
#ifndef SYSTEM_INET_H
#define SYSTEM_INET_H

#include "native/inet.h"

#endif
