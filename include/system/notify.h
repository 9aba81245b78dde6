/*
 * Tells the service manager how the server is: sd_notify(3). That is one
 * datagram at a time to the socket that $NOTIFY_SOCKET names:
 *
 *   READY=1      clients are being accepted
 *   STATUS=      how many connections and requests, when that has changed,
 *                every two seconds at the most
 *   WATCHDOG=1   the event loop turns: every half of $WATCHDOG_USEC, if that
 *                is set and $WATCHDOG_PID does not name another process
 *   STOPPING=1   the end has begun
 *
 * Without $NOTIFY_SOCKET all of this does nothing. Nothing here blocks, and a
 * manager that does not listen is no reason to stop: what it has not taken is
 * told again later, and one line of log says so.
 */
#ifndef SYSTEM_NOTIFY_H
#define SYSTEM_NOTIFY_H

/* Descriptors that it takes: its socket. */
#define NOTIFY_DESCRIPTORS 1

struct counters;
struct event_base;
struct notify;

/*
 * Read the environment. What is malformed there is ignored, with a line of log.
 * The watchdog is fed from now on, as the loop turns. counters is borrowed and
 * outlives the object. Returns NULL when there is no memory.
 */
struct notify *
notify_new(struct event_base *base, const struct counters *counters);

/* Say nothing more; NULL is fine. */
void notify_free(struct notify *n);

/* Say that clients are being accepted. */
void notify_ready(struct notify *n);

/* Say that a stop has begun. The watchdog is fed until the end. */
void notify_stopping(struct notify *n);

#endif
