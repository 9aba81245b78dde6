/*
 * What a point takes of the table, as words: registers first, then words of 16
 * coils, which are not used where coils are bits of registers. Pure.
 */
#ifndef POINTS_POINT_WORDS_H
#define POINTS_POINT_WORDS_H

#include "points/point.h"

/* The word behind the last one. */
#define POINT_WORDS_END (65536U + 4096U)

/* All of some words, or one bit of one. */
struct point_words {
	uint32_t first, end;
	uint16_t mask;  /* of each */
	unsigned shift; /* the number of the bit; else 0 */
};

struct point_words
point_words(enum datatable_overlay overlay, const struct point *p);

/* What a point that has a value says of one of its words. */
uint16_t point_words_value(
    const struct point *p, const struct point_words *words, uint32_t word);

#endif
