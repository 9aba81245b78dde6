#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
fuzz_fail(const char *expression, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, expression);
	abort();
}

uint8_t
input_byte(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->next++;
}

const uint8_t *
input_take(struct input *in, size_t *length)
{
	const uint8_t *bytes = in->next;

	if (*length > in->left)
		*length = in->left;
	in->next += *length;
	in->left -= *length;
	return bytes;
}

void *
fuzz_copy(const void *bytes, size_t size)
{
	void *copy = malloc(size);

	must(copy != NULL);
	memcpy(copy, bytes, size);
	return copy;
}

enum mbap_result
reference_frame(const uint8_t *p, size_t left, size_t *whole)
{
	unsigned length;

	if ((left >= 3 && p[2] != 0) || (left >= 4 && p[3] != 0))
		return MBAP_BAD_PROTOCOL;
	if (left >= 5 && p[4] != 0)
		return MBAP_BAD_LENGTH;
	if (left < 6)
		return MBAP_PARTIAL;
	length = p[4] * 256U + p[5];
	if (length < 2 || length > 254)
		return MBAP_BAD_LENGTH;
	if (left < 6 + length)
		return MBAP_PARTIAL;
	*whole = 6 + length;
	return MBAP_READY;
}
