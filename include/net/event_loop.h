/*
 * The event loop of a program: it has one thread, so libevent needs no locks.
 */
#ifndef NET_EVENT_LOOP_H
#define NET_EVENT_LOOP_H

struct event_base;

/* A new one, or NULL when the system has no resources for it. */
struct event_base *event_loop_new(void);

/* From now on the log has what libevent complains of. */
void event_loop_log_complaints(void);

#endif
