#include "api/sharing.h"

#include <event2/http.h>
#include <stddef.h>

#include "api/context.h"
#include "http/guard.h"
#include "http/request.h"

/* The origin of the page that sends the request, if it is listed, or NULL. */
static const char *
listed_origin(const struct http_request *request)
{
	const struct api *api = request->context;
	const char *origin = http_request_header(request, "Origin");

	if (origin != NULL &&
	    guard_lists_origin(
		origin, api->config.origins, api->config.origin_count))
		return origin;
	return NULL;
}

bool
sharing_begin(struct http_request *request)
{
	const struct api *api = request->context;
	const char *origin = listed_origin(request);

	if (api->config.origin_count > 0)
		http_request_add_header(request, "Vary", "Origin");
	if (origin == NULL)
		return false;
	http_request_add_header(request, "Access-Control-Allow-Origin", origin);
	http_request_add_header(
	    request, "Access-Control-Expose-Headers", "Allow, ETag");
	return true;
}

bool
sharing_may_write(const struct http_request *request)
{
	const struct api *api = request->context;

	return api->config.token != NULL;
}

bool
sharing_is_preflight(const struct http_request *request)
{
	return evhttp_request_get_command(request->evhttp) ==
	    EVHTTP_REQ_OPTIONS &&
	    http_request_header(request, "Access-Control-Request-Method") !=
	    NULL &&
	    listed_origin(request) != NULL;
}

void
sharing_reply_preflight(struct http_request *request)
{
	http_request_add_header(request, "Access-Control-Allow-Methods",
	    sharing_may_write(request) ? "GET, HEAD, POST, PUT" : "GET, HEAD");
	http_request_add_header(request, "Access-Control-Allow-Headers",
	    "Authorization, Content-Type, If-None-Match, Last-Event-ID");
	http_request_add_header(request, "Access-Control-Max-Age", "600");
	http_request_reply(request, 204, NULL, NULL);
}
