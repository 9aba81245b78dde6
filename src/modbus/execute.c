#include "modbus/execute.h"

#include <string.h>

#include "modbus/bytes.h"
#include "table/datatable.h"
#include "version.h"

typedef size_t (*execute_fn)(const struct mb_request *r,
    struct datatable *table, const struct datatable_writer *writer,
    uint8_t *response);

/* The words that the data of one request can fill. */
#define DATA_WORDS ((MB_PDU_MAX + 1) / 2)

static const char *const identification[] = {
	[MB_OBJECT_VENDOR_NAME] = "MBLogic",
	[MB_OBJECT_PRODUCT_CODE] = "MBAsyncServer",
	[MB_OBJECT_REVISION] = VERSION,
	[MB_OBJECT_VENDOR_URL] = "http://mblogic.sourceforge.net",
	[MB_OBJECT_PRODUCT_NAME] = "MBAsyncServer Modbus/TCP server",
};

/* function | byte count | values: the head. Returns how long it is with them.
 */
static size_t
put_read_head(const struct mb_request *r, size_t bytes, uint8_t *response)
{
	response[0] = r->function;
	response[1] = (uint8_t)bytes;
	return 2 + bytes;
}

/* Coil k of the range is bit k % 8 of byte k / 8: low bytes first. */
static size_t
execute_read_coils(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	size_t length = put_read_head(r, (r->read.quantity + 7U) / 8, response);

	(void)writer;
	datatable_read_coils(
	    table, r->read.address, r->read.quantity, response + 2);
	swap_packed(response + 2, DATATABLE_PACKED_WORDS(r->read.quantity));
	return length;
}

static size_t
execute_read_registers(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	(void)writer;
	put16_all(response + 2, datatable_registers(table, r->read.address),
	    r->read.quantity);
	return put_read_head(r, 2U * r->read.quantity, response);
}

/* The answer to a single write is the request itself. */
static size_t
echo_single(const struct mb_request *r, uint8_t *response)
{
	response[0] = r->function;
	put16(response + 1, r->write.address);
	memcpy(response + 3, r->data, 2);
	return 5;
}

/* The answer to a write of many says where and how many. */
static size_t
put_written(const struct mb_request *r, uint8_t *response)
{
	response[0] = r->function;
	put16(response + 1, r->write.address);
	put16(response + 3, r->write.quantity);
	return 5;
}

static size_t
execute_write_single_coil(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	uint16_t on = get16(r->data) == MB_COIL_ON;

	datatable_write_coils(table, writer, r->write.address, 1, &on);
	return echo_single(r, response);
}

static size_t
execute_write_coils(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	uint16_t packed[DATA_WORDS] = { 0 };

	memcpy(packed, r->data, r->data_length);
	swap_packed(packed, DATATABLE_PACKED_WORDS(r->write.quantity));
	datatable_write_coils(
	    table, writer, r->write.address, r->write.quantity, packed);
	return put_written(r, response);
}

static void
write_registers(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer)
{
	const struct mb_range *w = &r->write;

	get16_all(datatable_open_registers(table, w->address, w->quantity),
	    r->data, w->quantity);
	datatable_close_registers(table, writer, w->address, w->quantity);
}

static size_t
execute_write_single_register(const struct mb_request *r,
    struct datatable *table, const struct datatable_writer *writer,
    uint8_t *response)
{
	write_registers(r, table, writer);
	return echo_single(r, response);
}

static size_t
execute_write_registers(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	write_registers(r, table, writer);
	return put_written(r, response);
}

static size_t
execute_mask_write(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	uint16_t value;

	datatable_read_registers(table, r->write.address, 1, &value);
	value = (uint16_t)((value & r->and_mask) | (r->or_mask & ~r->and_mask));
	datatable_write_registers(table, writer, r->write.address, 1, &value);
	response[0] = r->function;
	put16(response + 1, r->write.address);
	put16(response + 3, r->and_mask);
	put16(response + 5, r->or_mask);
	return 7;
}

/* Writes first, then reads (clause 6.17). */
static size_t
execute_read_write(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	write_registers(r, table, writer);
	return execute_read_registers(r, table, writer, response);
}

static size_t
execute_diagnostics(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	(void)table;
	(void)writer;
	response[0] = r->function;
	put16(response + 1, MB_DIAGNOSTICS_RETURN_QUERY_DATA);
	memcpy(response + 3, r->data, r->data_length);
	return 3U + r->data_length;
}

/*
 * function | MEI type | code | conformity | more follows | next | number
 *    0     |    1     |  2   |     3      |      4       |  5   |   6
 *
 * then, for each object: id, length, text. All of them fit one response.
 */
static size_t
execute_identification(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	uint8_t *p = response;

	(void)table;
	(void)writer;
	*p++ = r->function;
	*p++ = MB_MEI_READ_DEVICE_IDENTIFICATION;
	*p++ = r->read_device_id;
	*p++ = MB_CONFORMITY_LEVEL;
	*p++ = 0;
	*p++ = 0;
	*p++ = (uint8_t)(r->last_object - r->first_object + 1);
	for (uint8_t id = r->first_object; id <= r->last_object; id++) {
		size_t length = strlen(identification[id]);

		*p++ = id;
		*p++ = (uint8_t)length;
		memcpy(p, identification[id], length);
		p += length;
	}
	return (size_t)(p - response);
}

/* What each function does; its limits are its twin in request.c. */
static const execute_fn functions[MB_FUNCTION_CODES] = {
	[MB_FC_READ_COILS] = execute_read_coils,
	[MB_FC_READ_DISCRETE_INPUTS] = execute_read_coils,
	[MB_FC_READ_HOLDING_REGISTERS] = execute_read_registers,
	[MB_FC_READ_INPUT_REGISTERS] = execute_read_registers,
	[MB_FC_WRITE_SINGLE_COIL] = execute_write_single_coil,
	[MB_FC_WRITE_SINGLE_REGISTER] = execute_write_single_register,
	[MB_FC_DIAGNOSTICS] = execute_diagnostics,
	[MB_FC_WRITE_MULTIPLE_COILS] = execute_write_coils,
	[MB_FC_WRITE_MULTIPLE_REGISTERS] = execute_write_registers,
	[MB_FC_MASK_WRITE_REGISTER] = execute_mask_write,
	[MB_FC_READ_WRITE_MULTIPLE_REGISTERS] = execute_read_write,
	[MB_FC_ENCAPSULATED_INTERFACE] = execute_identification,
};

size_t
mb_execute(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	return functions[r->function](r, table, writer, response);
}

size_t
mb_put_exception(
    uint8_t function, enum mb_exception exception, uint8_t *response)
{
	response[0] = function | MB_EXCEPTION_FLAG;
	response[1] = (uint8_t)exception;
	return MB_EXCEPTION_SIZE;
}
