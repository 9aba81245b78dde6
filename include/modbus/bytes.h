/*
 * Big-endian 16-bit numbers in byte strings, the only form in which Modbus
 * sends them (V1.1b3, clause 4.2). For the modbus layer alone.
 */
#ifndef MODBUS_BYTES_H
#define MODBUS_BYTES_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t
get16(const uint8_t *p)
{
	uint16_t wire;

	memcpy(&wire, p, sizeof(wire));
	return be16toh(wire);
}

static inline void
put16(uint8_t *p, uint16_t value)
{
	uint16_t wire = htobe16(value);

	memcpy(p, &wire, sizeof(wire));
}

/* Coils packed into words, low bytes first: coil k is bit k % 8 of byte k / 8.
 * words has room for the last byte's twin. */
static inline void
put_packed(uint8_t *p, uint16_t *words, size_t bytes)
{
	for (size_t i = 0; i < (bytes + 1) / 2; i++)
		words[i] = htole16(words[i]);
	memcpy(p, words, bytes);
}

static inline void
get_packed(uint16_t *words, const uint8_t *p, size_t bytes)
{
	memcpy(words, p, bytes);
	for (size_t i = 0; i < (bytes + 1) / 2; i++)
		words[i] = le16toh(words[i]);
}

/* Many numbers at once, in a form that compilers turn into vectors. */
static inline void
put16_all(uint8_t *restrict p, const uint16_t *restrict values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put16(p + 2 * i, values[i]);
}

static inline void
get16_all(uint16_t *restrict values, const uint8_t *restrict p, size_t count)
{
	for (size_t i = 0; i < count; i++)
		values[i] = get16(p + 2 * i);
}

#endif
