#include "shared/url.h"

#include <string.h>

#include "base/number.h"
#include "system/inet.h"

/* A part of the text, from next up to but without end. */
struct part {
	const char *next;
	const char *end;
};

/* The last c in it, or NULL. */
static const char *
find_last(struct part p, char c)
{
	const char *at = p.end;

	while (at > p.next && at[-1] != c)
		at--;
	return at > p.next ? at - 1 : NULL;
}

static const char *
find(struct part p, char c)
{
	return memchr(p.next, c, (size_t)(p.end - p.next));
}

/* The value of a hexadecimal digit, or -1. */
static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that "%xx" at the front of p stands for; 0 where it is malformed. */
static char
escaped(struct part p)
{
	int high = p.end - p.next >= 3 ? digit(p.next[1]) : -1;
	int low = high >= 0 ? digit(p.next[2]) : -1;

	return (char)(uint8_t)(low >= 0 ? high * 16 + low : 0);
}

/* Decode a user or password. */
static int
take_secret(struct part p, char *out)
{
	size_t length = 0;

	while (p.next < p.end) {
		char c = *p.next;

		if (c == '%') {
			c = escaped(p);
			p.next += 2;
		}
		p.next++;
		if (c == '\0' || length == SHARED_SECRET_SIZE - 1)
			return -1;
		out[length++] = c;
	}
	out[length] = '\0';
	return 0;
}

static int
take_credentials(struct part p, struct shared_url *url)
{
	const char *colon = find(p, ':');

	if (colon == NULL)
		return take_secret(p, url->user);
	if (take_secret((struct part){ p.next, colon }, url->user) != 0)
		return -1;
	return take_secret((struct part){ colon + 1, p.end }, url->password);
}

/* All of p as a number. */
static int
take_number(struct part p, uint64_t min, uint64_t max, uint64_t *value)
{
	return number_take(p.next, max, value) == p.end && *value >= min ? 0 :
									   -1;
}

static bool
is_name(const char *host)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_";

	return host[0] != '\0' && host[strspn(host, allowed)] == '\0';
}

static bool
is_ipv6(const char *host)
{
	struct in6_addr ip;

	return inet_pton(AF_INET6, host, &ip) == 1;
}

/* HOST or HOST:PORT. */
static int
take_host(struct part p, struct shared_url *url)
{
	bool bracketed = p.next < p.end && *p.next == '[';
	const char *bracket = bracketed ? find(p, ']') : NULL;
	struct part rest = { bracket != NULL ? bracket + 1 : p.next, p.end };
	const char *colon = find(rest, ':');
	struct part host = { p.next, colon != NULL ? colon : p.end };
	uint64_t port = SHARED_DEFAULT_PORT;
	char *to;

	if (bracketed && (bracket == NULL || host.end != bracket + 1))
		return -1;
	if (bracketed)
		host = (struct part){ p.next + 1, bracket };
	if (colon != NULL &&
	    take_number(
		(struct part){ colon + 1, p.end }, 1, UINT16_MAX, &port) != 0)
		return -1;
	if (url->count == SHARED_HOSTS_MAX ||
	    host.end - host.next >= SHARED_HOST_SIZE)
		return -1;
	to = url->hosts[url->count].host;
	memcpy(to, host.next, (size_t)(host.end - host.next));
	url->hosts[url->count++].port = (uint16_t)port;
	return (bracketed ? is_ipv6(to) : is_name(to)) ? 0 : -1;
}

static int
take_hosts(struct part p, struct shared_url *url)
{
	const char *comma;

	while ((comma = find(p, ',')) != NULL) {
		if (take_host((struct part){ p.next, comma }, url) != 0)
			return -1;
		p.next = comma + 1;
	}
	return take_host(p, url);
}

static int
take_scheme(const char **text, struct shared_url *url)
{
	static const char plain[] = "redis://", tls[] = "rediss://";

	if (strncmp(*text, plain, sizeof(plain) - 1) == 0) {
		*text += sizeof(plain) - 1;
		return 0;
	}
	if (strncmp(*text, tls, sizeof(tls) - 1) != 0)
		return -1;
	*text += sizeof(tls) - 1;
	url->tls = true;
	return 0;
}

int
shared_url_parse(const char *text, struct shared_url *url)
{
	struct part p;
	const char *at;
	uint64_t database = 0;

	*url = (struct shared_url){ 0 };
	if (take_scheme(&text, url) != 0)
		return -1;
	p = (struct part){ text, text + strcspn(text, "/") };
	if (*p.end == '/' &&
	    number_parse(p.end + 1, 0, SHARED_DATABASE_MAX, &database) != 0)
		return -1;
	url->database = (unsigned)database;
	at = find_last(p, '@');
	if (at != NULL) {
		if (take_credentials((struct part){ p.next, at }, url) != 0)
			return -1;
		p.next = at + 1;
	}
	return take_hosts(p, url);
}
