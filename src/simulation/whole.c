#include "simulation/whole.h"

#include <math.h>

#include "simulation/noise.h"

/* The number that words are in the order of all numbers of the type. */
static uint64_t
load(const struct point *p, const uint16_t *words)
{
	if (point_is_bool(p))
		return words[0] != 0;
	return value_load_bits(&p->form, words) ^
	    value_ends[p->form.type].least;
}

static void
store(const struct point *p, uint64_t number, uint16_t *words)
{
	if (point_is_bool(p))
		words[0] = number != 0;
	else
		value_store_bits(
		    &p->form, number ^ value_ends[p->form.type].least, words);
}

void
whole_init(struct whole *w, const struct point *p, const struct shape *shape)
{
	uint64_t from, to;

	*w = (struct whole){ .point = p,
		.step = (uint64_t)fabs(shape->step),
		.is_down = shape->step < 0 };
	if (shape->kind == SHAPE_COUNT || shape->kind == SHAPE_TOGGLE)
		return;
	from = load(p, shape->from);
	to = load(p, shape->to);
	w->is_reversed = from > to;
	w->low = w->is_reversed ? to : from;
	w->span = w->is_reversed ? from - to : to - from;
}

/* How far a number is from A. One that is not from A to B is the nearer of
 * them. */
static uint64_t
place_of(const struct whole *w, uint64_t number)
{
	uint64_t place = number - w->low;

	if (number < w->low)
		place = 0;
	else if (place > w->span)
		place = w->span;
	return w->is_reversed ? w->span - place : place;
}

static uint64_t
sine(const struct whole *w, const struct moment *m)
{
	double place = round((double)w->span * moment_sine(m));

	return place < (double)w->span ? (uint64_t)place : w->span;
}

/* Each number for the same time. */
static uint64_t
ramp(const struct whole *w, const struct moment *m)
{
	double place =
	    ((double)w->span + 1) * (double)m->phase / (double)m->period;

	return place < (double)w->span ? (uint64_t)place : w->span;
}

/* Up or down by at most the step; what is beyond an end is turned back. */
static uint64_t
walk(const struct whole *w, const struct moment *m, uint64_t place)
{
	uint64_t way = noise_whole(m->noise, w->step);
	uint64_t above = w->span - place;

	if (m->noise & 1)
		return way <= above ? place + way : w->span - (way - above);
	return way <= place ? place - way : way - place;
}

static uint64_t
next(const struct whole *w, const struct moment *m, uint64_t held)
{
	uint64_t place = 0;

	switch (m->kind) {
	case SHAPE_COUNT:
		return w->is_down ? held - w->step : held + w->step;
	case SHAPE_TOGGLE:
		return m->phase >= m->period / 2;
	case SHAPE_SINE:
		place = sine(w, m);
		break;
	case SHAPE_RAMP:
		place = ramp(w, m);
		break;
	case SHAPE_RANDOM:
		place = noise_whole(m->noise, w->span);
		break;
	case SHAPE_WALK:
		place = walk(w, m, place_of(w, held));
		break;
	case SHAPE_REPLAY:
		break;
	}
	return w->low + (w->is_reversed ? w->span - place : place);
}

void
whole_next(const struct whole *w, const struct moment *m, const uint16_t *held,
    uint16_t *words)
{
	store(w->point, next(w, m, load(w->point, held)), words);
}
