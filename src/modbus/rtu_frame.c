#include "modbus/rtu_frame.h"

#include <string.h>

#include "modbus/bytes.h"
#include "modbus/mbap.h"
#include "modbus/rtu.h"

#define CRC_INITIAL 0xFFFF
#define CRC_SIZE    2

enum rtu_result
rtu_find(const uint8_t *bytes, size_t have, size_t *length)
{
	struct rtu_extent e = rtu_request_extent(bytes, have);
	size_t most = have < e.most ? have : e.most;
	uint16_t crc = CRC_INITIAL;

	if (have < e.least)
		return RTU_PARTIAL;
	for (size_t n = 1; n <= most; n++) {
		crc = rtu_crc_add(crc, bytes[n - 1]);
		if (crc == 0 && n >= e.least) {
			*length = n;
			return RTU_READY;
		}
	}
	return have < e.most ? RTU_PARTIAL : RTU_BAD;
}

enum rtu_result
rtu_find_behind(
    const uint8_t *bytes, size_t have, size_t *skipped, size_t *length)
{
	enum rtu_result whole = rtu_find(bytes, have, length);
	enum rtu_result rest;
	size_t end;

	*skipped = 0;
	if (have == 0 || bytes[0] != 0)
		return whole;
	rest = rtu_find(bytes + 1, have - 1, &end);
	if (rest == RTU_READY && (whole != RTU_READY || 1 + end < *length)) {
		*skipped = 1;
		*length = end;
		return RTU_READY;
	}
	return whole == RTU_BAD ? rest : whole;
}

bool
rtu_is_open(const uint8_t *frame, size_t length)
{
	struct rtu_extent e = rtu_request_extent(frame, length);

	return e.least != e.most;
}

size_t
rtu_to_adu(
    const uint8_t *frame, size_t length, uint16_t transaction, uint8_t *adu)
{
	size_t rest = length - CRC_SIZE; /* unit identifier and PDU */

	put16(adu, transaction);
	put16(adu + 2, MB_PROTOCOL);
	put16(adu + 4, (uint16_t)rest);
	memcpy(adu + MBAP_LENGTH_COUNTS_FROM, frame, rest);
	return MBAP_LENGTH_COUNTS_FROM + rest;
}

bool
rtu_is_mbap(const uint8_t *bytes, size_t have)
{
	struct mbap_frame frame;

	return mbap_parse(bytes, have, &frame) == MBAP_READY;
}

/* A byte of the header: all but the length is dropped. */
static void
take_header(struct rtu_reply *r, uint8_t byte)
{
	if (r->at == 4)
		r->high = byte;
	if (++r->at < MBAP_LENGTH_COUNTS_FROM)
		return;
	r->at = 0;
	r->left = (uint16_t)(r->high << 8 | byte);
	r->crc = CRC_INITIAL;
}

size_t
rtu_from_adus(
    struct rtu_reply *r, const uint8_t *adus, size_t length, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		if (r->left == 0) {
			take_header(r, adus[i]);
			continue;
		}
		r->crc = rtu_crc_add(r->crc, adus[i]);
		out[n++] = adus[i];
		if (--r->left == 0) {
			out[n++] = (uint8_t)(r->crc & 0xFF);
			out[n++] = (uint8_t)(r->crc >> 8);
		}
	}
	return n;
}
