#include "api/trust.h"

#include "api/context.h"
#include "api/sharing.h"
#include "http/request.h"
#include "http/trust.h"
#include "service/policy.h"

static struct trust
trust_of(const struct api_config *config)
{
	return (struct trust){
		.hosts = config->hosts,
		.host_count = config->host_count,
		.own_names = config->own_names,
		.own_name_count = config->own_name_count,
		.secure = config->secure != NULL,
	};
}

/* Whether a page that may use the API, and sends this, may do so. Otherwise
 * replies with the error. */
static bool
may_share(struct http_request *request)
{
	if (trust_is_read(request) || sharing_is_preflight(request) ||
	    sharing_may_write(request))
		return true;
	http_request_fail(request, 403,
	    "Origin: pages of other servers may only read, as there is "
	    "no --http-token");
	return false;
}

bool
api_is_trusted(struct http_request *request)
{
	const struct api *api = request->context;
	const struct trust trust = trust_of(&api->config);
	const char *host = trust_host(request, &trust);

	if (host == NULL)
		return false;
	if (sharing_begin(request) ? !may_share(request) :
				     !trust_origin(request, &trust, host))
		return false;
	if (!policy_may_connect(api->config.policy, &request->client)) {
		http_request_fail(
		    request, 403, "this client's address may not connect");
		return false;
	}
	return true;
}
