#include "modbus/mbap.h"

#include <event2/buffer.h>

#include "modbus/bytes.h"

#define LENGTH_COUNTS_FROM 6 /* the length field counts what follows it */

/* Judge a header of which have bytes, or all, are there. */
static enum mbap_result
judge_header(const uint8_t *header, size_t have)
{
	if ((have > 2 && header[2] != 0) || (have > 3 && header[3] != 0))
		return MBAP_BAD_PROTOCOL;
	if (have > 4 && header[4] != 0) /* 256 at least */
		return MBAP_BAD_LENGTH;
	if (have >= LENGTH_COUNTS_FROM) {
		uint16_t length = get16(header + 4);

		if (length < MB_LENGTH_MIN || length > MB_LENGTH_MAX)
			return MBAP_BAD_LENGTH;
	}
	return have < MB_MBAP_LENGTH ? MBAP_PARTIAL : MBAP_READY;
}

enum mbap_result
mbap_take(struct evbuffer *in, struct mbap_frame *frame)
{
	uint8_t header[MB_MBAP_LENGTH];
	enum mbap_result result;
	size_t have = evbuffer_get_length(in);
	size_t length;

	evbuffer_copyout(in, header, sizeof(header));
	result = judge_header(header, have);
	if (result != MBAP_READY)
		return result;
	length = get16(header + 4);
	if (have < LENGTH_COUNTS_FROM + length)
		return MBAP_PARTIAL;

	frame->transaction = get16(header);
	frame->unit = header[6];
	frame->pdu_length = (uint8_t)(length - 1);
	evbuffer_drain(in, MB_MBAP_LENGTH);
	evbuffer_remove(in, frame->pdu, frame->pdu_length);
	return MBAP_READY;
}

size_t
mbap_put(uint8_t *adu, uint16_t transaction, uint8_t unit, size_t pdu_length)
{
	put16(adu, transaction);
	put16(adu + 2, MB_PROTOCOL);
	adu[6] = unit;
	return mbap_resize(adu, pdu_length);
}

size_t
mbap_resize(uint8_t *adu, size_t pdu_length)
{
	put16(adu + 4, (uint16_t)(1 + pdu_length));
	return MB_MBAP_LENGTH + pdu_length;
}
