#include "modbus/diagnostics.h"

#include <stdio.h>
#include <string.h>

#include "modbus/bytes.h"
#include "modbus/explain.h"
#include "modbus/request.h"

/*
 * function | sub-function | data
 *    0     |   1      2   | 3 ...
 */
enum mb_exception
mb_decode_diagnostics(const struct mb_function *f, const uint8_t *pdu,
    size_t length, struct mb_request *r)
{
	(void)f;
	if (length < 3)
		return MB_EX_ILLEGAL_DATA_VALUE;
	if (get16(pdu + 1) != MB_DIAGNOSTICS_RETURN_QUERY_DATA)
		return MB_EX_ILLEGAL_FUNCTION;
	r->data = pdu + 3;
	r->data_length = (uint8_t)(length - 3);
	return MB_EX_NONE;
}

size_t
mb_execute_diagnostics(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	(void)table;
	(void)writer;
	response[0] = r->function;
	put16(response + 1, MB_DIAGNOSTICS_RETURN_QUERY_DATA);
	memcpy(response + 3, r->data, r->data_length);
	return 3U + r->data_length;
}

int
mb_explain_diagnostics(const uint8_t *pdu, size_t length, char *text)
{
	if (length < 3 || get16(pdu + 1) == MB_DIAGNOSTICS_RETURN_QUERY_DATA)
		return 0;
	return snprintf(text, MB_EXPLAIN_TEXT_MAX,
	    "sub-function %u: there is only 0, Return Query Data",
	    get16(pdu + 1));
}
