#include "api/api.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#include "api/events.h"
#include "api/routes.h"
#include "api/submit.h"
#include "api/wait.h"
#include "base/clock.h"
#include "http/scheduler.h"
#include "http/server.h"
#include "net/server.h"
#include "page/page.h"
#include "system/socket.h"
#include "table/changes.h"

/* Bytes of a request's body, when writes are refused. */
#define REFUSED_BODY_MAX (64 * 1024)

static void
second_cb(evutil_socket_t fd, short what, void *arg)
{
	struct api *api = arg;

	(void)fd;
	(void)what;
	rates_sample(&api->rates, server_counters(api->config.server),
	    clock_realtime_ms());
	events_second(api->events);
}

/* Create all that the handlers need. Returns 0, or -1 when memory is
 * exhausted. */
static int
create_parts(struct api *api, struct event_base *base)
{
	const struct api_config *config = &api->config;
	const struct timeval second = { 1, 0 };

	rates_init(&api->rates, server_counters(config->server));
	api->scheduler = scheduler_new(base);
	api->changes = changes_new(config->table, config->overlay);
	if (api->scheduler == NULL || api->changes == NULL)
		return -1;
	api->events = events_new(base, api);
	api->second = event_new(base, -1, EV_PERSIST, second_cb, api);
	api->page_policy = page_policy_new(config->frames, config->frame_count);
	api->waits = waits_new(base, api);
	if (api->events == NULL || api->second == NULL ||
	    api->page_policy == NULL || api->waits == NULL)
		return -1;
	return event_add(api->second, &second);
}

/* Returns NULL with errno set. */
static struct http_server *
serve(struct api *api, struct event_base *base)
{
	const struct http_server_config config = {
		.fd = api->config.fd,
		.secure = api->config.secure,
		.body_max =
		    api->config.writable ? WRITE_BODY_MAX : REFUSED_BODY_MAX,
		.scheduler = api->scheduler,
		.dispatch = api_dispatch,
		.context = api,
	};

	return http_server_new(base, &config);
}

struct api *
api_new(struct event_base *base, const struct api_config *config)
{
	struct api *api = calloc(1, sizeof(*api));

	if (api == NULL) {
		socket_close(config->fd);
		return NULL;
	}
	api->config = *config;
	api->started = clock_realtime_ms();
	api->started_ms = clock_ms();
	if (create_parts(api, base) != 0) {
		socket_close(config->fd);
		goto fail;
	}
	api->http = serve(api, base);
	if (api->http != NULL)
		return api;
fail:
	api_free(api);
	errno = ENOMEM;
	return NULL;
}

void
api_renew(struct api *api, struct ssl_ctx_st *context)
{
	api->config.secure = context;
	http_server_renew(api->http, context);
}

/* The server first: it frees the requests, which the rest serves. */
void
api_free(struct api *api)
{
	if (api == NULL)
		return;
	http_server_free(api->http);
	if (api->second != NULL)
		event_free(api->second);
	waits_free(api->waits);
	events_free(api->events);
	changes_free(api->changes);
	scheduler_free(api->scheduler);
	free(api->page_policy);
	free(api);
}
