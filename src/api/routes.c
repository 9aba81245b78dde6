#include "api/routes.h"

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/context.h"
#include "api/events.h"
#include "api/metrics.h"
#include "api/status.h"
#include "api/table.h"
#include "api/write.h"
#include "api/writers.h"
#include "http/guard.h"
#include "http/request.h"
#include "page/page.h"
#include "service/policy.h"

static const struct route {
	enum evhttp_cmd_type method;
	const char *path;
	http_request_step_fn handle;
} routes[] = {
	{ EVHTTP_REQ_GET, "/api/registers", api_get_registers },
	{ EVHTTP_REQ_GET, "/api/coils", api_get_coils },
	{ EVHTTP_REQ_GET, "/api/dump", api_get_dump },
	{ EVHTTP_REQ_GET, "/api/events", events_subscribe },
	{ EVHTTP_REQ_GET, "/api/status", api_get_status },
	{ EVHTTP_REQ_GET, "/api/clients", api_get_clients },
	{ EVHTTP_REQ_GET, "/api/writers", api_get_writers },
	{ EVHTTP_REQ_GET, "/api/writers/map", api_get_writers_map },
	{ EVHTTP_REQ_GET, "/api/contended", api_get_contended },
	{ EVHTTP_REQ_GET, "/healthz", api_get_health },
	{ EVHTTP_REQ_GET, "/metrics", api_get_metrics },
	{ EVHTTP_REQ_PUT, "/api/registers", api_put_registers },
	{ EVHTTP_REQ_PUT, "/api/coils", api_put_coils },
	{ EVHTTP_REQ_POST, "/api/reset", api_reset },
	{ EVHTTP_REQ_POST, "/api/load", api_load },
};

#define ROUTES (sizeof(routes) / sizeof(*routes))

/* The number of headers of that name in the request. */
static unsigned
count_headers(const struct http_request *request, const char *name)
{
	const struct evkeyvalq *headers =
	    evhttp_request_get_input_headers(request->evhttp);
	unsigned n = 0;

	for (const struct evkeyval *h = headers->tqh_first; h != NULL;
	     h = h->next.tqe_next)
		n += strcasecmp(h->key, name) == 0;
	return n;
}

/* Whether the request names this server, does not come from another server's
 * page, and is permitted by the policy. Otherwise replies with the error. */
static bool
is_trusted(struct http_request *request)
{
	const struct api *api = request->context;
	const char *host = http_request_header(request, "Host");
	const char *origin = http_request_header(request, "Origin");
	const struct evhttp_uri *uri =
	    evhttp_request_get_evhttp_uri(request->evhttp);

	if (host == NULL || count_headers(request, "Host") != 1 ||
	    evhttp_uri_get_host(uri) != NULL) {
		http_request_fail(
		    request, 400, "expected one Host header, and a path");
		return false;
	}
	if (!guard_allows_host(
		host, api->config.hosts, api->config.host_count)) {
		http_request_fail(request, 403,
		    "Host: expected an address, localhost, or a name that "
		    "--http-host allows");
		return false;
	}
	if (origin != NULL && !guard_allows_origin(origin, host,
				  api->config.hosts, api->config.host_count)) {
		http_request_fail(request, 403,
		    "Origin: requests from pages of other servers are "
		    "refused");
		return false;
	}
	if (!policy_may_connect(api->config.policy, &request->client)) {
		http_request_fail(
		    request, 403, "this client's address may not connect");
		return false;
	}
	return true;
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

/* Reply that the path exists, but not with this method. */
static void
fail_method(struct http_request *request, const char *path)
{
	char allowed[64] = "";
	size_t n = 0;

	for (size_t i = 0; i < ROUTES; i++)
		if (strcmp(routes[i].path, path) == 0)
			n += (size_t)snprintf(allowed + n, sizeof(allowed) - n,
			    "%s%s", n == 0 ? "" : ", ",
			    method_name(routes[i].method));
	if (n == 0) /* an asset of the page */
		snprintf(allowed, sizeof(allowed), "%s",
		    method_name(EVHTTP_REQ_GET));
	http_request_add_header(request, "Allow", allowed);
	http_request_fail(request, 405, "%s: expected %s", path, allowed);
}

static void
find_handler(struct http_request *request, const char *path)
{
	const struct api *api = request->context;
	enum evhttp_cmd_type method =
	    evhttp_request_get_command(request->evhttp);
	const struct page_asset *asset = page_find(path);
	bool known = asset != NULL;

	if (method == EVHTTP_REQ_HEAD)
		method = EVHTTP_REQ_GET;
	if (asset != NULL && method == EVHTTP_REQ_GET) {
		page_reply(request, asset, api->page_policy);
		return;
	}
	for (size_t i = 0; i < ROUTES; i++) {
		if (strcmp(routes[i].path, path) != 0)
			continue;
		known = true;
		if (routes[i].method == method) {
			routes[i].handle(request);
			return;
		}
	}
	if (known)
		fail_method(request, path);
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
	if (!is_trusted(request))
		return;
	path =
	    evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request->evhttp));
	find_handler(request, path == NULL ? "" : path);
}
