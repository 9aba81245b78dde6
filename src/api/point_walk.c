#include "api/point_walk.h"

#include <event2/buffer.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/context.h"
#include "api/point_request.h"
#include "api/text_writer.h"
#include "http/parameters.h"
#include "http/request.h"
#include "points/points.h"
#include "points/value.h"

/* Points that one step formats, which takes some tenths of a millisecond. */
#define STEP_POINTS 64

/* Bytes of a part of the reply, or a few more. */
#define PART_BYTES (64 * 1024)

struct walk {
	const struct point_walk_parts *parts; /* borrowed */
	const struct points *points;          /* borrowed */
	struct datatable *table;              /* owned: as it was */
	struct evbuffer *part;                /* owned: what is sent next */
	size_t next;                          /* point */
	bool begun;                           /* a part has been sent */
	bool ended;                           /* part is the last one */
};

static void
walk_free(void *data)
{
	struct walk *w = data;

	if (w->part != NULL)
		evbuffer_free(w->part);
	datatable_free(w->table);
	free(w);
}

/* NULL when memory is exhausted. */
static struct walk *
walk_new(const struct api *api, const struct point_walk_parts *parts)
{
	struct walk *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->parts = parts;
	w->points = api->config.points;
	w->table = datatable_new(api->config.overlay);
	w->part = evbuffer_new();
	if (w->table == NULL || w->part == NULL) {
		walk_free(w);
		return NULL;
	}
	datatable_copy(w->table, api->config.table);
	return w;
}

static void
fail(struct http_request *request, const struct walk *w)
{
	if (w->begun)
		http_request_abort(request);
	else
		http_request_fail(request, 500, "out of memory");
}

/* Send the part, which may be all of the reply. */
static void
send_part(struct http_request *request, struct walk *w)
{
	const char *type = w->parts->media_type;

	if (!w->begun)
		http_request_add_header(request, "Cache-Control", "no-store");
	if (!w->begun && w->ended) {
		http_request_reply(request, 200, type, w->part);
		return;
	}
	if (!w->begun)
		http_request_begin_reply(request, 200, type);
	w->begun = true;
	http_request_add_part(request, w->part);
}

static void
step(struct http_request *request)
{
	struct walk *w = request->data;
	size_t count = points_count(w->points);
	uint16_t raw[POINT_WORDS_MAX];
	struct text_writer t;

	if (w->ended) {
		http_request_end_reply(request);
		return;
	}
	text_writer_begin(&t, w->part);
	for (int i = 0; i < STEP_POINTS && w->next < count; i++, w->next++) {
		const struct point *p = points_at(w->points, w->next);

		point_read(p, w->table, raw);
		w->parts->add(&t, w->next, p, raw);
	}
	w->ended = w->next == count;
	if (w->ended)
		text_writer_add(&t, "%s", w->parts->end);
	if (text_writer_end(&t) != 0)
		fail(request, w);
	else if (w->ended || evbuffer_get_length(w->part) >= PART_BYTES)
		send_part(request, w);
}

void
point_walk_reply(
    struct http_request *request, const struct point_walk_parts *parts)
{
	struct parameters q;
	struct text_writer t;
	struct walk *w;

	if (api_points(request) == NULL)
		return;
	parameters_parse(&q, http_request_query(request));
	if (parameters_finish(&q) != NULL) {
		http_request_fail(request, 400, "%s", q.error);
		return;
	}
	w = walk_new(request->context, parts);
	if (w == NULL) {
		http_request_fail(request, 500, "out of memory");
		return;
	}
	text_writer_begin(&t, w->part);
	parts->begin(&t, w->points);
	if (text_writer_end(&t) == 0) {
		http_request_continue(request, step, w, walk_free);
		return;
	}
	fail(request, w);
	walk_free(w);
}
