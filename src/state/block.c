#include "state/block.h"

#include <string.h>

#include "base/client.h"
#include "state/record.h"

/* Nobody is told of what is decoded. */
static const struct client nobody = { .id = 0 };
static const struct datatable_writer decoder = { .client = &nobody };

unsigned
block_count(enum datatable_overlay overlay)
{
	return overlay == DATATABLE_OVERLAID ? SCHEMA_REGISTER_BLOCKS :
					       SCHEMA_BLOCKS;
}

/* Whether a block has coils. Address becomes that of its first item. */
static bool
has_coils(unsigned number, uint16_t *address)
{
	bool coils = number >= SCHEMA_REGISTER_BLOCKS;

	*address =
	    (uint16_t)(coils ? (number - SCHEMA_REGISTER_BLOCKS) * BLOCK_COILS :
			       number * SCHEMA_BLOCK_WORDS);
	return coils;
}

void
block_mark(bool *dirty, enum datatable_overlay overlay,
    enum datatable_kind kind, uint16_t address, unsigned quantity)
{
	const bool coils = kind == DATATABLE_COILS;
	const unsigned items = coils ? BLOCK_COILS : SCHEMA_BLOCK_WORDS;
	const unsigned last = (address + quantity - 1) / items;

	if (coils && overlay == DATATABLE_SEPARATE)
		dirty += SCHEMA_REGISTER_BLOCKS;
	for (unsigned i = address / items; i <= last; i++)
		dirty[i] = true;
}

void
block_encode(const struct datatable *t, unsigned number, uint8_t *bytes)
{
	uint16_t words[SCHEMA_BLOCK_WORDS];
	uint16_t address;

	if (has_coils(number, &address))
		datatable_read_coils(t, address, BLOCK_COILS, words);
	else
		datatable_read_registers(t, address, SCHEMA_BLOCK_WORDS, words);
	record_pack(DATATABLE_REGISTERS, SCHEMA_BLOCK_WORDS, words, bytes);
}

/* Registers are compared where they are, as there are many. */
static bool
differ(const struct datatable *a, const struct datatable *b, unsigned number)
{
	uint8_t bytes[2][SCHEMA_BLOCK_SIZE];
	uint16_t address;

	if (!has_coils(number, &address))
		return memcmp(datatable_registers(a, address),
			   datatable_registers(b, address),
			   SCHEMA_BLOCK_WORDS * sizeof(uint16_t)) != 0;
	block_encode(a, number, bytes[0]);
	block_encode(b, number, bytes[1]);
	return memcmp(bytes[0], bytes[1], SCHEMA_BLOCK_SIZE) != 0;
}

void
block_mark_differences(bool *dirty, enum datatable_overlay overlay,
    const struct datatable *a, const struct datatable *b)
{
	for (unsigned i = 0; i < block_count(overlay); i++)
		if (differ(a, b, i))
			dirty[i] = true;
}

void
block_decode(struct datatable *t, unsigned number, const uint8_t *bytes)
{
	const uint16_t half = BLOCK_COILS / 2; /* one write takes no more */
	uint16_t words[SCHEMA_BLOCK_WORDS];
	uint16_t address;

	record_unpack(DATATABLE_REGISTERS, SCHEMA_BLOCK_WORDS, bytes, words);
	if (!has_coils(number, &address)) {
		datatable_write_registers(
		    t, &decoder, address, SCHEMA_BLOCK_WORDS, words);
		return;
	}
	datatable_write_coils(t, &decoder, address, half, words);
	datatable_write_coils(t, &decoder, (uint16_t)(address + half), half,
	    words + SCHEMA_BLOCK_WORDS / 2);
}
