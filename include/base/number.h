/* Decimal numbers in user input: digits only, no sign, no space. 64 bits on
 * every machine. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdint.h>

/*
 * Parse the number that text begins with. Returns a pointer to the first
 * character after it, or NULL when there is no digit or the number exceeds max.
 */
const char *number_take(const char *text, uint64_t max, uint64_t *value);

/* Parse all of text as a number from min to max. Returns 0, or -1; then value
 * is undefined. */
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value);

#endif
