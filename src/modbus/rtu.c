#include "modbus/rtu.h"

#include "modbus/modbus.h"

#define CRC_INITIAL    0xFFFF
#define CRC_POLYNOMIAL 0xA001 /* x^16 + x^15 + x^2 + 1, reflected */
#define CRC_SIZE       2
#define UNIT_MAX       247

/* The length of a request, CRC included: fixed, and the byte at count_at if
 * that is not 0. */
static const struct {
	uint8_t fixed; /* 0: unknown */
	uint8_t count_at;
} requests[MB_EXCEPTION_FLAG] = {
	[1] = { 8, 0 },
	[2] = { 8, 0 },
	[3] = { 8, 0 },
	[4] = { 8, 0 },
	[5] = { 8, 0 },
	[6] = { 8, 0 },
	[7] = { 4, 0 },
	[8] = { 8, 0 },
	[11] = { 4, 0 },
	[12] = { 4, 0 },
	[15] = { 9, 6 },
	[16] = { 9, 6 },
	[17] = { 4, 0 },
	[22] = { 10, 0 },
	[23] = { 13, 10 },
	[43] = { 7, 0 },
};

uint16_t
rtu_crc(const uint8_t *bytes, size_t length)
{
	unsigned crc = CRC_INITIAL;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 1) != 0 ? crc >> 1 ^ CRC_POLYNOMIAL :
					       crc >> 1;
	}
	return (uint16_t)crc;
}

/* The length of the request that bytes begin with, or 0 when it is none. */
static size_t
request_length(const uint8_t *bytes, size_t have)
{
	size_t length, count_at;

	if (have < 2 || bytes[0] == 0 || bytes[0] > UNIT_MAX ||
	    bytes[1] >= MB_EXCEPTION_FLAG)
		return 0;
	length = requests[bytes[1]].fixed;
	count_at = requests[bytes[1]].count_at;
	if (length == 0 || have < length)
		return 0;
	if (count_at != 0)
		length += bytes[count_at];
	return have < length ? 0 : length;
}

size_t
rtu_count_requests(const uint8_t *bytes, size_t length)
{
	size_t count = 0;
	size_t n;

	while ((n = request_length(bytes, length)) != 0) {
		unsigned crc = rtu_crc(bytes, n - CRC_SIZE);

		if (bytes[n - 2] != (crc & 0xFF) || bytes[n - 1] != crc >> 8)
			break;
		count++;
		bytes += n;
		length -= n;
	}
	return count;
}
