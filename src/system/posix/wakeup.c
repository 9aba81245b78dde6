#include "system/wakeup.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int
wakeup_open(struct wakeup *w)
{
	w->readable = w->writable = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return w->readable < 0 ? -1 : 0;
}

void
wakeup_close(struct wakeup *w)
{
	close(w->readable);
}

void
wakeup_signal(const struct wakeup *w)
{
	const uint64_t one = 1;

	/* It cannot fail: the count is far below its maximum. */
	while (write(w->writable, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void
wakeup_clear(const struct wakeup *w)
{
	uint64_t count;

	while (read(w->readable, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}
