#include "api/write.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/context.h"
#include "api/values_json.h"
#include "api/write_body.h"
#include "http/body.h"
#include "http/parameters.h"
#include "http/request.h"
#include "net/server.h"
#include "service/writing.h"

#define JSON_TYPE "application/json"

/* A write that waits for the order, and the reply to it. */
struct pending_write {
	struct http_request *request; /* borrowed: it owns this */
	struct order_write *write;    /* borrowed; NULL once it is settled */
	json_t *reply;                /* owned, until it is sent */
};

/* Whether the request may write. Otherwise replies with the error. */
static bool
is_allowed(struct http_request *request)
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

static void
pending_free(void *data)
{
	struct pending_write *pending = data;

	if (pending->write != NULL)
		order_forget(pending->write);
	json_decref(pending->reply);
	free(pending);
}

static void
pending_settled(void *owner, enum order_outcome outcome)
{
	struct pending_write *pending = owner;
	struct http_request *request = pending->request;
	json_t *reply = pending->reply;

	pending->write = NULL;
	switch (outcome) {
	case ORDER_EXECUTE:
		pending->reply = NULL;
		http_request_reply_json(request, 200, reply);
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
	if (result->exception == MB_EX_SERVER_DEVICE_FAILURE)
		http_request_fail(request, 503,
		    "writes are temporarily refused: exception %02u %s",
		    result->exception, mb_exception_name(result->exception));
	else
		http_request_fail(request, 403,
		    "refused by the access rules, for address %u quantity %u: "
		    "exception %02u %s",
		    result->refused.address, result->refused.quantity,
		    result->exception, mb_exception_name(result->exception));
}

/* Submit the write, and reply when it is executed or refused. */
static void
submit(struct http_request *request, const struct writing *writings,
    size_t count, json_t *reply)
{
	const struct api *api = request->context;
	struct pending_write *pending = calloc(1, sizeof(*pending));
	struct writing_result result;

	if (pending == NULL) {
		json_decref(reply);
		http_request_fail(request, 500, "out of memory");
		return;
	}
	pending->request = request;
	pending->reply = reply;
	result = writing_submit(server_service(api->config.server),
	    &request->client, writings, count, pending_settled, pending);
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

/* Returns the body, or NULL after a reply that says what is wrong. */
static json_t *
take_body(struct http_request *request)
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

/* The reply: where the values of one kind were written. */
static json_t *
describe(const struct write_body *w)
{
	json_t *reply = json_object();

	if (w->count == 1)
		json_object_set_new(
		    reply, "address", json_integer(w->writings[0].address));
	if (w->count == 1 && w->writings[0].masks != NULL)
		json_object_set_new(reply, "bit", json_integer(w->bit));
	if (w->count == 1)
		json_object_set_new(
		    reply, "quantity", json_integer(w->writings[0].quantity));
	if (w->note[0] != '\0')
		json_object_set_new(reply, "note", json_string(w->note));
	return reply;
}

/* Write what the body of the request says, as read_body reads it. */
static void
write_values(struct http_request *request, write_body_read_fn read_body)
{
	struct write_body *w;
	json_t *body;

	if (!is_allowed(request) || (body = take_body(request)) == NULL)
		return;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		http_request_fail(request, 500, "out of memory");
	else if (read_body(request->context, body, w) != 0)
		http_request_fail(request, 400, "%s", w->error);
	else
		submit(request, w->writings, w->count, describe(w));
	json_decref(body);
	free(w);
}

void
api_put_registers(struct http_request *request)
{
	write_values(request, write_body_read_registers);
}

void
api_put_coils(struct http_request *request)
{
	write_values(request, write_body_read_coils);
}

void
api_load(struct http_request *request)
{
	write_values(request, write_body_read_dump);
}

void
api_reset(struct http_request *request)
{
	static const struct writing zeros[] = {
		{ DATATABLE_COILS, 0, MB_ADDRESSES, NULL, NULL },
		{ DATATABLE_REGISTERS, 0, MB_ADDRESSES, NULL, NULL },
	};
	struct parameters q;
	size_t kind;

	if (!is_allowed(request))
		return;
	parameters_parse(&q, http_request_query(request));
	kind = parameters_choice(&q, "kind", api_kind_names, 2, 2);
	if (parameters_finish(&q) != NULL)
		http_request_fail(request, 400, "%s", q.error);
	else if (kind == 2)
		submit(request, zeros, 2, json_object());
	else
		submit(request, &zeros[kind], 1, json_object());
}
