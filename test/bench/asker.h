/*
 * Connections to a server that ask what a workload says and judge every
 * response, by raw epoll, in one thread. Whatever is wrong ends the program
 * with a line that says what: a figure of a server that answers wrongly is
 * worth nothing.
 */
#ifndef ASKER_H
#define ASKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "latency.h"
#include "secure.h"
#include "workload.h"

struct plan {
	const char *host;
	const char *port;
	const char *workload;
	uint32_t connections;
	uint32_t pipeline; /* requests that a connection asks at a time */
	bool data;         /* the server has a table, so judge contents */
	const struct secure_files *tls; /* secure.h; NULL: no TLS */
	pid_t paused;   /* if not 0: hold this server while asking */
	uint32_t burst; /* and so many connections ask together */
};

struct asker;

/* Connect, fill the table, and let every connection ask once, so that the
 * server is known to have accepted it. */
struct asker *asker_new(const struct plan *plan);

/* Close the connections. */
void asker_free(struct asker *a);

/*
 * Ask that many requests, or fewer when so many seconds are over, and wait for
 * the answer to each. A connection asks its next ones, in one segment, when it
 * has the answers to all it has asked. Returns how many were answered.
 */
uint64_t asker_run(struct asker *a, uint64_t requests, double seconds,
    struct latency *latency);

/* Read the whole table, and see that no connection got more than it asked. */
void asker_confirm(struct asker *a);

/* Registers that one request moves. */
double asker_registers(const struct asker *a);

/* Steady time in ns. */
uint64_t asker_now(void);

/* Print what is wrong, as printf does, and exit. */
void asker_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

#endif
