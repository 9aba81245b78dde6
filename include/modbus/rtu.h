/*
 * Modbus RTU frames: how long requests are, and what recognises them where
 * Modbus/TCP is expected.
 *
 *   unit identifier | function code | data | CRC-16, low byte first
 *
 * MODBUS over Serial Line V1.02, clauses 2.5.1 and 6.2.2.
 */
#ifndef MODBUS_RTU_H
#define MODBUS_RTU_H

#include <stddef.h>
#include <stdint.h>

/* The length of a frame. */
#define RTU_FRAME_MIN 4
#define RTU_FRAME_MAX 256

/* The CRC-16 of so many bytes. That of a frame with its CRC is 0. */
uint16_t rtu_crc(const uint8_t *bytes, size_t length);

/* The CRC-16 of bytes with another one behind them. */
uint16_t rtu_crc_add(uint16_t crc, uint8_t byte);

/* The lengths that a request may have, CRC included. */
struct rtu_extent {
	size_t least;
	size_t most; /* the same once the length is known */
};

/*
 * The lengths that the request may have which bytes begin with, as far as the
 * bytes that are present say: of most function codes it is fixed, or they have
 * a byte count. Of other ones, and with a count of more than fits a frame, it
 * is not known before the end.
 */
struct rtu_extent rtu_request_extent(const uint8_t *bytes, size_t have);

/*
 * How many whole RTU requests bytes begin with, one behind the other: unit
 * identifier 1 to 247, a function code whose requests have a known length, and
 * a CRC that fits. Bytes that are no request have one that fits by chance once
 * in 65536 times.
 */
size_t rtu_count_requests(const uint8_t *bytes, size_t length);

#endif
