#include "shared/entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/escape.h"
#include "base/identity.h"
#include "base/number.h"
#include "modbus/request.h"

#define SESSION_DIGITS 16
#define NUMBER_DIGITS  20 /* of UINT64_MAX */

struct order_pdu
entry_pdu(const struct entry *e, size_t i)
{
	const struct engine_field *value = &e->pdus[2 * i + 1];

	return (struct order_pdu){ value->bytes, value->length };
}

/* The fields that are not parsed yet: pairs of a name and a value. */
struct rest {
	const struct engine_field *next;
	size_t left;
};

static bool
is_text(const struct engine_field *field, const char *text)
{
	return field->length == strlen(text) && field->length != 0 &&
	    memcmp(field->bytes, text, field->length) == 0;
}

static bool
next_is(const struct rest *rest, const char *name)
{
	return rest->left >= 2 && is_text(rest->next, name);
}

/* The value of the next field, or NULL where that has another name. */
static const struct engine_field *
take(struct rest *rest, const char *name)
{
	if (!next_is(rest, name))
		return NULL;
	rest->next += 2;
	rest->left -= 2;
	return rest->next - 1;
}

/* Copy a value of less than size bytes, none of them NUL, as a string. */
static bool
copy_text(const struct engine_field *value, char *text, size_t size)
{
	if (value == NULL || value->length == 0 || value->length >= size ||
	    memchr(value->bytes, '\0', value->length) != NULL)
		return false;
	memcpy(text, value->bytes, value->length);
	text[value->length] = '\0';
	return true;
}

/* Numbers are written in one way only: without leading zeros. */
static bool
take_number(struct rest *rest, const char *name, uint64_t min, uint64_t max,
    uint64_t *number)
{
	char text[NUMBER_DIGITS + 1];

	return copy_text(take(rest, name), text, sizeof(text)) &&
	    (text[0] != '0' || text[1] == '\0') &&
	    number_parse(text, min, max, number) == 0;
}

static bool
take_session(struct rest *rest, const char *name, uint64_t *session)
{
	char text[SESSION_DIGITS + 1];

	if (!copy_text(take(rest, name), text, sizeof(text)) ||
	    strspn(text, "0123456789abcdef") != SESSION_DIGITS)
		return false;
	*session = strtoull(text, NULL, 16);
	return *session != 0;
}

/*
 * Cut a zone out of an address: "[fe80::1%2]:502" or "fe80::1%2". It is a
 * number, and is not looked up: interfaces are those of the machine that wrote
 * it. scope is 0 where there is none.
 */
static bool
cut_zone(char *text, uint64_t *scope)
{
	char *zone = strchr(text, '%');
	const char *end;

	*scope = 0;
	if (zone == NULL)
		return true;
	end = number_take(zone + 1, UINT32_MAX, scope);
	if (end == NULL || zone[1] == '0' ||
	    *end != (text[0] == '[' ? ']' : '\0'))
		return false;
	memmove(zone, end, strlen(end) + 1);
	return true;
}

static bool
take_address(struct rest *rest, const char *name, struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	uint64_t scope;

	if (!copy_text(take(rest, name), text, sizeof(text)) ||
	    !cut_zone(text, &scope) || address_parse_client(text, address) != 0)
		return false;
	if (scope == 0)
		return true;
	address->scope = (uint32_t)scope;
	return !address_is_ipv4(address) && strchr(text, ':') != NULL;
}

bool
entry_is_ascii(const struct engine_field *field)
{
	const uint8_t *bytes = field->bytes;

	for (size_t i = 0; i < field->length; i++)
		if (bytes[i] < ' ' || bytes[i] > '~')
			return false;
	return true;
}

/* A text of printable ASCII. */
static bool
take_ascii(struct rest *rest, const char *name, size_t min, size_t max,
    struct engine_field *text)
{
	const struct engine_field *value = take(rest, name);

	if (value == NULL || value->length < min || value->length > max ||
	    !entry_is_ascii(value))
		return false;
	*text = *value;
	return true;
}

/* None is fine, but a part of one is not. */
static bool
take_identity(struct rest *rest, struct entry *e)
{
	const struct engine_field *role;

	if (!next_is(rest, "subject"))
		return true;
	if (!take_ascii(
		rest, "subject", 1, IDENTITY_NAME_SIZE - 1, &e->subject) ||
	    !take_ascii(rest, "issuer", 0, IDENTITY_NAME_SIZE - 1, &e->issuer))
		return false;
	role = take(rest, "role");
	if (role == NULL || role->length >= IDENTITY_ROLE_SIZE ||
	    !text_is_printable(role->bytes, role->length, ""))
		return false;
	e->role = *role;
	return true;
}

/* Whether it is a PDU that can be executed, and writes. */
static bool
is_write(const struct engine_field *value)
{
	struct mb_request request;

	return value->length >= 1 && value->length <= MB_PDU_MAX &&
	    mb_request_decode(value->bytes, value->length, &request) ==
	    MB_EX_NONE &&
	    mb_request_writes(&request);
}

/* All that is left are PDUs. */
static bool
take_pdus(struct rest *rest, struct entry *e)
{
	const struct engine_field *value;

	e->pdus = rest->next;
	for (; (value = take(rest, "p")) != NULL; e->pdu_count++)
		if (!is_write(value))
			return false;
	return rest->left == 0;
}

static bool
parse_begin(struct rest *rest, struct entry *e)
{
	const struct engine_field *overlay = take(rest, "begin");
	uint64_t version;

	e->kind = ENTRY_BEGIN;
	e->address = address_start;
	if (is_text(overlay, "o"))
		e->overlay = DATATABLE_OVERLAID;
	else if (is_text(overlay, "s"))
		e->overlay = DATATABLE_SEPARATE;
	else
		return false;
	return take_number(
		   rest, "version", ENTRY_VERSION, ENTRY_VERSION, &version) &&
	    take_pdus(rest, e);
}

static bool
parse_hello(struct rest *rest, struct entry *e)
{
	e->kind = ENTRY_HELLO;
	if (!take_session(rest, "hello", &e->session))
		return false;
	if (next_is(rest, "closes") && is_text(rest->next + 1, "0"))
		take(rest, "closes");
	else if (!take_session(rest, "closes", &e->closes))
		return false;
	return take_ascii(rest, "host", 1, ENTRY_HOST_MAX, &e->host) &&
	    rest->left == 0;
}

static bool
parse_write(struct rest *rest, struct entry *e)
{
	uint64_t unit, time;

	e->kind = ENTRY_WRITE;
	if (!take_session(rest, "s", &e->session) ||
	    !take_number(rest, "n", 1, UINT64_MAX, &e->number) ||
	    !take_address(rest, "c", &e->address) ||
	    !take_number(rest, "u", 0, UINT8_MAX, &unit) ||
	    !take_number(rest, "t", 0, INT64_MAX, &time))
		return false;
	e->unit = (uint8_t)unit;
	e->time = (int64_t)time;
	return take_identity(rest, e) && take_pdus(rest, e) &&
	    e->pdu_count != 0;
}

static bool
parse_snapshot(struct rest *rest, struct entry *e)
{
	e->kind = ENTRY_SNAPSHOT;
	return take_number(rest, "snapshot", 1, UINT64_MAX, &e->number) &&
	    rest->left == 0;
}

/* By the name of the first field. */
static const struct {
	const char *name;
	bool (*parse)(struct rest *rest, struct entry *e);
} kinds[] = {
	{ "s", parse_write },
	{ "hello", parse_hello },
	{ "snapshot", parse_snapshot },
	{ "begin", parse_begin },
};

int
entry_parse(const struct engine_entry *from, struct entry *e)
{
	struct rest rest = { from->fields, from->count };

	*e = (struct entry){ .kind = ENTRY_BEGIN };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (next_is(&rest, kinds[i].name))
			return kinds[i].parse(&rest, e) ? 0 : -1;
	return -1;
}

/* One step of FNV-1a, 64 bits, for each byte. */
static uint64_t
add_bytes(uint64_t hash, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001B3);
	return hash;
}

/* The length stands before the bytes of each field, so that moving a byte from
 * one field to the next gives another fingerprint. */
uint64_t
entry_fingerprint(const struct engine_entry *from)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325);
	uint8_t length[4];

	for (size_t i = 0; i < from->count; i++) {
		const struct engine_field *field = &from->fields[i];

		bytes_put(length, field->length, sizeof(length));
		hash = add_bytes(hash, length, sizeof(length));
		hash = add_bytes(hash, field->bytes, field->length);
	}
	return hash;
}
