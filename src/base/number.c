#include "base/number.h"

#include <stddef.h>

const char *
number_take(const char *text, unsigned long max, unsigned long *value)
{
	unsigned long n = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned long digit = (unsigned long)(*p - '0');

		if (digit > max || n > (max - digit) / 10)
			return NULL;
		n = n * 10 + digit;
	}
	*value = n;
	return p == text ? NULL : p;
}

int
number_parse(const char *text, unsigned long min, unsigned long max,
    unsigned long *value)
{
	const char *end = number_take(text, max, value);

	return end != NULL && *end == '\0' && *value >= min ? 0 : -1;
}
