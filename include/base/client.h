/*
 * Who asks. Everyone who is told of a request (policy, observers, tap) gets
 * this; whoever writes the table without a connection makes one of its own.
 */
#ifndef BASE_CLIENT_H
#define BASE_CLIENT_H

#include <stdint.h>

#include "base/address.h"

struct client {
	uint64_t id; /* rises with every connection of a server; never reused */
	struct address address;
};

#endif
