/*
 * What whoever operates the process asks of it: by signals; on a system without
 * them by its own means, such as ^C, the end of the session, or the service
 * manager.
 */
#ifndef SYSTEM_SIGNALS_H
#define SYSTEM_SIGNALS_H

#include <stdbool.h>

struct event_base;
struct signals;

enum signals_request {
	/* SIGINT, SIGTERM; and SIGHUP where there was a controlling terminal
	 * at the start, which has closed then */
	SIGNALS_STOP,
	SIGNALS_RELOAD,  /* SIGHUP without such a terminal */
	SIGNALS_BACK_UP, /* SIGUSR1 */
	SIGNALS_REPORT,  /* SIGUSR2 */
};

/* Called from the event loop. how is the means, such as "signal 15". */
typedef void (*signals_fn)(
    void *arg, enum signals_request request, const char *how);

/* Write to a pipe that nobody reads, or to a file that may not grow, without
 * the end of the process: it fails as any write. */
void signals_ignore_closed_pipes(void);
void signals_ignore_file_limits(void);

/*
 * Find out how the process was started: to be called at the start, before
 * others can have changed that. requested is called with arg, borrowed, for
 * what is caught. Returns NULL when there is no memory.
 */
struct signals *signals_new(signals_fn requested, void *arg);

/* Catch the requests to stop, or the others, in this event loop; but not those
 * that were ignored at the start (nohup). Returns 0, or -1. */
int signals_catch(struct signals *s, struct event_base *base, bool stops);

/* Do so no longer, before the event loop is freed. Requests to stop then end
 * the process; the others do nothing any more. Accepts NULL. */
void signals_release(struct signals *s, bool stops);

/* Both were released, if they were caught. Accepts NULL. */
void signals_free(struct signals *s);

#endif
