/*
 * Protection against requests that a browser sends on behalf of another site's
 * page, and the token for writing.
 *
 * The Host header must be an address, localhost, or a name that was allowed:
 * any other name may have been made to resolve to this server (DNS rebinding).
 * The Origin header, if there is one, must be that of this server, or of a
 * proxy in front of it. All but guard_read_token are pure.
 */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* The length of a token, which consists of printable characters other than the
 * space. */
#define GUARD_TOKEN_MIN 16
#define GUARD_TOKEN_MAX 256

/* Whether the value of a Host header is an address, localhost, or one of names,
 * which are compared without case. The port is ignored. */
bool
guard_allows_host(const char *host, const char *const *names, size_t count);

/* Whether text is a valid name of a host: 1 to 253 letters, digits, '-', '.'
 * and '_', which names in containers and of proxies' upstreams have. */
bool guard_is_name(const char *text);

/*
 * Whether the value of an Origin header is the http or https origin of host, or
 * that of one of names, on any port: a proxy serves the page there, and has
 * asked for host itself. secure: this server speaks TLS; then it is https only,
 * as anybody between may have made up a page that comes by http.
 */
bool guard_allows_origin(const char *origin, const char *host,
    const char *const *names, size_t count, bool secure);

/* Whether text is an origin: http:// or https://, and a name of a host or an
 * address, as in "https://plc.example:8443" and "http://[::1]". */
bool guard_is_origin(const char *text);

/* Whether the value of an Origin header is one of origins, for which
 * guard_is_origin is true. They may name the port that their scheme has. */
bool guard_lists_origin(
    const char *origin, const char *const *origins, size_t count);

/*
 * Whether the values of the headers Sec-Fetch-Site and Sec-Fetch-Mode, each
 * NULL if there is none, allow a request; reads: it changes nothing. Browsers
 * send them to localhost and over TLS, and no page can change them. A page of
 * another origin, also one of the same site, can only link to this server, or
 * embed it, if the page allows that: it does not get to see the reply.
 */
bool guard_allows_fetch(const char *site, const char *mode, bool reads);

/* Whether the value of an Authorization header, or NULL, is "Bearer TOKEN". The
 * time it takes depends on the length of the token only. */
bool guard_allows_token(const char *authorization, const char *token);

/*
 * Read a token from a file: its first line. token has room for
 * GUARD_TOKEN_MAX + 1 bytes. Returns NULL, or an error: the system's, or what
 * is expected of the file.
 */
const char *guard_read_token(const char *path, char *token);

#endif
