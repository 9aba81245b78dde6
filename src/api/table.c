#include "api/table.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/context.h"
#include "api/point_request.h"
#include "api/text_writer.h"
#include "api/values_json.h"
#include "http/parameters.h"
#include "http/request.h"
#include "points/point.h"
#include "table/reference.h"
#include "table/values.h"

#define ADDRESSES  65536
#define COIL_WORDS (ADDRESSES / 16)

/* Values that one step formats, which takes less than 0.1 ms. */
#define STEP_WHOLE 8192
#define STEP_REAL  256
#define STEP_WORDS 4096 /* of strings */

struct range {
	size_t address;
	size_t quantity;
	char note[REFERENCE_NOTE_MAX]; /* about the address; "": none */
};

/* A part of the table, copied at one time and formatted in many steps. */
struct reading {
	struct evbuffer *body; /* owned */
	struct value_form form;
	size_t value_count; /* in registers */
	size_t coil_count;  /* in coils, not packed */
	size_t done;        /* values or coils formatted so far */
	bool failed;        /* text is missing in body */
	uint16_t coils[COIL_WORDS];
	uint16_t registers[];
};

static void
reading_free(void *data)
{
	struct reading *r = data;

	if (r->body != NULL)
		evbuffer_free(r->body);
	free(r);
}

static struct reading *
reading_new(size_t registers)
{
	struct reading *r =
	    calloc(1, sizeof(*r) + registers * sizeof(r->registers[0]));

	if (r == NULL)
		return NULL;
	r->body = evbuffer_new();
	if (r->body == NULL) {
		reading_free(r);
		return NULL;
	}
	return r;
}

/* The number of values that the next step formats. */
static size_t
step_size(const struct reading *r, size_t total)
{
	size_t most = STEP_WHOLE;

	if (r->form.type == VALUE_FLOAT32 || r->form.type == VALUE_FLOAT64)
		most = STEP_REAL;
	else if (r->form.type == VALUE_STRING)
		most = STEP_WORDS / value_form_words(&r->form);

	return total - r->done < most ? total - r->done : most;
}

static void
add_values(struct reading *r, struct text_writer *t)
{
	size_t n = step_size(r, r->value_count);

	api_add_values(t, r->done > 0, &r->form,
	    r->registers + r->done * value_form_words(&r->form), n);
	r->done += n;
}

/* End a step; reply if it was the last. */
static void
end_step(struct http_request *request, struct text_writer *t, bool finished)
{
	struct reading *r = request->data;

	if (finished)
		text_writer_add(t, "]}\n");
	if (text_writer_end(t) != 0)
		r->failed = true;
	if (r->failed)
		http_request_fail(request, 500, "out of memory");
	else if (finished)
		http_request_reply_json_text(request, r->body);
}

static void
step_registers(struct http_request *request)
{
	struct reading *r = request->data;
	struct text_writer t;

	text_writer_begin(&t, r->body);
	add_values(r, &t);
	end_step(request, &t, r->done == r->value_count);
}

/* Find the point of that kind that is asked for instead of an address, or NULL.
 * Returns 0, or -1 after a reply with the error. */
static int
requested_point(struct http_request *request, struct parameters *q,
    enum datatable_kind kind, const struct point **p)
{
	if (api_point_of_query(request, q, p) != 0)
		return -1;
	if (*p == NULL || (*p)->kind == kind)
		return 0;
	http_request_fail(request, 400, "point: \"%s\": expected a point of %s",
	    (*p)->name, api_kind_names[kind]);
	return -1;
}

/* What the requested registers hold: unless something else is asked for, what
 * p says, if there is a point. */
static struct value_form
requested_form(struct parameters *q, const struct point *p)
{
	bool given = parameters_text(q, "type") != NULL ||
	    parameters_text(q, "order") != NULL;

	if (p == NULL || point_is_bool(p) || given)
		return parameters_form(q);
	return p->form;
}

/* The requested address and quantity, with its default: those of p, if there is
 * a point. */
static struct range
requested_range(struct parameters *q, enum datatable_kind kind,
    unsigned quantity, const struct point *p)
{
	struct range range = { .note = "" };

	if (p != NULL) {
		range.address = p->address;
		range.quantity = point_quantity(p);
		return range;
	}
	range.address = parameters_address(q, "address", kind, 0);
	reference_note(parameters_text(q, "address"), kind, range.note);
	range.quantity = (size_t)parameters_number(
	    q, "quantity", 1, ADDRESSES - range.address, quantity);
	return range;
}

/* Parse the query, and the address of that kind that the path ends with, below
 * prefix, as if it were in the query. Returns 0, or -1 after a reply with the
 * error. */
static int
parse_with_path(struct http_request *request, struct parameters *q,
    const char *prefix, enum datatable_kind kind)
{
	const char *path =
	    evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request->evhttp));
	const char *text = path + strlen(prefix);
	uint16_t address;

	parameters_parse(q, http_request_query(request));
	parameters_add(q, "address", text);
	if (reference_parse_address(text, kind, &address) == 0)
		return 0;
	http_request_fail(
	    request, 404, "%s: expected %s", prefix, reference_expected(kind));
	return -1;
}

/* Whether the request says what to read: a point, or an address, which is never
 * assumed. Otherwise, and when there is an error in the query, replies with the
 * error. */
static bool
is_complete(struct http_request *request, struct parameters *q,
    enum datatable_kind kind, const struct point *p)
{
	bool has_address = parameters_text(q, "address") != NULL;
	const char *error = parameters_finish(q);

	if (error != NULL)
		http_request_fail(request, 400, "%s", error);
	else if (p == NULL && !has_address)
		http_request_fail(request, 400,
		    "address: expected %s; or a point; all values are at "
		    "/api/dump",
		    reference_expected(kind));
	else
		return true;
	return false;
}

/* Begin the array of values. */
static void
begin_values(struct text_writer *t, const struct range *range)
{
	if (range->note[0] != '\0')
		text_writer_add(t, ",\"note\":\"%s\"", range->note);
	text_writer_add(t, ",\"values\":[");
}

/* Whether a range holds whole values. Otherwise replies with the error. */
static bool
is_whole(struct http_request *request, const struct range *range,
    const struct value_form *form)
{
	unsigned step = value_form_words(form);
	char type[VALUE_TYPE_NAME_MAX];

	if (range->quantity % step != 0)
		http_request_fail(request, 400,
		    "quantity: %zu registers: expected a multiple of %u for "
		    "%s",
		    range->quantity, step, value_type_name(form, type));
	else if (range->quantity > ADDRESSES - range->address)
		http_request_fail(request, 400,
		    "address: %zu: expected room for %s: %u registers",
		    range->address, value_type_name(form, type), step);
	else
		return true;
	return false;
}

/* Copy the registers of a range, and reply with their values. */
static void
begin_registers(struct http_request *request, const struct range *range,
    const struct value_form *form)
{
	const struct api *api = request->context;
	struct reading *r = reading_new(range->quantity);
	char type[VALUE_TYPE_NAME_MAX];
	struct text_writer t;

	if (r == NULL) {
		http_request_fail(request, 500, "out of memory");
		return;
	}
	r->form = *form;
	r->value_count = range->quantity / value_form_words(form);
	memcpy(r->registers,
	    datatable_registers(api->config.table, (uint16_t)range->address),
	    range->quantity * sizeof(uint16_t));
	text_writer_begin(&t, r->body);
	text_writer_add(&t,
	    "{\"address\":%zu,\"quantity\":%zu,\"type\":\"%s\",\"order\":"
	    "\"%s\"",
	    range->address, range->quantity, value_type_name(form, type),
	    value_order_names[form->order]);
	begin_values(&t, range);
	r->failed = text_writer_end(&t) != 0;
	http_request_continue(request, step_registers, r, reading_free);
}

/* Reply to a request for registers, whose query is parsed. */
static void
get_registers(struct http_request *request, struct parameters *q)
{
	const struct point *p;

	if (requested_point(request, q, DATATABLE_REGISTERS, &p) != 0)
		return;
	struct value_form form = requested_form(q, p);
	struct range range =
	    requested_range(q, DATATABLE_REGISTERS, value_form_words(&form), p);

	if (is_complete(request, q, DATATABLE_REGISTERS, p) &&
	    is_whole(request, &range, &form))
		begin_registers(request, &range, &form);
}

/* Any number of coils: datatable_read_coils reads fewer than 65536. */
static void
copy_coils(const struct datatable *table, size_t address, size_t quantity,
    uint16_t *packed)
{
	const size_t half = ADDRESSES / 2;

	if (quantity > half) {
		datatable_read_coils(
		    table, (uint16_t)address, (uint16_t)half, packed);
		address += half;
		quantity -= half;
		packed += half / 16;
	}
	datatable_read_coils(
	    table, (uint16_t)address, (uint16_t)quantity, packed);
}

static void
step_coils(struct http_request *request)
{
	struct reading *r = request->data;
	size_t n = step_size(r, r->coil_count);
	struct text_writer t;

	text_writer_begin(&t, r->body);
	api_add_coils(&t, r->done > 0, r->coils, r->done, n);
	r->done += n;
	end_step(request, &t, r->done == r->coil_count);
}

void
api_get_registers(struct http_request *request)
{
	struct parameters q;

	parameters_parse(&q, http_request_query(request));
	get_registers(request, &q);
}

void
api_get_register(struct http_request *request)
{
	struct parameters q;

	if (parse_with_path(
		request, &q, API_REGISTER_PATH, DATATABLE_REGISTERS) == 0)
		get_registers(request, &q);
}

/* Reply to a request for coils, whose query is parsed. */
static void
get_coils(struct http_request *request, struct parameters *q)
{
	const struct api *api = request->context;
	const struct point *p;
	struct reading *r;
	struct text_writer t;

	if (requested_point(request, q, DATATABLE_COILS, &p) != 0)
		return;
	struct range range = requested_range(q, DATATABLE_COILS, 1, p);
	if (!is_complete(request, q, DATATABLE_COILS, p))
		return;
	r = reading_new(0);
	if (r == NULL) {
		http_request_fail(request, 500, "out of memory");
		return;
	}
	r->coil_count = range.quantity;
	copy_coils(api->config.table, range.address, range.quantity, r->coils);
	text_writer_begin(&t, r->body);
	text_writer_add(&t, "{\"address\":%zu,\"quantity\":%zu", range.address,
	    range.quantity);
	begin_values(&t, &range);
	r->failed = text_writer_end(&t) != 0;
	http_request_continue(request, step_coils, r, reading_free);
}

void
api_get_coils(struct http_request *request)
{
	struct parameters q;

	parameters_parse(&q, http_request_query(request));
	get_coils(request, &q);
}

void
api_get_coil(struct http_request *request)
{
	struct parameters q;

	if (parse_with_path(request, &q, API_COIL_PATH, DATATABLE_COILS) == 0)
		get_coils(request, &q);
}

static void
step_dump(struct http_request *request)
{
	struct reading *r = request->data;
	struct text_writer t;

	text_writer_begin(&t, r->body);
	add_values(r, &t);
	if (r->done == r->value_count) {
		text_writer_add(&t, "],\"coils\":[");
		api_add_words(&t, false, r->coils, COIL_WORDS);
	}
	end_step(request, &t, r->done == r->value_count);
}

void
api_get_dump(struct http_request *request)
{
	const struct api *api = request->context;
	struct reading *r;
	struct parameters q;
	struct text_writer t;

	parameters_parse(&q, http_request_query(request));
	if (parameters_finish(&q) != NULL) {
		http_request_fail(request, 400, "%s", q.error);
		return;
	}
	r = reading_new(ADDRESSES);
	if (r == NULL) {
		http_request_fail(request, 500, "out of memory");
		return;
	}
	r->value_count = ADDRESSES;
	memcpy(r->registers, datatable_registers(api->config.table, 0),
	    ADDRESSES * sizeof(uint16_t));
	copy_coils(api->config.table, 0, ADDRESSES, r->coils);
	text_writer_begin(&t, r->body);
	text_writer_add(&t,
	    "{\"mode\":\"%s\",\"seq\":%" PRIu64 ",\"registers\":[",
	    api_mode(api), api_sequence(api));
	r->failed = text_writer_end(&t) != 0;
	http_request_continue(request, step_dump, r, reading_free);
}
