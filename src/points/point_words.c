#include "points/point_words.h"

#define REGISTERS 65536U

struct point_words
point_words(enum datatable_overlay overlay, const struct point *p)
{
	uint32_t base = overlay == DATATABLE_OVERLAID ? 0 : REGISTERS;
	uint32_t first = p->address;
	unsigned bit = (unsigned)p->bit;

	if (!point_is_bool(p))
		return (struct point_words){ first, first + point_quantity(p),
			UINT16_MAX, 0 };
	if (p->kind == DATATABLE_COILS) {
		bit = first % 16;
		first = base + first / 16;
	}
	return (
	    struct point_words){ first, first + 1, (uint16_t)(1U << bit), bit };
}

uint16_t
point_words_value(
    const struct point *p, const struct point_words *words, uint32_t word)
{
	return (uint16_t)(p->value[word - words->first] << words->shift);
}
