/* A pair, for pair.c, which has its beginning, its events and its end, and for
 * pair_settle.c, which has what follows from them. */
#ifndef FAULT_PAIR_PRIVATE_H
#define FAULT_PAIR_PRIVATE_H

#include "fault/pair.h"
#include "fault/wait.h"

#define NO_MEMORY "out of memory"

enum pair_state {
	PAIR_OPEN,
	PAIR_FLUSHING,
	PAIR_LINGERING,
};

struct pair {
	struct flow flow;
	struct pair_host *host; /* borrowed */
	LIST_ENTRY(pair) link;
	evutil_socket_t client_fd; /* the stream's, or -1 */
	evutil_socket_t server_fd;
	bool server_open; /* its stream has not been ended */
	bool client_shut, server_shut;
	bool resets; /* the server's connection was lost: so is the client's */
	uint8_t state;
	struct wait wait;
	const char *why; /* it ends; NULL: whoever ends it says so */
};

/* Close both connections. why is the reason, unless p->why is. */
void pair_close(struct pair *p, const char *why);

/* The same, by resetting both. */
void pair_reset(struct pair *p, const char *why);

/* The server's connection is done with. */
void pair_end_server(struct pair *p);

/* Something has passed, or ended, or is due: do what follows. Closes it if that
 * is what follows. */
void pair_settle(struct pair *p);

/* Flushing: linger if all is sent. */
void pair_linger_if_flushed(struct pair *p);

#endif
