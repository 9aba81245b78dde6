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

#include "words.h"

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

/*
 * Many numbers at once. The way from the host's order to the wire's is the way
 * back as well: to and from are each either. The last vector overlaps the one
 * before, so that no number is left over.
 */
static inline void
copy16_vector(uint8_t *restrict to, const uint8_t *restrict from)
{
	words_vector v = words_load(from);

	words_store(to, htobe16(1) == 1 ? v : v << 8 | v >> 8);
}

static inline void
copy16_all(void *restrict to, const void *restrict from, size_t count)
{
	const uint8_t *source = from;
	uint8_t *sink = to;
	size_t bytes = count * sizeof(uint16_t);
	size_t vector = sizeof(words_vector);

	if (bytes < vector) {
		for (size_t i = 0; i < bytes; i += sizeof(uint16_t)) {
			uint16_t word;

			memcpy(&word, source + i, sizeof(word));
			put16(sink + i, word);
		}
		return;
	}
	for (size_t i = 0; i < bytes - vector; i += vector)
		copy16_vector(sink + i, source + i);
	copy16_vector(sink + bytes - vector, source + bytes - vector);
}

static inline void
put16_all(uint8_t *restrict p, const uint16_t *restrict values, size_t count)
{
	copy16_all(p, values, count);
}

static inline void
get16_all(uint16_t *restrict values, const uint8_t *restrict p, size_t count)
{
	copy16_all(values, p, count);
}

#endif
