#include "modbus/mbap.h"

#include <event2/buffer.h>
#include <string.h>

#include "modbus/bytes.h"

enum mbap_result
mbap_parse_partial(const uint8_t *bytes, size_t have, struct mbap_frame *frame)
{
	frame->missing = MB_MBAP_LENGTH - have;
	if ((have > 2 && bytes[2] != 0) || (have > 3 && bytes[3] != 0))
		return MBAP_BAD_PROTOCOL;
	if (have > 4 && bytes[4] != 0) /* 256 at least */
		return MBAP_BAD_LENGTH;
	if (have > 5 && !mbap_is_length(bytes[5]))
		return MBAP_BAD_LENGTH;
	return MBAP_PARTIAL;
}

enum mbap_result
mbap_take(struct evbuffer *in, uint8_t *adu, struct mbap_frame *frame)
{
	ev_ssize_t have = evbuffer_copyout(in, adu, MB_ADU_MAX);
	enum mbap_result result = mbap_parse(adu, (size_t)have, frame);

	if (result == MBAP_READY)
		evbuffer_drain(in, frame->length);
	return result;
}

size_t
mbap_put(uint8_t *adu, const struct mbap_frame *request, size_t pdu_length)
{
	memcpy(adu, request->adu, MB_MBAP_LENGTH);
	return mbap_resize(adu, pdu_length);
}

size_t
mbap_resize(uint8_t *adu, size_t pdu_length)
{
	put16(adu + 4, (uint16_t)(1 + pdu_length));
	return MB_MBAP_LENGTH + pdu_length;
}
