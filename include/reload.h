/*
 * A reload: certificates, keys, revocation lists, roles and the token of HTTP
 * are read again while the server goes on. All of them are put in force, or
 * none.
 */
#ifndef RELOAD_H
#define RELOAD_H

struct diagnostics;
struct options;
struct security;

/* Reload what the options name, and log what came of it. security may be
 * NULL. */
void reload(const struct options *o, struct security *security,
    struct diagnostics *diagnostics);

#endif
