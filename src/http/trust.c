#include "http/trust.h"

#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <strings.h>

#include "http/guard.h"
#include "http/request.h"

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

bool
trust_is_read(const struct http_request *request)
{
	enum evhttp_cmd_type method =
	    evhttp_request_get_command(request->evhttp);

	return method == EVHTTP_REQ_GET || method == EVHTTP_REQ_HEAD;
}

/* Whether the request need not name a host: HTTP/1.0 does not require it, and
 * health checks of balancers don't. No browser sends HTTP/1.0, so that no page
 * was tricked into it; but it may only read. */
static bool
may_lack_host(const struct http_request *request)
{
	return request->evhttp->major == 1 && request->evhttp->minor == 0 &&
	    trust_is_read(request);
}

static bool
is_own_host(const struct trust *t, const char *host)
{
	return guard_allows_host(host, t->hosts, t->host_count) ||
	    guard_allows_host(host, t->own_names, t->own_name_count);
}

const char *
trust_host(struct http_request *request, const struct trust *t)
{
	const char *host = http_request_header(request, "Host");
	const struct evhttp_uri *uri =
	    evhttp_request_get_evhttp_uri(request->evhttp);

	if (host == NULL && may_lack_host(request))
		host = "localhost";
	if (host == NULL || count_headers(request, "Host") > 1 ||
	    evhttp_uri_get_host(uri) != NULL) {
		http_request_fail(
		    request, 400, "expected one Host header, and a path");
		return NULL;
	}
	if (is_own_host(t, host))
		return host;
	http_request_fail(request, 403,
	    "Host: expected an address, localhost, this machine's "
	    "name, or one that --http-host allows");
	return NULL;
}

bool
trust_origin(
    struct http_request *request, const struct trust *t, const char *host)
{
	const char *origin = http_request_header(request, "Origin");

	if (origin != NULL &&
	    !guard_allows_origin(
		origin, host, t->hosts, t->host_count, t->secure)) {
		http_request_fail(request, 403,
		    "Origin: requests from pages of other servers are refused; "
		    "--http-host allows a name");
		return false;
	}
	if (!guard_allows_fetch(http_request_header(request, "Sec-Fetch-Site"),
		http_request_header(request, "Sec-Fetch-Mode"),
		trust_is_read(request))) {
		http_request_fail(request, 403,
		    "Sec-Fetch-Site: requests from pages of other servers are "
		    "refused");
		return false;
	}
	return true;
}
