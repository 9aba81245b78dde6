/*
 * A block of addresses, "10.0.0.0/8" or "2001:db8::/32" (RFC 4632, RFC 4291).
 * IPv4-mapped IPv6 is IPv4, in the block as in the address.
 *
 * Link-local addresses (fe80::/10) exist on each link. With a zone,
 * "fe80::1%eth0" or "fe80::%2/10", the block is of that link only (RFC 4007,
 * 11); without one it is of every link. A name stands for the index that the
 * interface has when the block is parsed.
 */
#ifndef BASE_CIDR_H
#define BASE_CIDR_H

#include <stdbool.h>

#include "base/address.h"

struct cidr {
	struct in6_addr ip; /* bits after the prefix are 0 */
	unsigned prefix;    /* 0..128, of the mapped form for IPv4 */
	uint32_t scope;     /* index of the only interface; 0: any */
};

/*
 * Parse "ADDRESS/PREFIX", or "ADDRESS" for a block of one, or "unix" for
 * clients over a socket of this machine. Bits of the address
 * after the prefix are ignored. A link-local ADDRESS may have a zone, of an
 * interface that exists or a number above 0. Returns 0, or -1; then c is
 * undefined.
 */
int cidr_parse(const char *text, struct cidr *c);

/* The block of one address. */
struct cidr cidr_of(const struct address *a);

/* Whether the block contains the address. No IPv6 block contains an IPv4
 * address, ::/0 included, and none but "unix" contains address_unix. */
bool cidr_contains(const struct cidr *c, const struct address *a);

#endif
