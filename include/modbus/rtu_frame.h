/*
 * Modbus RTU frames in place of Modbus/TCP: requests become ADUs with an MBAP
 * header, and ADUs of replies become frames. For bytes that arrive in any
 * pieces. Nothing here keeps time: on a serial line silence ends a frame, which
 * is up to the caller.
 *
 * MODBUS over Serial Line V1.02, clause 2.5.1.
 */
#ifndef MODBUS_RTU_FRAME_H
#define MODBUS_RTU_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rtu_result {
	RTU_READY,   /* a whole frame */
	RTU_PARTIAL, /* the beginning of a frame; wait for more */
	RTU_BAD,     /* no frame: its CRC does not fit */
};

/*
 * Find the frame that bytes begin with, of which have are present. It ends
 * where its function code says, and its CRC fits there; or, where that is not
 * known (rtu_request_extent), after the fewest bytes whose CRC fits. The result
 * depends on these bytes alone, not on the pieces in which they arrived.
 *
 * Only RTU_READY sets length, 4..256.
 */
enum rtu_result rtu_find(const uint8_t *bytes, size_t have, size_t *length);

/* Whether only its CRC tells where a frame ends. */
bool rtu_is_open(const uint8_t *frame, size_t length);

/*
 * rtu_find behind a frame of which only its CRC told the end. If the last byte
 * of that CRC is 0, the CRC fits without it, too. So a 0 that bytes begin with
 * may be that byte, or the unit identifier of the next frame: which one, the
 * frame tells that ends first. If it begins behind the 0, skipped is 1, and
 * length is that of the frame alone; else skipped is 0.
 */
enum rtu_result rtu_find_behind(
    const uint8_t *bytes, size_t have, size_t *skipped, size_t *length);

/* How much longer its ADU is than a frame. */
#define RTU_ADU_GROWS 4

/* Write the ADU of a request that rtu_find has found: an MBAP header, and the
 * PDU. adu has room for length + RTU_ADU_GROWS bytes. Returns their number. */
size_t rtu_to_adu(
    const uint8_t *frame, size_t length, uint16_t transaction, uint8_t *adu);

/* Whether bytes begin with a whole ADU of Modbus/TCP, which could be the first
 * request of a client that expects that. */
bool rtu_is_mbap(const uint8_t *bytes, size_t have);

/* Where in an ADU of a reply it is. All zeros at first. */
struct rtu_reply {
	uint16_t left; /* of unit identifier and PDU */
	uint16_t crc;
	uint8_t at;   /* in the header, before the unit identifier */
	uint8_t high; /* byte of its length */
};

/* The most bytes that frames take more than the ADUs that were given at
 * once: the CRC of one whose header was given before. */
#define RTU_FRAMES_GROW 2

/* Write the frames of so many bytes of ADUs, one behind the other, into out.
 * The bytes go on where those before have ended. Returns the number of bytes
 * of frames. */
size_t rtu_from_adus(
    struct rtu_reply *r, const uint8_t *adus, size_t length, uint8_t *out);

#endif
