#include "api/point_json.h"

#include <stdbool.h>

#include "api/text_writer.h"
#include "api/values_json.h"
#include "points/cell.h"
#include "points/point.h"
#include "points/value.h"

static void
add_factor(struct text_writer *t, const char *name, double factor)
{
	char text[POINT_CELL_MAX];

	cell_format_factor(factor, text);
	text_writer_add(t, ",\"%s\":%s", name, text);
}

static bool
is_number(const struct point *p)
{
	return !point_is_bool(p) && p->form.type != VALUE_STRING;
}

/* Add a text that the file has. A number has all of them, empty or not. */
static void
add_text(struct text_writer *t, const struct point *p, const char *name,
    const char *text)
{
	if (text[0] == '\0' && !is_number(p))
		return;
	text_writer_add(t, ",\"%s\":", name);
	text_writer_add_string(t, text);
}

static void
add_scaling(struct text_writer *t, const struct point *p)
{
	if (p->divisor != 0)
		add_factor(t, "divisor", p->divisor);
	else
		add_factor(t, "scale", p->scale);
	add_factor(t, "offset", p->offset);
}

void
api_add_point_value(
    struct text_writer *t, const struct point *p, const uint16_t *raw)
{
	char *at = text_writer_reserve(t, POINT_JSON_MAX);

	text_writer_commit(t, at + point_format_json(p, raw, at));
}

void
api_add_point(struct text_writer *t, const struct point *p, const uint16_t *raw,
    bool simulating)
{
	char type[POINT_TYPE_MAX];

	text_writer_add(t, "{\"name\":");
	text_writer_add_string(t, p->name);
	text_writer_add(t, ",\"kind\":\"%s\",\"address\":%u,\"quantity\":%u",
	    api_kind_names[p->kind], p->address, point_quantity(p));
	if (p->bit != POINT_NO_BIT)
		text_writer_add(t, ",\"bit\":%d", p->bit);
	text_writer_add(t, ",\"type\":\"%s\"", point_type(p, type));
	if (is_number(p)) {
		text_writer_add(
		    t, ",\"order\":\"%s\"", value_order_names[p->form.order]);
		add_scaling(t, p);
	}
	add_text(t, p, "units", p->units);
	text_writer_add(
	    t, ",\"access\":\"%s\",\"value\":", p->read_only ? "ro" : "rw");
	api_add_point_value(t, p, raw);
	add_text(t, p, "simulate", p->simulate);
	if (simulating && p->simulate[0] != '\0')
		text_writer_add(t, ",\"simulated\":true");
	add_text(t, p, "description", p->description);
	text_writer_add(t, "}");
}
