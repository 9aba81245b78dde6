/*
 * Gives the server what it listens on once it is started: the sockets of the
 * service manager, or else the addresses of the options, which are bound. Logs
 * the addresses, or the error and its remedies.
 */
#ifndef LISTENING_H
#define LISTENING_H

#include <stddef.h>
#include <stdint.h>

struct address;
struct entrance;
struct options;
struct server;

/* Sockets of the service manager with this name serve TLS. */
#define LISTENING_TLS_NAME "mbaps"

/* What activation_take has found. */
struct listening_passed {
	int count;
	uint32_t tls; /* those that have this name, as bits */
};

/* Descriptors that listening needs. */
size_t listening_descriptors(
    const struct options *o, const struct listening_passed *passed);

/*
 * Take the sockets that were passed; if there are none, bind each address of
 * the options. The system chooses one port for all addresses with port 0, and
 * another one for those of --tls. entrance is where clients of TLS come in, or
 * NULL without --tls.
 *
 * Returns an exit status of sysexits.h: EX_OK, or another one, logged.
 */
int listening_open(struct server *server, const struct options *o,
    const struct listening_passed *passed, const struct entrance *entrance);

/*
 * Log, as event, that where cannot be listened on, for a system's error.
 * Returns the exit status: EX_TEMPFAIL in use, EX_NOPERM not permitted, else
 * EX_OSERR.
 */
int listening_failed(const char *event, const struct address *where, int error);

#endif
