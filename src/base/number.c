#include "base/number.h"

#include <stddef.h>

const char *
number_take(const char *text, uint64_t max, uint64_t *value)
{
	uint64_t n = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (digit > max || n > (max - digit) / 10)
			return NULL;
		n = n * 10 + digit;
	}
	*value = n;
	return p == text ? NULL : p;
}

int
number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	const char *end = number_take(text, max, value);

	return end != NULL && *end == '\0' && *value >= min ? 0 : -1;
}
