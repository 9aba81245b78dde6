#include "modbus/rtu.h"

#include <stdbool.h>

#include "modbus/modbus.h"

#define CRC_INITIAL 0xFFFF
#define UNIT_MAX    247

/* The length of a request, CRC included: fixed, and the byte at count_at if
 * that is not 0. */
static const struct {
	uint8_t fixed; /* 0: unknown */
	uint8_t count_at;
	bool longer; /* with any data behind */
} requests[MB_EXCEPTION_FLAG] = {
	[1] = { 8, 0, false },
	[2] = { 8, 0, false },
	[3] = { 8, 0, false },
	[4] = { 8, 0, false },
	[5] = { 8, 0, false },
	[6] = { 8, 0, false },
	[7] = { 4, 0, false },
	[8] = { 8, 0, true },
	[11] = { 4, 0, false },
	[12] = { 4, 0, false },
	[15] = { 9, 6, false },
	[16] = { 9, 6, false },
	[17] = { 4, 0, false },
	[20] = { 5, 2, false },
	[21] = { 5, 2, false },
	[22] = { 10, 0, false },
	[23] = { 13, 10, false },
	[24] = { 6, 0, false },
	[43] = { 7, 0, false },
};

/* x^16 + x^15 + x^2 + 1, reflected: the remainders of four bits. */
static const uint16_t remainders[16] = {
	0x0000,
	0xCC01,
	0xD801,
	0x1400,
	0xF001,
	0x3C00,
	0x2800,
	0xE401,
	0xA001,
	0x6C00,
	0x7800,
	0xB401,
	0x5000,
	0x9C01,
	0x8801,
	0x4400,
};

uint16_t
rtu_crc_add(uint16_t crc, uint8_t byte)
{
	unsigned sum = crc ^ (unsigned)byte;

	sum = sum >> 4 ^ remainders[sum & 0xF];
	return (uint16_t)(sum >> 4 ^ remainders[sum & 0xF]);
}

uint16_t
rtu_crc(const uint8_t *bytes, size_t length)
{
	uint16_t crc = CRC_INITIAL;

	for (size_t i = 0; i < length; i++)
		crc = rtu_crc_add(crc, bytes[i]);
	return crc;
}

/* Requests of another type of encapsulated interface have any length. */
static bool
is_identification(const uint8_t *bytes, size_t have)
{
	return have > 2 && bytes[2] == MB_MEI_READ_DEVICE_IDENTIFICATION;
}

struct rtu_extent
rtu_request_extent(const uint8_t *bytes, size_t have)
{
	struct rtu_extent e = { RTU_FRAME_MIN, RTU_FRAME_MAX };
	size_t count_at, length;

	if (have < 2 || bytes[1] >= MB_EXCEPTION_FLAG)
		return e;
	length = requests[bytes[1]].fixed;
	count_at = requests[bytes[1]].count_at;
	if (length == 0 ||
	    (bytes[1] == MB_FC_ENCAPSULATED_INTERFACE &&
		!is_identification(bytes, have)))
		return e;
	e.least = length;
	if (requests[bytes[1]].longer)
		return e;
	if (count_at != 0 && have > count_at)
		length += bytes[count_at];
	if (have > count_at && length <= RTU_FRAME_MAX)
		e.least = e.most = length;
	return e;
}

/* The length of the whole request, as RTU clients send it, that bytes begin
 * with, or 0. */
static size_t
request_length(const uint8_t *bytes, size_t have)
{
	struct rtu_extent e = rtu_request_extent(bytes, have);

	if (have < 2 || bytes[0] == 0 || bytes[0] > UNIT_MAX ||
	    bytes[1] >= MB_EXCEPTION_FLAG || requests[bytes[1]].fixed == 0)
		return 0;
	return have < e.least ? 0 : e.least;
}

size_t
rtu_count_requests(const uint8_t *bytes, size_t length)
{
	size_t count = 0;
	size_t n;

	while ((n = request_length(bytes, length)) != 0 &&
	    rtu_crc(bytes, n) == 0) {
		count++;
		bytes += n;
		length -= n;
	}
	return count;
}
