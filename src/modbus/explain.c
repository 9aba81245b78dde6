#include "modbus/explain.h"

#include <stdio.h>

#include "modbus/bytes.h"
#include "modbus/range.h"
#include "modbus/request.h"

/* Each of these writes a sentence and returns whether there was one to write,
 * as snprintf does. */

static int
wrong_length(const struct mb_function *f, size_t length, char *text)
{
	if (length == f->length || (length > f->length && f->longer))
		return 0;
	return snprintf(text, MB_EXPLAIN_TEXT_MAX,
	    "PDU of %zu bytes: %s%u belong to this function", length,
	    f->longer ? "at least " : "", f->length);
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
    const struct mb_function *f, const uint8_t *pdu, size_t length, char *text)
{
	unsigned quantity, bytes, count;

	if (f->write_at == 0)
		return 0;
	quantity = get16(pdu + f->write_at + 2);
	count = pdu[f->write_at + 4];
	bytes = mb_value_bytes(f->kind, quantity);
	if (count != bytes)
		return snprintf(text, MB_EXPLAIN_TEXT_MAX,
		    "byte count %u: quantity %u makes it %u", count, quantity,
		    bytes);
	if (length != f->write_at + 5 + bytes)
		return snprintf(text, MB_EXPLAIN_TEXT_MAX,
		    "PDU of %zu bytes: its byte count makes it %u", length,
		    f->write_at + 5 + bytes);
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

const char *
mb_explain(const uint8_t *pdu, size_t length, char *text)
{
	const struct mb_function *f = mb_function(pdu[0]);
	struct mb_request request;

	if (f == NULL)
		snprintf(text, MB_EXPLAIN_TEXT_MAX,
		    "function %u: there is no such function here", pdu[0]);
	else if (mb_request_decode(pdu, length, &request) == MB_EX_NONE)
		snprintf(text, MB_EXPLAIN_TEXT_MAX, "nothing is wrong");
	else if ((f->explain == NULL || !f->explain(pdu, length, text)) &&
	    !wrong_length(f, length, text) &&
	    !wrong_quantity(
		pdu, f->write_at, f->most_written, "written", text) &&
	    !wrong_byte_count(f, pdu, length, text) &&
	    !wrong_quantity(pdu, f->read_at, f->most_read, "read", text) &&
	    !wrong_address(pdu, f->read_at, text))
		wrong_address(pdu, f->write_at, text);
	return text;
}
