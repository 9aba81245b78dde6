/*
 * The MBAP header: parses frames, and writes the headers of replies.
 *
 *   transaction identifier | protocol identifier | length | unit identifier
 *       0        1         |      2       3      |  4  5  |        6
 *
 * All big-endian; length counts the unit identifier and the PDU behind it.
 * Messaging on TCP/IP Implementation Guide V1.0b, clause 3.1.3.
 */
#ifndef MODBUS_MBAP_H
#define MODBUS_MBAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modbus/bytes.h"
#include "modbus/modbus.h"

struct evbuffer;

enum mbap_result {
	MBAP_READY,        /* a whole frame */
	MBAP_PARTIAL,      /* the beginning of a frame; wait for more */
	MBAP_BAD_PROTOCOL, /* the protocol identifier is not 0 */
	MBAP_BAD_LENGTH,   /* the length is outside 2..254 */
};

struct mbap_frame {
	const uint8_t *adu; /* borrowed: into the bytes that were parsed */
	size_t length;      /* of the whole ADU, 8..260 */
	size_t missing;     /* after MBAP_PARTIAL: bytes, at least */
};

/* The fields of a frame. The PDU has 1..253 bytes. */

static inline uint16_t
mbap_transaction(const struct mbap_frame *frame)
{
	return get16(frame->adu);
}

static inline uint8_t
mbap_unit(const struct mbap_frame *frame)
{
	return frame->adu[6];
}

static inline const uint8_t *
mbap_pdu(const struct mbap_frame *frame)
{
	return frame->adu + MB_MBAP_LENGTH;
}

static inline size_t
mbap_pdu_length(const struct mbap_frame *frame)
{
	return frame->length - MB_MBAP_LENGTH;
}

/* The length field counts what follows it. */
#define MBAP_LENGTH_COUNTS_FROM 6

static inline bool
mbap_is_length(uint32_t length)
{
	return length >= MB_LENGTH_MIN && length <= MB_LENGTH_MAX;
}

/* mbap_parse for fewer bytes than a header has. */
enum mbap_result
mbap_parse_partial(const uint8_t *bytes, size_t have, struct mbap_frame *frame);

/*
 * Parse the frame at the beginning of bytes, of which have are present.
 *
 * Only MBAP_READY fills frame, which then is the first frame->length of bytes.
 * MBAP_PARTIAL sets frame->missing. An invalid header is reported as soon as
 * the invalid byte is present. Inline, as every request is parsed by it.
 */
static inline enum mbap_result
mbap_parse(const uint8_t *bytes, size_t have, struct mbap_frame *frame)
{
	uint32_t length;

	if (have < MB_MBAP_LENGTH)
		return mbap_parse_partial(bytes, have, frame);
	/* Both fields at once: a protocol identifier other than 0 makes the
	 * length too large. */
	length = get32(bytes + 2);
	if (!mbap_is_length(length))
		return length >> 16 == MB_PROTOCOL ? MBAP_BAD_LENGTH :
						     MBAP_BAD_PROTOCOL;
	length += MBAP_LENGTH_COUNTS_FROM;
	if (have < length) {
		frame->missing = length - have;
		return MBAP_PARTIAL;
	}
	frame->adu = bytes;
	frame->length = length;
	return MBAP_READY;
}

/*
 * Take one frame from the front of in, copied to adu, which has room for
 * MB_ADU_MAX bytes.
 *
 * Only MBAP_READY fills frame, which then lies in adu, and drains exactly that
 * frame; every other result, which is that of mbap_parse, leaves in as it
 * is.
 */
enum mbap_result
mbap_take(struct evbuffer *in, uint8_t *adu, struct mbap_frame *frame);

/*
 * Write into adu the header of the reply to request, whose PDU has pdu_length
 * 1..253 bytes: that of the request, but for the length.
 *
 * adu has room for MB_MBAP_LENGTH bytes; the PDU follows them. Returns the
 * length of the whole ADU.
 */
size_t
mbap_put(uint8_t *adu, const struct mbap_frame *request, size_t pdu_length);

/*
 * Correct the header of an ADU whose PDU was replaced by one of pdu_length
 * 1..253 bytes. Returns the new length of the whole ADU.
 */
size_t mbap_resize(uint8_t *adu, size_t pdu_length);

#endif
