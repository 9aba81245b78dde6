#include "modbus/registers.h"

#include "modbus/bytes.h"
#include "modbus/range.h"

size_t
mb_execute_read_registers(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	(void)writer;
	put16_all(response + 2, datatable_registers(table, r->read.address),
	    r->read.quantity);
	return mb_put_read_head(r, 2U * r->read.quantity, response);
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

size_t
mb_execute_write_single_register(const struct mb_request *r,
    struct datatable *table, const struct datatable_writer *writer,
    uint8_t *response)
{
	write_registers(r, table, writer);
	return mb_put_single(r, response);
}

size_t
mb_execute_write_registers(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	write_registers(r, table, writer);
	return mb_put_written(r, response);
}

/*
 * function | address | and mask | or mask
 *    0     |  1   2  |  3    4  |  5   6
 */
enum mb_exception
mb_decode_mask_write(const struct mb_function *f, const uint8_t *pdu,
    size_t length, struct mb_request *r)
{
	if (length != 7)
		return MB_EX_ILLEGAL_DATA_VALUE;
	r->kind = f->kind;
	r->write = (struct mb_range){ get16(pdu + 1), 1 };
	r->and_mask = get16(pdu + 3);
	r->or_mask = get16(pdu + 5);
	return MB_EX_NONE;
}

size_t
mb_execute_mask_write(const struct mb_request *r, struct datatable *table,
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
size_t
mb_execute_read_write(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	write_registers(r, table, writer);
	return mb_execute_read_registers(r, table, writer, response);
}
