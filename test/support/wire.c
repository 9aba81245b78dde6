#include "wire.h"

#include <check.h>
#include <event2/buffer.h>
#include <string.h>

#include "modbus/bytes.h"

void
wire_pdu(struct evbuffer *out, uint16_t transaction, uint8_t unit,
    const void *pdu, size_t length)
{
	uint8_t adu[MB_ADU_MAX];

	memcpy(adu + MB_MBAP_LENGTH, pdu, length);
	ck_assert_int_eq(
	    evbuffer_add(out, adu, mbap_put(adu, transaction, unit, length)),
	    0);
}

void
wire_request(struct evbuffer *out, uint16_t transaction, uint8_t function,
    uint16_t address, uint16_t value)
{
	uint8_t pdu[5] = { function };

	put16(pdu + 1, address);
	put16(pdu + 3, value);
	wire_pdu(out, transaction, 1, pdu, sizeof(pdu));
}

struct wire_frame
wire_reply(struct evbuffer *in, uint16_t transaction)
{
	struct mbap_frame frame;
	struct wire_frame reply;
	uint8_t adu[MB_ADU_MAX];

	ck_assert_int_eq(mbap_take(in, adu, &frame), MBAP_READY);
	ck_assert_uint_eq(frame.transaction, transaction);
	reply.transaction = frame.transaction;
	reply.unit = frame.unit;
	reply.pdu_length = frame.pdu_length;
	memcpy(reply.pdu, frame.pdu, frame.pdu_length);
	return reply;
}

void
wire_exception(
    struct evbuffer *in, uint16_t transaction, uint8_t function, uint8_t code)
{
	struct wire_frame frame = wire_reply(in, transaction);

	ck_assert_uint_eq(frame.pdu_length, MB_EXCEPTION_SIZE);
	ck_assert_uint_eq(frame.pdu[0], function | MB_EXCEPTION_FLAG);
	ck_assert_uint_eq(frame.pdu[1], code);
}
