#include "api/context.h"

#include "http/guard.h"
#include "http/request.h"
#include "table/changes.h"

const char *
api_mode(const struct api *api)
{
	return api->config.overlay == DATATABLE_OVERLAID ? "overlaid" :
							   "separate";
}

const char *
api_health(const struct api *api)
{
	if (api->config.health == NULL)
		return NULL;
	return api->config.health(api->config.health_arg);
}

/* Ticks start at 0: with the start time added, the number keeps rising when the
 * server is restarted. */
uint64_t
api_sequence_of(const struct api *api, uint32_t tick)
{
	return api->started + tick;
}

uint64_t
api_sequence(const struct api *api)
{
	return api_sequence_of(api, changes_tick(api->changes));
}

bool
api_may_write(const struct http_request *request)
{
	const struct api *api = request->context;

	return api->config.writable &&
	    (api->config.token == NULL ||
		guard_allows_token(
		    http_request_header(request, "Authorization"),
		    api->config.token));
}
