/*
 * Big-endian 16-bit numbers in byte strings, the only form in which Modbus
 * sends them (V1.1b3, clause 4.2). For the modbus layer alone.
 */
#ifndef MODBUS_BYTES_H
#define MODBUS_BYTES_H

#include <stdint.h>

static inline uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void
put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

#endif
