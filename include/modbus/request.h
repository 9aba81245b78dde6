/*
 * A request PDU, decoded: what is asked, and every limit of the specification
 * checked. Pure: touches no table, no socket. What comes out can be executed
 * without another check.
 */
#ifndef MODBUS_REQUEST_H
#define MODBUS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modbus/function.h"
#include "modbus/modbus.h"
#include "table/datatable.h"

/* Address 0..65535, quantity as in the specification; address + quantity is
 * at most 65536. Quantity 0 is no range at all. */
struct mb_range {
	uint16_t address;
	uint16_t quantity;
};

struct mb_request {
	uint8_t function;
	uint8_t data_length;
	uint8_t read_device_id; /* Read Device Identification only: */
	uint8_t first_object;   /* objects first..last are asked for */
	uint8_t last_object;

	enum datatable_kind kind; /* of the ranges, where there are any */
	struct mb_range read;     /* what it reads */
	struct mb_range write; /* what it writes, a masked register included */

	/* The values to write as they stand in the PDU, or the data to echo;
	 * borrowed from the PDU. */
	const uint8_t *data;

	uint16_t and_mask; /* Mask Write Register only */
	uint16_t or_mask;

	const struct mb_function *row; /* of its function code */
};

/*
 * Decode a request PDU of length 1..253 bytes into r.
 *
 * Total: every byte string is a request (MB_EX_NONE) or an exception. Checked
 * in the specification's order, the first that applies wins: function code
 * (01), length, quantity, value and byte count (03), address (02). After an
 * exception r holds nothing but the function code. On success r->data points
 * into pdu. V1.1b3, clause 6 and its state diagrams.
 */
enum mb_exception
mb_request_decode(const uint8_t *pdu, size_t length, struct mb_request *r);

/* Whether the request, once executed, may have changed the table. */
static inline bool
mb_request_writes(const struct mb_request *r)
{
	return r->write.quantity != 0;
}

/* The specification's name of an exception code 1..4 or 11, "ok" for none.
 * Never NULL. */
const char *mb_exception_name(enum mb_exception exception);

#endif
