#include "simulation/series.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "points/expected.h"
#include "points/quantity.h"
#include "points/shape.h"
#include "simulation/moment.h"
#include "simulation/noise.h"
#include "simulation/real.h"
#include "simulation/replay.h"
#include "simulation/replay_file.h"
#include "simulation/whole.h"
#include "system/error.h"

struct series {
	const struct point *point; /* borrowed */
	enum shape_kind kind;
	unsigned every, period; /* milliseconds; a period may be 1 */
	uint64_t key;           /* of its noise */
	struct replay *replay;  /* owned; NULL: of another shape */
	bool by_time;           /* it has moments */
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
	if (s->kind == SHAPE_REPLAY)
		return;
	if (is_real(s->point))
		real_init(&s->real, s->point, shape);
	else
		whole_init(&s->whole, s->point, shape);
}

/* Returns 0 or -1. */
static int
read_replay(struct series *s, const struct shape *shape,
    const char *points_file, char *error)
{
	char path[REPLAY_PATH_MAX];

	s->by_time = shape->time.name[0] != '\0';
	s->replay = replay_read(s->point, shape,
	    replay_path(points_file, shape->file, path), error);
	return s->replay == NULL ? -1 : 0;
}

struct series *
series_new(
    const struct point *p, const char *points_file, uint64_t seed, char *error)
{
	char expected[POINT_EXPECTED_MAX];
	struct series *s = calloc(1, sizeof(*s));
	struct shape shape;

	if (s == NULL) {
		snprintf(error, SERIES_ERROR_MAX, "%s", error_text(ENOMEM));
		return NULL;
	}
	s->point = p;
	s->key = noise_key(seed, p->name);
	if (shape_parse(
		p, p->simulate, strlen(p->simulate), &shape, expected) != 0) {
		snprintf(
		    error, SERIES_ERROR_MAX, "simulate: expected %s", expected);
		goto fail;
	}
	init(s, &shape);
	if (s->kind == SHAPE_REPLAY &&
	    read_replay(s, &shape, points_file, error) != 0)
		goto fail;
	return s;
fail:
	series_free(s);
	return NULL;
}

void
series_free(struct series *s)
{
	if (s == NULL)
		return;
	replay_free(s->replay);
	free(s);
}

unsigned
series_period(const struct series *s)
{
	return s->every;
}

static void
play(const struct series *s, uint64_t tick, const uint16_t *held,
    uint16_t *words)
{
	const uint16_t *value = s->by_time ?
	    replay_by_time(s->replay, s->every, tick) :
	    replay_by_row(s->replay, tick);

	replay_put(s->replay, value, held, words);
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

	if (s->replay != NULL)
		play(s, tick, held, words);
	else if (is_real(s->point))
		real_next(&s->real, &m, held, words);
	else
		whole_next(&s->whole, &m, held, words);
}
