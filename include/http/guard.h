/*
 * Who may ask over HTTP: browsers carry requests for strangers, so that a page
 * from elsewhere must not get through them to us.
 *
 * The Host header must be an address, localhost, or a name that was allowed:
 * with any other, a stranger's name was made to point at us (DNS rebinding).
 * An Origin, where there is one, must be our own. All pure.
 */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* A token has so many printable characters without a space. */
#define GUARD_TOKEN_MIN 16
#define GUARD_TOKEN_MAX 256

/* Whether a Host header's value is one of ours, whatever its port. names are
 * further ones, compared without case. */
bool
guard_allows_host(const char *host, const char *const *names, size_t count);

/* Whether text can be one of these names: letters, digits, '-' and '.', 1 to
 * 253 of them. */
bool guard_is_name(const char *text);

/* Whether an Origin header's value is the http or https origin of host. */
bool guard_allows_origin(const char *origin, const char *host);

/* Whether an Authorization header's value, or NULL, is "Bearer TOKEN". Takes as
 * long for every token of one length. */
bool guard_allows_token(const char *authorization, const char *token);

/*
 * Read a token from a file: its first line. token has room for
 * GUARD_TOKEN_MAX + 1 bytes. Returns NULL, or why not: what was expected of
 * the file.
 */
const char *guard_read_token(const char *path, char *token);

#endif
