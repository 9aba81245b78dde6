#include "rtu.h"

#include <string.h>

#define CRC_INITIAL 0xFFFF
#define CRC_LENGTH  2
#define SHORTEST    5 /* an exception response */
#define FRAME_MAX   (1 + PDU_MAX + CRC_LENGTH)

/* MODBUS over Serial Line V1.02, 6.2.2. */
static uint16_t
crc_add(uint16_t crc, uint8_t byte)
{
	unsigned sum = crc ^ (unsigned)byte;

	for (unsigned bit = 0; bit < 8; bit++)
		sum = sum & 1 ? sum >> 1 ^ 0xA001 : sum >> 1;
	return (uint16_t)sum;
}

/* A PDU of so many bytes, and of those that the byte at an offset counts. */
static bool
is_counted(const struct bytes *pdu, size_t fixed, size_t at)
{
	return pdu->length >= fixed && pdu->length == fixed + pdu->data[at];
}

bool
rtu_carries(const struct bytes *pdu)
{
	switch (pdu->data[0]) {
	case 1:
	case 2:
	case 3:
	case 4:
	case 5:
	case 6:
		return pdu->length == 5;
	case 8:
		return pdu->length >= 5; /* any data */
	case 15:
	case 16:
		return is_counted(pdu, 6, 5);
	case 17:
		return pdu->length == 1;
	case 22:
		return pdu->length == 7;
	case 23:
		return is_counted(pdu, 10, 9);
	case 43:
		return pdu->length >= 2 &&
		    (pdu->data[1] != 14 || pdu->length == 4);
	default:
		return true;
	}
}

/* A header is whole. */
static void
begin_request(struct rtu *rtu)
{
	size_t at = (rtu->first + rtu->count) % RTU_AWAITED_MAX;

	rtu->header_have = 0;
	rtu->left = get16(rtu->header + 4);
	rtu->crc = CRC_INITIAL;
	if (rtu->count == RTU_AWAITED_MAX)
		return;
	rtu->awaited[at].transaction = get16(rtu->header);
	rtu->awaited[at].length = (uint16_t)rtu->left;
	rtu->count++;
}

/* A byte that is not of a PDU. Returns the number of bytes written. */
static size_t
add_header(struct rtu *rtu, uint8_t byte, uint8_t *out)
{
	rtu->header[rtu->header_have++] = byte;
	if (rtu->header_have < sizeof(rtu->header))
		return 0;
	if (get16(rtu->header + 2) == 0) {
		begin_request(rtu);
		return 0;
	}
	rtu->raw = true;
	memcpy(out, rtu->header, sizeof(rtu->header));
	return sizeof(rtu->header);
}

size_t
rtu_frames(struct rtu *rtu, const uint8_t *adus, size_t length, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		if (!rtu->raw && rtu->left == 0) {
			n += add_header(rtu, adus[i], out + n);
			continue;
		}
		out[n++] = adus[i];
		if (rtu->raw)
			continue;
		rtu->crc = crc_add(rtu->crc, adus[i]);
		if (--rtu->left > 0)
			continue;
		out[n++] = (uint8_t)rtu->crc;
		out[n++] = (uint8_t)(rtu->crc >> 8);
	}
	return n;
}

/* The objects of an identification. Returns the length of the PDU, or more than
 * there is. */
static size_t
identification_length(const uint8_t *pdu, size_t have)
{
	size_t length = 7;

	if (have < length)
		return length;
	for (unsigned left = pdu[6]; left > 0; left--) {
		if (have < length + 2)
			return length + 2;
		length += 2U + pdu[length + 1];
	}
	return length;
}

/* The length of a response by its function; asked is that of the request. */
static size_t
response_length(const uint8_t *pdu, size_t have, size_t asked)
{
	if (pdu[0] >= 0x80)
		return 2;
	switch (pdu[0]) {
	case 5:
	case 6:
	case 15:
	case 16:
		return 5;
	case 8:
		return asked;
	case 22:
		return 7;
	case 43:
		return identification_length(pdu, have);
	default:
		return 2U + pdu[1];
	}
}

bool
rtu_has_reply(
    const struct rtu *rtu, const uint8_t *p, size_t have, size_t *length)
{
	size_t asked = rtu->awaited[rtu->first].length;

	if (have < SHORTEST)
		return false;
	*length = 1 + response_length(p + 1, have - 1, asked - 1) + CRC_LENGTH;
	if (*length > FRAME_MAX)
		*length = FRAME_MAX;
	return have >= *length;
}

long
rtu_take_reply(struct rtu *rtu, const uint8_t *p, size_t length)
{
	uint16_t crc = CRC_INITIAL;
	long transaction;

	for (size_t i = 0; i < length; i++)
		crc = crc_add(crc, p[i]);
	if (crc != 0 || rtu->count == 0)
		return -1;
	transaction = rtu->awaited[rtu->first].transaction;
	rtu->first = (rtu->first + 1) % RTU_AWAITED_MAX;
	rtu->count--;
	return transaction;
}
