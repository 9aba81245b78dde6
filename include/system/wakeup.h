/*
 * Wake up the event loop's thread from another one: a socket or descriptor that
 * becomes readable, and stays so until it is cleared. Many wake-ups before that
 * are as one.
 */
#ifndef SYSTEM_WAKEUP_H
#define SYSTEM_WAKEUP_H

#include <event2/util.h>

/* Only the layer uses its members. */
struct wakeup {
	evutil_socket_t readable; /* owned */
	evutil_socket_t writable; /* owned; the same where one is enough */
};

/* Returns 0, or -1 with errno set; then w holds nothing. */
int wakeup_open(struct wakeup *w);

void wakeup_close(struct wakeup *w);

/* For an event of the loop (EV_READ). */
static inline evutil_socket_t
wakeup_socket(const struct wakeup *w)
{
	return w->readable;
}

/* Wake it up. From any thread; does not block, and cannot fail. */
void wakeup_signal(const struct wakeup *w);

/* Not readable any more, until the next wakeup_signal. Does not block. */
void wakeup_clear(const struct wakeup *w);

#endif
