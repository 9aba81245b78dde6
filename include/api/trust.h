/*
 * Whether a request is handled at all, whatever it asks for.
 */
#ifndef API_TRUST_H
#define API_TRUST_H

#include <stdbool.h>

struct http_request;

/* Whether the request names this server, does not come from another server's
 * page, and is permitted by the policy. Otherwise replies with the error. */
bool api_is_trusted(struct http_request *request);

#endif
