#include "modbus/explain.h"

#include <stdio.h>

#include "modbus/bytes.h"
#include "modbus/request.h"

/* What stands where in the requests for ranges; 0 is nowhere. */
static const struct shape {
	uint8_t function;
	uint8_t least;    /* bytes of the PDU, all of them if exact */
	uint8_t exact;    /* 1: not more either */
	uint8_t read_at;  /* address and quantity */
	uint8_t write_at; /* address, quantity, byte count */
	uint16_t most_read;
	uint16_t most_written;
} shapes[] = {
	{ MB_FC_READ_COILS, 5, 1, 1, 0, MB_MAX_READ_COILS, 0 },
	{ MB_FC_READ_DISCRETE_INPUTS, 5, 1, 1, 0, MB_MAX_READ_COILS, 0 },
	{ MB_FC_READ_HOLDING_REGISTERS, 5, 1, 1, 0, MB_MAX_READ_REGISTERS, 0 },
	{ MB_FC_READ_INPUT_REGISTERS, 5, 1, 1, 0, MB_MAX_READ_REGISTERS, 0 },
	{ MB_FC_WRITE_SINGLE_COIL, 5, 1, 0, 0, 0, 0 },
	{ MB_FC_WRITE_SINGLE_REGISTER, 5, 1, 0, 0, 0, 0 },
	{ MB_FC_DIAGNOSTICS, 3, 0, 0, 0, 0, 0 },
	{ MB_FC_WRITE_MULTIPLE_COILS, 6, 0, 0, 1, 0, MB_MAX_WRITE_COILS },
	{ MB_FC_WRITE_MULTIPLE_REGISTERS, 6, 0, 0, 1, 0,
	    MB_MAX_WRITE_REGISTERS },
	{ MB_FC_MASK_WRITE_REGISTER, 7, 1, 0, 0, 0, 0 },
	{ MB_FC_READ_WRITE_MULTIPLE_REGISTERS, 10, 0, 1, 5,
	    MB_MAX_READ_WRITE_REGISTERS_READ,
	    MB_MAX_READ_WRITE_REGISTERS_WRITE },
	{ MB_FC_ENCAPSULATED_INTERFACE, 4, 1, 0, 0, 0, 0 },
};

#define SHAPES (sizeof(shapes) / sizeof(*shapes))

static const struct shape *
find_shape(uint8_t function)
{
	for (size_t i = 0; i < SHAPES; i++)
		if (shapes[i].function == function)
			return &shapes[i];
	return NULL;
}

/* Each of these writes a sentence and returns whether there was one to write,
 * as snprintf does. */

static int
wrong_length(const struct shape *s, size_t length, char *text)
{
	if (length == s->least || (length > s->least && !s->exact))
		return 0;
	return snprintf(text, MB_EXPLAIN_TEXT_MAX,
	    "PDU of %zu bytes: %s%u belong to this function", length,
	    s->exact ? "" : "at least ", s->least);
}

static int
wrong_quantity(
    const uint8_t *pdu, uint8_t at, uint16_t most, const char *verb, char *text)
{
	uint16_t quantity = at == 0 ? 0 : get16(pdu + at + 2);

	if (at == 0 || (quantity >= 1 && quantity <= most))
		return 0;
	return snprintf(text, MB_EXPLAIN_TEXT_MAX,
	    "quantity %u: 1 to %u can be %s at once", quantity, most, verb);
}

static int
wrong_byte_count(
    const struct shape *s, const uint8_t *pdu, size_t length, char *text)
{
	unsigned quantity, bytes, count;

	if (s->write_at == 0)
		return 0;
	quantity = get16(pdu + s->write_at + 2);
	count = pdu[s->write_at + 4];
	bytes = s->function == MB_FC_WRITE_MULTIPLE_COILS ? (quantity + 7) / 8 :
							    2 * quantity;
	if (count != bytes)
		return snprintf(text, MB_EXPLAIN_TEXT_MAX,
		    "byte count %u: quantity %u makes it %u", count, quantity,
		    bytes);
	if (length != s->write_at + 5 + bytes)
		return snprintf(text, MB_EXPLAIN_TEXT_MAX,
		    "PDU of %zu bytes: its byte count makes it %u", length,
		    s->write_at + 5 + bytes);
	return 0;
}

static int
wrong_address(const uint8_t *pdu, uint8_t at, char *text)
{
	unsigned address = at == 0 ? 0 : get16(pdu + at);
	unsigned quantity = at == 0 ? 0 : get16(pdu + at + 2);

	if (address + quantity <= MB_ADDRESSES)
		return 0;
	return snprintf(text, MB_EXPLAIN_TEXT_MAX,
	    "address %u + quantity %u is more than %d", address, quantity,
	    MB_ADDRESSES);
}

/* What is wrong besides lengths and ranges. */
static int
wrong_otherwise(const uint8_t *pdu, char *text)
{
	if (pdu[0] == MB_FC_WRITE_SINGLE_COIL)
		return snprintf(text, MB_EXPLAIN_TEXT_MAX,
		    "value 0x%04x: a coil takes 0x0000 or 0xff00",
		    get16(pdu + 3));
	if (pdu[0] == MB_FC_DIAGNOSTICS)
		return snprintf(text, MB_EXPLAIN_TEXT_MAX,
		    "sub-function %u: there is only 0, Return Query Data",
		    get16(pdu + 1));
	if (pdu[0] == MB_FC_ENCAPSULATED_INTERFACE)
		return snprintf(text, MB_EXPLAIN_TEXT_MAX,
		    "read code %u, object %u: expected code 1 to 4, and for "
		    "code 4 an object up to %d",
		    pdu[2], pdu[3], MB_OBJECT_LAST_REGULAR);
	return snprintf(text, MB_EXPLAIN_TEXT_MAX, "nothing is wrong");
}

const char *
mb_explain(const uint8_t *pdu, size_t length, char *text)
{
	const struct shape *s = find_shape(pdu[0]);
	struct mb_request request;

	if (s == NULL)
		snprintf(text, MB_EXPLAIN_TEXT_MAX,
		    "function %u: there is no such function here", pdu[0]);
	else if (mb_request_decode(pdu, length, &request) == MB_EX_NONE)
		snprintf(text, MB_EXPLAIN_TEXT_MAX, "nothing is wrong");
	else if (pdu[0] == MB_FC_ENCAPSULATED_INTERFACE && length >= 2 &&
	    pdu[1] != MB_MEI_READ_DEVICE_IDENTIFICATION)
		snprintf(text, MB_EXPLAIN_TEXT_MAX,
		    "MEI type %u: there is only %d, Read Device Identification",
		    pdu[1], MB_MEI_READ_DEVICE_IDENTIFICATION);
	else if (!wrong_length(s, length, text) &&
	    !wrong_quantity(
		pdu, s->write_at, s->most_written, "written", text) &&
	    !wrong_byte_count(s, pdu, length, text) &&
	    !wrong_quantity(pdu, s->read_at, s->most_read, "read", text) &&
	    !wrong_address(pdu, s->read_at, text) &&
	    !wrong_address(pdu, s->write_at, text))
		wrong_otherwise(pdu, text);
	return text;
}
