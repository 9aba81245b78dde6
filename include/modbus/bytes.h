/*
 * Big-endian numbers in byte strings, the only form in which Modbus
 * sends them (V1.1b3, clause 4.2). For the modbus layer alone.
 */
#ifndef MODBUS_BYTES_H
#define MODBUS_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/byte_order.h"
#include "base/words.h"

static inline uint16_t
get16(const uint8_t *p)
{
	return big16(word_load(p));
}

static inline uint32_t
get32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return big32(value);
}

static inline void
put16(uint8_t *p, uint16_t value)
{
	word_store(p, big16(value));
}

/*
 * Coils packed into words that lie at p, in the host's byte order, become what
 * Modbus sends: low bytes first, so that coil k is bit k % 8 of byte k / 8. The
 * way back is the same. Nothing to do where the host is little-endian.
 */
static inline void
swap_packed(void *p, size_t words)
{
	uint8_t *at = p;

	for (size_t i = 0; i < 2 * words; i += 2)
		word_store(at + i, little16(word_load(at + i)));
}

/*
 * Many numbers at once. The way from the host's order to the wire's is the way
 * back as well: to and from are each either.
 *
 * Instructions to read 10 and 125 registers: 38 and 127; without steps 38 and
 * 164; with the loop that the compiler makes of put16, 71 and 203 (gcc 12,
 * x86-64, scripts/bench --counts).
 */
static inline void
copy16_vector(uint8_t *restrict to, const uint8_t *restrict from)
{
	words_vector v = words_load(from);

	words_store(to, byte_order_is_big ? v : v << 8 | v >> 8);
}

static inline void
copy16_step(uint8_t *restrict to, const uint8_t *restrict from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += sizeof(words_vector))
		copy16_vector(to + i, from + i);
}

/* In steps of some vectors, one at least. The last step overlaps the one
 * before, so that no number is left over. */
static inline void
copy16_steps(uint8_t *restrict to, const uint8_t *restrict from, size_t bytes,
    size_t step)
{
	size_t last = bytes - step;

	for (size_t i = 0; i < last; i += step)
		copy16_step(to + i, from + i, step);
	copy16_step(to + last, from + last, step);
}

static inline void
copy16_all(void *restrict to, const void *restrict from, size_t count)
{
	const uint8_t *source = from;
	uint8_t *sink = to;
	size_t bytes = count * sizeof(uint16_t);
	size_t vector = sizeof(words_vector);
	size_t step = WORDS_STEP * sizeof(uint16_t);

	if (bytes >= step)
		copy16_steps(sink, source, bytes, step);
	else if (bytes >= vector)
		copy16_steps(sink, source, bytes, vector);
	else
		for (size_t i = 0; i < bytes; i += sizeof(uint16_t))
			put16(sink + i, word_load(source + i));
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
