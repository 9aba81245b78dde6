#include "modbus/range.h"

#include <string.h>

#include "modbus/bytes.h"

/* Whether a range stays within 0..65535. */
static bool
fits(const struct mb_range *range)
{
	return range->address + range->quantity <= MB_ADDRESSES;
}

/* Whether a range is of 1..most items: less one, 0 is above any. */
static bool
is_allowed(const struct mb_range *range, unsigned most)
{
	return range->quantity - 1U < most;
}

/* The range that stands at p: address, then quantity. */
static struct mb_range
get_range(const uint8_t *p)
{
	uint32_t both = get32(p);

	return (struct mb_range){ (uint16_t)(both >> 16), (uint16_t)both };
}

enum mb_exception
mb_decode_read(const struct mb_function *f, const uint8_t *pdu, size_t length,
    struct mb_request *r)
{
	if (length != 5)
		return MB_EX_ILLEGAL_DATA_VALUE;
	r->kind = f->kind;
	r->read = get_range(pdu + 1);
	if (!is_allowed(&r->read, f->most_read))
		return MB_EX_ILLEGAL_DATA_VALUE;
	if (!fits(&r->read))
		return MB_EX_ILLEGAL_DATA_ADDRESS;
	return MB_EX_NONE;
}

/* One item always fits, so no address is refused. */
enum mb_exception
mb_decode_write_single(const struct mb_function *f, const uint8_t *pdu,
    size_t length, struct mb_request *r)
{
	if (length != 5)
		return MB_EX_ILLEGAL_DATA_VALUE;
	r->kind = f->kind;
	r->write = (struct mb_range){ get16(pdu + 1), 1 };
	r->data = pdu + 3;
	r->data_length = 2;
	return MB_EX_NONE;
}

/*
 * The end of every write of several items, from byte at on:
 *
 * address | quantity | byte count | values
 *  0   1  |  2    3  |     4      | 5 ...
 */
static inline enum mb_exception
decode_written(const struct mb_function *f, const uint8_t *pdu, size_t length,
    size_t at, struct mb_request *r)
{
	size_t bytes;

	if (length < at + 5)
		return MB_EX_ILLEGAL_DATA_VALUE;
	r->kind = f->kind;
	r->write = get_range(pdu + at);
	if (!is_allowed(&r->write, f->most_written))
		return MB_EX_ILLEGAL_DATA_VALUE;
	bytes = mb_value_bytes(f->kind, r->write.quantity);
	if (pdu[at + 4] != bytes || length != at + 5 + bytes)
		return MB_EX_ILLEGAL_DATA_VALUE;
	r->data = pdu + at + 5;
	r->data_length = (uint8_t)bytes;
	return MB_EX_NONE;
}

enum mb_exception
mb_decode_write_multiple(const struct mb_function *f, const uint8_t *pdu,
    size_t length, struct mb_request *r)
{
	enum mb_exception e = decode_written(f, pdu, length, 1, r);

	if (e != MB_EX_NONE)
		return e;
	return fits(&r->write) ? MB_EX_NONE : MB_EX_ILLEGAL_DATA_ADDRESS;
}

/* Both ranges are checked before anything is written. */
enum mb_exception
mb_decode_read_write(const struct mb_function *f, const uint8_t *pdu,
    size_t length, struct mb_request *r)
{
	enum mb_exception e = decode_written(f, pdu, length, 5, r);

	if (e != MB_EX_NONE)
		return e;
	r->read = get_range(pdu + 1);
	if (!is_allowed(&r->read, f->most_read))
		return MB_EX_ILLEGAL_DATA_VALUE;
	return fits(&r->read) && fits(&r->write) ? MB_EX_NONE :
						   MB_EX_ILLEGAL_DATA_ADDRESS;
}

size_t
mb_put_single(const struct mb_request *r, uint8_t *response)
{
	memcpy(response, r->data - 3, 5);
	return 5;
}

size_t
mb_put_written(const struct mb_request *r, uint8_t *response)
{
	memcpy(response, r->data - 6, 5);
	return 5;
}
