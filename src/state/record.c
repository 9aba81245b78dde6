#include "state/record.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "modbus/modbus.h"

unsigned
record_size(enum datatable_kind kind, unsigned quantity)
{
	return kind == DATATABLE_COILS ? (quantity + 7) / 8 : 2 * quantity;
}

uint32_t
record_block_crc(unsigned number, const uint8_t *data)
{
	uint8_t head[2];

	bytes_put(head, number, sizeof(head));
	return crc32c(crc32c(0, head, sizeof(head)), data, SCHEMA_BLOCK_SIZE);
}

/* Rows without an identity have the checksum that they had before there were
 * any. */
static uint32_t
add_identity(const struct record_journal *row, uint32_t crc)
{
	if (row->subject[0] == '\0' && row->role[0] == '\0')
		return crc;
	crc = crc32c(crc, row->subject, strlen(row->subject) + 1);
	return crc32c(crc, row->role, strlen(row->role) + 1);
}

uint32_t
record_journal_crc(const struct record_journal *row)
{
	uint8_t head[2 * 8 + sizeof(row->client) + 8 + 3 * 1 + 2 * 2];
	size_t client = strlen(row->client) + 1;
	unsigned size =
	    record_size((enum datatable_kind)row->kind, row->quantity);
	uint8_t *end = bytes_put(head, (uint64_t)row->number, 8);
	uint32_t crc;

	end = bytes_put(end, (uint64_t)row->time, 8);
	memcpy(end, row->client, client);
	end = bytes_put(end + client, row->connection, 8);
	end = bytes_put(end, row->unit, 1);
	end = bytes_put(end, row->function, 1);
	end = bytes_put(end, row->kind, 1);
	end = bytes_put(end, row->address, 2);
	end = bytes_put(end, row->quantity, 2);
	crc = crc32c(0, head, (size_t)(end - head));
	crc = crc32c(crc, row->before, size);
	return add_identity(row, crc32c(crc, row->after, size));
}

void
record_set_identity(struct record_journal *row, const struct identity *who)
{
	row->subject[0] = row->role[0] = '\0';
	if (who == NULL)
		return;
	snprintf(row->subject, sizeof(row->subject), "%s", who->subject);
	snprintf(row->role, sizeof(row->role), "%s", who->role);
}

/* A packed word of coils is two bytes, the low byte first; a register is two
 * bytes, the high byte first. The last word of coils may have one byte only. */
void
record_pack(enum datatable_kind kind, unsigned quantity, const uint16_t *words,
    uint8_t *bytes)
{
	unsigned size = record_size(kind, quantity);
	unsigned first = kind == DATATABLE_COILS ? 0 : 8; /* shift */

	for (unsigned i = 0; i < size / 2; i++) {
		bytes[2 * i] = (uint8_t)(words[i] >> first);
		bytes[2 * i + 1] = (uint8_t)(words[i] >> (8 - first));
	}
	if (size % 2 != 0)
		bytes[size - 1] = (uint8_t)words[size / 2];
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
	    memchr(row->client, '\0', sizeof(row->client)) != NULL &&
	    memchr(row->subject, '\0', sizeof(row->subject)) != NULL &&
	    memchr(row->role, '\0', sizeof(row->role)) != NULL;
}
