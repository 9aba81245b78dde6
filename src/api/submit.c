#include "api/submit.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/context.h"
#include "http/body.h"
#include "http/request.h"
#include "net/server.h"
#include "points/rights.h"
#include "service/policy.h"

#define JSON_TYPE "application/json"

/* A write that waits for the order, and the reply to it. */
struct pending_write {
	struct http_request *request; /* borrowed: it owns this */
	struct order_write *write;    /* borrowed; NULL once it is settled */
	struct evbuffer *reply;       /* owned */
};

bool
api_allows_write(struct http_request *request)
{
	const struct api *api = request->context;

	if (api_may_write(request))
		return true;
	if (!api->config.writable) {
		http_request_fail(request, 403,
		    "this server is read-only over HTTP: --http-write would "
		    "allow writes");
		return false;
	}
	http_request_add_header(request, "WWW-Authenticate", "Bearer");
	http_request_fail(request, 401,
	    "writing requires the token: expected Authorization: Bearer TOKEN");
	return false;
}

bool
api_is_writer(struct http_request *request)
{
	const struct api *api = request->context;
	const struct mb_request any = {
		.function = MB_FC_WRITE_MULTIPLE_REGISTERS,
		.kind = DATATABLE_REGISTERS,
		.write = { .address = 0, .quantity = 1 },
	};

	if (policy_may_request(api->config.policy, &request->client,
		WRITING_UNIT, &any) != MB_EX_ILLEGAL_FUNCTION)
		return true;
	http_request_fail(request, 403,
	    "refused by the access rules: this client may not write");
	return false;
}

static void
pending_free(void *data)
{
	struct pending_write *pending = data;

	if (pending->write != NULL)
		order_forget(pending->write);
	evbuffer_free(pending->reply);
	free(pending);
}

static void
pending_settled(void *owner, enum order_outcome outcome)
{
	struct pending_write *pending = owner;
	struct http_request *request = pending->request;

	pending->write = NULL;
	switch (outcome) {
	case ORDER_EXECUTE:
		http_request_reply_json_text(request, pending->reply);
		break;
	case ORDER_REFUSED:
		http_request_fail(request, 503,
		    "writes are temporarily refused: nothing was written");
		break;
	case ORDER_UNKNOWN:
		http_request_fail(
		    request, 504, "the outcome of the write is unknown");
		break;
	}
}

/* The policy has refused the write, or it cannot be done now. */
static void
fail_refused(struct http_request *request, const struct writing_result *result)
{
	const struct api *api = request->context;
	const char *exception = mb_exception_name(result->exception);
	char reason[RIGHTS_REASON_MAX];
	bool explained;

	if (result->exception == MB_EX_SERVER_DEVICE_FAILURE) {
		http_request_fail(request, 503,
		    "writes are temporarily refused: exception %02u %s",
		    result->exception, exception);
		return;
	}
	explained = result->exception == MB_EX_ILLEGAL_DATA_ADDRESS &&
	    rights_explain(api->config.rights, result->refused_kind,
		&result->refused, reason);
	http_request_fail(request, 403,
	    "refused%s%s, for address %u quantity %u: exception %02u %s",
	    explained ? ": " : " by the access rules", explained ? reason : "",
	    result->refused.address, result->refused.quantity,
	    result->exception, exception);
}

struct evbuffer *
api_json_text(json_t *value)
{
	char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);
	struct evbuffer *reply = text == NULL ? NULL : evbuffer_new();

	json_decref(value);
	if (reply != NULL && evbuffer_add_printf(reply, "%s\n", text) < 0) {
		evbuffer_free(reply);
		reply = NULL;
	}
	free(text);
	return reply;
}

void
api_submit_as(struct http_request *request, const struct client *who,
    const struct writing *writings, size_t count, struct evbuffer *reply)
{
	const struct api *api = request->context;
	struct pending_write *pending = calloc(1, sizeof(*pending));
	struct writing_result result;

	if (pending == NULL || reply == NULL) {
		free(pending);
		if (reply != NULL)
			evbuffer_free(reply);
		http_request_fail(request, 500, "out of memory");
		return;
	}
	pending->request = request;
	pending->reply = reply;
	result = writing_submit(server_service(api->config.server), who,
	    writings, count, pending_settled, pending);
	pending->write = result.waits;
	if (result.waits != NULL) {
		http_request_continue(request, NULL, pending, pending_free);
	} else if (result.exception != MB_EX_NONE) {
		pending_free(pending);
		fail_refused(request, &result);
	} else {
		pending_settled(pending, ORDER_EXECUTE);
		pending_free(pending);
	}
}

void
api_submit(struct http_request *request, const struct writing *writings,
    size_t count, struct evbuffer *reply)
{
	api_submit_as(request, &request->client, writings, count, reply);
}

json_t *
api_take_body(struct http_request *request)
{
	struct evbuffer *body = http_request_body(request);
	const char *type = http_request_header(request, "Content-Type");
	size_t length = evbuffer_get_length(body);
	char error[BODY_ERROR_MAX];
	const char *text;
	json_t *object;

	if (type == NULL ||
	    strncasecmp(type, JSON_TYPE, sizeof(JSON_TYPE) - 1) != 0 ||
	    strchr("; ", type[sizeof(JSON_TYPE) - 1]) == NULL) {
		http_request_fail(
		    request, 415, "Content-Type: expected " JSON_TYPE);
		return NULL;
	}
	if (length > WRITE_BODY_MAX) {
		http_request_fail(request, 413,
		    "body: expected at most %d bytes", WRITE_BODY_MAX);
		return NULL;
	}
	text = (const char *)evbuffer_pullup(body, -1);
	object = body_parse(
	    text == NULL ? "" : text, text == NULL ? 0 : length, error);
	if (object == NULL)
		http_request_fail(request, 400, "%s", error);
	return object;
}
