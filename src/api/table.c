#include "api/table.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/context.h"
#include "api/text_writer.h"
#include "api/values_json.h"
#include "http/parameters.h"
#include "http/request.h"
#include "table/values.h"

#define ADDRESSES  65536
#define COIL_WORDS (ADDRESSES / 16)

/* Values that one step formats, which takes less than 0.1 ms. */
#define STEP_WHOLE 8192
#define STEP_REAL  256

struct range {
	size_t address;
	size_t quantity;
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
	bool real = r->form.type == VALUE_FLOAT32 ||
	    r->form.type == VALUE_FLOAT64;
	size_t most = real ? STEP_REAL : STEP_WHOLE;

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

/* The requested address and quantity; the default quantity is 1. */
static struct range
requested_range(struct parameters *q)
{
	struct range range;

	range.address = parameters_number(q, "address", 0, ADDRESSES - 1, 0);
	range.quantity =
	    parameters_number(q, "quantity", 1, ADDRESSES - range.address, 1);
	return range;
}

void
api_get_registers(struct http_request *request)
{
	const struct api *api = request->context;
	struct parameters q;
	struct reading *r;
	struct text_writer t;

	parameters_parse(&q, http_request_query(request));
	struct range range = requested_range(&q);
	enum value_type type = (enum value_type)parameters_choice(
	    &q, "type", value_type_names, VALUE_TYPES, VALUE_UINT16);
	enum value_order order = (enum value_order)parameters_choice(
	    &q, "order", value_order_names, VALUE_ORDERS, VALUE_ABCD);
	const struct value_form form = { .type = type, .order = order };
	if (parameters_finish(&q) != NULL) {
		http_request_fail(request, 400, "%s", q.error);
		return;
	}
	if (range.quantity % value_form_words(&form) != 0) {
		http_request_fail(request, 400,
		    "quantity: %zu registers: expected a multiple of %u for "
		    "%s",
		    range.quantity, value_form_words(&form), value_type_names[type]);
		return;
	}
	r = reading_new(range.quantity);
	if (r == NULL) {
		http_request_fail(request, 500, "out of memory");
		return;
	}
	r->form = form;
	r->value_count = range.quantity / value_form_words(&form);
	memcpy(r->registers,
	    datatable_registers(api->config.table, (uint16_t)range.address),
	    range.quantity * sizeof(uint16_t));
	text_writer_begin(&t, r->body);
	text_writer_add(&t,
	    "{\"address\":%zu,\"quantity\":%zu,\"type\":\"%s\",\"order\":"
	    "\"%s\",\"values\":[",
	    range.address, range.quantity, value_type_names[type],
	    value_order_names[order]);
	r->failed = text_writer_end(&t) != 0;
	http_request_continue(request, step_registers, r, reading_free);
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
api_get_coils(struct http_request *request)
{
	const struct api *api = request->context;
	struct parameters q;
	struct reading *r;
	struct text_writer t;

	parameters_parse(&q, http_request_query(request));
	struct range range = requested_range(&q);
	if (parameters_finish(&q) != NULL) {
		http_request_fail(request, 400, "%s", q.error);
		return;
	}
	r = reading_new(0);
	if (r == NULL) {
		http_request_fail(request, 500, "out of memory");
		return;
	}
	r->coil_count = range.quantity;
	copy_coils(api->config.table, range.address, range.quantity, r->coils);
	text_writer_begin(&t, r->body);
	text_writer_add(&t, "{\"address\":%zu,\"quantity\":%zu,\"values\":[",
	    range.address, range.quantity);
	r->failed = text_writer_end(&t) != 0;
	http_request_continue(request, step_coils, r, reading_free);
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
