#include "api/routes.h"

#include <event2/http.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "api/backup.h"
#include "api/context.h"
#include "api/events.h"
#include "api/journal.h"
#include "api/metrics.h"
#include "api/point_metrics.h"
#include "api/point_request.h"
#include "api/point_write.h"
#include "api/points.h"
#include "api/requests.h"
#include "api/sharing.h"
#include "api/simulation.h"
#include "api/status.h"
#include "api/table.h"
#include "api/trust.h"
#include "api/wait.h"
#include "api/write.h"
#include "api/writers.h"
#include "http/request.h"
#include "page/page.h"

static const struct route {
	enum evhttp_cmd_type method;
	const char *path; /* one that ends in a slash: and all below it */
	http_request_step_fn handle;
} routes[] = {
	{ EVHTTP_REQ_GET, "/api/registers", api_get_registers },
	{ EVHTTP_REQ_GET, API_REGISTER_PATH, api_get_register },
	{ EVHTTP_REQ_GET, "/api/coils", api_get_coils },
	{ EVHTTP_REQ_GET, API_COIL_PATH, api_get_coil },
	{ EVHTTP_REQ_GET, "/api/dump", api_get_dump },
	{ EVHTTP_REQ_GET, "/api/events", events_subscribe },
	{ EVHTTP_REQ_GET, "/api/points", api_get_points },
	{ EVHTTP_REQ_GET, "/api/points.csv", api_get_points_csv },
	{ EVHTTP_REQ_GET, API_POINT_PATH, api_get_point },
	{ EVHTTP_REQ_GET, "/api/wait", api_wait },
	{ EVHTTP_REQ_GET, "/api/status", api_get_status },
	{ EVHTTP_REQ_GET, "/api/clients", api_get_clients },
	{ EVHTTP_REQ_GET, "/api/writers", api_get_writers },
	{ EVHTTP_REQ_GET, "/api/writers/map", api_get_writers_map },
	{ EVHTTP_REQ_GET, "/api/contended", api_get_contended },
	{ EVHTTP_REQ_GET, "/api/requests", api_get_requests },
	{ EVHTTP_REQ_GET, "/api/journal", api_get_journal },
	{ EVHTTP_REQ_GET, "/api/simulation", api_get_simulation },
	{ EVHTTP_REQ_GET, "/healthz", api_get_health },
	{ EVHTTP_REQ_GET, "/metrics", api_get_metrics },
	{ EVHTTP_REQ_GET, "/metrics/points", api_get_point_metrics },
	{ EVHTTP_REQ_PUT, "/api/registers", api_put_registers },
	{ EVHTTP_REQ_PUT, "/api/coils", api_put_coils },
	{ EVHTTP_REQ_PUT, "/api/points", api_put_points },
	{ EVHTTP_REQ_PUT, API_POINT_PATH, api_put_point },
	{ EVHTTP_REQ_PUT, "/api/simulation", api_put_simulation },
	{ EVHTTP_REQ_POST, "/api/reset", api_reset },
	{ EVHTTP_REQ_POST, "/api/load", api_load },
	{ EVHTTP_REQ_POST, "/api/backup", api_back_up },
};

#define ROUTES (sizeof(routes) / sizeof(*routes))

static bool
matches(const struct route *route, const char *path)
{
	size_t length = strlen(route->path);

	if (route->path[length - 1] == '/')
		return strncmp(route->path, path, length) == 0;
	return strcmp(route->path, path) == 0;
}

static const char *
method_name(enum evhttp_cmd_type method)
{
	switch (method) {
	case EVHTTP_REQ_GET:
		return "GET, HEAD";
	case EVHTTP_REQ_PUT:
		return "PUT";
	default:
		return "POST";
	}
}

/* Tell the methods of the path of a route, or of an asset: that was the
 * question, or it has no other ones. */
static void
reply_methods(
    struct http_request *request, const char *path, enum evhttp_cmd_type method)
{
	char allowed[64] = "";
	size_t n = 0;

	for (size_t i = 0; i < ROUTES; i++)
		if (strcmp(routes[i].path, path) == 0)
			n += (size_t)snprintf(allowed + n, sizeof(allowed) - n,
			    "%s, ", method_name(routes[i].method));
	if (n == 0) /* an asset of the page */
		n = (size_t)snprintf(allowed, sizeof(allowed), "%s, ",
		    method_name(EVHTTP_REQ_GET));
	snprintf(allowed + n, sizeof(allowed) - n, "OPTIONS");
	http_request_add_header(request, "Allow", allowed);
	if (method == EVHTTP_REQ_OPTIONS)
		http_request_reply(request, 204, NULL, NULL);
	else
		http_request_fail(
		    request, 405, "%s: expected %s", path, allowed);
}

static void
find_handler(struct http_request *request, const char *path)
{
	const struct api *api = request->context;
	enum evhttp_cmd_type method =
	    evhttp_request_get_command(request->evhttp);
	const struct page_asset *asset = page_find(path);
	const char *known = asset == NULL ? NULL : path;

	if (method == EVHTTP_REQ_HEAD)
		method = EVHTTP_REQ_GET;
	if (asset != NULL && method == EVHTTP_REQ_GET) {
		page_reply(request, asset, api->page_policy);
		return;
	}
	for (size_t i = 0; i < ROUTES; i++) {
		if (!matches(&routes[i], path))
			continue;
		known = routes[i].path;
		if (routes[i].method == method) {
			routes[i].handle(request);
			return;
		}
	}
	if (known != NULL)
		reply_methods(request, known, method);
	else
		http_request_fail(
		    request, 404, "unknown path; see mbasyncserver-http(7)");
}

void
api_dispatch(struct http_request *request)
{
	const char *path;

	request->step = NULL;
	http_request_add_header(request, "X-Content-Type-Options", "nosniff");
	http_request_add_header(
	    request, "Cross-Origin-Resource-Policy", "same-origin");
	http_request_add_header(request, "Referrer-Policy", "no-referrer");
	if (!api_is_trusted(request))
		return;
	if (sharing_is_preflight(request)) {
		sharing_reply_preflight(request);
		return;
	}
	path =
	    evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request->evhttp));
	find_handler(request, path == NULL ? "" : path);
}
