/*
 * A file to replay, of a point of any type.
 *
 * Input: a byte for the type, a line with the arguments of replay(), then the
 * file.
 *
 * Holds: there are values, each one that the point has, and each tick plays one
 * of them; or there is one line of error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "points/expected.h"
#include "points/value.h"
#include "simulation/replay_file.h"
#include "simulation/series.h"

#define STRING VALUE_TYPES
#define COIL   (VALUE_TYPES + 1)
#define BIT    (VALUE_TYPES + 2)
#define SORTS  (VALUE_TYPES + 3)

static struct point
take_point(struct input *in)
{
	unsigned sort = input_byte(in);
	bool is_scaled = sort / SORTS % 2 == 1;
	struct point p = { .name = "flow", .address = 20, .scale = 1 };

	sort %= SORTS;
	p.kind = sort == COIL ? DATATABLE_COILS : DATATABLE_REGISTERS;
	p.bit = sort == BIT ? 3 : POINT_NO_BIT;
	if (sort <= STRING)
		p.form.type = (enum value_type)sort;
	p.form.order = VALUE_CDAB;
	p.form.bytes = 5;
	if (sort < STRING && is_scaled)
		p.scale = 0.1;
	return p;
}

/* Take the rest of a line. Returns whether replay() takes it. */
static bool
take_shape(struct input *in, const struct point *p, struct shape *shape)
{
	const uint8_t *end = memchr(in->next, '\n', in->left);
	size_t length = end == NULL ? in->left : (size_t)(end - in->next);
	char cell[SIMULATE_MAX + 16], expected[POINT_EXPECTED_MAX];

	if (length > SIMULATE_MAX || memchr(in->next, '\0', length) != NULL)
		return false;
	snprintf(cell, sizeof(cell), "replay(%.*s)", (int)length,
	    (const char *)in->next);
	length += end != NULL;
	input_take(in, &length);
	return shape_parse(p, cell, strlen(cell), shape, expected) == 0;
}

static void
check_played(const struct point *p, struct replay *r, const uint16_t *words)
{
	size_t quantity = point_quantity(p);
	size_t place = (size_t)(words - replay_value(r, 0));
	char cell[POINT_CELL_MAX];

	must(place % quantity == 0);
	must(place / quantity < replay_count(r));
	must(!point_is_bool(p) || words[0] <= 1);
	must(point_format_cell(p, words, cell) == strlen(cell));
}

static void
play(const struct point *p, const struct shape *shape, struct replay *r)
{
	must(replay_count(r) > 0 && replay_count(r) <= replay_most(r));
	for (uint64_t tick = 1; tick < UINT64_MAX / 3; tick = tick * 3 - 1) {
		check_played(p, r, replay_by_row(r, tick));
		check_played(p, r, replay_by_time(r, shape->every, tick));
		if (tick == 1)
			tick = 2;
	}
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
	char error[SERIES_ERROR_MAX];
	struct shape shape;
	struct replay *r;
	void *copy;
	FILE *f;

	if (!take_shape(&in, &p, &shape) || in.left == 0)
		return 0;
	copy = fuzz_copy(in.next, in.left);
	f = fmemopen(copy, in.left, "rb");
	must(f != NULL);
	r = replay_read_stream(&p, &shape, f, "f", error);
	fclose(f);
	free(copy);
	must((r == NULL) == (error[0] != '\0'));
	must(strchr(error, '\n') == NULL);
	if (r != NULL)
		play(&p, &shape, r);
	replay_free(r);
	return 0;
}
