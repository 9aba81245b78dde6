/* Connections over TLS to a server whose name is verified. */
#ifndef SHARED_SECURE_H
#define SHARED_SECURE_H

#include <stdbool.h>

struct bufferevent;
struct event_base;
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

#define SECURE_WHY_SIZE 320

/*
 * What such connections share: the authorities that are trusted, of the file
 * ca, or of the system where that is NULL. Freed with secure_context_free. NULL
 * where that fails: then why is one line.
 */
struct ssl_ctx_st *secure_context_new(const char *ca, char *why);
void secure_context_free(struct ssl_ctx_st *context);

/* A bufferevent without a socket, to be connected to host, a name or an
 * address; NULL when there is no memory. */
struct bufferevent *secure_bufferevent_new_to(
    struct event_base *base, struct ssl_ctx_st *context, const char *host);

/* Whether TLS is why bev has failed: then why is one line. bev may be any. */
bool secure_explain(struct bufferevent *bev, char *why);

#endif
