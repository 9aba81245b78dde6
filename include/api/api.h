/*
 * What the server offers over HTTP: the data table, its changes, the clients,
 * the metrics, and the page that shows them. Described in
 * mbasyncserver-http(7).
 */
#ifndef API_API_H
#define API_API_H

#include "api/context.h"

struct event_base;

/* Serve HTTP on config->fd, which is taken over, also on failure. config is
 * copied. Returns NULL with errno set. */
struct api *api_new(struct event_base *base, const struct api_config *config);

/* Over TLS: serve further connections by another context, borrowed. */
void api_renew(struct api *api, struct ssl_ctx_st *context);

/* Close all HTTP connections. Accepts NULL. */
void api_free(struct api *api);

#endif
