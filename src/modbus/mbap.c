#include "modbus/mbap.h"

#include <event2/buffer.h>
#include <stdbool.h>

#include "modbus/bytes.h"

#define LENGTH_COUNTS_FROM 6 /* the length field counts what follows it */

static bool
is_length(uint16_t length)
{
	return length >= MB_LENGTH_MIN && length <= MB_LENGTH_MAX;
}

/* Judge the first have bytes, fewer than a header has. */
static enum mbap_result
judge_partial(const uint8_t *bytes, size_t have)
{
	if ((have > 2 && bytes[2] != 0) || (have > 3 && bytes[3] != 0))
		return MBAP_BAD_PROTOCOL;
	if (have > 4 && bytes[4] != 0) /* 256 at least */
		return MBAP_BAD_LENGTH;
	if (have > 5 && !is_length(bytes[5]))
		return MBAP_BAD_LENGTH;
	return MBAP_PARTIAL;
}

/* Inline: every request passes here. */
inline enum mbap_result
mbap_parse(const uint8_t *bytes, size_t have, struct mbap_frame *frame)
{
	uint16_t length;

	if (have < MB_MBAP_LENGTH) {
		frame->missing = MB_MBAP_LENGTH - have;
		return judge_partial(bytes, have);
	}
	if (get16(bytes + 2) != MB_PROTOCOL)
		return MBAP_BAD_PROTOCOL;
	length = get16(bytes + 4);
	if (!is_length(length))
		return MBAP_BAD_LENGTH;
	if (have < LENGTH_COUNTS_FROM + (size_t)length) {
		frame->missing = LENGTH_COUNTS_FROM + length - have;
		return MBAP_PARTIAL;
	}
	frame->transaction = get16(bytes);
	frame->unit = bytes[6];
	frame->pdu_length = (uint8_t)(length - 1);
	frame->pdu = bytes + MB_MBAP_LENGTH;
	return MBAP_READY;
}

enum mbap_result
mbap_take(struct evbuffer *in, uint8_t *adu, struct mbap_frame *frame)
{
	ev_ssize_t have = evbuffer_copyout(in, adu, MB_ADU_MAX);
	enum mbap_result result = mbap_parse(adu, (size_t)have, frame);

	if (result == MBAP_READY)
		evbuffer_drain(in, MB_MBAP_LENGTH + frame->pdu_length);
	return result;
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
