#include "net/event_loop.h"

#include <event2/event.h>
#include <stddef.h>

#include "base/log.h"

struct event_base *
event_loop_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config == NULL)
		return NULL;
	if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0)
		base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

static void
log_complaint(int severity, const char *message)
{
	log_line(severity >= EVENT_LOG_WARN ? LOG_WARN : LOG_DEBUG,
	    "libevent: %s", message);
}

void
event_loop_log_complaints(void)
{
	event_set_log_callback(log_complaint);
}
