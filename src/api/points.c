#include "api/points.h"

#include <event2/buffer.h>
#include <string.h>

#include "api/context.h"
#include "api/point_json.h"
#include "api/point_request.h"
#include "api/point_walk.h"
#include "api/text_writer.h"
#include "http/parameters.h"
#include "http/request.h"
#include "points/file.h"
#include "points/value.h"

static void
begin_json(struct text_writer *t, const struct points *points)
{
	text_writer_add(t, "{\"file\":");
	text_writer_add_string(t, points_file(points));
	text_writer_add(t, ",\"points\":[");
}

static void
add_json(
    struct text_writer *t, size_t i, const struct point *p, const uint16_t *raw)
{
	if (i > 0)
		text_writer_add(t, ",");
	api_add_point(t, p, raw, false);
}

static void
add_moving_json(
    struct text_writer *t, size_t i, const struct point *p, const uint16_t *raw)
{
	if (i > 0)
		text_writer_add(t, ",");
	api_add_point(t, p, raw, true);
}

void
api_get_points(struct http_request *request)
{
	static const struct point_walk_parts parts[] = {
		{ "application/json", begin_json, add_json, "]}\n" },
		{ "application/json", begin_json, add_moving_json, "]}\n" },
	};
	const struct api *api = request->context;

	point_walk_reply(request, &parts[api->config.simulation != NULL]);
}

static void
begin_csv(struct text_writer *t, const struct points *points)
{
	(void)points;
	text_writer_add_bytes(t, points_header, strlen(points_header));
	text_writer_add(t, "\n");
}

static void
add_csv(
    struct text_writer *t, size_t i, const struct point *p, const uint16_t *raw)
{
	char row[POINTS_ROW_MAX];

	(void)i;
	text_writer_add_bytes(t, row, points_format_row(p, raw, row));
}

void
api_get_points_csv(struct http_request *request)
{
	static const struct point_walk_parts parts = {
		.media_type = "text/csv; charset=utf-8",
		.begin = begin_csv,
		.add = add_csv,
		.end = "",
	};

	point_walk_reply(request, &parts);
}

void
api_get_point(struct http_request *request)
{
	const struct api *api = request->context;
	const struct point *p = api_point_of_path(request);
	uint16_t raw[POINT_WORDS_MAX];
	struct evbuffer *body;
	struct parameters q;
	struct text_writer t;

	if (p == NULL)
		return;
	parameters_parse(&q, http_request_query(request));
	if (parameters_finish(&q) != NULL) {
		http_request_fail(request, 400, "%s", q.error);
		return;
	}
	body = http_request_new_body(request);
	if (body == NULL)
		return;
	point_read(p, api->config.table, raw);
	text_writer_begin(&t, body);
	api_add_point(&t, p, raw, api->config.simulation != NULL);
	text_writer_add(&t, "\n");
	if (text_writer_end(&t) != 0)
		http_request_fail(request, 500, "out of memory");
	else
		http_request_reply_json_text(request, body);
	evbuffer_free(body);
}
