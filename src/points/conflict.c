#include "points/conflict.h"

#include "points/expected.h"
#include "points/point_words.h"

/* Two points, and the words that both have. */
struct pair {
	const struct point *p, *q;
	struct point_words p_words, q_words;
	uint32_t first, end;
};

static struct pair
pair_of(enum datatable_overlay overlay, const struct point *p,
    const struct point *q)
{
	struct pair pair = { p, q, point_words(overlay, p),
		point_words(overlay, q), 0, 0 };

	pair.first = pair.p_words.first > pair.q_words.first ?
	    pair.p_words.first :
	    pair.q_words.first;
	pair.end = pair.p_words.end < pair.q_words.end ? pair.p_words.end :
							 pair.q_words.end;
	return pair;
}

/* The bits of a word of which both have said something else. */
static uint16_t
difference(const struct pair *pair, uint32_t word)
{
	if (pair->p->value == NULL || pair->q->value == NULL)
		return 0;
	return (
	    uint16_t)((point_words_value(pair->p, &pair->p_words, word) ^
			  point_words_value(pair->q, &pair->q_words, word)) &
	    pair->p_words.mask & pair->q_words.mask);
}

/* The first word with a difference, or end. */
static uint32_t
different_word(const struct pair *pair)
{
	uint32_t w = pair->first;

	while (w < pair->end && difference(pair, w) == 0)
		w++;
	return w;
}

static bool
lies_in(const struct point_words *inner, const struct point_words *outer)
{
	return inner->first >= outer->first && inner->end <= outer->end;
}

static bool
is_of_registers(const struct point *p)
{
	return p->kind == DATATABLE_REGISTERS;
}

static bool
is_in_conflict(enum conflict conflict, const struct pair *pair)
{
	const struct point *p = pair->p, *q = pair->q;

	if (pair->first >= pair->end)
		return false;
	switch (conflict) {
	case CONFLICT_OTHER_AREA:
		return is_of_registers(p) && is_of_registers(q) &&
		    q->input != p->input;
	case CONFLICT_PARTS:
		return is_of_registers(p) && is_of_registers(q) &&
		    !lies_in(&pair->p_words, &pair->q_words) &&
		    !lies_in(&pair->q_words, &pair->p_words);
	case CONFLICT_BIT_TWICE:
		return point_is_bool(q) &&
		    pair->p_words.mask == pair->q_words.mask;
	case CONFLICT_OTHER_VALUE:
		return different_word(pair) < pair->end;
	case CONFLICT_NONE:
		break;
	}
	return false;
}

#define OTHER         "\"%s\", line %u"
#define OTHER_ARGS(q) (q)->name, (q)->line

static void
explain_area(const struct pair *pair, char *expected)
{
	struct point p = *pair->p;
	char reference[POINT_REFERENCE_MAX];

	p.input = pair->q->input;
	expected_words(expected, "%s: %s are one table; " OTHER ", has it",
	    point_reference(&p, reference),
	    p.kind == DATATABLE_COILS ? "coils and discrete inputs" :
					"input and holding registers",
	    OTHER_ARGS(pair->q));
}

static void
explain_parts(const struct pair *pair, char *expected)
{
	unsigned shared = pair->end - pair->first;
	const char *part =
	    2 * shared == point_quantity(pair->q) ? "half" : "part";

	if (shared == 1)
		expected_words(expected,
		    "an address of its own: register %u is %s of " OTHER,
		    pair->first, part, OTHER_ARGS(pair->q));
	else
		expected_words(expected,
		    "an address of its own: registers %u to %u are %s "
		    "of " OTHER,
		    pair->first, pair->end - 1, part, OTHER_ARGS(pair->q));
}

static void
explain_value(const struct pair *pair, char *expected)
{
	const uint32_t word = different_word(pair);
	const uint16_t value = point_words_value(pair->q, &pair->q_words, word);
	const bool on = (value & difference(pair, word)) != 0;

	if (point_is_bool(pair->p))
		expected_words(expected, "what " OTHER ", says of this bit: %d",
		    OTHER_ARGS(pair->q), on);
	else if (point_is_bool(pair->q))
		expected_words(expected,
		    "what " OTHER ", says of bit %u of register %u: %d",
		    OTHER_ARGS(pair->q), pair->q_words.shift, word, on);
	else
		expected_words(expected,
		    "what " OTHER ", says of register %u: 0x%04X",
		    OTHER_ARGS(pair->q), word, value);
}

static enum column
explain(enum conflict conflict, const struct pair *pair, char *expected)
{
	if (conflict == CONFLICT_OTHER_VALUE) {
		explain_value(pair, expected);
		return COLUMN_VALUE;
	}
	if (conflict == CONFLICT_PARTS)
		explain_parts(pair, expected);
	else if (pair->p->kind == pair->q->kind &&
	    pair->p->input != pair->q->input)
		explain_area(pair, expected);
	else
		expected_words(expected,
		    "an address of its own: " OTHER ", has it",
		    OTHER_ARGS(pair->q));
	return COLUMN_ADDRESS;
}

enum column
conflict_explain(enum conflict conflict, enum datatable_overlay overlay,
    const struct points *list, const struct point *p, char *expected)
{
	for (size_t i = 0; i < points_count(list); i++) {
		struct pair pair = pair_of(overlay, p, points_at(list, i));

		if (is_in_conflict(conflict, &pair))
			return explain(conflict, &pair, expected);
	}
	expected[0] = '\0';
	return COLUMN_ADDRESS;
}
