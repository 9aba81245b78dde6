#include "modbus/bits.h"

#include <stdio.h>
#include <string.h>

#include "modbus/bytes.h"
#include "modbus/explain.h"
#include "modbus/range.h"

/* The words that the data of one request can fill. */
#define DATA_WORDS ((MB_PDU_MAX + 1) / 2)

/* Coil k of the range is bit k % 8 of byte k / 8: low bytes first. */
size_t
mb_execute_read_coils(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	size_t length =
	    mb_put_read_head(r, (r->read.quantity + 7U) / 8, response);

	(void)writer;
	datatable_read_coils(
	    table, r->read.address, r->read.quantity, response + 2);
	swap_packed(response + 2, DATATABLE_PACKED_WORDS(r->read.quantity));
	return length;
}

static bool
is_coil_value(uint16_t value)
{
	return value == MB_COIL_OFF || value == MB_COIL_ON;
}

enum mb_exception
mb_decode_write_single_coil(const struct mb_function *f, const uint8_t *pdu,
    size_t length, struct mb_request *r)
{
	enum mb_exception e = mb_decode_write_single(f, pdu, length, r);

	if (e != MB_EX_NONE)
		return e;
	return is_coil_value(get16(r->data)) ? MB_EX_NONE :
					       MB_EX_ILLEGAL_DATA_VALUE;
}

size_t
mb_execute_write_single_coil(const struct mb_request *r,
    struct datatable *table, const struct datatable_writer *writer,
    uint8_t *response)
{
	uint16_t on = get16(r->data) == MB_COIL_ON;

	datatable_write_coils(table, writer, r->write.address, 1, &on);
	return mb_put_single(r, response);
}

int
mb_explain_write_single_coil(const uint8_t *pdu, size_t length, char *text)
{
	if (length != 5 || is_coil_value(get16(pdu + 3)))
		return 0;
	return snprintf(text, MB_EXPLAIN_TEXT_MAX,
	    "value 0x%04x: a coil takes 0x0000 or 0xff00", get16(pdu + 3));
}

size_t
mb_execute_write_coils(const struct mb_request *r, struct datatable *table,
    const struct datatable_writer *writer, uint8_t *response)
{
	uint16_t packed[DATA_WORDS] = { 0 };

	memcpy(packed, r->data, r->data_length);
	swap_packed(packed, DATATABLE_PACKED_WORDS(r->write.quantity));
	datatable_write_coils(
	    table, writer, r->write.address, r->write.quantity, packed);
	return mb_put_written(r, response);
}
