#include "simulation/series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "points/expected.h"
#include "points/quantity.h"
#include "points/shape.h"
#include "simulation/moment.h"
#include "simulation/noise.h"
#include "simulation/real.h"
#include "simulation/whole.h"

struct series {
	const struct point *point; /* borrowed */
	enum shape_kind kind;
	unsigned every, period; /* milliseconds; a period may be 1 */
	uint64_t key;           /* of its noise */
	union {
		struct whole whole;
		struct real real;
	};
};

static bool
is_real(const struct point *p)
{
	return !point_is_bool(p) && point_is_float(p);
}

static void
init(struct series *s, const struct shape *shape)
{
	s->kind = shape->kind;
	s->every = shape->every;
	s->period = shape->period;
	if (s->kind == SHAPE_TOGGLE)
		s->period *= 2;
	if (s->period == 0)
		s->period = 1;
	if (is_real(s->point))
		real_init(&s->real, s->point, shape);
	else
		whole_init(&s->whole, s->point, shape);
}

struct series *
series_new(
    const struct point *p, const char *points_file, uint64_t seed, char *error)
{
	char expected[POINT_EXPECTED_MAX];
	struct shape shape;
	struct series *s;

	if (shape_parse(
		p, p->simulate, strlen(p->simulate), &shape, expected) != 0 ||
	    shape.kind == SHAPE_REPLAY) {
		snprintf(error, SERIES_ERROR_MAX, "%s: replay: not built yet",
		    points_file);
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		snprintf(error, SERIES_ERROR_MAX, "out of memory");
		return NULL;
	}
	s->point = p;
	s->key = noise_key(seed, p->name);
	init(s, &shape);
	return s;
}

void
series_free(struct series *s)
{
	free(s);
}

unsigned
series_period(const struct series *s)
{
	return s->every;
}

void
series_next(const struct series *s, uint64_t tick, const uint16_t *held,
    uint16_t *words)
{
	const struct moment m = {
		.kind = s->kind,
		.phase = tick * s->every % s->period,
		.period = s->period,
		.noise = noise_at(s->key, tick),
	};

	if (is_real(s->point))
		real_next(&s->real, &m, held, words);
	else
		whole_next(&s->whole, &m, held, words);
}
