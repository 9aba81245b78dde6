#include "system/notify.h"

#include <stdbool.h>
#include <stdlib.h>

#include "service.h"

/* The service control manager learns less than systemd: neither figures nor
 * that the event loop turns. */
struct notify {
	bool stopping;
};

struct notify *
notify_new(struct event_base *base, notify_figures_fn figures, void *arg)
{
	(void)base;
	(void)figures;
	(void)arg;
	return calloc(1, sizeof(struct notify));
}

void
notify_free(struct notify *n)
{
	free(n);
}

void
notify_ready(struct notify *n)
{
	if (!n->stopping)
		service_ready();
}

/* To it, a service that reads its files again is running. */
void
notify_reloading(struct notify *n)
{
	(void)n;
}

void
notify_stopping(struct notify *n)
{
	n->stopping = true;
	service_stopping();
}
