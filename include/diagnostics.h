/*
 * What lets people look in: the client report, and the HTTP server with its
 * page, API and metrics. Nothing of it costs anything unless options ask for
 * it.
 */
#ifndef DIAGNOSTICS_H
#define DIAGNOSTICS_H

#include <stddef.h>

struct event_base;
struct http_server_config;
struct diagnostics;
struct options;
struct server_config;

/* Descriptors that they take, with these options. */
size_t diagnostics_descriptors(const struct options *o);

/*
 * What the options, borrowed, ask for. The taps that it takes are put before
 * those that config has, which is to make the server.
 *
 * Returns an exit status of sysexits.h: EX_OK and *i, or another after a line
 * of log that says why.
 */
int diagnostics_new(const struct options *o, struct server_config *config,
    struct diagnostics **i);

/*
 * Serve HTTP, if the options ask for it. what has the server and what it is
 * made of; the rest is added here.
 *
 * Returns an exit status of sysexits.h: EX_OK, or another after a line of log
 * that says why.
 */
int diagnostics_start(struct diagnostics *i, struct event_base *base,
    const struct http_server_config *what);

/* Log the client report, if the options ask for it. */
void diagnostics_print(struct diagnostics *i);

/* NULL is fine. The server is not to run any more. */
void diagnostics_free(struct diagnostics *i);

#endif
