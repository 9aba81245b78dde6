#include "state/record.h"

#include <string.h>

#include "modbus/modbus.h"
#include "state/crc32c.h"

unsigned
record_size(enum datatable_kind kind, unsigned quantity)
{
	return kind == DATATABLE_COILS ? (quantity + 7) / 8 : 2 * quantity;
}

/* The lowest bytes of a number, high byte first. */
static uint32_t
add_number(uint32_t crc, uint64_t number, unsigned bytes)
{
	while (bytes-- > 0) {
		uint8_t byte = (uint8_t)(number >> 8 * bytes);

		crc = crc32c(crc, &byte, 1);
	}
	return crc;
}

uint32_t
record_block_crc(unsigned number, const uint8_t *data)
{
	return crc32c(add_number(0, number, 2), data, SCHEMA_BLOCK_SIZE);
}

uint32_t
record_journal_crc(const struct record_journal *row)
{
	unsigned size =
	    record_size((enum datatable_kind)row->kind, row->quantity);
	uint32_t crc = add_number(0, (uint64_t)row->number, 8);

	crc = add_number(crc, (uint64_t)row->time, 8);
	crc = crc32c(crc, row->client, strlen(row->client) + 1);
	crc = add_number(crc, row->connection, 8);
	crc = add_number(crc, row->unit, 1);
	crc = add_number(crc, row->function, 1);
	crc = add_number(crc, row->kind, 1);
	crc = add_number(crc, row->address, 2);
	crc = add_number(crc, row->quantity, 2);
	crc = crc32c(crc, row->before, size);
	return crc32c(crc, row->after, size);
}

/* A packed word of coils is two bytes, the low byte first; a register is two
 * bytes, the high byte first. The last word of coils may have one byte only. */
void
record_pack(enum datatable_kind kind, unsigned quantity, const uint16_t *words,
    uint8_t *bytes)
{
	unsigned size = record_size(kind, quantity);
	bool coils = kind == DATATABLE_COILS;

	for (unsigned i = 0; i < size; i++) {
		bool low = coils == (i % 2 == 0);

		bytes[i] = (uint8_t)(low ? words[i / 2] : words[i / 2] >> 8);
	}
}

void
record_unpack(enum datatable_kind kind, unsigned quantity, const uint8_t *bytes,
    uint16_t *words)
{
	unsigned size = record_size(kind, quantity);
	bool coils = kind == DATATABLE_COILS;

	for (unsigned i = 0; i < size; i++) {
		unsigned shift = coils == (i % 2 == 0) ? 0 : 8;

		if (i % 2 == 0)
			words[i / 2] = 0;
		words[i / 2] |= (uint16_t)(bytes[i] << shift);
	}
}

bool
record_journal_is_valid(const struct record_journal *row)
{
	return row->kind <= DATATABLE_REGISTERS && row->quantity >= 1 &&
	    row->quantity <= SCHEMA_QUANTITY_MAX &&
	    row->address + row->quantity <= MB_ADDRESSES &&
	    memchr(row->client, '\0', sizeof(row->client)) != NULL;
}
