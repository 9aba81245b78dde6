/*
 * Notifications for the service manager: sd_notify(3). Each is one datagram to
 * the socket that $NOTIFY_SOCKET names:
 *
 *   READY=1      clients are being accepted
 *   STATUS=      numbers of connections and requests, when they have changed,
 *                every two seconds at the most
 *   WATCHDOG=1   the event loop turns: every half of $WATCHDOG_USEC, if that
 *                is set and $WATCHDOG_PID does not name another process
 *   RELOADING=1  the server reads its files again; with MONOTONIC_USEC=, the
 *                microseconds of CLOCK_MONOTONIC. READY=1 follows
 *   STOPPING=1   the server has begun to stop
 *
 * Without $NOTIFY_SOCKET all of this does nothing. Nothing here blocks. A
 * notification that cannot be sent is sent again later, and logged once.
 */
#ifndef SYSTEM_NOTIFY_H
#define SYSTEM_NOTIFY_H

#include <stdint.h>

/* Descriptors that it needs: its socket. */
#define NOTIFY_DESCRIPTORS 1

struct event_base;
struct notify;

/* What STATUS= says. */
struct notify_figures {
	uint64_t connections; /* now */
	uint64_t requests;    /* since the start */
};

typedef struct notify_figures (*notify_figures_fn)(void *arg);

/*
 * Read the environment; a malformed variable is ignored and logged. Watchdog
 * notifications begin now. figures is called with arg, borrowed, until
 * notify_free. Returns NULL when there is no memory.
 */
struct notify *
notify_new(struct event_base *base, notify_figures_fn figures, void *arg);

/* Send no more notifications; NULL is fine. */
void notify_free(struct notify *n);

/* Notify that clients are being accepted, or that files were read again. */
void notify_ready(struct notify *n);

/* Notify that the server reads its files again. */
void notify_reloading(struct notify *n);

/* Notify that the server stops. Watchdog notifications continue. */
void notify_stopping(struct notify *n);

#endif
