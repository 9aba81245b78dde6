#include "modbus/identification.h"

#include <stdio.h>
#include <string.h>

#include "modbus/explain.h"
#include "modbus/request.h"
#include "version.h"

static const char *const identification[] = {
	[MB_OBJECT_VENDOR_NAME] = "MBLogic",
	[MB_OBJECT_PRODUCT_CODE] = "MBAsyncServer",
	[MB_OBJECT_REVISION] = VERSION,
	[MB_OBJECT_VENDOR_URL] = "http://mblogic.sourceforge.net",
	[MB_OBJECT_PRODUCT_NAME] = "MBAsyncServer Modbus/TCP server",
};

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
enum mb_exception
mb_decode_identification(const struct mb_function *f, const uint8_t *pdu,
    size_t length, struct mb_request *r)
{
	uint8_t object;

	(void)f;
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

/*
 * function | MEI type | code | conformity | more follows | next | number
 *    0     |    1     |  2   |     3      |      4       |  5   |   6
 *
 * then, for each object: id, length, text. All of them fit one response.
 */
size_t
mb_execute_identification(const struct mb_request *r, struct datatable *table,
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

int
mb_explain_identification(const uint8_t *pdu, size_t length, char *text)
{
	if (length >= 2 && pdu[1] != MB_MEI_READ_DEVICE_IDENTIFICATION)
		return snprintf(text, MB_EXPLAIN_TEXT_MAX,
		    "MEI type %u: there is only %d, Read Device Identification",
		    pdu[1], MB_MEI_READ_DEVICE_IDENTIFICATION);
	if (length != 4)
		return 0;
	return snprintf(text, MB_EXPLAIN_TEXT_MAX,
	    "read code %u, object %u: expected code 1 to 4, and for "
	    "code 4 an object up to %d",
	    pdu[2], pdu[3], MB_OBJECT_LAST_REGULAR);
}
