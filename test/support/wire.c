#include "wire.h"

#include <check.h>
#include <event2/buffer.h>
#include <string.h>

#include "modbus/bytes.h"

size_t
wire_header(uint8_t *adu, uint16_t transaction, uint8_t unit, size_t pdu_length)
{
	put16(adu, transaction);
	put16(adu + 2, MB_PROTOCOL);
	put16(adu + 4, (uint16_t)(1 + pdu_length));
	adu[6] = unit;
	return MB_MBAP_LENGTH + pdu_length;
}

void
wire_pdu(struct evbuffer *out, uint16_t transaction, uint8_t unit,
    const void *pdu, size_t length)
{
	uint8_t adu[MB_ADU_MAX];

	memcpy(adu + MB_MBAP_LENGTH, pdu, length);
	ck_assert_int_eq(
	    evbuffer_add(out, adu, wire_header(adu, transaction, unit, length)),
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
	ck_assert_uint_eq(mbap_transaction(&frame), transaction);
	reply.transaction = transaction;
	reply.unit = mbap_unit(&frame);
	reply.pdu_length = (uint8_t)mbap_pdu_length(&frame);
	memcpy(reply.pdu, mbap_pdu(&frame), reply.pdu_length);
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
