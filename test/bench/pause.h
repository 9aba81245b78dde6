/*
 * Holding a server still while requests are sent to it, so that it finds all
 * of them at once when it goes on: how many connections are ready together is
 * then no matter of chance, and counts of what the server does are exact.
 */
#ifndef PAUSE_H
#define PAUSE_H

#include <sys/types.h>

struct pause {
	pid_t server;
	int stat; /* /proc/PID/stat, open */
};

/* Returns 0, or -1: there is no such process. */
int pause_init(struct pause *p, pid_t server);

/* Wait until the server sleeps, and so has nothing left to do, and stop it.
 * Both return 0, or -1 when it does not come to pass within half a minute. */
int pause_begin(struct pause *p);
int pause_end(const struct pause *p);

#endif
