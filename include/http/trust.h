/*
 * Whether a request names this server, and is not sent by a page of another
 * one: what http/guard.h says, asked of a request's headers. Each function that
 * says no has replied with the error.
 */
#ifndef HTTP_TRUST_H
#define HTTP_TRUST_H

#include <stdbool.h>
#include <stddef.h>

struct http_request;

/* By what names this server is known. All of it is borrowed. */
struct trust {
	const char *const *hosts; /* names that were allowed */
	size_t host_count;
	const char *const *own_names; /* of the machine; not as an origin */
	size_t own_name_count;
	bool secure; /* it speaks TLS */
};

/* Whether the method of the request changes nothing. */
bool trust_is_read(const struct http_request *request);

/* The host that the request names, which is this one; or NULL. */
const char *trust_host(struct http_request *request, const struct trust *t);

/* Whether no page of another server sends this, to that host. */
bool trust_origin(
    struct http_request *request, const struct trust *t, const char *host);

#endif
