/*
 * What needs no data table: diagnostics, identification, unknown functions,
 * and the order of exceptions.
 */
#include <stdio.h>
#include <string.h>

#include "groups.h"
#include "run.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A request and the exception that is due. */
struct refused {
	const char *name;
	const char *clause;
	uint8_t function; /* that must be supported, or 0 */
	uint8_t length;
	uint8_t pdu[12];
	uint8_t exception;
};

static struct verdict
check_refused(struct run *r, const void *arg)
{
	const struct refused *f = arg;
	struct bytes pdu = bytes_of(f->pdu, f->length);

	return expect_exception(r, &pdu, f->exception);
}

static void
run_refused(struct run *r, const struct refused *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		run_check(r, rows[i].name, rows[i].clause, rows[i].function,
		    check_refused, rows + i);
}

/* arg: the number of bytes of data to be returned. */
static struct verdict
check_query_data(struct run *r, const void *arg)
{
	struct bytes pdu = { .length = 0 };
	uint16_t value;

	bytes_add8(&pdu, 8);
	bytes_add16(&pdu, 0);
	for (size_t left = *(const size_t *)arg; left > 0; left -= 2) {
		new_values(r, HOLDING_REGISTERS, 1, &value);
		bytes_add16(&pdu, value);
	}
	return expect(r, &pdu, &pdu);
}

void
group_diagnostics(struct run *r, unsigned unused)
{
	static const size_t lengths[] = { 2, 4, 100, 250 };
	static const struct refused rows[] = {
		{ "reserved sub-function 5", "6.8 state diagram", 8, 5,
		    { 8, 0, 5, 0, 0 }, 1 },
		{ "reserved sub-function 0x1234", "6.8 state diagram", 8, 5,
		    { 8, 0x12, 0x34, 0, 0 }, 1 },
		{ "only the function code",
		    "7, exception 03: the implied length is incorrect", 8, 1,
		    { 8 }, 3 },
		{ "half a sub-function",
		    "7, exception 03: the implied length is incorrect", 8, 2,
		    { 8, 0 }, 3 },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		char name[40];

		snprintf(name, sizeof(name), "%zu bytes of data returned",
		    lengths[i]);
		run_check(r, name, "6.8.1, sub-function 0", 8, check_query_data,
		    lengths + i);
	}
	run_refused(r, rows, COUNT(rows));
}

/* Only the byte count says how long the parts are together: how long each is,
 * and what it means, is specific to the device. There is a run indicator. */
static struct verdict
check_server_id(struct run *r, const void *arg)
{
	const uint8_t request[] = { 17 };
	struct bytes pdu = bytes_of(request, sizeof(request));
	struct reply reply = run_ask(r, &pdu);
	const uint8_t *p = reply.pdu.data;
	char got[REPLY_TEXT];

	(void)arg;
	if (reply.kind != REPLY_FRAME || reply.pdu.length < 4 || p[0] != 17 ||
	    p[1] != reply.pdu.length - 2)
		return fail("expected 11, the count of at least 2 bytes, and "
			    "these, got %s",
		    reply_text(&reply, got));
	if (memchr(p + 3, 0, reply.pdu.length - 3) == NULL &&
	    memchr(p + 3, 0xFF, reply.pdu.length - 3) == NULL)
		return fail("expected a run indicator, 00 or FF, got %s",
		    reply_text(&reply, got));
	return pass();
}

void
group_server_id(struct run *r, unsigned unused)
{
	static const struct refused rows[] = {
		{ "one byte long",
		    "7, exception 03: the implied length is incorrect", 17, 2,
		    { 17, 0 }, 3 },
		{ "as long as a read",
		    "7, exception 03: the implied length is incorrect", 17, 5,
		    { 17, 0, 0, 0, 1 }, 3 },
	};

	(void)unused;
	run_check(r, "byte count and run indicator", "6.13", 17,
	    check_server_id, NULL);
	run_refused(r, rows, COUNT(rows));
}

/* What Read Device Identification returned, all of its responses together. */
struct identity {
	uint8_t conformity;
	unsigned objects;
	bool has[256];
	struct bytes value[256];
};

/* Take the objects of one response. Returns 0, or -1 when they don't end where
 * the response ends. */
static int
take_objects(const struct bytes *pdu, struct identity *identity)
{
	size_t at = 7;

	for (unsigned left = pdu->data[6]; left > 0; left--) {
		uint8_t id;
		size_t length;

		if (at + 2 > pdu->length)
			return -1;
		id = pdu->data[at];
		length = pdu->data[at + 1];
		at += 2;
		if (length > pdu->length - at)
			return -1;
		identity->has[id] = true;
		identity->value[id] = bytes_of(pdu->data + at, length);
		identity->objects++;
		at += length;
	}
	return at == pdu->length ? 0 : -1;
}

/* Whether a response's fixed part is right. */
static bool
is_identification(const struct reply *reply, uint8_t code)
{
	const uint8_t *p = reply->pdu.data;

	return reply->kind == REPLY_FRAME && reply->pdu.length >= 7 &&
	    p[0] == 43 && p[1] == 14 && p[2] == code && (p[3] & 0x7F) >= 1 &&
	    (p[3] & 0x7F) <= 3 &&
	    ((p[4] == 0 && p[5] == 0) || (p[4] == 0xFF && code != 4));
}

/* Read by one code from one object on, as often as more follows. */
static struct verdict
identify(struct run *r, uint8_t code, uint8_t object, struct identity *identity)
{
	memset(identity, 0, sizeof(*identity));
	for (unsigned turn = 0; turn < 256; turn++) {
		const uint8_t request[] = { 43, 14, code, object };
		struct bytes pdu = bytes_of(request, sizeof(request));
		struct reply reply = run_ask(r, &pdu);
		char got[REPLY_TEXT];

		if (!is_identification(&reply, code) ||
		    take_objects(&reply.pdu, identity) != 0)
			return fail("expected 2B 0E %02X, conformity, more "
				    "follows, next object, and whole objects, "
				    "got %s",
			    code, reply_text(&reply, got));
		identity->conformity = reply.pdu.data[3];
		if (reply.pdu.data[4] == 0)
			return pass();
		object = reply.pdu.data[5];
	}
	return fail("expected an end of the objects, got always more");
}

/* arg: two bytes, the code and the object to begin with. Each of the streams
 * must bring the three mandatory objects. */
static struct verdict
check_stream(struct run *r, const void *arg)
{
	const uint8_t *ask = arg;
	static struct identity identity;
	struct verdict v = identify(r, ask[0], ask[1], &identity);

	if (v.outcome != PASSED)
		return v;
	for (unsigned object = 0; object <= 2; object++)
		if (!identity.has[object])
			return fail("expected object %u, got %u other objects",
			    object, identity.objects);
	return pass();
}

/* Whether single objects can be read, which bit 7 of the conformity tells. */
static bool
has_single_access(struct run *r)
{
	static struct identity identity;
	struct verdict v = identify(r, 1, 0, &identity);

	return v.outcome != PASSED || (identity.conformity & 0x80);
}

static struct verdict
check_single(struct run *r, const void *arg)
{
	static struct identity all;
	static struct identity one;
	struct verdict v = identify(r, 1, 0, &all);

	(void)arg;
	if (v.outcome != PASSED)
		return v;
	if (!has_single_access(r))
		return not_applicable("no individual access");
	for (uint8_t id = 0; id <= 2; id++) {
		v = identify(r, 4, id, &one);
		if (v.outcome != PASSED)
			return v;
		if (one.objects != 1 || !one.has[id] ||
		    one.value[id].length != all.value[id].length ||
		    memcmp(one.value[id].data, all.value[id].data,
			one.value[id].length) != 0)
			return fail("expected object %u alone and as in the "
				    "stream, got another",
			    id);
	}
	return pass();
}

static struct verdict
check_single_unknown(struct run *r, const void *arg)
{
	const uint8_t request[] = { 43, 14, 4, 0x7F };
	struct bytes pdu = bytes_of(request, sizeof(request));

	(void)arg;
	if (!has_single_access(r))
		return not_applicable("no individual access");
	return expect_exception(r, &pdu, 2);
}

void
group_identification(struct run *r, unsigned unused)
{
	static const struct refused rows[] = {
		{ "read device id code 0", "6.21 state diagram", 43, 4,
		    { 43, 14, 0, 0 }, 3 },
		{ "read device id code 5", "6.21 state diagram", 43, 4,
		    { 43, 14, 5, 0 }, 3 },
		{ "read device id code 255", "6.21 state diagram", 43, 4,
		    { 43, 14, 255, 0 }, 3 },
		{ "another MEI type", "6.19 state diagram", 43, 4,
		    { 43, 0x55, 1, 0 }, 1 },
		{ "only the function code",
		    "7, exception 03: the implied length is incorrect", 43, 1,
		    { 43 }, 3 },
		{ "one byte short",
		    "7, exception 03: the implied length is incorrect", 43, 3,
		    { 43, 14, 1 }, 3 },
		{ "one byte long",
		    "7, exception 03: the implied length is incorrect", 43, 5,
		    { 43, 14, 1, 0, 0 }, 3 },
	};
	static const uint8_t basic[] = { 1, 0 };
	static const uint8_t regular[] = { 2, 0 };
	static const uint8_t extended[] = { 3, 0 };
	static const uint8_t unknown[] = { 1, 0x7F };

	(void)unused;
	run_check(r, "basic stream", "6.21", 43, check_stream, basic);
	run_check(r, "regular stream", "6.21", 43, check_stream, regular);
	run_check(r, "extended stream", "6.21", 43, check_stream, extended);
	run_check(r, "a stream from an unknown object starts at 0", "6.21", 43,
	    check_stream, unknown);
	run_check(r, "single objects", "6.21", 43, check_single, NULL);
	run_check(r, "a single object that isn't there", "6.21", 43,
	    check_single_unknown, NULL);
	run_refused(r, rows, COUNT(rows));
}

/* A request of an unknown function. */
struct unknown {
	uint8_t function;
	uint8_t length;
};

/* A datagram that is an exception response is not answered: a server that did
 * could answer another one without end. The next answer is to the next
 * request. */
static struct verdict
expect_silence(struct run *r, const struct bytes *pdu)
{
	(void)client_send_pdu(run_client(r), ++r->transaction, r->unit, pdu);
	return expect_ping(r, run_client(r));
}

static struct verdict
check_unknown(struct run *r, const void *arg)
{
	const struct unknown *u = arg;
	struct bytes pdu = { .length = 0 };

	bytes_add8(&pdu, u->function);
	if (u->length >= 5) {
		bytes_add16(&pdu, 0);
		bytes_add16(&pdu, 1);
	}
	while (pdu.length < u->length)
		bytes_add8(&pdu, 0);
	if (r->server.udp && u->function >= 0x80)
		return expect_silence(r, &pdu);
	return expect_exception(r, &pdu, 1);
}

/*
 * Function codes that the specification neither defines, nor leaves to the
 * user (65..72, 100..110), nor reserves for old products (annex A): nobody may
 * support them. 128 and up are exception responses, not requests.
 */
void
group_unknown(struct run *r, unsigned unused)
{
	static const struct unknown rows[] = {
		{ 0, 1 },
		{ 0, 5 },
		{ 18, 5 },
		{ 25, 5 },
		{ 44, 5 },
		{ 64, 5 },
		{ 73, 5 },
		{ 99, 1 },
		{ 99, 5 },
		{ 99, 253 },
		{ 111, 5 },
		{ 0x80, 1 },
		{ 0x81, 5 },
		{ 0x83, 5 },
		{ 0x83, 2 },
		{ 0x90, 5 },
		{ 0xAB, 4 },
		{ 0xFF, 5 },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[60];

		snprintf(name, sizeof(name), "function %u, PDU of %u bytes",
		    rows[i].function, rows[i].length);
		run_check(r, name,
		    rows[i].function == 0       ? "4.1: 0 is not valid; 7" :
			rows[i].function < 0x80 ? "4.5 figure 9; 7" :
						  "4.1: 128-255 are exception "
						  "responses; 7: their bit 7 "
						  "is 1",
		    0, check_unknown, rows + i);
	}
}

/*
 * Two faults at once. The state diagram of each function decides: function
 * code (01), then quantity, value and byte count (03), then address (02). The
 * general figure 9 has 02 before 03; the diagram of the function is the more
 * particular one, and all of them agree.
 */
void
group_precedence(struct run *r, unsigned unused)
{
	static const struct refused rows[] = {
		{ "1: quantity 0 past the end", "6.1 state diagram", 1, 5,
		    { 1, 0xFF, 0xFF, 0, 0 }, 3 },
		{ "1: quantity 2001 past the end", "6.1 state diagram", 1, 5,
		    { 1, 0xFF, 0xFF, 0x07, 0xD1 }, 3 },
		{ "2: quantity 0 past the end", "6.2 state diagram", 2, 5,
		    { 2, 0xFF, 0xFF, 0, 0 }, 3 },
		{ "2: quantity 2001 past the end", "6.2 state diagram", 2, 5,
		    { 2, 0xFF, 0xFF, 0x07, 0xD1 }, 3 },
		{ "3: quantity 0 past the end", "6.3 state diagram", 3, 5,
		    { 3, 0xFF, 0xFF, 0, 0 }, 3 },
		{ "3: quantity 126 past the end", "6.3 state diagram", 3, 5,
		    { 3, 0xFF, 0xFF, 0, 126 }, 3 },
		{ "4: quantity 0 past the end", "6.4 state diagram", 4, 5,
		    { 4, 0xFF, 0xFF, 0, 0 }, 3 },
		{ "4: quantity 126 past the end", "6.4 state diagram", 4, 5,
		    { 4, 0xFF, 0xFF, 0, 126 }, 3 },
		{ "5: bad value at the last address", "6.5 state diagram", 5, 5,
		    { 5, 0xFF, 0xFF, 0x12, 0x34 }, 3 },
		{ "15: quantity 0 past the end", "6.11 state diagram", 15, 6,
		    { 15, 0xFF, 0xFF, 0, 0, 0 }, 3 },
		{ "15: quantity 1969 past the end", "6.11 state diagram", 15, 7,
		    { 15, 0xFF, 0xFF, 0x07, 0xB1, 1, 0 }, 3 },
		{ "15: wrong byte count past the end", "6.11 state diagram", 15,
		    8, { 15, 0xFF, 0xFF, 0, 2, 2, 0, 0 }, 3 },
		{ "16: quantity 0 past the end", "6.12 state diagram", 16, 6,
		    { 16, 0xFF, 0xFF, 0, 0, 0 }, 3 },
		{ "16: quantity 124 past the end", "6.12 state diagram", 16, 8,
		    { 16, 0xFF, 0xFF, 0, 124, 2, 0, 0 }, 3 },
		{ "16: wrong byte count past the end", "6.12 state diagram", 16,
		    8, { 16, 0xFF, 0xFF, 0, 2, 2, 0, 0 }, 3 },
		{ "23: read quantity 0, write address past the end",
		    "6.17 state diagram", 23, 12,
		    { 23, 0, 0, 0, 0, 0xFF, 0xFF, 0, 1, 2, 0, 0 }, 3 },
		{ "23: read quantity 126, read address past the end",
		    "6.17 state diagram", 23, 12,
		    { 23, 0xFF, 0xFF, 0, 126, 0, 0, 0, 1, 2, 0, 0 }, 3 },
		{ "23: write quantity 0, read address past the end",
		    "6.17 state diagram", 23, 10,
		    { 23, 0xFF, 0xFF, 0, 2, 0, 0, 0, 0, 0 }, 3 },
		{ "23: write quantity 122, read address past the end",
		    "6.17 state diagram", 23, 12,
		    { 23, 0xFF, 0xFF, 0, 2, 0, 0, 0, 122, 2, 0, 0 }, 3 },
		{ "23: wrong byte count, both addresses past the end",
		    "6.17 state diagram", 23, 12,
		    { 23, 0xFF, 0xFF, 0, 2, 0xFF, 0xFF, 0, 2, 2, 0, 0 }, 3 },
		{ "8: reserved sub-function without data", "6.8 state diagram",
		    8, 3, { 8, 0, 5 }, 1 },
		{ "43: another MEI type and nothing else", "6.19", 43, 2,
		    { 43, 0x55 }, 1 },
	};

	(void)unused;
	run_refused(r, rows, COUNT(rows));
}
