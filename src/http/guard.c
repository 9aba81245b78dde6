#include "http/guard.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "base/number.h"
#include "system/private_file.h"

#define NAME_MAX_LENGTH 253

/* The length of the host in "host[:port]", or 0 when the port is invalid. Of
 * no meaning for a bare IPv6 address, which is recognised before. */
static size_t
host_length(const char *host)
{
	const char *colon = strrchr(host, ':');
	uint64_t port;

	if (colon == NULL || host[0] == '[')
		return strlen(host);
	if (number_parse(colon + 1, 0, 65535, &port) != 0)
		return 0;
	return (size_t)(colon - host);
}

static bool
is_name(const char *host, size_t length, const char *name)
{
	return strlen(name) == length && strncasecmp(host, name, length) == 0;
}

/* Whether the host in "host[:port]" is one of names. */
static bool
is_one_of(const char *host, const char *const *names, size_t count)
{
	size_t length = host_length(host);

	for (size_t i = 0; i < count; i++)
		if (is_name(host, length, names[i]))
			return true;
	return false;
}

bool
guard_allows_host(const char *host, const char *const *names, size_t count)
{
	static const char *const own[] = { "localhost" };
	struct address ignored;

	return address_parse(host, 0, &ignored) == 0 ||
	    is_one_of(host, own, 1) || is_one_of(host, names, count);
}

/* Whether the first length bytes of text are a valid name of a host. */
static bool
are_name(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) &&
		    strchr("-._", text[i]) == NULL)
			return false;
	return length >= 1 && length <= NAME_MAX_LENGTH;
}

bool
guard_is_name(const char *text)
{
	return are_name(text, strlen(text));
}

/* What follows the scheme of an origin, or NULL when that is neither http nor
 * https. */
static const char *
skip_scheme(const char *origin)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t length = strlen(schemes[i]);

		if (strncasecmp(origin, schemes[i], length) == 0)
			return origin + length;
	}
	return NULL;
}

bool
guard_is_origin(const char *text)
{
	const char *host = skip_scheme(text);
	struct address ignored;

	if (host == NULL || strpbrk(host, "%@") != NULL)
		return false;
	if (host[0] == '[')
		return address_parse(host, 0, &ignored) == 0;
	return are_name(host, host_length(host));
}

/* Whether the scheme of an origin, which is one of the two, is https. */
static bool
is_secure(const char *origin)
{
	return strncasecmp(origin, "https", 5) == 0;
}

bool
guard_allows_origin(const char *origin, const char *host,
    const char *const *names, size_t count, bool secure)
{
	const char *own = skip_scheme(origin);

	return own != NULL && (!secure || is_secure(origin)) &&
	    (strcasecmp(own, host) == 0 || is_one_of(own, names, count));
}

/* The length of an origin without the port that its scheme has. */
static size_t
origin_length(const char *origin)
{
	size_t length = strlen(origin);
	const char *port = is_secure(origin) ? ":443" : ":80";
	size_t tail = strlen(port);

	if (length > tail && strcmp(origin + length - tail, port) == 0)
		length -= tail;
	return length;
}

bool
guard_lists_origin(const char *origin, const char *const *origins, size_t count)
{
	size_t length = origin_length(origin);

	if (!guard_is_origin(origin))
		return false;
	for (size_t i = 0; i < count; i++)
		if (origin_length(origins[i]) == length &&
		    strncasecmp(origins[i], origin, length) == 0)
			return true;
	return false;
}

bool
guard_allows_fetch(const char *site, const char *mode, bool reads)
{
	if (site == NULL || strcmp(site, "same-origin") == 0 ||
	    strcmp(site, "none") == 0)
		return true;
	return reads && mode != NULL && strcmp(mode, "navigate") == 0;
}

bool
guard_allows_token(const char *authorization, const char *token)
{
	static const char scheme[] = "Bearer ";
	size_t length = strlen(token);
	unsigned differing = 0;
	const char *given;

	if (authorization == NULL ||
	    strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
		return false;
	given = authorization + sizeof(scheme) - 1;
	if (strlen(given) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		differing |= (unsigned)(given[i] ^ token[i]);
	return differing == 0;
}

const char *
guard_read_token(const char *path, char *token)
{
	return private_file_read_word(path, GUARD_TOKEN_MIN, GUARD_TOKEN_MAX,
	    "expected a line of 16 to 256 printable characters without a space",
	    token);
}
