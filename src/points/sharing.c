#include "points/sharing.h"

#include <stdlib.h>

#include "points/point_words.h"

#define REGISTERS 65536U

/*
 * Each word of the table.
 *
 * Points that were added are intervals of registers, of which any two are
 * disjoint or one lies in the other. So those on both sides of a boundary
 * between two registers are in each other, and another one agrees with all of
 * them if it does with the innermost.
 */
struct sharing {
	enum datatable_overlay overlay;
	uint8_t named[REGISTERS];         /* as what; of enum naming */
	uint16_t bits[POINT_WORDS_END];   /* that have names */
	uint16_t known[POINT_WORDS_END];  /* that have values */
	uint16_t values[POINT_WORDS_END]; /* these */
	struct interval {
		uint32_t first, end; /* registers; of no point: 0, 0 */
	} innermost[REGISTERS];      /* across the boundary before each */
};

enum naming {
	NAMED_NOT,
	NAMED_HOLDING,
	NAMED_INPUT,
};

struct sharing *
sharing_new(enum datatable_overlay overlay)
{
	struct sharing *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->overlay = overlay;
	return s;
}

void
sharing_free(struct sharing *s)
{
	free(s);
}

static enum naming
naming_of(const struct point *p)
{
	return p->input ? NAMED_INPUT : NAMED_HOLDING;
}

static bool
is_named_otherwise(const struct sharing *s, const struct point *p)
{
	for (uint32_t i = 0; i < point_quantity(p); i++) {
		enum naming named = s->named[p->address + i];

		if (named != NAMED_NOT && named != naming_of(p))
			return true;
	}
	return false;
}

/* Whether one of the points that were added lies across an end of this one, and
 * does not have all of it. */
static bool
is_part(const struct sharing *s, const struct point *p)
{
	const uint32_t first = p->address, end = first + point_quantity(p);

	if (s->innermost[first].end > first && s->innermost[first].end < end)
		return true;
	return end < REGISTERS && s->innermost[end].end > end &&
	    s->innermost[end].first > first;
}

static bool
has_other_value(const struct sharing *s, const struct point *p,
    const struct point_words *words)
{
	for (uint32_t w = words->first; w < words->end; w++)
		if (((point_words_value(p, words, w) ^ s->values[w]) &
			s->known[w] & words->mask) != 0)
			return true;
	return false;
}

enum conflict
sharing_check(const struct sharing *s, const struct point *p)
{
	const struct point_words words = point_words(s->overlay, p);

	if (p->kind == DATATABLE_REGISTERS && is_named_otherwise(s, p))
		return CONFLICT_OTHER_AREA;
	if (p->kind == DATATABLE_REGISTERS && is_part(s, p))
		return CONFLICT_PARTS;
	if (point_is_bool(p) && (s->bits[words.first] & words.mask) != 0)
		return CONFLICT_BIT_TWICE;
	if (p->value != NULL && has_other_value(s, p, &words))
		return CONFLICT_OTHER_VALUE;
	return CONFLICT_NONE;
}

static void
add_interval(struct sharing *s, uint32_t first, uint32_t end)
{
	for (uint32_t i = first + 1; i < end; i++) {
		struct interval *in = &s->innermost[i];

		if (in->end == 0 || end - first < in->end - in->first)
			*in = (struct interval){ first, end };
	}
}

void
sharing_add(struct sharing *s, const struct point *p)
{
	const struct point_words words = point_words(s->overlay, p);

	if (p->kind == DATATABLE_REGISTERS) {
		for (uint32_t w = words.first; w < words.end; w++)
			s->named[w] = (uint8_t)naming_of(p);
		add_interval(s, words.first, words.end);
	}
	if (point_is_bool(p))
		s->bits[words.first] |= words.mask;
	if (p->value == NULL)
		return;
	for (uint32_t w = words.first; w < words.end; w++) {
		s->known[w] |= words.mask;
		s->values[w] |= point_words_value(p, &words, w) & words.mask;
	}
}
