#include "modbus/encode.h"

#include "modbus/bytes.h"

/*
 * function | address | quantity | byte count | values
 *    0     |  1   2  |  3    4  |     5      | 6 ...
 */
size_t
mb_encode_write(enum datatable_kind kind, uint16_t address, uint16_t quantity,
    const uint16_t *words, uint8_t *pdu)
{
	uint16_t packed[(MB_MAX_WRITE_COILS + 15) / 16];
	size_t bytes =
	    kind == DATATABLE_COILS ? (quantity + 7U) / 8 : 2U * quantity;

	pdu[0] = kind == DATATABLE_COILS ? MB_FC_WRITE_MULTIPLE_COILS :
					   MB_FC_WRITE_MULTIPLE_REGISTERS;
	put16(pdu + 1, address);
	put16(pdu + 3, quantity);
	pdu[5] = (uint8_t)bytes;
	if (kind == DATATABLE_REGISTERS) {
		put16_all(pdu + 6, words, quantity);
	} else {
		memcpy(packed, words, (bytes + 1) / 2 * sizeof(*packed));
		swap_packed(packed, (bytes + 1) / 2);
		memcpy(pdu + 6, packed, bytes);
	}
	return 6 + bytes;
}

/*
 * function | address | and mask | or mask
 *    0     |  1   2  |  3    4  |  5   6
 */
size_t
mb_encode_mask_write(
    uint16_t address, uint16_t mask, uint16_t value, uint8_t *pdu)
{
	pdu[0] = MB_FC_MASK_WRITE_REGISTER;
	put16(pdu + 1, address);
	put16(pdu + 3, (uint16_t)~mask);
	put16(pdu + 5, value & mask);
	return MB_MASK_WRITE_LENGTH;
}
