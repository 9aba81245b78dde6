#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "table/datatable.h"

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

/* The 16 coils from address on, as one word. */
static unsigned
model_coils(const struct model *model, unsigned address)
{
	static const uint8_t off[16];
	unsigned word = 0;

	if (model->overlaid)
		return model_register(model, address / 16);
	if (memcmp(model->coils + address, off, sizeof(off)) == 0)
		return 0;
	for (unsigned i = 0; i < 16; i++)
		word |= model_coil(model, address + i) << i;
	return word;
}

/* In two halves: 65,536 is one more than a quantity can be. */
void
check_tables(const struct datatable *table, const struct model *model)
{
	static uint16_t words[MODEL_ADDRESSES / 2];
	const uint16_t half = MODEL_ADDRESSES / 2;

	for (unsigned from = 0; from < MODEL_ADDRESSES; from += half) {
		datatable_read_registers(table, (uint16_t)from, half, words);
		must(memcmp(words, model->registers + from, 2U * half) == 0);
		datatable_read_coils(table, (uint16_t)from, half, words);
		for (unsigned i = 0; i < half / 16; i++)
			must(words[i] == model_coils(model, from + i * 16));
	}
}
