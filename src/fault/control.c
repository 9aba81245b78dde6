#include "fault/control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "fault/metrics.h"
#include "fault/proxy.h"
#include "fault/rules.h"
#include "fault/rules_file.h"
#include "http/guard.h"
#include "http/own_names.h"
#include "http/request.h"
#include "http/scheduler.h"
#include "http/server.h"
#include "http/trust.h"
#include "system/socket.h"

#define PLAIN_TEXT "text/plain; charset=utf-8"

struct fault_control {
	struct fault_control_config config;
	struct own_names own_names;
	struct scheduler *scheduler; /* owned */
	struct http_server *http;    /* owned */
};

/* Reply with a body that failed to be completed, or not; it is freed. */
static void
reply_text(struct http_request *request, const char *type,
    struct evbuffer *body, int failed)
{
	http_request_add_header(request, "Cache-Control", "no-store");
	if (failed != 0)
		http_request_fail(request, 500, "out of memory");
	else
		http_request_reply(request, 200, type, body);
	evbuffer_free(body);
}

static void
get_health(struct http_request *request)
{
	struct evbuffer *body = http_request_new_body(request);

	if (body != NULL)
		reply_text(
		    request, PLAIN_TEXT, body, evbuffer_add(body, "ok\n", 3));
}

static void
get_metrics(struct http_request *request)
{
	const struct fault_control *c = request->context;
	struct evbuffer *body = http_request_new_body(request);

	if (body != NULL)
		reply_text(request, "text/plain; version=0.0.4; charset=utf-8",
		    body,
		    fault_metrics_put(fault_proxy_figures(c->config.proxy),
			c->config.rules, body));
}

static void
get_rules(struct http_request *request)
{
	const struct fault_control *c = request->context;
	const struct fault_rules *rules = c->config.rules;
	struct evbuffer *body = http_request_new_body(request);
	int failed = 0;

	if (body == NULL)
		return;
	for (size_t i = 0; i < fault_rules_count(rules) && failed == 0; i++)
		failed = evbuffer_add_printf(
			     body, "%s\n", fault_rules_text(rules, i)) < 0;
	reply_text(request, PLAIN_TEXT, body, failed);
}

/* Whether the request may change rules. Otherwise replies with the error. */
static bool
may_change(struct http_request *request)
{
	const struct fault_control *c = request->context;

	if (c->config.token == NULL ||
	    guard_allows_token(
		http_request_header(request, "Authorization"), c->config.token))
		return true;
	http_request_add_header(request, "WWW-Authenticate", "Bearer");
	http_request_fail(request, 401,
	    "Authorization: expected \"Bearer\" and the token of --http-token");
	return false;
}

static void
log_change(const struct http_request *request)
{
	const struct fault_control *c = request->context;
	char client[ADDRESS_TEXT_MAX];

	log_line(LOG_WARN, "rules: %s: %zu in force",
	    address_format(&request->client.address, client),
	    fault_rules_count(c->config.rules));
}

/* Replace the rules, and reply with what they are now. */
static void
replace(struct http_request *request, const char *text, size_t length)
{
	const struct fault_control *c = request->context;
	char error[FAULT_RULES_ERROR_MAX];

	if (fault_rules_replace(c->config.rules, text, length, error) != 0) {
		http_request_fail(request, 400, "%s", error);
		return;
	}
	log_change(request);
	get_rules(request);
}

static void
put_rules(struct http_request *request)
{
	struct evbuffer *body = http_request_body(request);
	const size_t length = evbuffer_get_length(body);
	const unsigned char *text = evbuffer_pullup(body, -1);

	if (!may_change(request))
		return;
	if (text == NULL && length != 0)
		http_request_fail(request, 500, "out of memory");
	else
		replace(
		    request, text == NULL ? "" : (const char *)text, length);
}

static void
delete_rules(struct http_request *request)
{
	if (may_change(request))
		replace(request, "", 0);
}

static const struct route {
	const char *path, *allowed;
	http_request_step_fn get, put, delete;
} routes[] = {
	{ "/rules", "GET, HEAD, PUT, DELETE, OPTIONS", get_rules, put_rules,
	    delete_rules },
	{ "/metrics", "GET, HEAD, OPTIONS", get_metrics, NULL, NULL },
	{ "/healthz", "GET, HEAD, OPTIONS", get_health, NULL, NULL },
};

static http_request_step_fn
handler_of(const struct route *route, enum evhttp_cmd_type method)
{
	switch (method) {
	case EVHTTP_REQ_GET:
	case EVHTTP_REQ_HEAD:
		return route->get;
	case EVHTTP_REQ_PUT:
		return route->put;
	case EVHTTP_REQ_DELETE:
		return route->delete;
	default:
		return NULL;
	}
}

static void
handle(struct http_request *request, const struct route *route)
{
	const enum evhttp_cmd_type method =
	    evhttp_request_get_command(request->evhttp);
	const http_request_step_fn handler = handler_of(route, method);

	if (handler != NULL) {
		handler(request);
		return;
	}
	http_request_add_header(request, "Allow", route->allowed);
	if (method == EVHTTP_REQ_OPTIONS)
		http_request_reply(request, 204, NULL, NULL);
	else
		http_request_fail(request, 405, "%s: expected %s", route->path,
		    route->allowed);
}

/* Whether the request names this program, and comes from no page of another
 * server. Otherwise replies with the error. */
static bool
is_trusted(struct http_request *request)
{
	const struct fault_control *c = request->context;
	const struct trust trust = {
		.hosts = c->config.hosts,
		.host_count = c->config.host_count,
		.own_names = c->own_names.names,
		.own_name_count = c->own_names.count,
	};
	const char *host = trust_host(request, &trust);

	return host != NULL && trust_origin(request, &trust, host);
}

/* The first step of every request. */
static void
dispatch(struct http_request *request)
{
	const char *path =
	    evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request->evhttp));

	request->step = NULL;
	http_request_add_header(request, "X-Content-Type-Options", "nosniff");
	if (!is_trusted(request))
		return;
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		if (path != NULL && strcmp(path, routes[i].path) == 0) {
			handle(request, &routes[i]);
			return;
		}
	http_request_fail(request, 404, "unknown path; see mbfault(1)");
}

size_t
fault_control_descriptors(void)
{
	return http_server_descriptors();
}

/* Returns NULL with errno set. */
static struct http_server *
serve(struct fault_control *c)
{
	const struct http_server_config config = {
		.fd = c->config.fd,
		.body_max = FAULT_RULES_TEXT_MAX,
		.scheduler = c->scheduler,
		.dispatch = dispatch,
		.context = c,
	};

	return http_server_new(c->config.base, &config);
}

struct fault_control *
fault_control_new(const struct fault_control_config *config)
{
	struct fault_control *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		socket_close(config->fd);
		return NULL;
	}
	c->config = *config;
	own_names_read(&c->own_names);
	c->scheduler = scheduler_new(config->base);
	if (c->scheduler == NULL)
		socket_close(config->fd);
	else
		c->http = serve(c);
	if (c->http != NULL)
		return c;
	fault_control_free(c);
	errno = ENOMEM;
	return NULL;
}

/* The server first: it frees the requests, which the rest serves. */
void
fault_control_free(struct fault_control *c)
{
	if (c == NULL)
		return;
	http_server_free(c->http);
	scheduler_free(c->scheduler);
	free(c);
}
