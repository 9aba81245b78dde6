#include "api/write.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/context.h"
#include "api/values_json.h"
#include "http/body.h"
#include "http/parameters.h"
#include "http/request.h"
#include "net/server.h"
#include "service/writing.h"

#define ADDRESSES    65536
#define COILS_A_WORD 16
#define COIL_WORDS   (ADDRESSES / COILS_A_WORD)
#define JSON_TYPE    "application/json"

/* The values to write: at most all registers and all coils. */
struct requested_write {
	struct writing writings[2];
	size_t count;
	uint16_t registers[ADDRESSES];
	uint16_t coils[COIL_WORDS];
	char error[BODY_ERROR_MAX];
};

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

/* Write, if the policy permits it, and reply; later, if there is an order. */
static void
carry_out(struct http_request *request, const struct writing *writings,
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

/* Read the values to write from a body. Returns 0, or -1 with o->error. */
typedef int (*read_write_fn)(
    const struct api *api, json_t *body, struct requested_write *o);

static json_t *
describe(const struct requested_write *o)
{
	json_t *reply = json_object();

	if (o->count == 1)
		json_object_set_new(
		    reply, "address", json_integer(o->writings[0].address));
	if (o->count == 1)
		json_object_set_new(
		    reply, "quantity", json_integer(o->writings[0].quantity));
	return reply;
}

static void
write_body(struct http_request *request, read_write_fn read_write)
{
	struct requested_write *o;
	json_t *body;

	if (!is_allowed(request) || (body = take_body(request)) == NULL)
		return;
	o = calloc(1, sizeof(*o));
	if (o == NULL)
		http_request_fail(request, 500, "out of memory");
	else if (read_write(request->context, body, o) != 0)
		http_request_fail(request, 400, "%s", o->error);
	else
		carry_out(request, o->writings, o->count, describe(o));
	json_decref(body);
	free(o);
}

static void
add_writing(struct requested_write *o, enum datatable_kind kind, size_t address,
    long quantity)
{
	o->writings[o->count++] = (struct writing){
		.kind = kind,
		.address = (uint32_t)address,
		.quantity = (uint32_t)quantity,
		.words = kind == DATATABLE_COILS ? o->coils : o->registers,
	};
}

static int
read_registers(const struct api *api, json_t *body, struct requested_write *o)
{
	static const char *const names[] = { "address", "values", "type",
		"order" };
	json_t *members[4];
	size_t address, type, order;
	long quantity;

	(void)api;
	if (body_members(body, names, 4, members, o->error) != 0 ||
	    body_number(members[0], "address", ADDRESSES - 1, 0, &address,
		o->error) != 0 ||
	    body_choice(members[2], "type", value_type_names, VALUE_TYPES,
		VALUE_UINT16, &type, o->error) != 0 ||
	    body_choice(members[3], "order", value_order_names, VALUE_ORDERS,
		VALUE_ABCD, &order, o->error) != 0)
		return -1;
	quantity = body_values(members[1], "values", (enum value_type)type,
	    (enum value_order)order, o->registers, ADDRESSES - address,
	    o->error);
	if (quantity < 0)
		return -1;
	add_writing(o, DATATABLE_REGISTERS, address, quantity);
	return 0;
}

void
api_put_registers(struct http_request *request)
{
	write_body(request, read_registers);
}

static int
read_coils(const struct api *api, json_t *body, struct requested_write *o)
{
	static const char *const names[] = { "address", "values" };
	json_t *members[2];
	size_t address;
	long quantity;

	(void)api;
	if (body_members(body, names, 2, members, o->error) != 0 ||
	    body_number(members[0], "address", ADDRESSES - 1, 0, &address,
		o->error) != 0)
		return -1;
	quantity = body_coils(
	    members[1], "values", o->coils, ADDRESSES - address, o->error);
	if (quantity < 0)
		return -1;
	add_writing(o, DATATABLE_COILS, address, quantity);
	return 0;
}

void
api_put_coils(struct http_request *request)
{
	write_body(request, read_coils);
}

static int
fail(struct requested_write *o, const char *why)
{
	snprintf(o->error, sizeof(o->error), "%s", why);
	return -1;
}

/* Whether the registers and the coils of a dump agree where they overlay one
 * another. */
static bool
is_consistent(const struct requested_write *o)
{
	size_t words = o->writings[0].quantity;

	if (o->count < 2)
		return true;
	if (words > o->writings[1].quantity / COILS_A_WORD)
		words = o->writings[1].quantity / COILS_A_WORD;
	return memcmp(o->registers, o->coils, words * sizeof(uint16_t)) == 0;
}

static int
read_registers_part(
    struct requested_write *o, const json_t *values, size_t address)
{
	long n;

	if (values == NULL)
		return 0;
	n = body_values(values, "registers", VALUE_UINT16, VALUE_ABCD,
	    o->registers, ADDRESSES - address, o->error);
	if (n < 0)
		return -1;
	add_writing(o, DATATABLE_REGISTERS, address, n);
	return 0;
}

static int
read_coils_part(struct requested_write *o, const json_t *values, size_t address)
{
	long n;

	if (values == NULL)
		return 0;
	if (address % COILS_A_WORD != 0)
		return fail(o, "address: expected a multiple of 16 for coils");
	n = body_values(values, "coils", VALUE_UINT16, VALUE_ABCD, o->coils,
	    COIL_WORDS - address / COILS_A_WORD, o->error);
	if (n < 0)
		return -1;
	add_writing(o, DATATABLE_COILS, address, n * COILS_A_WORD);
	return 0;
}

/* A dump, or a part of one. */
static int
read_dump(const struct api *api, json_t *body, struct requested_write *o)
{
	static const char *const names[] = { "address", "registers", "coils",
		"mode", "seq" };
	json_t *members[5];
	size_t address;

	if (body_members(body, names, 5, members, o->error) != 0 ||
	    body_number(members[0], "address", ADDRESSES - 1, 0, &address,
		o->error) != 0)
		return -1;
	if (members[3] != NULL &&
	    (!json_is_string(members[3]) ||
		strcmp(json_string_value(members[3]), api_mode(api)) != 0))
		return fail(o, "mode: not the mode of this server");
	if (members[0] != NULL && members[1] != NULL && members[2] != NULL)
		return fail(o,
		    "address: expected either registers or coils "
		    "with it");
	if (read_registers_part(o, members[1], address) != 0 ||
	    read_coils_part(o, members[2], address) != 0)
		return -1;
	if (o->count == 0)
		return fail(o, "expected registers, coils, or both");
	if (api->config.overlay == DATATABLE_OVERLAID && !is_consistent(o))
		return fail(o,
		    "coils: not the same as registers 0 to 4095, "
		    "which they overlay");
	return 0;
}

void
api_load(struct http_request *request)
{
	write_body(request, read_dump);
}

void
api_reset(struct http_request *request)
{
	static const struct writing zeros[] = {
		{ DATATABLE_COILS, 0, ADDRESSES, NULL },
		{ DATATABLE_REGISTERS, 0, ADDRESSES, NULL },
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
		carry_out(request, zeros, 2, json_object());
	else
		carry_out(request, &zeros[kind], 1, json_object());
}
