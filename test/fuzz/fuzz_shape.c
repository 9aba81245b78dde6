/*
 * The cell simulate of a point of any type, and the series of values that it
 * is.
 *
 * Input: a byte for the type, one for the order and the scaling, 8 bytes that
 * the registers hold, then the cell.
 *
 * Holds: the cell is a shape within its limits, or there is one line that says
 * what was expected. Each value of the series is one from A to B, and a finite
 * number, whatever the registers hold; the same seed gives the same again.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "points/expected.h"
#include "simulation/series.h"

#define STRING VALUE_TYPES
#define COIL   (VALUE_TYPES + 1)
#define BIT    (VALUE_TYPES + 2)
#define SORTS  (VALUE_TYPES + 3)

static struct point
take_point(struct input *in)
{
	static const double scales[] = { 1, 0.1, -0.25, 1e300 };
	unsigned sort = input_byte(in) % SORTS;
	unsigned rest = input_byte(in);
	struct point p = {
		.name = "flow",
		.kind = sort == COIL ? DATATABLE_COILS : DATATABLE_REGISTERS,
		.bit = sort == BIT ? 3 : POINT_NO_BIT,
		.scale = 1,
	};

	if (sort > STRING)
		return p;
	p.form.type = (enum value_type)sort;
	p.form.order = (enum value_order)(rest % 4);
	p.form.bytes = 8;
	if (sort == STRING)
		return p;
	p.scale = scales[rest / 4 % 4];
	p.offset = rest & 16 ? -40 : 0;
	p.divisor = rest & 32 ? 10 : 0;
	return p;
}

static void
check_line(const char *line)
{
	must(line[0] != '\0' && strlen(line) < POINT_EXPECTED_MAX);
	for (; *line != '\0'; line++)
		must((unsigned char)*line >= ' ' && *line != 0x7F);
}

static double
number(const struct point *p, const uint16_t *words)
{
	return point_is_bool(p) ? words[0] : value_load_real(&p->form, words);
}

static void
check_value(
    const struct point *p, const struct shape *shape, const uint16_t *words)
{
	double value = number(p, words);
	double from = number(p, shape->from), to = number(p, shape->to);

	must(isfinite(value));
	if (point_is_bool(p))
		must(words[0] <= 1);
	if (shape->kind != SHAPE_COUNT && shape->kind != SHAPE_TOGGLE)
		must(value >= fmin(from, to) && value <= fmax(from, to));
}

static void
check_series(
    const struct point *p, const struct shape *shape, const uint16_t *held)
{
	char error[SERIES_ERROR_MAX];
	struct series *one = series_new(p, "f", 1, error);
	struct series *other = series_new(p, "f", 1, error);
	uint16_t words[VALUE_WORDS_MAX], again[VALUE_WORDS_MAX] = { 0 };

	must(one != NULL && other != NULL);
	must(series_period(one) == shape->every);
	memcpy(words, held, sizeof(words));
	for (uint64_t tick = 1; tick != 0; tick *= 3) {
		memcpy(again, words, sizeof(again));
		series_next(one, tick, words, words);
		series_next(other, tick, again, again);
		must(memcmp(words, again, sizeof(words)) == 0);
		check_value(p, shape, words);
		if (tick > UINT64_MAX / 3)
			break;
	}
	series_free(one);
	series_free(other);
}

static void
check_shape(const struct shape *shape)
{
	must(shape->every >= SHAPE_TIME_MIN && shape->every <= SHAPE_TIME_MAX);
	must(shape->period <= SHAPE_TIME_MAX);
	must(isfinite(shape->step));
	must((shape->file[0] != '\0') == (shape->kind == SHAPE_REPLAY));
	must(shape->column.number <= SHAPE_COLUMN_MAX);
	must(shape->time.number <= SHAPE_COLUMN_MAX);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct point p = take_point(&in);
	size_t length = 2 * VALUE_WORDS_MAX;
	uint16_t held[VALUE_WORDS_MAX] = { 0 };
	char expected[POINT_EXPECTED_MAX];
	struct shape shape;
	const uint8_t *bytes;
	char *cell;

	bytes = input_take(&in, &length);
	memcpy(held, bytes, length);
	cell = calloc(1, in.left + 1);
	must(cell != NULL);
	memcpy(cell, in.next, in.left);
	p.simulate = cell;
	if (strlen(cell) != in.left) {
		free(cell); /* a row with a NUL is refused before */
		return 0;
	}
	if (shape_parse(&p, cell, in.left, &shape, expected) != 0) {
		check_line(expected);
	} else {
		check_shape(&shape);
		if (shape.kind != SHAPE_REPLAY)
			check_series(&p, &shape, held);
	}
	free(cell);
	return 0;
}
