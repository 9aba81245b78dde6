/*
 * The client of a request, as policies, observers and taps get it. Writes that
 * come from no connection have a client, too.
 */
#ifndef BASE_CLIENT_H
#define BASE_CLIENT_H

#include <stdint.h>

#include "base/address.h"

struct client {
	uint64_t id; /* increases with every connection; never reused */
	struct address address;
};

#endif
