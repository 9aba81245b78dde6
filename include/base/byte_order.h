/*
 * Numbers between the host's byte order and another: the way back is the same.
 * What a byte order needs no change for costs nothing.
 */
#ifndef BASE_BYTE_ORDER_H
#define BASE_BYTE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

static const bool byte_order_is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

static inline uint16_t
big16(uint16_t value)
{
	return byte_order_is_big ? value : __builtin_bswap16(value);
}

static inline uint32_t
big32(uint32_t value)
{
	return byte_order_is_big ? value : __builtin_bswap32(value);
}

static inline uint16_t
little16(uint16_t value)
{
	return byte_order_is_big ? __builtin_bswap16(value) : value;
}

static inline uint64_t
little64(uint64_t value)
{
	return byte_order_is_big ? __builtin_bswap64(value) : value;
}

#endif
