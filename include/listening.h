/*
 * Where the server listens: on the sockets that a service manager has opened,
 * or else at the addresses that the options ask for. Says in the log where that
 * is, or why it can't and what would help.
 */
#ifndef LISTENING_H
#define LISTENING_H

#include <stddef.h>

struct address;
struct options;
struct server;

/* Descriptors that listening takes, when a service manager has opened passed
 * sockets. */
size_t listening_descriptors(const struct options *o, int passed);

/*
 * Let the server listen on the sockets that activation_take found, passed of
 * them; if that is 0, at each address of the options. Where several ask for
 * port 0, the system chooses one for all of them; addresses that name a port
 * have no part in that.
 *
 * Returns an exit status of sysexits.h: EX_OK, or another after a line that
 * says why.
 */
int listening_open(struct server *server, const struct options *o, int passed);

/*
 * Log, as event, that where cannot be listened on, for a system's error.
 * Returns the exit status: EX_TEMPFAIL in use, EX_NOPERM not permitted, else
 * EX_OSERR.
 */
int listening_failed(const char *event, const struct address *where, int error);

#endif
