/*
 * RTU frames over TCP for the clients (client.h): ADUs that are sent become
 * frames, and frames that come are the replies to the requests in their order.
 *
 * MODBUS over Serial Line V1.02, 2.5.1.
 */
#ifndef RTU_H
#define RTU_H

#include <stdbool.h>

#include "bytes.h"

/* Requests that await their replies; what is more is forgotten. */
#define RTU_AWAITED_MAX 2048

/* How much longer what is written can be than the bytes given: a CRC, or what
 * turns out to be no header. */
#define RTU_GROWS 6

/* One connection. All zeros at first. */
struct rtu {
	bool raw;           /* what was sent last is no ADU */
	size_t header_have; /* of the ADU being sent */
	size_t left;        /* of it */
	uint16_t crc;
	uint8_t header[HEADER_LENGTH - 1];

	struct rtu_awaited {
		uint16_t transaction;
		uint16_t length; /* of the request: unit identifier, PDU */
	} awaited[RTU_AWAITED_MAX];
	size_t first, count;
};

/* Whether a server knows where the frame of a request ends: the length that its
 * function implies is that of the PDU, or its function implies none. */
bool rtu_carries(const struct bytes *pdu);

/* Write the frames of some bytes of ADUs, which go on where those before have
 * ended, into out. What is no ADU, by its protocol identifier, is written as it
 * is, with all behind it. Returns the number of bytes. */
size_t
rtu_frames(struct rtu *rtu, const uint8_t *adus, size_t length, uint8_t *out);

/* Whether bytes begin with a frame, right or wrong, that is a reply to the
 * request which waits longest; then its length is set. */
bool rtu_has_reply(
    const struct rtu *rtu, const uint8_t *p, size_t have, size_t *length);

/* The transaction identifier of that request, if that reply is right; else
 * -1. */
long rtu_take_reply(struct rtu *rtu, const uint8_t *p, size_t length);

#endif
