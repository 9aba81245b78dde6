#include "report/asked.h"

#include <stdio.h>
#include <string.h>

#include "modbus/bytes.h"
#include "modbus/range.h"
#include "points/points.h"

/* What is decoded holds both ranges. */
static void
take_ranges(struct asked *a)
{
	const struct mb_request *q = &a->request;

	a->kind = q->kind;
	a->reads = q->read.quantity != 0;
	a->writes = q->write.quantity != 0;
	a->read = (struct asked_range){ q->read.address, q->read.quantity };
	a->write = (struct asked_range){ q->write.address, q->write.quantity };
}

/* Take the range at a byte of a PDU, if it is there. */
static bool
take_range(
    const uint8_t *pdu, size_t length, uint8_t at, struct asked_range *range)
{
	if (at == 0 || length < at + 4U)
		return false;
	range->address = get16(pdu + at);
	range->quantity = get16(pdu + at + 2);
	return true;
}

/* The ranges of a request that does not decode. */
static void
guess_ranges(struct asked *a, const uint8_t *pdu, size_t length)
{
	const struct mb_function *f = mb_function(a->function);

	if (f == NULL)
		return;
	a->kind = f->kind;
	a->reads = take_range(pdu, length, f->read_at, &a->read);
	a->writes = take_range(pdu, length, f->write_at, &a->write);
	if (f->most_written == 1 && length >= 3) {
		a->writes = true;
		a->write = (struct asked_range){ get16(pdu + 1), 1 };
	}
}

struct asked
asked_decode(const struct recorded *q)
{
	const uint8_t *pdu = mbap_pdu(&q->frame);
	size_t length = mbap_pdu_length(&q->frame);
	struct asked a = { .function = pdu[0],
		.name = mb_function_name(pdu[0]) };

	a.decoded = mb_request_decode(pdu, length, &a.request) == MB_EX_NONE;
	if (a.decoded)
		take_ranges(&a);
	else
		guess_ranges(&a, pdu, length);
	return a;
}

/* Whether two ranges have a bit in common: coils are bits, and registers have
 * 16 of them. */
static bool
touches(const struct asked *a, const struct asked_range *range,
    enum datatable_kind kind, uint32_t address, uint32_t quantity)
{
	uint32_t mine = a->kind == DATATABLE_COILS ? 1 : 16;
	uint32_t other = kind == DATATABLE_COILS ? 1 : 16;
	uint32_t first = range->address, end = first + range->quantity;

	return first * mine < (address + quantity) * other &&
	    address * other < end * mine;
}

bool
asked_touches(const struct asked *a, enum datatable_overlay overlay,
    enum datatable_kind kind, uint32_t address, uint32_t quantity)
{
	if (a->kind != kind && overlay != DATATABLE_OVERLAID)
		return false;
	return (a->reads && touches(a, &a->read, kind, address, quantity)) ||
	    (a->writes && touches(a, &a->write, kind, address, quantity));
}

bool
asked_values(const struct asked *a, const struct recorded *q, uint16_t *words)
{
	size_t bytes;

	if (!a->decoded || !a->reads || q->exception != MB_EX_NONE)
		return false;
	bytes = mb_value_bytes(a->kind, a->read.quantity);
	if (q->response_length != 2 + bytes)
		return false;
	if (a->kind == DATATABLE_REGISTERS) {
		get16_all(words, q->response + 2, a->read.quantity);
		return true;
	}
	if (bytes % 2 != 0)
		words[bytes / 2] = 0;
	memcpy(words, q->response + 2, bytes);
	swap_packed(words, DATATABLE_PACKED_WORDS(a->read.quantity));
	return true;
}

static const char *
refused_address(const struct asked *a, const struct points *ps,
    const struct rights *rights, char *text)
{
	const struct mb_range *read = &a->request.read;

	if (a->writes &&
	    rights_explain(rights, a->kind, &a->request.write, text))
		return text;
	if (a->reads && ps != NULL &&
	    !points_cover(ps, a->kind, read->address, read->quantity))
		return "an address there has no point";
	return "read-only by --read-only or --read-only-range";
}

/* Whether decoding gives its exception, rather than the policy. */
static bool
is_illegal(const struct recorded *q)
{
	struct mb_request request;

	return mb_request_decode(mbap_pdu(&q->frame),
		   mbap_pdu_length(&q->frame), &request) == q->exception;
}

/* Access rules refuse writes only, and only once they are decoded. */
static const char *
refused_function(const struct asked *a, bool roles)
{
	if (!a->decoded || !a->writes)
		return "this client may not do that, by --roles";
	return roles ? "this client may not write, by --roles or --write-from" :
		       "this client may not write, by --write-from";
}

const char *
asked_reason(const struct asked *a, const struct recorded *q,
    const struct points *ps, const struct rights *rights, bool roles,
    char *text)
{
	char explained[ASKED_REASON_MAX];
	const char *why = "";

	if (q->exception == MB_EX_SERVER_DEVICE_FAILURE)
		why = "writes were refused for now: the state could not be "
		      "stored";
	else if (q->exception == MB_EX_NONE)
		why = "";
	else if (q->exception == MB_EX_GATEWAY_TARGET_FAILED)
		why = "this unit is not served, by --units";
	else if (!a->decoded && is_illegal(q))
		why = mb_explain(
		    mbap_pdu(&q->frame), mbap_pdu_length(&q->frame), explained);
	else if (q->exception == MB_EX_ILLEGAL_FUNCTION)
		why = refused_function(a, roles);
	else if (q->exception == MB_EX_ILLEGAL_DATA_ADDRESS)
		why = refused_address(a, ps, rights, explained);
	snprintf(text, ASKED_REASON_MAX, "%s", why);
	return text;
}
