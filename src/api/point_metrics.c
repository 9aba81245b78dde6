#include "api/point_metrics.h"

#include "api/metrics.h"
#include "api/point_walk.h"
#include "api/text_writer.h"
#include "points/point.h"
#include "points/value.h"

static void
begin(struct text_writer *t, const struct points *points)
{
	(void)points;
	text_writer_add(t,
	    "# HELP mbasyncserver_point The value of a point, in its units.\n"
	    "# TYPE mbasyncserver_point gauge\n");
}

/* Add a label; text format 0.0.4 escapes three characters of its value. */
static void
add_label(struct text_writer *t, const char *name, const char *value)
{
	text_writer_add(t, "%s=\"", name);
	for (; *value != '\0'; value++) {
		char *at = text_writer_reserve(t, 2);

		if (*value == '\\' || *value == '"' || *value == '\n')
			*at++ = '\\';
		*at = *value;
		if (*at == '\n')
			*at = 'n';
		at++;
		text_writer_commit(t, at);
	}
	text_writer_add(t, "\"");
}

static void
add(struct text_writer *t, size_t i, const struct point *p, const uint16_t *raw)
{
	char number[POINT_JSON_MAX];
	size_t length = point_format_metric(p, raw, number);

	(void)i;
	if (length == 0)
		return;
	text_writer_add(t, "mbasyncserver_point{");
	add_label(t, "name", p->name);
	if (p->units[0] != '\0') {
		text_writer_add(t, ",");
		add_label(t, "units", p->units);
	}
	text_writer_add(t, "} ");
	text_writer_add_bytes(t, number, length);
	text_writer_add(t, "\n");
}

void
api_get_point_metrics(struct http_request *request)
{
	static const struct point_walk_parts parts = {
		.media_type = METRICS_TYPE,
		.begin = begin,
		.add = add,
		.end = "",
	};

	point_walk_reply(request, &parts);
}
