/*
 * The client of a request, as policies, observers and taps get it. Writes that
 * come from no connection have a client, too.
 */
#ifndef BASE_CLIENT_H
#define BASE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

struct identity;

/* How a client came. */
enum client_way {
	CLIENT_PLAIN, /* Modbus/TCP */
	CLIENT_RTU,   /* RTU frames over TCP */
	CLIENT_UDP,   /* Modbus/TCP frames in datagrams */
	CLIENT_UNIX,  /* Modbus/TCP frames over a socket of this machine */
	CLIENT_TLS,   /* Modbus/TCP Security */
	CLIENT_OTHER, /* HTTP, and writes from within */
};

/* Whether clients of this way speak Modbus, and none has a certificate. */
static inline bool
client_is_uncertified(uint8_t way)
{
	return way < CLIENT_TLS;
}

struct client {
	uint64_t id; /* increases with every connection; never reused */
	struct address address;
	uint8_t way; /* enum client_way */

	/* Who it is by its certificate; NULL unless it came by TLS. Borrowed:
	 * whoever keeps it longer than the connection holds it. */
	const struct identity *identity;
};

#endif
