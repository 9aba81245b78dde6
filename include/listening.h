/*
 * Gives the server what it listens on once it is started: the sockets of the
 * service manager, or else the addresses of the options, which are bound. Logs
 * the addresses, or the error and its remedies.
 */
#ifndef LISTENING_H
#define LISTENING_H

#include <stddef.h>
#include <stdint.h>

#include "net/admission.h"

struct entrance;
struct options;
struct rtu_source;
struct server;

/* Sockets of the service manager with this name serve TLS. */
#define LISTENING_TLS_NAME "mbaps"

/* What activation_take has found. */
struct listening_passed {
	int count;
	uint32_t tls; /* those that have this name, as bits */
};

/* All zeros at first. */
struct listening {
	struct listening_passed passed;
	const struct entrance *tls; /* for its clients; NULL without --tls */

	struct rtu_source *rtu; /* owned; NULL: no RTU frames */
	struct admission rtu_clients;
};

/* Descriptors that listening needs; passed has been set. */
size_t
listening_descriptors(const struct listening *l, const struct options *o);

/*
 * Take the sockets that were passed; if there are none, bind each address of
 * the options. The system chooses one port for all addresses of --port and
 * --listen with port 0, one for those of rtu:, and so on, and one for those of
 * --tls. passed and tls have been set.
 *
 * Returns an exit status of sysexits.h: EX_OK, or another one, logged.
 */
int listening_open(
    struct listening *l, const struct options *o, struct server *server);

/* After the server was freed. */
void listening_free(struct listening *l);

#endif
