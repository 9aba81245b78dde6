/*
 * UDP sockets, which do not block, and which no program that this one starts
 * inherits. Errors are those of system/socket.h.
 */
#ifndef SYSTEM_DATAGRAM_H
#define SYSTEM_DATAGRAM_H

#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "system/inet.h"

/* The two ends of a datagram that was received. */
struct datagram_ends {
	struct sockaddr_storage peer;  /* who sent it */
	struct sockaddr_storage local; /* the address of this machine that it
					  was sent to, its port 0; of family 0
					  where the system does not tell */
	bool to_many; /* it was sent to a broadcast or multicast address, as far
			 as the system tells */
};

/*
 * Make a socket and bind it to an address of IPv4 or IPv6, which no other
 * socket can have then. An IPv6 address receives IPv6 only, unless
 * both_families. Returns it, or -1 with errno set, as socket_bind.
 *
 * Windows does not tell the local end.
 */
evutil_socket_t datagram_bind(
    const struct sockaddr_storage *where, socklen_t length, bool both_families);

/* Receive one datagram. What is longer than room is cut off. Returns the number
 * of bytes, which may be 0, or -1. */
ssize_t datagram_receive(
    evutil_socket_t s, void *bytes, size_t room, struct datagram_ends *ends);

/* Send one datagram back: to the peer, from the local end where that is known.
 * Returns 0, or -1 when the system has not taken it. */
int datagram_send(evutil_socket_t s, const void *bytes, size_t length,
    const struct datagram_ends *ends);

#endif
