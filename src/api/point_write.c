#include "api/point_write.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "api/context.h"
#include "api/point_json.h"
#include "api/point_request.h"
#include "api/submit.h"
#include "api/text_writer.h"
#include "http/body.h"
#include "http/request.h"
#include "points/point_image.h"
#include "points/points.h"
#include "points/value.h"

/* Values that one step reads, which takes some tenths of a millisecond. */
#define STEP_VALUES 256

/* The values of a request, which are gathered in many steps. */
struct put {
	json_t *body;              /* owned */
	json_t *values;            /* borrowed: a member of body */
	void *next;                /* iterator of values */
	struct point_image *image; /* owned */
};

static struct point_value
value_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_TRUE:
	case JSON_FALSE:
		return (struct point_value){ .is = POINT_BOOL,
			.on = json_is_true(value) };
	case JSON_INTEGER:
		return (struct point_value){ .is = POINT_WHOLE,
			.whole = json_integer_value(value) };
	case JSON_REAL:
		return (struct point_value){ .is = POINT_REAL,
			.real = json_real_value(value) };
	case JSON_STRING:
		return (struct point_value){ .is = POINT_TEXT,
			.text = { json_string_value(value),
			    json_string_length(value) } };
	default:
		return (struct point_value){ .is = POINT_OTHER };
	}
}

/* Set one value of the image, and raw to it. Returns 0, or -1 after a reply
 * with the error. */
static int
set_value(struct http_request *request, struct point_image *image,
    const struct point *p, const json_t *json, uint16_t *raw)
{
	const struct point_value value = value_of(json);
	char expected[POINT_EXPECTED_MAX];

	if (p->read_only) {
		http_request_fail(
		    request, 403, "points: \"%s\": read-only", p->name);
		return -1;
	}
	if (point_store(p, &value, raw, expected) != 0) {
		http_request_fail(request, 400, "points: \"%s\": expected %s",
		    p->name, expected);
		return -1;
	}
	point_image_set(image, p, raw);
	return 0;
}

/* Submit what is in the image. reply is as for api_submit. */
static void
submit_image(struct http_request *request, struct point_image *image,
    struct evbuffer *reply)
{
	size_t count = 0;
	struct writing *writings = point_image_writings(image, &count);

	if (writings == NULL && reply != NULL) {
		evbuffer_free(reply);
		reply = NULL;
	}
	api_submit(request, writings, count, reply);
	free(writings);
}

/* A member that the body must have, and no other. Returns NULL after a reply
 * with the error. */
static json_t *
only_member(struct http_request *request, json_t *body, const char *name)
{
	char error[BODY_ERROR_MAX];
	json_t *member;

	if (body_members(body, &name, 1, &member, error) != 0)
		http_request_fail(request, 400, "%s", error);
	else if (member == NULL)
		http_request_fail(request, 400, "body: expected \"%s\"", name);
	else
		return member;
	return NULL;
}

/* The reply: a point with its new value. NULL when memory is exhausted. */
static struct evbuffer *
describe(const struct api *api, const struct point *p, const uint16_t *raw)
{
	struct evbuffer *reply = evbuffer_new();
	struct text_writer t;

	if (reply == NULL)
		return NULL;
	text_writer_begin(&t, reply);
	api_add_point(&t, p, raw, api->config.simulation != NULL);
	text_writer_add(&t, "\n");
	if (text_writer_end(&t) == 0)
		return reply;
	evbuffer_free(reply);
	return NULL;
}

static void
write_one(
    struct http_request *request, const struct point *p, const json_t *value)
{
	const struct api *api = request->context;
	struct point_image *image = point_image_new(api->config.overlay);
	uint16_t raw[POINT_WORDS_MAX];

	if (image == NULL)
		http_request_fail(request, 500, "out of memory");
	else if (set_value(request, image, p, value, raw) == 0)
		submit_image(request, image, describe(api, p, raw));
	point_image_free(image);
}

void
api_put_point(struct http_request *request)
{
	const struct point *p;
	json_t *body, *value;

	if (api_points(request) == NULL || !api_allows_write(request) ||
	    (p = api_point_of_path(request)) == NULL ||
	    (body = api_take_body(request)) == NULL)
		return;
	value = only_member(request, body, "value");
	if (value != NULL)
		write_one(request, p, value);
	json_decref(body);
}

static void
put_free(void *data)
{
	struct put *put = data;

	json_decref(put->body);
	point_image_free(put->image);
	free(put);
}

/* Set the next value. Returns 0, or -1 after a reply with the error. */
static int
take_next(struct http_request *request, struct put *put)
{
	const struct api *api = request->context;
	const char *name = json_object_iter_key(put->next);
	const struct point *p =
	    points_find(api->config.points, name, strlen(name));
	uint16_t raw[POINT_WORDS_MAX];

	if (p == NULL) {
		api_fail_no_point(request, name, strlen(name));
		return -1;
	}
	if (set_value(request, put->image, p, json_object_iter_value(put->next),
		raw) != 0)
		return -1;
	put->next = json_object_iter_next(put->values, put->next);
	return 0;
}

static void
step(struct http_request *request)
{
	struct put *put = request->data;
	struct evbuffer *reply;

	for (int i = 0; i < STEP_VALUES && put->next != NULL; i++)
		if (take_next(request, put) != 0)
			return;
	if (put->next != NULL)
		return;
	reply = evbuffer_new();
	if (reply != NULL && evbuffer_add(reply, "{}\n", 3) != 0) {
		evbuffer_free(reply);
		reply = NULL;
	}
	submit_image(request, put->image, reply);
}

/* Take body over, and begin to gather its values. */
static void
begin_put(struct http_request *request, json_t *body, json_t *values)
{
	const struct api *api = request->context;
	struct put *put = calloc(1, sizeof(*put));

	if (put != NULL)
		put->image = point_image_new(api->config.overlay);
	if (put == NULL || put->image == NULL) {
		free(put);
		json_decref(body);
		http_request_fail(request, 500, "out of memory");
		return;
	}
	put->body = body;
	put->values = values;
	put->next = json_object_iter(values);
	http_request_continue(request, step, put, put_free);
}

void
api_put_points(struct http_request *request)
{
	json_t *body, *values;

	if (api_points(request) == NULL || !api_allows_write(request) ||
	    (body = api_take_body(request)) == NULL)
		return;
	values = only_member(request, body, "values");
	if (values != NULL && json_object_size(values) > 0) {
		begin_put(request, body, values);
		return;
	}
	if (values != NULL)
		http_request_fail(request, 400,
		    "values: expected an object of names and values");
	json_decref(body);
}
