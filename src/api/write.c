#include "api/write.h"

#include <stdlib.h>

#include "api/context.h"
#include "api/point_request.h"
#include "api/submit.h"
#include "api/values_json.h"
#include "api/write_body.h"
#include "http/parameters.h"
#include "http/request.h"
#include "points/first_values.h"
#include "service/writing.h"

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

	if (!api_allows_write(request) ||
	    (body = api_take_body(request)) == NULL)
		return;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		http_request_fail(request, 500, "out of memory");
	else if (read_body(request->context, body, w) != 0)
		http_request_fail(request, 400, "%s", w->error);
	else
		api_submit(
		    request, w->writings, w->count, api_json_text(describe(w)));
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

/* Bring the first values of the points back. */
static void
reset_to_initial(struct http_request *request)
{
	const struct client start = { .address = address_start };
	const struct api *api = request->context;
	const struct points *points = api_points(request);
	struct first_values *v;

	if (points == NULL || !api_is_writer(request))
		return;
	v = first_values_new(
	    points, api->config.overlay, FIRST_VALUES_OVER_OTHERS);
	if (v == NULL)
		http_request_fail(request, 500, "out of memory");
	else
		api_submit_as(request, &start, first_values_writings(v),
		    first_values_count(v), api_json_text(json_object()));
	first_values_free(v);
}

void
api_reset(struct http_request *request)
{
	static const struct writing zeros[] = {
		{ DATATABLE_COILS, 0, MB_ADDRESSES, NULL, NULL },
		{ DATATABLE_REGISTERS, 0, MB_ADDRESSES, NULL, NULL },
	};
	static const char *const targets[] = { "initial" };
	struct parameters q;
	size_t kind = 2, to;

	if (!api_allows_write(request))
		return;
	parameters_parse(&q, http_request_query(request));
	to = parameters_choice(&q, "to", targets, 1, 1);
	if (to == 1)
		kind = parameters_choice(&q, "kind", api_kind_names, 2, 2);
	if (parameters_finish(&q) != NULL)
		http_request_fail(request, 400, "%s", q.error);
	else if (to == 0)
		reset_to_initial(request);
	else if (kind == 2)
		api_submit(request, zeros, 2, api_json_text(json_object()));
	else
		api_submit(
		    request, &zeros[kind], 1, api_json_text(json_object()));
}
