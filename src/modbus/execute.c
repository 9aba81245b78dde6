#include "modbus/execute.h"

#include "modbus/function.h"

size_t
mb_execute(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	return r->row->execute(r, table, writer, response);
}

size_t
mb_put_exception(
    uint8_t function, enum mb_exception exception, uint8_t *response)
{
	response[0] = function | MB_EXCEPTION_FLAG;
	response[1] = (uint8_t)exception;
	return MB_EXCEPTION_SIZE;
}
