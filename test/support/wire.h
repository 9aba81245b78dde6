/* Makes request ADUs, and checks reply ADUs. */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "modbus/mbap.h"

struct evbuffer;

/* A frame that has its bytes with it. */
struct wire_frame {
	uint16_t transaction;
	uint8_t unit;
	uint8_t pdu_length;
	uint8_t pdu[MB_PDU_MAX];
};

/* Write into adu the header before a PDU of pdu_length bytes, which follows it.
 * Returns the length of the whole ADU. */
size_t wire_header(
    uint8_t *adu, uint16_t transaction, uint8_t unit, size_t pdu_length);

/* The length of what wire_request makes. */
#define WIRE_REQUEST_LENGTH 12

/*
 * Append to out a request of five bytes from unit 1: function, address and
 * value, which is the quantity of a read.
 */
void wire_request(struct evbuffer *out, uint16_t transaction, uint8_t function,
    uint16_t address, uint16_t value);

/* Append to out an ADU around any PDU. */
void wire_pdu(struct evbuffer *out, uint16_t transaction, uint8_t unit,
    const void *pdu, size_t length);

/* Take a reply out of in, which begins with a whole one, and check that it is
 * transaction's. */
struct wire_frame wire_reply(struct evbuffer *in, uint16_t transaction);

/* The same, and check that it is an exception to function. */
void wire_exception(
    struct evbuffer *in, uint16_t transaction, uint8_t function, uint8_t code);

#endif
