/* Decimal numbers in text that people write: digits only, no sign, no space.
 * Of 64 bits on every machine. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdint.h>

/*
 * Read the number that text begins with. Returns what stands behind it, or
 * NULL when there is no digit or the number is above max.
 */
const char *number_take(const char *text, uint64_t max, uint64_t *value);

/* Read a number that is the whole text, from min to max. Returns 0, or -1 and
 * leaves value undefined. */
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value);

#endif
