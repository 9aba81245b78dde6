#include "base/cidr.h"

#include <string.h>

#include "base/number.h"

#define IPV4_PREFIX 96 /* of IPv4-mapped addresses */

/* The mask of byte i under a prefix. */
static uint8_t
mask_of(unsigned prefix, unsigned i)
{
	unsigned bits = prefix > i * 8 ? prefix - i * 8 : 0;

	return (uint8_t) ~(0xFFU >> (bits < 8 ? bits : 8));
}

/* Whether a has the zone that host names, if it names one. */
static bool
zone_is_valid(const char *host, const struct address *a)
{
	if (strchr(host, '%') == NULL)
		return true;
	return a->scope != 0 && IN6_IS_ADDR_LINKLOCAL(&a->ip);
}

int
cidr_parse(const char *text, struct cidr *c)
{
	char host[ADDRESS_HOST_MAX];
	const char *slash = strchr(text, '/');
	size_t length = slash == NULL ? strlen(text) : (size_t)(slash - text);
	uint64_t prefix;
	unsigned base;
	struct address a;

	if (strcmp(text, ADDRESS_UNIX_WORD) == 0) {
		*c = cidr_of(&address_unix);
		return 0;
	}
	if (length >= sizeof(host))
		return -1;
	memcpy(host, text, length);
	host[length] = '\0';
	if (address_parse_ip(host, &a) != 0 || !zone_is_valid(host, &a))
		return -1;
	base =
	    address_is_ipv4(&a) && strchr(host, ':') == NULL ? IPV4_PREFIX : 0;
	prefix = 128 - base;
	if (slash != NULL && number_parse(slash + 1, 0, prefix, &prefix) != 0)
		return -1;
	c->scope = a.scope;
	c->prefix = base + (unsigned)prefix;
	for (unsigned i = 0; i < sizeof(c->ip.s6_addr); i++)
		c->ip.s6_addr[i] = a.ip.s6_addr[i] & mask_of(c->prefix, i);
	return 0;
}

struct cidr
cidr_of(const struct address *a)
{
	return (struct cidr){ .ip = a->ip, .prefix = 128, .scope = a->scope };
}

bool
cidr_contains(const struct cidr *c, const struct address *a)
{
	if (c->prefix < IPV4_PREFIX && address_is_ipv4(a))
		return false;
	if (c->prefix != 128 && address_is_unix(a))
		return false;
	if (c->scope != 0 && a->scope != c->scope)
		return false;
	for (unsigned i = 0; i < sizeof(c->ip.s6_addr); i++)
		if ((a->ip.s6_addr[i] & mask_of(c->prefix, i)) !=
		    c->ip.s6_addr[i])
			return false;
	return true;
}
