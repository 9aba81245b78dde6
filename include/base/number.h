/* Decimal numbers in text that people write: digits only, no sign, no space. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

/*
 * Read the number that text begins with. Returns what stands behind it, or
 * NULL when there is no digit or the number is above max.
 */
const char *
number_take(const char *text, unsigned long max, unsigned long *value);

/* Read a number that is the whole text, from min to max. Returns 0, or -1 and
 * leaves value undefined. */
int number_parse(const char *text, unsigned long min, unsigned long max,
    unsigned long *value);

#endif
