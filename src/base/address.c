#include "base/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "system/inet.h"

#define SCOPED_MAX (ADDRESS_IP_MAX + 1 + 10) /* "ip%number" */

/* The first byte of IPv4 addresses from which on they are of many, or of
 * nobody: multicast, reserved, broadcast (RFC 1112, 4; RFC 919, 7). */
#define FIRST_MULTICAST 224

const struct address address_start = {
	.ip = { { { 0x01, [15] = 1 } } },
};
const struct address address_simulation = {
	.ip = { { { 0x01, [15] = 2 } } },
};
const struct address address_unix = {
	.ip = { { { 0x01, [15] = 3 } } },
};

/* What addresses are called that are none of the network. */
static const struct {
	const struct address *address;
	const char *word;
} words[] = {
	{ &address_start, "start" },
	{ &address_simulation, "simulation" },
	{ &address_unix, ADDRESS_UNIX_WORD },
};

#define WORDS (sizeof(words) / sizeof(*words))

/* The word of an address, or NULL. */
static const char *
word_of(const struct address *a)
{
	for (size_t i = 0; i < WORDS; i++)
		if (address_same_host(a, words[i].address))
			return words[i].word;
	return NULL;
}

static int
parse_word(const char *text, struct address *a)
{
	for (size_t i = 0; i < WORDS; i++)
		if (strcmp(text, words[i].word) == 0) {
			*a = *words[i].address;
			return 0;
		}
	return -1;
}

int
address_parse_internal(const char *text, struct address *a)
{
	return parse_word(text, a) == 0 && address_is_internal(a) ? 0 : -1;
}

bool
address_is_unix(const struct address *a)
{
	return address_same_host(a, &address_unix);
}

bool
address_is_internal(const struct address *a)
{
	return word_of(a) != NULL && !address_is_unix(a);
}

bool
address_is_simulation(const struct address *a)
{
	return address_same_host(a, &address_simulation);
}

/* An IPv4 address, given in network byte order. */
static struct in6_addr
map_ipv4(const void *ipv4)
{
	struct in6_addr ip = IN6ADDR_ANY_INIT;

	ip.s6_addr[10] = ip.s6_addr[11] = 0xFF;
	memcpy(ip.s6_addr + 12, ipv4, 4);
	return ip;
}

/* The system's parser resolves the zone. */
static int
parse_ipv6(const char *host, struct address *a)
{
	const struct addrinfo hints = {
		.ai_family = AF_INET6,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST,
	};
	const struct sockaddr_in6 *found;
	struct addrinfo *info;

	if (getaddrinfo(host, NULL, &hints, &info) != 0)
		return -1;
	found = (const void *)info->ai_addr;
	a->ip = found->sin6_addr;
	a->scope = found->sin6_scope_id;
	freeaddrinfo(info);
	return 0;
}

int
address_parse_ip(const char *text, struct address *a)
{
	struct in_addr ipv4;

	*a = (struct address){ .port = 0 };
	if (inet_pton(AF_INET, text, &ipv4) != 1)
		return parse_ipv6(text, a);
	a->ip = map_ipv4(&ipv4);
	return 0;
}

/*
 * The port follows "]:" or, for IPv4, the only colon. Two colons without a
 * bracket are an IPv6 address without a port.
 */
int
address_parse(const char *text, uint16_t default_port, struct address *a)
{
	char host[ADDRESS_HOST_MAX];
	const char *colon = strchr(text, ':');
	size_t length = strlen(text);
	const char *port = NULL;
	uint64_t number = default_port;

	if (text[0] == '[') {
		const char *end = strchr(++text, ']');

		if (end == NULL || (end[1] != '\0' && end[1] != ':') ||
		    memchr(text, ':', (size_t)(end - text)) == NULL)
			return -1;
		length = (size_t)(end - text);
		port = end[1] == ':' ? end + 2 : NULL;
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		length = (size_t)(colon - text);
		port = colon + 1;
	}
	if (length == 0 || length >= sizeof(host))
		return -1;
	memcpy(host, text, length);
	host[length] = '\0';

	if (port != NULL && number_parse(port, 0, UINT16_MAX, &number) != 0)
		return -1;
	if (address_parse_ip(host, a) != 0)
		return -1;
	a->port = (uint16_t)number;
	return 0;
}

/* Only an address with a port ignores the default. */
int
address_parse_with_port(const char *text, struct address *a)
{
	struct address other;

	if (address_parse(text, 0, a) != 0 ||
	    address_parse(text, 1, &other) != 0)
		return -1;
	return a->port == other.port ? 0 : -1;
}

int
address_parse_place(const char *text, struct address *a)
{
	uint64_t port;

	if (number_parse(text, 0, UINT16_MAX, &port) == 0)
		return address_parse("127.0.0.1", (uint16_t)port, a);
	return address_parse_with_port(text, a);
}

int
address_parse_client(const char *text, struct address *a)
{
	return parse_word(text, a) == 0 ? 0 : address_parse(text, 0, a);
}

struct address
address_any(uint16_t port)
{
	return (struct address){ .ip = IN6ADDR_ANY_INIT, .port = port };
}

struct address
address_any_ipv4(uint16_t port)
{
	return (struct address){ .ip = map_ipv4("\0\0\0\0"), .port = port };
}

bool
address_is_ipv4(const struct address *a)
{
	return IN6_IS_ADDR_V4MAPPED(&a->ip);
}

bool
address_is_loopback(const struct address *a)
{
	if (address_is_ipv4(a))
		return a->ip.s6_addr[12] == 127;
	return IN6_IS_ADDR_LOOPBACK(&a->ip);
}

bool
address_is_unicast(const struct address *a)
{
	const struct address any = address_any_ipv4(0);

	if (IN6_IS_ADDR_UNSPECIFIED(&a->ip) ||
	    memcmp(&a->ip, &any.ip, sizeof(a->ip)) == 0)
		return false;
	if (address_is_ipv4(a))
		return a->ip.s6_addr[12] < FIRST_MULTICAST;
	return !IN6_IS_ADDR_MULTICAST(&a->ip);
}

struct address
address_from_sockaddr(const struct sockaddr_storage *from)
{
	struct address a = { .ip = IN6ADDR_ANY_INIT };

	if (from->ss_family == AF_UNIX)
		return address_unix;
	if (from->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)from;

		a.ip = map_ipv4(&in->sin_addr);
		a.port = ntohs(in->sin_port);
	} else if (from->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)from;

		a.ip = in6->sin6_addr;
		a.scope = in6->sin6_scope_id;
		a.port = ntohs(in6->sin6_port);
	}
	return a;
}

socklen_t
address_to_sockaddr(const struct address *a, struct sockaddr_storage *to)
{
	*to = (struct sockaddr_storage){ 0 };
	if (address_is_ipv4(a)) {
		struct sockaddr_in *in = (void *)to;

		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->ip.s6_addr + 12, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (void *)to;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(a->port);
	in6->sin6_addr = a->ip;
	in6->sin6_scope_id = a->scope;
	return sizeof(*in6);
}

/* The address without the port; at most SCOPED_MAX bytes with the NUL. */
static void
format_ip(const struct address *a, char *text)
{
	const char *word = word_of(a);
	char ip[ADDRESS_IP_MAX];

	if (word != NULL) {
		snprintf(text, SCOPED_MAX, "%s", word);
		return;
	}
	if (address_is_ipv4(a)) {
		inet_ntop(AF_INET, a->ip.s6_addr + 12, text, SCOPED_MAX);
		return;
	}
	inet_ntop(AF_INET6, &a->ip, ip, sizeof(ip));
	if (a->scope != 0)
		snprintf(text, SCOPED_MAX, "%s%%%u", ip, a->scope);
	else
		snprintf(text, SCOPED_MAX, "%s", ip);
}

const char *
address_format_ip(const struct address *a, char *text)
{
	format_ip(a, text);
	return text;
}

const char *
address_format(const struct address *a, char *text)
{
	char ip[SCOPED_MAX];

	format_ip(a, ip);
	if (word_of(a) != NULL)
		snprintf(text, ADDRESS_TEXT_MAX, "%s", ip);
	else if (address_is_ipv4(a))
		snprintf(text, ADDRESS_TEXT_MAX, "%s:%u", ip, a->port);
	else
		snprintf(text, ADDRESS_TEXT_MAX, "[%s]:%u", ip, a->port);
	return text;
}

bool
address_same_host(const struct address *a, const struct address *b)
{
	return memcmp(&a->ip, &b->ip, sizeof(a->ip)) == 0 &&
	    a->scope == b->scope;
}

/* Every bit of the argument affects every bit of the result. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

uint64_t
address_hash(const struct address *a, uint64_t seed)
{
	uint64_t halves[2];

	memcpy(halves, &a->ip, sizeof(halves));
	return mix(mix(seed ^ a->scope ^ halves[0]) ^ halves[1]);
}
