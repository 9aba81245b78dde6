/*
 * Who a client is to those that tell clients apart: the same certificate, from
 * whichever address; where there is none, the same host, whatever the port. A
 * client with a certificate and one without are two, also at one host.
 */
#ifndef BASE_WHO_H
#define BASE_WHO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/client.h"
#include "base/hosts.h"
#include "base/identity.h"

/* Room for a client as text, and its NUL: "CN=HMI 3,O=Plant (192.0.2.7)". */
#define WHO_TEXT_MAX (IDENTITY_NAME_SIZE + ADDRESS_TEXT_MAX + 3)

/* hosts_use for an identity. */
uint32_t who_use_identity(
    struct hosts *h, const struct identity *identity, uint16_t tag);

/* hosts_use for a client. Whoever owns the set holds the identities in it. */
static inline uint32_t
who_use(struct hosts *h, const struct client *c, uint16_t tag)
{
	if (__builtin_expect(c->identity == NULL, true))
		return hosts_use(h, &c->address, tag);
	return who_use_identity(h, c->identity, tag);
}

/* Whether a client is the one with this identity, or if that is NULL, of this
 * host. */
static inline bool
who_is(const struct address *host, const struct identity *identity,
    const struct client *c)
{
	return identity == c->identity &&
	    (identity != NULL || address_same_host(host, &c->address));
}

/* The address of a client without its port. */
static inline struct address
who_host(const struct client *c)
{
	struct address host = c->address;

	host.port = 0;
	return host;
}

/* Write the subject of an identity, if it is not NULL, and the host into text,
 * which has room for WHO_TEXT_MAX bytes. Returns text. */
const char *who_format(
    const struct address *host, const struct identity *identity, char *text);

#endif
