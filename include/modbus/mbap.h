/*
 * The MBAP header: frames taken out of an evbuffer, frames put around a PDU.
 *
 *   transaction identifier | protocol identifier | length | unit identifier
 *       0        1         |      2       3      |  4  5  |        6
 *
 * All big-endian; length counts the unit identifier and the PDU behind it.
 * Messaging on TCP/IP Implementation Guide V1.0b, clause 3.1.3.
 */
#ifndef MODBUS_MBAP_H
#define MODBUS_MBAP_H

#include <stddef.h>
#include <stdint.h>

#include "modbus/modbus.h"

struct evbuffer;

enum mbap_result {
	MBAP_READY,        /* a whole frame was taken */
	MBAP_PARTIAL,      /* what is there may become a frame; wait for more */
	MBAP_BAD_PROTOCOL, /* the protocol identifier is not 0 */
	MBAP_BAD_LENGTH,   /* the length is outside 2..254 */
};

struct mbap_frame {
	uint16_t transaction;
	uint8_t unit;
	uint8_t pdu_length; /* 1..253 */
	const uint8_t *pdu; /* borrowed: into the bytes that were parsed */
	size_t missing;     /* after MBAP_PARTIAL: at least so many bytes */
};

/*
 * Parse the frame that bytes begin with, of which have are there.
 *
 * Only MBAP_READY fills frame, which takes MB_MBAP_LENGTH + frame->pdu_length
 * bytes; frame->pdu then points into bytes. MBAP_PARTIAL sets frame->missing. A
 * header that cannot become valid is reported as soon as the byte that spoils
 * it is there.
 */
enum mbap_result
mbap_parse(const uint8_t *bytes, size_t have, struct mbap_frame *frame);

/*
 * Take one frame from the front of in, copied to adu, which has room for
 * MB_ADU_MAX bytes.
 *
 * Only MBAP_READY fills frame, whose PDU then lies in adu, and drains exactly
 * that frame; every other result, which is that of mbap_parse, leaves in as it
 * is.
 */
enum mbap_result
mbap_take(struct evbuffer *in, uint8_t *adu, struct mbap_frame *frame);

/*
 * Write into adu the header that goes before a PDU of pdu_length 1..253 bytes.
 *
 * adu has room for MB_MBAP_LENGTH bytes; the PDU follows them. Returns the
 * length of the whole ADU.
 */
size_t
mbap_put(uint8_t *adu, uint16_t transaction, uint8_t unit, size_t pdu_length);

/*
 * Correct the header of an ADU whose PDU was replaced by one of pdu_length
 * 1..253 bytes. Returns the new length of the whole ADU.
 */
size_t mbap_resize(uint8_t *adu, size_t pdu_length);

#endif
