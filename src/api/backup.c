#include "api/backup.h"

#include <stddef.h>

#include "api/context.h"
#include "api/submit.h"
#include "http/parameters.h"
#include "http/request.h"
#include "state/state.h"

/* The request ends, maybe before the backup. */
static void
forget(void *data)
{
	state_forget_backup(data);
}

static void
ended_cb(void *arg, const char *why)
{
	struct http_request *request = arg;

	if (why == NULL)
		http_request_reply_json(request, 200, json_object());
	else
		http_request_fail(request, 500, "%s", why);
}

/* A backup takes as long as it takes, and needs no more of its client. */
static void
start(struct http_request *request)
{
	const struct api_config *config =
	    &((const struct api *)request->context)->config;

	if (state_back_up_for(
		config->state, config->backup, ended_cb, request) != 0) {
		http_request_fail(request, 409, "a backup is already running");
		return;
	}
	http_request_continue(request, NULL, config->state, forget);
	if (http_request_wait(request) != 0)
		http_request_fail(request, 500, "out of memory");
}

void
api_back_up(struct http_request *request)
{
	const struct api *api = request->context;
	struct parameters q;

	if (!api_allows_write(request) || !api_is_writer(request))
		return;
	parameters_parse(&q, http_request_query(request));
	if (parameters_finish(&q) != NULL)
		http_request_fail(request, 400, "%s", q.error);
	else if (api->config.backup == NULL || api->config.state == NULL)
		http_request_fail(request, 404,
		    "this server makes no backups: --state-backup would name "
		    "the file");
	else
		start(request);
}
