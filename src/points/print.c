/* Points in the form of a points file that is the same for all that say the
 * same. */
#include <csv.h>
#include <string.h>

#include "points/cell.h"
#include "points/file.h"
#include "points/value.h"

const char points_header[] = "name,address,type,order,value,scale,offset,"
			     "divisor,units,access,simulate,description";

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Whether a cell is another one without quotes. */
static bool
needs_quotes(const char *text, size_t length)
{
	return length > 0 &&
	    (is_blank(text[0]) || is_blank(text[length - 1]) ||
		text[0] == '#' || strpbrk(text, ",\"\n\r") != NULL);
}

/* Write a cell, with what separates it from the next. Returns what follows. */
static char *
put(char *out, const char *text)
{
	size_t length = strlen(text);

	if (needs_quotes(text, length))
		out += csv_write(out, 2 * length + 2, text, length);
	else
		while (*text != '\0')
			*out++ = *text++;
	*out++ = ',';
	return out;
}

/* Factors that are as if there were none are not written. */
static char *
put_factor(char *out, double factor, double none)
{
	char text[POINT_CELL_MAX];

	if (factor == none)
		return put(out, "");
	cell_format_factor(factor, text);
	return put(out, text);
}

static char *
put_value(char *out, const struct point *p, const uint16_t *words)
{
	char text[POINT_CELL_MAX];

	if (words == NULL)
		return put(out, "");
	point_format_cell(p, words, text);
	return put(out, text);
}

size_t
points_format_row(const struct point *p, const uint16_t *words, char *text)
{
	char cell[POINT_TYPE_MAX > POINT_REFERENCE_MAX ? POINT_TYPE_MAX :
							 POINT_REFERENCE_MAX];
	char *out = put(text, p->name);

	out = put(out, point_reference(p, cell));
	out = put(out, point_type(p, cell));
	out =
	    put(out, point_is_bool(p) ? "" : value_order_names[p->form.order]);
	out = put_value(out, p, words);
	out = put_factor(out, p->divisor != 0 ? 1 : p->scale, 1);
	out = put_factor(out, p->offset, 0);
	out = put_factor(out, p->divisor, 0);
	out = put(out, p->units);
	out = put(out, p->read_only ? "ro" : "rw");
	out = put(out, p->simulate);
	out = put(out, p->description);
	out[-1] = '\n';
	return (size_t)(out - text);
}

void
points_print(const struct points *ps, FILE *out)
{
	char text[POINTS_ROW_MAX];

	fprintf(out, "%s\n", points_header);
	for (size_t i = 0; i < points_count(ps); i++) {
		const struct point *p = points_at(ps, i);
		size_t length = points_format_row(p, p->value, text);

		fwrite(text, 1, length, out);
	}
}
