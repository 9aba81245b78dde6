#include "write_pdus.h"

#include "base/bytes.h"
#include "modbus/modbus.h"

/* xorshift32 */
uint32_t
write_pdus_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static uint8_t *
put_random(uint8_t *to, uint32_t *seed, unsigned bytes)
{
	while (bytes-- > 0)
		*to++ = (uint8_t)(write_pdus_random(seed) >> 8);
	return to;
}

/* Address, quantity, byte count and values. */
static uint8_t *
put_range(uint8_t *to, uint32_t *seed, unsigned max, unsigned bits)
{
	unsigned quantity = 1 + write_pdus_random(seed) % max;
	unsigned bytes = (quantity * bits + 7) / 8;

	to = bytes_put(
	    to, write_pdus_random(seed) % (MB_ADDRESSES - quantity + 1), 2);
	to = bytes_put(to, quantity, 2);
	*to++ = (uint8_t)bytes;
	return put_random(to, seed, bytes);
}

size_t
write_pdus_make(uint32_t *seed, unsigned which, uint8_t *pdu)
{
	static const uint8_t functions[WRITE_PDUS_FUNCTIONS] = { 5, 6, 15, 16,
		22, 23 };
	uint8_t *to = pdu;

	*to++ = functions[which];
	switch (*pdu) {
	case 5:
		to = put_random(to, seed, 2);
		*to++ = write_pdus_random(seed) % 2 != 0 ? 0xFF : 0;
		*to++ = 0;
		break;
	case 6:
		to = put_random(to, seed, 4);
		break;
	case 15:
		to = put_range(to, seed, MB_MAX_WRITE_COILS, 1);
		break;
	case 16:
		to = put_range(to, seed, MB_MAX_WRITE_REGISTERS, 16);
		break;
	case 22:
		to = put_random(to, seed, 6);
		break;
	default:
		to = bytes_put(to, 0x00070005, 4); /* reads so much */
		to = put_range(to, seed, 121, 16);
		break;
	}
	return (size_t)(to - pdu);
}
