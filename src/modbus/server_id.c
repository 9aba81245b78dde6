#include "modbus/server_id.h"

#include <string.h>

#include "modbus/request.h"
#include "version.h"

static const char additional[] = "MBAsyncServer " VERSION;

/*
 * function
 *    0
 */
enum mb_exception
mb_decode_server_id(const struct mb_function *f, const uint8_t *pdu,
    size_t length, struct mb_request *r)
{
	(void)pdu;
	(void)r;
	return length == f->length ? MB_EX_NONE : MB_EX_ILLEGAL_DATA_VALUE;
}

/*
 * function | byte count | server ID | run indicator | additional data
 *    0     |     1      |     2     |       3       | 4 ...
 */
size_t
mb_execute_server_id(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	const size_t length = sizeof(additional) - 1;

	(void)table;
	(void)writer;
	response[0] = r->function;
	response[1] = (uint8_t)(2 + length);
	response[2] = MB_SERVER_ID;
	response[3] = MB_RUN_INDICATOR_ON;
	memcpy(response + 4, additional, length);
	return 4 + length;
}
