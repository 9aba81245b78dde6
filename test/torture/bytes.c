#include "bytes.h"

#include <stdio.h>
#include <string.h>

#define TEXT_BYTES_SHOWN 24

void
bytes_add(struct bytes *b, const void *data, size_t length)
{
	if (length > BYTES_MAX - b->length)
		length = BYTES_MAX - b->length;
	memcpy(b->data + b->length, data, length);
	b->length += length;
}

void
bytes_add8(struct bytes *b, uint32_t value)
{
	uint8_t byte = (uint8_t)value;

	bytes_add(b, &byte, 1);
}

void
bytes_add16(struct bytes *b, uint32_t value)
{
	uint8_t two[2];

	put16(two, value);
	bytes_add(b, two, sizeof(two));
}

void
bytes_add_bits(struct bytes *b, uint32_t quantity, const uint16_t *items)
{
	for (uint32_t i = 0; i < quantity; i += 8) {
		uint32_t byte = 0;

		for (uint32_t bit = 0; bit < 8 && i + bit < quantity; bit++)
			if (items[i + bit])
				byte |= 1U << bit;
		bytes_add8(b, byte);
	}
}

struct bytes
bytes_of(const void *data, size_t length)
{
	struct bytes b = { .length = 0 };

	bytes_add(&b, data, length);
	return b;
}

const char *
bytes_text(const struct bytes *b, char *text)
{
	size_t shown =
	    b->length < TEXT_BYTES_SHOWN ? b->length : TEXT_BYTES_SHOWN;
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < shown; i++)
		used += (size_t)snprintf(text + used, BYTES_TEXT - used,
		    "%s%02X", i > 0 ? " " : "", b->data[i]);
	if (shown < b->length)
		snprintf(text + used, BYTES_TEXT - used, " ... (%zu bytes)",
		    b->length);
	return text;
}

struct bytes
adu_of(uint16_t transaction, uint8_t unit, const struct bytes *pdu)
{
	struct bytes b = { .length = 0 };

	bytes_add16(&b, transaction);
	bytes_add16(&b, 0);
	bytes_add16(&b, (uint32_t)(1 + pdu->length));
	bytes_add8(&b, unit);
	bytes_add(&b, pdu->data, pdu->length);
	return b;
}

struct bytes
pdu_simple(uint8_t function, uint32_t address, uint32_t number)
{
	struct bytes b = { .length = 0 };

	bytes_add8(&b, function);
	bytes_add16(&b, address);
	bytes_add16(&b, number);
	return b;
}

/* How many items, of those wanted, fit into the rest of the PDU. */
static uint32_t
at_most(uint32_t quantity, uint32_t most)
{
	return quantity < most ? quantity : most;
}

struct bytes
pdu_write_coils(uint32_t address, uint32_t quantity, const uint16_t *values)
{
	struct bytes b = pdu_simple(15, address, quantity);
	uint32_t carried = at_most(quantity, (PDU_MAX - 6) * 8);

	bytes_add8(&b, (carried + 7) / 8);
	bytes_add_bits(&b, carried, values);
	return b;
}

static void
add_registers(struct bytes *b, uint32_t quantity, const uint16_t *values)
{
	uint32_t carried =
	    at_most(quantity, (uint32_t)(PDU_MAX - b->length - 1) / 2);

	bytes_add8(b, carried * 2);
	for (uint32_t i = 0; i < carried; i++)
		bytes_add16(b, values[i]);
}

struct bytes
pdu_write_registers(uint32_t address, uint32_t quantity, const uint16_t *values)
{
	struct bytes b = pdu_simple(16, address, quantity);

	add_registers(&b, quantity, values);
	return b;
}

struct bytes
pdu_mask_write(uint32_t address, uint32_t and_mask, uint32_t or_mask)
{
	struct bytes b = pdu_simple(22, address, and_mask);

	bytes_add16(&b, or_mask);
	return b;
}

struct bytes
pdu_read_write(uint32_t read_address, uint32_t read_quantity,
    uint32_t write_address, uint32_t write_quantity, const uint16_t *values)
{
	struct bytes b = pdu_simple(23, read_address, read_quantity);

	bytes_add16(&b, write_address);
	bytes_add16(&b, write_quantity);
	add_registers(&b, write_quantity, values);
	return b;
}

struct bytes
pdu_exception(uint8_t function, uint8_t code)
{
	struct bytes b = { .length = 0 };

	bytes_add8(&b, function | 0x80U);
	bytes_add8(&b, code);
	return b;
}
