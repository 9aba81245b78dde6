#include "simulation/real.h"

#include <math.h>

#include "simulation/noise.h"

void
real_init(struct real *r, const struct point *p, const struct shape *shape)
{
	const struct value_form *form = &p->form;
	uint16_t least[VALUE_WORDS_MAX], most[VALUE_WORDS_MAX];
	bool counts = shape->kind == SHAPE_COUNT;

	value_store_bits(form, value_ends[form->type].least, least);
	value_store_bits(form, value_ends[form->type].most, most);
	*r = (struct real){
		.point = p,
		.from = value_load_real(form, counts ? least : shape->from),
		.to = value_load_real(form, counts ? most : shape->to),
		.step = shape->step,
	};
}

/* The number nearest to one of A to B. */
static double
within(const struct real *r, double number)
{
	return fmin(fmax(number, fmin(r->from, r->to)), fmax(r->from, r->to));
}

/* The number at a part of the way from A to B, whose difference may be larger
 * than any number. */
static double
between(const struct real *r, double part)
{
	return r->from * (1 - part) + r->to * part;
}

/* Up or down by at most the step; what is beyond an end is turned back. */
static double
walk(const struct real *r, const struct moment *m, double held)
{
	double place = within(r, held);
	double next = place + r->step * (2 * noise_real(m->noise) - 1);
	double end = within(r, next);

	return end - (next - end);
}

static double
next(const struct real *r, const struct moment *m, double held)
{
	switch (m->kind) {
	case SHAPE_SINE:
		return between(r, moment_sine(m));
	case SHAPE_RAMP:
		return between(r, (double)m->phase / (double)m->period);
	case SHAPE_RANDOM:
		return between(r, noise_real(m->noise));
	case SHAPE_WALK:
		return walk(r, m, isnan(held) ? r->from : held);
	case SHAPE_COUNT:
		return (isnan(held) ? 0 : held) + r->step;
	case SHAPE_TOGGLE:
	case SHAPE_REPLAY:
		break;
	}
	return held;
}

void
real_next(const struct real *r, const struct moment *m, const uint16_t *held,
    uint16_t *words)
{
	const struct value_form *form = &r->point->form;
	double number = next(r, m, value_load_real(form, held));

	value_store(form,
	    (struct value_number){ .is_real = true, .real = within(r, number) },
	    words);
}
