#include "points/point_row.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "points/cell.h"
#include "points/value.h"

#define ADDRESSES 65536U

/* A row while it is parsed. */
struct parse {
	const struct point_row *row;
	struct parsed_row *out;
	struct area area;
	bool has_area;
};

static int __attribute__((format(printf, 3, 4)))
refuse(struct parse *s, enum column column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(s->out->expected, POINT_EXPECTED_MAX, format, args);
	va_end(args);
	s->out->column = column;
	return -1;
}

/* The text of a cell, or NULL where it is empty. */
static const char *
filled(const struct parse *s, enum column column)
{
	const struct cell *cell = &s->row->cells[column];

	return cell->length == 0 ? NULL : cell->text;
}

/* What one of the functions of cells has returned. */
static int
result(struct parse *s, enum column column, int status)
{
	s->out->column = column;
	return status;
}

/* Whether a cell has a NUL, as no text that is understood has one. */
static bool
has_nul(const struct parse *s, enum column column)
{
	const struct cell *cell = &s->row->cells[column];

	return strlen(cell->text) != cell->length;
}

/* --- each cell, in the order in which they are checked ------------------- */

static int
parse_name(struct parse *s)
{
	const struct cell *cell = &s->row->cells[COLUMN_NAME];

	if (cell->length > POINT_NAME_MAX ||
	    !text_is_printable(cell->text, cell->length, ""))
		return refuse(s, COLUMN_NAME,
		    "at most %d bytes of printable UTF-8", POINT_NAME_MAX);
	s->out->point.name = cell->text;
	return 0;
}

static int
parse_area(struct parse *s)
{
	const char *text = filled(s, COLUMN_AREA);

	s->has_area = text != NULL;
	if (text == NULL)
		return 0;
	return result(
	    s, COLUMN_AREA, area_parse(text, &s->area, s->out->expected));
}

/* Where the row has no name, its address is one. */
static void
set_place(struct parse *s, const struct reference *place)
{
	struct point *p = &s->out->point;

	p->kind = place->kind;
	p->input = place->is_input;
	p->address = place->address;
	p->bit = (int8_t)place->bit;
	if (p->name[0] == '\0')
		p->name = point_reference(p, s->out->name);
}

static int
parse_place(struct parse *s)
{
	const struct area *area = s->has_area ? &s->area : NULL;
	const char *address = filled(s, COLUMN_ADDRESS);
	const char *number = filled(s, COLUMN_NUMBER);
	struct reference place;
	int status;

	if (address != NULL && number != NULL)
		return refuse(s, COLUMN_NUMBER, "nothing beside an address");
	if (address == NULL && number == NULL && !s->row->has_addresses)
		return refuse(s, COLUMN_NUMBER, "a number from 1 to 65536");
	if (address == NULL && number == NULL)
		return refuse(s, COLUMN_ADDRESS, PLACE_EXPECTED);
	status = address != NULL ?
	    place_parse_address(address, area, &place, s->out->expected) :
	    place_parse_number(number, area, &place, s->out->expected);
	if (status == 0)
		set_place(s, &place);
	return result(
	    s, address != NULL ? COLUMN_ADDRESS : COLUMN_NUMBER, status);
}

/* Whether the registers of a type are there. */
static int
check_room(struct parse *s)
{
	const struct point *p = &s->out->point;
	unsigned quantity = point_quantity(p);
	char type[POINT_TYPE_MAX];

	if (p->address + quantity <= ADDRESSES)
		return 0;
	return refuse(s,
	    filled(s, COLUMN_ADDRESS) != NULL ? COLUMN_ADDRESS : COLUMN_NUMBER,
	    "an address with room for %s: %u registers", point_type(p, type),
	    quantity);
}

static int
parse_type(struct parse *s)
{
	const char *text = filled(s, COLUMN_TYPE);
	struct point *p = &s->out->point;
	char reference[POINT_REFERENCE_MAX];
	bool is_bool;

	if (text == NULL)
		return 0;
	if (cell_parse_type(text, &p->form, &is_bool, s->out->expected) != 0)
		return result(s, COLUMN_TYPE, -1);
	if (point_is_bool(p) && !is_bool)
		return refuse(s, COLUMN_TYPE, "bool for a %s",
		    p->kind == DATATABLE_COILS ? "coil" : "bit");
	if (!point_is_bool(p) && is_bool)
		return refuse(s, COLUMN_TYPE,
		    "a type of registers, or a bit in the address: %s.0",
		    point_reference(p, reference));
	return check_room(s);
}

static int
parse_order(struct parse *s)
{
	const char *text = filled(s, COLUMN_ORDER);

	if (text == NULL)
		return 0;
	return result(s, COLUMN_ORDER,
	    cell_parse_order(
		text, &s->out->point.form.order, s->out->expected));
}

/* Scale, offset or divisor: of numbers only. */
static int
parse_factor(struct parse *s, enum column column, double *factor)
{
	const struct point *p = &s->out->point;
	const char *text = filled(s, column);
	char type[POINT_TYPE_MAX];

	if (text == NULL)
		return 0;
	if (point_is_bool(p) || p->form.type == VALUE_STRING)
		return refuse(s, column, "nothing for %s", point_type(p, type));
	return result(
	    s, column, cell_parse_factor(text, factor, s->out->expected));
}

static int
parse_scale(struct parse *s)
{
	struct point *p = &s->out->point;

	if (parse_factor(s, COLUMN_SCALE, &p->scale) != 0)
		return -1;
	if (p->scale == 0)
		return refuse(s, COLUMN_SCALE, "a number other than 0");
	return 0;
}

static int
parse_offset(struct parse *s)
{
	return parse_factor(s, COLUMN_OFFSET, &s->out->point.offset);
}

static int
parse_divisor(struct parse *s)
{
	struct point *p = &s->out->point;

	if (filled(s, COLUMN_DIVISOR) == NULL)
		return 0;
	if (parse_factor(s, COLUMN_DIVISOR, &p->divisor) != 0)
		return -1;
	if (filled(s, COLUMN_SCALE) != NULL)
		return refuse(s, COLUMN_DIVISOR, "nothing beside a scale");
	if (p->divisor == 0)
		return refuse(s, COLUMN_DIVISOR, "a number other than 0");
	return 0;
}

static int
parse_value(struct parse *s)
{
	const struct cell *cell = &s->row->cells[COLUMN_VALUE];
	struct point *p = &s->out->point;
	char expected[POINT_EXPECTED_MAX];

	if (cell->length == 0)
		return 0;
	if (point_parse_cell(
		p, cell->text, cell->length, s->out->value, expected) != 0)
		return refuse(s, COLUMN_VALUE, "%s", expected);
	p->value = s->out->value;
	return 0;
}

static int
parse_access(struct parse *s)
{
	const char *text = filled(s, COLUMN_ACCESS);

	if (text == NULL)
		return 0;
	return result(s, COLUMN_ACCESS,
	    cell_parse_access(
		text, &s->out->point.read_only, s->out->expected));
}

/* A text that is kept: it may have several lines. */
static int
parse_text(struct parse *s, enum column column, size_t most, const char **text)
{
	const struct cell *cell = &s->row->cells[column];

	if (cell->length > most ||
	    !text_is_printable(cell->text, cell->length, "\n\t"))
		return refuse(s, column, "at most %zu bytes of UTF-8", most);
	*text = cell->text;
	return 0;
}

static int
parse_simulate(struct parse *s)
{
	const struct cell *cell = &s->row->cells[COLUMN_SIMULATE];
	struct point *p = &s->out->point;
	struct shape shape;

	if (parse_text(s, COLUMN_SIMULATE, SIMULATE_MAX, &p->simulate) != 0)
		return -1;
	if (cell->length == 0)
		return 0;
	return result(s, COLUMN_SIMULATE,
	    shape_parse(p, cell->text, cell->length, &shape, s->out->expected));
}

static int
parse_texts(struct parse *s)
{
	struct point *p = &s->out->point;

	if (parse_text(s, COLUMN_UNITS, UNITS_MAX, &p->units) != 0)
		return -1;
	return parse_text(
	    s, COLUMN_DESCRIPTION, DESCRIPTION_MAX, &p->description);
}

/* --- the row ------------------------------------------------------------- */

static const struct {
	enum column first, last; /* those of a step */
	int (*parse)(struct parse *s);
} steps[] = {
	{ COLUMN_NAME, COLUMN_NAME, parse_name },
	{ COLUMN_AREA, COLUMN_AREA, parse_area },
	{ COLUMN_ADDRESS, COLUMN_NUMBER, parse_place },
	{ COLUMN_TYPE, COLUMN_TYPE, parse_type },
	{ COLUMN_ORDER, COLUMN_ORDER, parse_order },
	{ COLUMN_SCALE, COLUMN_SCALE, parse_scale },
	{ COLUMN_OFFSET, COLUMN_OFFSET, parse_offset },
	{ COLUMN_DIVISOR, COLUMN_DIVISOR, parse_divisor },
	{ COLUMN_VALUE, COLUMN_VALUE, parse_value },
	{ COLUMN_ACCESS, COLUMN_ACCESS, parse_access },
	{ COLUMN_SIMULATE, COLUMN_SIMULATE, parse_simulate },
	{ COLUMN_UNITS, COLUMN_DESCRIPTION, parse_texts },
};

int
point_row_parse(const struct point_row *row, struct parsed_row *parsed)
{
	struct parse s = { .row = row, .out = parsed };

	*parsed = (struct parsed_row){ .point = { .bit = POINT_NO_BIT,
					   .form.type = VALUE_UINT16,
					   .scale = 1,
					   .line = row->line } };
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		for (enum column c = steps[i].first; c <= steps[i].last; c++)
			if (c != COLUMN_VALUE && has_nul(&s, c))
				return refuse(&s, c, "a text without NUL");
		if (steps[i].parse(&s) != 0)
			return -1;
	}
	return 0;
}
