/*
 * Ranges of items in request PDUs: what the functions that read and write
 * coils and registers have in common. For the rows of modbus/function.h.
 */
#ifndef MODBUS_RANGE_H
#define MODBUS_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "modbus/function.h"
#include "modbus/request.h"

/*
 * function | address | quantity
 *    0     |  1   2  |  3   4
 */
mb_decode_fn mb_decode_read;

/*
 * function | address | value
 *    0     |  1   2  | 3   4
 */
mb_decode_fn mb_decode_write_single;

/*
 * function | address | quantity | byte count | values
 *    0     |  1   2  |  3    4  |     5      | 6 ...
 */
mb_decode_fn mb_decode_write_multiple;

/*
 * function | read address | read quantity | write address, quantity, ...
 *    0     |   1      2   |    3      4   | 5 ...
 */
mb_decode_fn mb_decode_read_write;

/* The bytes that quantity values take in a PDU. */
static inline unsigned
mb_value_bytes(enum datatable_kind kind, unsigned quantity)
{
	return kind == DATATABLE_COILS ? (quantity + 7) / 8 : 2 * quantity;
}

/* Write the response to a write of one item: the request itself. Returns its
 * length. */
size_t mb_put_single(const struct mb_request *r, uint8_t *response);

/* Write the response to a write of several items: the request up to the
 * quantity. Returns its length. */
size_t mb_put_written(const struct mb_request *r, uint8_t *response);

/* Write function code and byte count, the head of a response of that many bytes
 * of values. Returns the length of both. */
static inline size_t
mb_put_read_head(const struct mb_request *r, size_t bytes, uint8_t *response)
{
	response[0] = r->function;
	response[1] = (uint8_t)bytes;
	return 2 + bytes;
}

#endif
