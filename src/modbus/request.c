#include "modbus/request.h"

#include <string.h>

#include "modbus/bytes.h"

typedef enum mb_exception (*decode_fn)(
    const uint8_t *pdu, size_t length, struct mb_request *r);

/* Whether a range stays within 0..65535. */
static bool
fits(const struct mb_range *range)
{
	return range->address + range->quantity <= MB_ADDRESSES;
}

/* The range that stands at p: address, then quantity. */
static struct mb_range
get_range(const uint8_t *p)
{
	return (struct mb_range){ get16(p), get16(p + 2) };
}

/*
 * function | address | quantity
 *    0     |  1   2  |  3   4
 */
static enum mb_exception
decode_read(const uint8_t *pdu, size_t length, enum datatable_kind kind,
    uint16_t most, struct mb_request *r)
{
	if (length != 5)
		return MB_EX_ILLEGAL_DATA_VALUE;
	r->kind = kind;
	r->read = get_range(pdu + 1);
	if (r->read.quantity < 1 || r->read.quantity > most)
		return MB_EX_ILLEGAL_DATA_VALUE;
	return fits(&r->read) ? MB_EX_NONE : MB_EX_ILLEGAL_DATA_ADDRESS;
}

static enum mb_exception
decode_read_coils(const uint8_t *pdu, size_t length, struct mb_request *r)
{
	return decode_read(pdu, length, DATATABLE_COILS, MB_MAX_READ_COILS, r);
}

static enum mb_exception
decode_read_registers(const uint8_t *pdu, size_t length, struct mb_request *r)
{
	return decode_read(
	    pdu, length, DATATABLE_REGISTERS, MB_MAX_READ_REGISTERS, r);
}

/*
 * function | address | value
 *    0     |  1   2  | 3   4
 *
 * One item always fits, so no address is refused.
 */
static enum mb_exception
decode_write_single(const uint8_t *pdu, size_t length, enum datatable_kind kind,
    struct mb_request *r)
{
	if (length != 5)
		return MB_EX_ILLEGAL_DATA_VALUE;
	r->kind = kind;
	r->write = (struct mb_range){ get16(pdu + 1), 1 };
	r->data = pdu + 3;
	r->data_length = 2;
	return MB_EX_NONE;
}

static enum mb_exception
decode_write_single_coil(
    const uint8_t *pdu, size_t length, struct mb_request *r)
{
	enum mb_exception e =
	    decode_write_single(pdu, length, DATATABLE_COILS, r);
	uint16_t value;

	if (e != MB_EX_NONE)
		return e;
	value = get16(r->data);
	return value == MB_COIL_OFF || value == MB_COIL_ON ?
	    MB_EX_NONE :
	    MB_EX_ILLEGAL_DATA_VALUE;
}

static enum mb_exception
decode_write_single_register(
    const uint8_t *pdu, size_t length, struct mb_request *r)
{
	return decode_write_single(pdu, length, DATATABLE_REGISTERS, r);
}

/*
 * The tail that every write of several items ends in, from byte at on:
 *
 * address | quantity | byte count | values
 *  0   1  |  2    3  |     4      | 5 ...
 */
static enum mb_exception
decode_write_tail(const uint8_t *pdu, size_t length, size_t at, uint16_t most,
    struct mb_request *r)
{
	size_t bytes;

	if (length < at + 5)
		return MB_EX_ILLEGAL_DATA_VALUE;
	r->write = get_range(pdu + at);
	if (r->write.quantity < 1 || r->write.quantity > most)
		return MB_EX_ILLEGAL_DATA_VALUE;
	bytes = r->kind == DATATABLE_COILS ? (r->write.quantity + 7U) / 8 :
					     2U * r->write.quantity;
	if (pdu[at + 4] != bytes || length != at + 5 + bytes)
		return MB_EX_ILLEGAL_DATA_VALUE;
	r->data = pdu + at + 5;
	r->data_length = (uint8_t)bytes;
	return MB_EX_NONE;
}

static enum mb_exception
decode_write_multiple(const uint8_t *pdu, size_t length,
    enum datatable_kind kind, uint16_t most, struct mb_request *r)
{
	enum mb_exception e;

	r->kind = kind;
	e = decode_write_tail(pdu, length, 1, most, r);
	if (e != MB_EX_NONE)
		return e;
	return fits(&r->write) ? MB_EX_NONE : MB_EX_ILLEGAL_DATA_ADDRESS;
}

static enum mb_exception
decode_write_coils(const uint8_t *pdu, size_t length, struct mb_request *r)
{
	return decode_write_multiple(
	    pdu, length, DATATABLE_COILS, MB_MAX_WRITE_COILS, r);
}

static enum mb_exception
decode_write_registers(const uint8_t *pdu, size_t length, struct mb_request *r)
{
	return decode_write_multiple(
	    pdu, length, DATATABLE_REGISTERS, MB_MAX_WRITE_REGISTERS, r);
}

/*
 * function | address | and mask | or mask
 *    0     |  1   2  |  3    4  |  5   6
 */
static enum mb_exception
decode_mask_write(const uint8_t *pdu, size_t length, struct mb_request *r)
{
	if (length != 7)
		return MB_EX_ILLEGAL_DATA_VALUE;
	r->kind = DATATABLE_REGISTERS;
	r->write = (struct mb_range){ get16(pdu + 1), 1 };
	r->and_mask = get16(pdu + 3);
	r->or_mask = get16(pdu + 5);
	return MB_EX_NONE;
}

/*
 * function | read address | read quantity | write address, quantity, ...
 *    0     |   1      2   |    3      4   | 5 ...
 *
 * Both ranges are checked before anything is written.
 */
static enum mb_exception
decode_read_write(const uint8_t *pdu, size_t length, struct mb_request *r)
{
	enum mb_exception e;

	r->kind = DATATABLE_REGISTERS;
	e = decode_write_tail(
	    pdu, length, 5, MB_MAX_READ_WRITE_REGISTERS_WRITE, r);
	if (e != MB_EX_NONE)
		return e;
	r->read = get_range(pdu + 1);
	if (r->read.quantity < 1 ||
	    r->read.quantity > MB_MAX_READ_WRITE_REGISTERS_READ)
		return MB_EX_ILLEGAL_DATA_VALUE;
	return fits(&r->read) && fits(&r->write) ? MB_EX_NONE :
						   MB_EX_ILLEGAL_DATA_ADDRESS;
}

/*
 * function | sub-function | data
 *    0     |   1      2   | 3 ...
 */
static enum mb_exception
decode_diagnostics(const uint8_t *pdu, size_t length, struct mb_request *r)
{
	if (length < 3)
		return MB_EX_ILLEGAL_DATA_VALUE;
	if (get16(pdu + 1) != MB_DIAGNOSTICS_RETURN_QUERY_DATA)
		return MB_EX_ILLEGAL_FUNCTION;
	r->data = pdu + 3;
	r->data_length = (uint8_t)(length - 3);
	return MB_EX_NONE;
}

/*
 * The last object that a stream access returns. A client that asks for more
 * than there is gets what there is (clause 6.21).
 */
static uint8_t
last_object(uint8_t read_device_id)
{
	return read_device_id == MB_READ_DEVICE_ID_BASIC ?
	    MB_OBJECT_LAST_BASIC :
	    MB_OBJECT_LAST_REGULAR;
}

/*
 * function | MEI type | read device id code | object id
 *    0     |    1     |          2          |     3
 */
static enum mb_exception
decode_identification(const uint8_t *pdu, size_t length, struct mb_request *r)
{
	uint8_t object;

	if (length < 2)
		return MB_EX_ILLEGAL_DATA_VALUE;
	if (pdu[1] != MB_MEI_READ_DEVICE_IDENTIFICATION)
		return MB_EX_ILLEGAL_FUNCTION;
	if (length != 4)
		return MB_EX_ILLEGAL_DATA_VALUE;
	r->read_device_id = pdu[2];
	object = pdu[3];
	if (r->read_device_id < MB_READ_DEVICE_ID_BASIC ||
	    r->read_device_id > MB_READ_DEVICE_ID_ONE_OBJECT)
		return MB_EX_ILLEGAL_DATA_VALUE;

	r->last_object = last_object(r->read_device_id);
	if (r->read_device_id == MB_READ_DEVICE_ID_ONE_OBJECT) {
		if (object > r->last_object)
			return MB_EX_ILLEGAL_DATA_ADDRESS;
		r->last_object = object;
	}
	/* A stream that is asked to go on from nowhere starts again. */
	r->first_object = object > r->last_object ? 0 : object;
	return MB_EX_NONE;
}

/* The supported functions. What each does is its twin in execute.c. */
static const struct function {
	const char *name;
	decode_fn decode;
} functions[MB_FUNCTION_CODES] = {
	[MB_FC_READ_COILS] = { "Read Coils", decode_read_coils },
	[MB_FC_READ_DISCRETE_INPUTS] = { "Read Discrete Inputs",
	    decode_read_coils },
	[MB_FC_READ_HOLDING_REGISTERS] = { "Read Holding Registers",
	    decode_read_registers },
	[MB_FC_READ_INPUT_REGISTERS] = { "Read Input Registers",
	    decode_read_registers },
	[MB_FC_WRITE_SINGLE_COIL] = { "Write Single Coil",
	    decode_write_single_coil },
	[MB_FC_WRITE_SINGLE_REGISTER] = { "Write Single Register",
	    decode_write_single_register },
	[MB_FC_DIAGNOSTICS] = { "Diagnostics", decode_diagnostics },
	[MB_FC_WRITE_MULTIPLE_COILS] = { "Write Multiple Coils",
	    decode_write_coils },
	[MB_FC_WRITE_MULTIPLE_REGISTERS] = { "Write Multiple Registers",
	    decode_write_registers },
	[MB_FC_MASK_WRITE_REGISTER] = { "Mask Write Register",
	    decode_mask_write },
	[MB_FC_READ_WRITE_MULTIPLE_REGISTERS] = { "Read/Write Multiple "
						  "Registers",
	    decode_read_write },
	[MB_FC_ENCAPSULATED_INTERFACE] = { "Read Device Identification",
	    decode_identification },
};

enum mb_exception
mb_request_decode(const uint8_t *pdu, size_t length, struct mb_request *r)
{
	decode_fn decode = functions[pdu[0]].decode;
	enum mb_exception e;

	*r = (struct mb_request){ .function = pdu[0] };
	if (decode == NULL)
		return MB_EX_ILLEGAL_FUNCTION;
	e = decode(pdu, length, r);
	if (e != MB_EX_NONE)
		*r = (struct mb_request){ .function = pdu[0] };
	return e;
}

const char *
mb_function_name(uint8_t function)
{
	return functions[function].name;
}

const char *
mb_exception_name(enum mb_exception exception)
{
	static const char *const names[] = {
		[MB_EX_NONE] = "ok",
		[MB_EX_ILLEGAL_FUNCTION] = "illegal function",
		[MB_EX_ILLEGAL_DATA_ADDRESS] = "illegal data address",
		[MB_EX_ILLEGAL_DATA_VALUE] = "illegal data value",
		[MB_EX_SERVER_DEVICE_FAILURE] = "server device failure",
	};

	return exception < sizeof(names) / sizeof(*names) ? names[exception] :
							    "unknown exception";
}
