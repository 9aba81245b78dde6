/* The one server that a test works on, driven turn by turn on its own loop. */
#ifndef ONE_SERVER_H
#define ONE_SERVER_H

#include "base/clock.h"
#include "net/server.h"
#include "suite.h"

#define PATIENCE_MS 20000

extern struct event_base *base;
extern struct server_config config; /* for one_server_start, with a table */
extern struct server *server;       /* NULL until then */
extern unsigned stops;              /* calls of stopped */
extern unsigned shut_downs;         /* shut-down words: each stops the server */

/* A base, which wakes up every few milliseconds, and a config. */
void one_server_begin(void);

/* Free everything, the server too. */
void one_server_end(void);

/* Start the server on a port that the system chooses, on IPv4 loopback. */
void one_server_start(void);

const struct counters *counters(void);

/* A client's socket that does not block; the kernel completes the connection by
 * itself. */
int one_server_dial(void);

/* Turn the loop, and do what else is to be done, until the expression is
 * true. */
#define await_doing(what_else, expression)                                     \
	do {                                                                   \
		uint64_t until_ = clock_ms() + PATIENCE_MS;                    \
                                                                               \
		while (!(expression)) {                                        \
			event_base_loop(base, EVLOOP_ONCE);                    \
			what_else;                                             \
			ck_assert_msg(clock_ms() < until_, "waited for %s",    \
			    #expression);                                      \
		}                                                              \
	} while (0)

#endif
