#include "points/shape.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "points/expected.h"
#include "points/notation.h"
#include "points/quantity.h"
#include "points/value.h"

#define BLANKS "\t\n "

/* The arguments of any shape. */
#define ARGUMENTS_MAX 3

/* What holds values that have a shape. */
enum {
	OF_NUMBERS = 1,
	OF_BOOLS = 2,
	OF_TEXTS = 4,
};

struct parse;

typedef int (*take_fn)(struct parse *s, char *argument);

static int take_range(struct parse *s, char *argument);
static int take_period(struct parse *s, char *argument);
static int take_step(struct parse *s, char *argument);
static int take_file(struct parse *s, char *argument);
static int take_column(struct parse *s, char *argument);
static int take_time_column(struct parse *s, char *argument);

static const struct form {
	const char *name;
	const char *usage;
	unsigned of;
	unsigned least;               /* how many arguments it has */
	take_fn takes[ARGUMENTS_MAX]; /* and what they are */
	unsigned ticks;               /* the fewest in a period */
} forms[] = {
	[SHAPE_SINE] = { "sine", "sine(A..B, PERIOD)", OF_NUMBERS, 2,
	    { take_range, take_period }, 4 },
	[SHAPE_RAMP] = { "ramp", "ramp(A..B, PERIOD)", OF_NUMBERS, 2,
	    { take_range, take_period }, 2 },
	[SHAPE_RANDOM] = { "random", "random(A..B)", OF_NUMBERS | OF_BOOLS, 1,
	    { take_range }, 0 },
	[SHAPE_WALK] = { "walk", "walk(A..B, STEP)", OF_NUMBERS, 2,
	    { take_range, take_step }, 0 },
	[SHAPE_COUNT] = { "count", "count(STEP)", OF_NUMBERS, 1, { take_step },
	    0 },
	[SHAPE_TOGGLE] = { "toggle", "toggle(PERIOD)", OF_BOOLS, 1,
	    { take_period }, 1 },
	[SHAPE_REPLAY] = { "replay", "replay(FILE)",
	    OF_NUMBERS | OF_BOOLS | OF_TEXTS, 1,
	    { take_file, take_column, take_time_column }, 0 },
};

#define FORMS (sizeof(forms) / sizeof(*forms))

/* A cell while it is parsed. */
struct parse {
	const struct point *point;
	const struct form *form;
	struct shape *shape;
	char *expected;
};

static unsigned
what_holds(const struct point *p)
{
	if (point_is_bool(p))
		return OF_BOOLS;
	return point_is_text(p) ? OF_TEXTS : OF_NUMBERS;
}

/* Say which shapes there are. */
static int
expected_shapes(const struct point *p, char *expected)
{
	char text[POINT_EXPECTED_MAX] = "", type[POINT_TYPE_MAX];
	size_t n = 0;

	for (size_t i = 0; i < FORMS; i++) {
		if ((forms[i].of & what_holds(p)) == 0)
			continue;
		if (n > 0)
			n += (size_t)sprintf(
			    text + n, i == SHAPE_REPLAY ? " or " : ", ");
		n += (size_t)sprintf(text + n, "%s", forms[i].usage);
	}
	return expected_words(expected, "%s for %s", text, point_type(p, type));
}

/* Cut blanks off both ends. Returns where the text begins. */
static char *
trim(char *text)
{
	size_t length;

	text += strspn(text, BLANKS);
	length = strlen(text);
	while (length > 0 && strchr(BLANKS, text[length - 1]) != NULL)
		length--;
	text[length] = '\0';
	return text;
}

/* --- times ---------------------------------------------------------------- */

/* Returns 0 or -1. */
static int
parse_time(const char *text, unsigned *milliseconds)
{
	static const struct {
		const char *name;
		unsigned milliseconds;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 } };
	uint64_t n;

	text = number_take(text, SHAPE_TIME_MAX, &n);
	if (text == NULL)
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcasecmp(text, units[i].name) != 0)
			continue;
		n *= units[i].milliseconds;
		if (n < SHAPE_TIME_MIN || n > SHAPE_TIME_MAX)
			return -1;
		*milliseconds = (unsigned)n;
		return 0;
	}
	return -1;
}

#define TIME_EXPECTED "a time from 1ms to 60m, such as 100ms, 2s or 5m"

/* What follows the shape: nothing, or "every" and a time. */
static int
parse_every(struct parse *s, char *text)
{
	static const char every[] = "every";
	size_t length = sizeof(every) - 1;

	s->shape->every = SHAPE_EVERY;
	text = trim(text);
	if (*text == '\0')
		return 0;
	if (strncasecmp(text, every, length) != 0 ||
	    strchr(BLANKS, text[length]) == NULL)
		return expected_words(s->expected,
		    "nothing behind %s, or every TIME", s->form->usage);
	if (parse_time(trim(text + length), &s->shape->every) != 0)
		return expected_words(
		    s->expected, "every to have " TIME_EXPECTED);
	return 0;
}

/* Where a period has too few ticks, all values would be alike. */
static int
take_period(struct parse *s, char *argument)
{
	const struct shape *shape = s->shape;

	if (parse_time(argument, &s->shape->period) != 0)
		return expected_words(
		    s->expected, "PERIOD to be " TIME_EXPECTED);
	if (shape->period / s->form->ticks < shape->every)
		return expected_words(s->expected,
		    "PERIOD to be at least %ums, or a shorter every: %s has "
		    "%u tick%s in it",
		    s->form->ticks * shape->every, s->form->name,
		    s->form->ticks, s->form->ticks == 1 ? "" : "s");
	return 0;
}

/* --- numbers -------------------------------------------------------------- */

/* A value of the point: of numbers only one in decimal. */
static int
take_value(struct parse *s, char *text, const char *which, uint16_t *raw)
{
	const struct point *p = s->point;
	char expected[POINT_EXPECTED_MAX];
	size_t length;

	text = trim(text);
	length = strlen(text);
	if (!point_is_bool(p) && !notation_is_decimal(text, length, '.'))
		expected_range(p, "a number", expected);
	else if (point_parse_cell(p, text, length, raw, expected) == 0)
		return 0;
	return expected_words(s->expected, "%s to be %.*s", which,
	    POINT_EXPECTED_MAX - 16, expected);
}

/* A..B, where a number has at most one point at a time. */
static int
take_range(struct parse *s, char *argument)
{
	const struct point *p = s->point;
	struct shape *shape = s->shape;
	char *dots = strstr(argument, "..");

	if (dots == NULL)
		return expected_words(s->expected, "%s", s->form->usage);
	*dots = '\0';
	if (take_value(s, argument, "A", shape->from) != 0 ||
	    take_value(s, dots + 2, "B", shape->to) != 0)
		return -1;
	if (memcmp(shape->from, shape->to,
		point_quantity(p) * sizeof(*shape->from)) == 0)
		return expected_words(
		    s->expected, "A and B to be different values of the point");
	if (strtod(argument, NULL) > strtod(dots + 2, NULL))
		return expected_words(s->expected, "A below B");
	return 0;
}

/* How far A and B are from each other. */
static double
distance(const struct parse *s)
{
	const struct value_form *form = &s->point->form;

	return fabs(value_load_real(form, s->shape->to) -
	    value_load_real(form, s->shape->from));
}

/* A difference in engineering units as one of raw values, and the value of a
 * raw difference of 1. */
static double
raw_step(const struct point *p, double step)
{
	double raw = p->divisor != 0 ? step * p->divisor : step / p->scale;

	return point_is_float(p) ? raw : round(raw);
}

static double
unit_of(const struct point *p)
{
	return fabs(p->divisor != 0 ? 1 / p->divisor : p->scale);
}

/* The most that a count goes up: beyond half of all numbers is downwards. */
static double
most_count(const struct point *p)
{
	if (p->form.type == VALUE_FLOAT32)
		return (double)FLT_MAX;
	if (p->form.type == VALUE_FLOAT64)
		return DBL_MAX;
	return ldexp(1, (int)(16 * point_quantity(p) - 1));
}

/* A step in raw numbers. */
static int
check_step(struct parse *s, double step)
{
	const struct point *p = s->point;
	bool walks = s->form == &forms[SHAPE_WALK];

	if (walks && step < 0)
		step = -step; /* of a scale below 0 */
	if (step == 0 && point_is_float(p))
		return expected_words(s->expected, "STEP to be other than 0");
	if (step == 0)
		return expected_words(s->expected,
		    "STEP to be at least %.6g, the resolution of the point",
		    unit_of(p));
	if (walks && step > distance(s))
		return expected_words(s->expected, "STEP to be at most B - A");
	if (!(fabs(step) <= most_count(p)))
		return expected_words(s->expected, "STEP to be at most %.6g",
		    fmin(most_count(p) * unit_of(p), DBL_MAX));
	s->shape->step = step;
	return 0;
}

static int
take_step(struct parse *s, char *argument)
{
	const struct point *p = s->point;
	size_t length = strlen(argument);
	double step;

	if (!notation_is_decimal(argument, length, '.'))
		return expected_words(s->expected, "STEP to be a number");
	if (point_is_whole(p) && !notation_is_whole(argument, length))
		return expected_words(s->expected, "STEP to be a whole number");
	step = strtod(argument, NULL);
	if (s->form == &forms[SHAPE_WALK] && step < 0)
		return expected_words(s->expected, "STEP to be above 0");
	return check_step(s, raw_step(p, step));
}

/* --- files ---------------------------------------------------------------- */

static int
take_file(struct parse *s, char *argument)
{
	if (*argument == '\0')
		return expected_words(
		    s->expected, "the name of a file: replay(FILE)");
	snprintf(s->shape->file, sizeof(s->shape->file), "%s", argument);
	return 0;
}

/* A name, or a number. */
static int
parse_column(const char *text, struct shape_column *column)
{
	uint64_t number;

	if (*text == '\0')
		return -1;
	snprintf(column->name, sizeof(column->name), "%s", text);
	if (text[strspn(text, "0123456789")] != '\0')
		return 0;
	if (number_parse(text, 1, SHAPE_COLUMN_MAX, &number) != 0)
		return -1;
	column->number = (unsigned)number;
	return 0;
}

static int
take_column(struct parse *s, char *argument)
{
	if (parse_column(argument, &s->shape->column) == 0)
		return 0;
	return expected_words(s->expected,
	    "COLUMN to be a name, or a number from 1 to %d", SHAPE_COLUMN_MAX);
}

/* Only a file with a header has names. */
static int
take_time_column(struct parse *s, char *argument)
{
	bool by_number = s->shape->column.number != 0;

	if (parse_column(argument, &s->shape->time) == 0 &&
	    (s->shape->time.number != 0) == by_number)
		return 0;
	return expected_words(s->expected, "TIME-COLUMN to be %s, as COLUMN is",
	    by_number ? "a number from 1 on" : "a name");
}

/* --- the cell ------------------------------------------------------------- */

static const struct form *
find_form(const char *name)
{
	for (size_t i = 0; i < FORMS; i++)
		if (strcasecmp(name, forms[i].name) == 0)
			return &forms[i];
	return NULL;
}

/* What is between the brackets. */
static int
parse_arguments(struct parse *s, char *text)
{
	char *arguments[ARGUMENTS_MAX];
	unsigned n = 0;
	char *end;

	for (; text != NULL; text = end) {
		end = strchr(text, ',');
		if (end != NULL)
			*end++ = '\0';
		if (n == ARGUMENTS_MAX || s->form->takes[n] == NULL)
			return expected_words(
			    s->expected, "%s", s->form->usage);
		arguments[n++] = trim(text);
	}
	if (n < s->form->least)
		return expected_words(s->expected, "%s", s->form->usage);
	for (unsigned i = 0; i < n; i++)
		if (s->form->takes[i](s, arguments[i]) != 0)
			return -1;
	return 0;
}

int
shape_parse(const struct point *p, const char *text, size_t length,
    struct shape *shape, char *expected)
{
	struct parse s = { .point = p, .shape = shape, .expected = expected };
	char cell[SIMULATE_MAX + 1], *open, *close;

	*shape = (struct shape){ .every = SHAPE_EVERY };
	if (length > SIMULATE_MAX)
		return expected_words(
		    expected, "at most %d bytes", SIMULATE_MAX);
	memcpy(cell, text, length);
	cell[length] = '\0';
	open = strchr(cell, '(');
	if (open == NULL)
		return expected_shapes(p, expected);
	*open = '\0';
	s.form = find_form(trim(cell));
	if (s.form == NULL || (s.form->of & what_holds(p)) == 0)
		return expected_shapes(p, expected);
	shape->kind = (enum shape_kind)(s.form - forms);
	close = strrchr(open + 1, ')');
	if (close == NULL)
		return expected_words(expected, "%s", s.form->usage);
	*close = '\0';
	if (parse_every(&s, close + 1) != 0)
		return -1;
	return parse_arguments(&s, open + 1);
}
