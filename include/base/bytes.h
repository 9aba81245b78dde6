/* Numbers in the bytes of the files, high byte first unless said otherwise. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdint.h>

static inline uint16_t
bytes_get16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t
bytes_get32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

static inline uint32_t
bytes_get32_little(const uint8_t *b)
{
	return (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 |
	    (uint32_t)b[1] << 8 | b[0];
}

static inline uint64_t
bytes_get64(const uint8_t *b)
{
	return (uint64_t)bytes_get32(b) << 32 | bytes_get32(b + 4);
}

/* Write the lowest bytes of a number, at most 8. Returns what follows them. */
static inline uint8_t *
bytes_put(uint8_t *to, uint64_t number, unsigned bytes)
{
	while (bytes-- > 0)
		*to++ = (uint8_t)(number >> 8 * bytes);
	return to;
}

/* The same, low byte first. */
static inline uint8_t *
bytes_put_little(uint8_t *to, uint64_t number, unsigned bytes)
{
	for (; bytes-- > 0; number >>= 8)
		*to++ = (uint8_t)number;
	return to;
}

/* The number that so many bytes are, at most 8, low byte first. */
static inline uint64_t
bytes_get_little(const uint8_t *b, unsigned bytes)
{
	uint64_t number = 0;

	while (bytes-- > 0)
		number = number << 8 | b[bytes];
	return number;
}

#endif
