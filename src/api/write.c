#include "api/write.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "api/json.h"
#include "http/body.h"
#include "http/guard.h"
#include "http/parameters.h"
#include "http/request.h"
#include "http/server.h"
#include "service/gate.h"
#include "service/writing.h"

#define ADDRESSES    65536
#define COILS_A_WORD 16
#define COIL_WORDS   (ADDRESSES / COILS_A_WORD)
#define JSON_TYPE    "application/json"

/* What is to be written: at most all registers and all coils. */
struct order {
	struct writing writings[2];
	size_t count;
	uint16_t registers[ADDRESSES];
	uint16_t coils[COIL_WORDS];
	char error[BODY_ERROR_MAX];
};

/* A reply that waits for the gate. */
struct held_reply {
	struct gate_waiter waiter;
	struct gate *gate;            /* borrowed */
	struct http_request *request; /* borrowed: it owns this */
	uint64_t ticket;
	json_t *reply; /* owned, until it is sent */
};

bool
api_may_write(const struct http_request *request)
{
	const struct api *api = request->context;

	return api->writable &&
	    (api->token == NULL ||
		guard_allows_token(
		    http_request_header(request, "Authorization"), api->token));
}

/* Otherwise it is answered. */
static bool
is_allowed(struct http_request *request)
{
	const struct api *api = request->context;

	if (api_may_write(request))
		return true;
	if (!api->writable) {
		http_request_fail(request, 403,
		    "this server is read-only over HTTP: --http-write would "
		    "allow writes");
		return false;
	}
	http_request_add_header(request, "WWW-Authenticate", "Bearer");
	http_request_fail(request, 401,
	    "writing takes the token: expected Authorization: Bearer TOKEN");
	return false;
}

static void
held_decided(
    struct gate_waiter *waiter, uint64_t up_to, enum gate_verdict verdict)
{
	struct held_reply *held =
	    (void *)((char *)waiter - offsetof(struct held_reply, waiter));
	struct http_request *request = held->request;
	json_t *reply = held->reply;

	if (held->ticket > up_to)
		return;
	if (verdict == GATE_SAFE) {
		held->reply = NULL;
		http_request_reply_json(request, 200, reply);
	} else {
		http_request_fail(
		    request, 503, "the write could not be made safe");
	}
}

static void
held_free(void *data)
{
	struct held_reply *held = data;

	gate_leave(held->gate, &held->waiter);
	json_decref(held->reply);
	free(held);
}

/* Reply once the gate has decided. */
static void
hold(struct http_request *request, struct gate *gate, uint64_t ticket,
    json_t *reply)
{
	struct held_reply *held = calloc(1, sizeof(*held));

	if (held == NULL) {
		json_decref(reply);
		http_request_fail(request, 500, "written, but out of memory");
		return;
	}
	held->waiter.decided = held_decided;
	held->gate = gate;
	held->request = request;
	held->ticket = ticket;
	held->reply = reply;
	gate_join(gate, &held->waiter);
	http_request_continue(request, NULL, held, held_free);
}

/* The policy has said no: who may not write, or that it can't be done now. */
static void
fail_refused(struct http_request *request, enum mb_exception no,
    const struct mb_range *refused)
{
	if (no == MB_EX_SERVER_DEVICE_FAILURE)
		http_request_fail(request, 503,
		    "it can't be done now: exception %02u %s", no,
		    mb_exception_name(no));
	else
		http_request_fail(request, 403,
		    "refused by the access rules, for address %u quantity %u: "
		    "exception %02u %s",
		    refused->address, refused->quantity, no,
		    mb_exception_name(no));
}

/* Write, if the policy has nothing against it. */
static void
carry_out(struct http_request *request, const struct writing *writings,
    size_t count, json_t *reply)
{
	const struct api *api = request->context;
	struct mb_range refused;
	enum mb_exception no = writing_check(
	    writings, count, api->policy, &request->client, &refused);
	uint64_t ticket;

	if (no != MB_EX_NONE) {
		json_decref(reply);
		fail_refused(request, no, &refused);
		return;
	}
	ticket = writing_execute(
	    writings, count, api->table, api->gate, &request->client);
	if (ticket == 0)
		http_request_reply_json(request, 200, reply);
	else
		hold(request, api->gate, ticket, reply);
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
	if (length > HTTP_BODY_MAX) {
		http_request_fail(request, 413,
		    "body: expected at most %d bytes", HTTP_BODY_MAX);
		return NULL;
	}
	text = (const char *)evbuffer_pullup(body, -1);
	object = body_parse(
	    text == NULL ? "" : text, text == NULL ? 0 : length, error);
	if (object == NULL)
		http_request_fail(request, 400, "%s", error);
	return object;
}

/* Read an order from a body. Returns 0, or -1 with o->error. */
typedef int (*read_order_fn)(
    const struct api *api, json_t *body, struct order *o);

static json_t *
describe(const struct order *o)
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
write_body(struct http_request *request, read_order_fn read_order)
{
	struct order *o;
	json_t *body;

	if (!is_allowed(request) || (body = take_body(request)) == NULL)
		return;
	o = calloc(1, sizeof(*o));
	if (o == NULL)
		http_request_fail(request, 500, "out of memory");
	else if (read_order(request->context, body, o) != 0)
		http_request_fail(request, 400, "%s", o->error);
	else
		carry_out(request, o->writings, o->count, describe(o));
	json_decref(body);
	free(o);
}

static void
add_writing(
    struct order *o, enum datatable_kind kind, size_t address, long quantity)
{
	o->writings[o->count++] = (struct writing){
		.kind = kind,
		.address = (uint32_t)address,
		.quantity = (uint32_t)quantity,
		.words = kind == DATATABLE_COILS ? o->coils : o->registers,
	};
}

static int
read_registers(const struct api *api, json_t *body, struct order *o)
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

/* As many coils as there are do not fit the words of a dump. */
static int
read_coils(const struct api *api, json_t *body, struct order *o)
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
fail(struct order *o, const char *why)
{
	snprintf(o->error, sizeof(o->error), "%s", why);
	return -1;
}

/* Whether registers and coils of a dump say the same where they are the same,
 * as far as both are there. */
static bool
is_consistent(const struct order *o)
{
	size_t words = o->writings[0].quantity;

	if (o->count < 2)
		return true;
	if (words > o->writings[1].quantity / COILS_A_WORD)
		words = o->writings[1].quantity / COILS_A_WORD;
	return memcmp(o->registers, o->coils, words * sizeof(uint16_t)) == 0;
}

static int
read_registers_part(struct order *o, const json_t *values, size_t address)
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
read_coils_part(struct order *o, const json_t *values, size_t address)
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
read_dump(const struct api *api, json_t *body, struct order *o)
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
	if (api->overlay == DATATABLE_OVERLAID && !is_consistent(o))
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
	kind = parameters_choice(&q, "kind", json_text_kinds, 2, 2);
	if (parameters_finish(&q) != NULL)
		http_request_fail(request, 400, "%s", q.error);
	else if (kind == 2)
		carry_out(request, zeros, 2, json_object());
	else
		carry_out(request, &zeros[kind], 1, json_object());
}
