/*
 * Diagnostics: the client report, and HTTP with the API, the page and the
 * metrics. They cost nothing unless the options ask for them.
 */
#ifndef DIAGNOSTICS_H
#define DIAGNOSTICS_H

#include <stddef.h>

#include "http/guard.h"

struct event_base;
struct api_config;
struct diagnostics;
struct options;
struct points;
struct server_config;
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

/* Check the files that the options name. Returns an exit status of sysexits.h:
 * EX_OK, or another after a log line that says why. */
int diagnostics_check(const struct options *o);

/* Descriptors that they need with these options. */
size_t diagnostics_descriptors(const struct options *o);

/*
 * Create what the options, borrowed, ask for. Its taps are put before those of
 * config, with which the server is then created.
 *
 * Returns an exit status of sysexits.h: EX_OK and *d, or another after a log
 * line that says why.
 */
int diagnostics_new(const struct options *o, struct server_config *config,
    struct diagnostics **d);

/*
 * Take the address of HTTP, if the options ask for it: nobody can connect yet.
 *
 * Returns an exit status of sysexits.h: EX_OK, or another after a log line that
 * says why.
 */
int diagnostics_bind(struct diagnostics *d);

/*
 * Serve HTTP there, if it was bound; over TLS if there is a context, which is
 * borrowed. api describes the server and its parts; the socket, the options
 * and the reports are added here.
 *
 * Returns an exit status of sysexits.h: EX_OK, or another after a log line that
 * says why.
 */
int diagnostics_start(struct diagnostics *d, struct event_base *base,
    const struct api_config *api, struct ssl_ctx_st *context);

/* What a reload has read: the token, empty if there is none. */
struct diagnostics_token {
	char text[GUARD_TOKEN_MAX + 1];
};

/* Read the file of the token again. Returns 0, or -1 after a log line that says
 * why. */
int diagnostics_reread(
    const struct diagnostics *d, struct diagnostics_token *token);

/* Put the token in force, and with --http-tls another context, borrowed. */
void diagnostics_renew(struct diagnostics *d,
    const struct diagnostics_token *token, struct ssl_ctx_st *context);

/* Log the client report, if the options ask for it. ps may be NULL. */
void diagnostics_print(struct diagnostics *d, const struct points *ps);

/* Accepts NULL. The server must be stopped. */
void diagnostics_free(struct diagnostics *d);

#endif
