/*
 * Bytes to send and bytes received: a buffer with room for any PDU, right or
 * too long, and the requests of the specification.
 *
 * mbtorture shares no code with the server it is built beside.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>
#include <stdint.h>

#define PDU_MAX       253
#define HEADER_LENGTH 7
#define ADU_MAX       (HEADER_LENGTH + PDU_MAX)
#define BYTES_MAX     320

struct bytes {
	size_t length;
	uint8_t data[BYTES_MAX];
};

static inline uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void
put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* Append; what has no room is left out. */
void bytes_add8(struct bytes *b, uint32_t value);
void bytes_add16(struct bytes *b, uint32_t value);
void bytes_add(struct bytes *b, const void *data, size_t length);

/* Append items of 0 or 1, eight to a byte, the first one the least significant
 * bit; unused bits are 0 (clause 6.1). */
void bytes_add_bits(struct bytes *b, uint32_t quantity, const uint16_t *items);

/* So many bytes at data, at most BYTES_MAX. */
struct bytes bytes_of(const void *data, size_t length);

/* The buffer in hexadecimal, shortened when it is long. text has room for
 * BYTES_TEXT bytes; returns text. */
#define BYTES_TEXT 128
const char *bytes_text(const struct bytes *b, char *text);

/* An ADU around a PDU: MBAP header with a protocol identifier of 0 and the
 * right length. */
struct bytes
adu_of(uint16_t transaction, uint8_t unit, const struct bytes *pdu);

/* function, address, number: functions 1 to 6. */
struct bytes pdu_simple(uint8_t function, uint32_t address, uint32_t number);

/* A write of coils or registers (15, 16). The items are in values: 0 or 1 for
 * coils. What is more than a PDU holds is left out. */
struct bytes
pdu_write_coils(uint32_t address, uint32_t quantity, const uint16_t *values);
struct bytes pdu_write_registers(
    uint32_t address, uint32_t quantity, const uint16_t *values);

/* Function 22. */
struct bytes
pdu_mask_write(uint32_t address, uint32_t and_mask, uint32_t or_mask);

/* Function 23. */
struct bytes pdu_read_write(uint32_t read_address, uint32_t read_quantity,
    uint32_t write_address, uint32_t write_quantity, const uint16_t *values);

/* An exception response. */
struct bytes pdu_exception(uint8_t function, uint8_t code);

#endif
