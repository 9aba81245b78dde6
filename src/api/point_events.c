#include "api/point_events.h"

#include <event2/buffer.h>
#include <stdbool.h>

#include "api/context.h"
#include "api/point_json.h"
#include "api/text_writer.h"
#include "api/values_json.h"
#include "api/write_events.h"
#include "base/client.h"
#include "points/points.h"
#include "points/value.h"

static void
add_point(struct text_writer *t, const struct api_config *config,
    const struct point *p, const struct datatable_writer *writer)
{
	uint16_t raw[POINT_WORDS_MAX];
	char ip[ADDRESS_TEXT_MAX];

	text_writer_add(t, "{\"name\":");
	text_writer_add_string(t, p->name);
	text_writer_add(t, ",\"value\":");
	point_read(p, config->table, raw);
	api_add_point_value(t, p, raw);
	text_writer_add(t, ",\"client\":\"%s\"",
	    address_format_ip(&writer->client->address, ip));
	api_add_subject(t, "subject", writer->client->identity);
	text_writer_add(t, ",\"unit\":%u}", writer->unit);
}

/* Whether the tick has had too much, so that this event will be dropped. */
static bool
is_too_long(const struct text_writer *t)
{
	return evbuffer_get_length(t->out) > WRITE_EVENTS_BYTES_MAX;
}

static void
add_points(
    void *arg, struct text_writer *t, const struct datatable_change *change)
{
	const struct api_config *config = arg;
	struct points_walk walk = points_touched(
	    config->points, change->kind, change->address, change->quantity);
	const struct point *p = points_next(&walk);

	if (p == NULL)
		return;
	text_writer_add(t, "event: points\ndata: {\"points\":[");
	add_point(t, config, p, change->writer);
	while ((p = points_next(&walk)) != NULL && !is_too_long(t)) {
		text_writer_add(t, ",");
		add_point(t, config, p, change->writer);
	}
	text_writer_add(t, "]}\n\n");
}

struct write_events *
point_events_new(struct api_config *config)
{
	static const struct write_events_kind kind = { .add = add_points };

	return write_events_new(config->table, &kind, config);
}
