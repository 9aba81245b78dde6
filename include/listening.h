/*
 * Makes the server listen: on the sockets of the service manager, or else on
 * the addresses of the options. Logs the addresses, or the error and its
 * remedies.
 */
#ifndef LISTENING_H
#define LISTENING_H

#include <stddef.h>

struct address;
struct options;
struct server;

/* Descriptors that listening needs, where the service manager has passed so
 * many sockets. */
size_t listening_descriptors(const struct options *o, int passed);

/*
 * Listen on the sockets that activation_take has found, passed of them; if that
 * is 0, on each address of the options. The system chooses one port for all
 * addresses with port 0.
 *
 * Returns an exit status of sysexits.h: EX_OK, or another one, logged.
 */
int listening_open(struct server *server, const struct options *o, int passed);

/*
 * Log, as event, that where cannot be listened on, for a system's error.
 * Returns the exit status: EX_TEMPFAIL in use, EX_NOPERM not permitted, else
 * EX_OSERR.
 */
int listening_failed(const char *event, const struct address *where, int error);

#endif
