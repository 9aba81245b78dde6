/*
 * The MBAP header, and requests cut into segments.
 */
#include <stdio.h>
#include <string.h>

#include "groups.h"
#include "run.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define ECHO_CLAUSE  "Guide 3.1.3, 4.4.2.3: copied from the request"
#define TCP_CLAUSE   "Guide 3.1.3: length delimits a request, TCP is a stream"

/* arg: a transaction identifier. */
static struct verdict
check_transaction(struct run *r, const void *arg)
{
	r->transaction = (uint16_t)(*(const uint16_t *)arg - 1);
	return expect_ping(r, run_client(r));
}

static struct verdict
check_same_transaction(struct run *r, const void *arg)
{
	for (unsigned i = 0; i < 5; i++) {
		struct verdict v = check_transaction(r, arg);

		if (v.outcome != PASSED)
			return v;
	}
	return pass();
}

/* arg: a unit identifier. */
static struct verdict
check_unit(struct run *r, const void *arg)
{
	uint8_t unit = *(const uint8_t *)arg;
	struct reply reply =
	    ask(run_client(r), ++r->transaction, unit, &r->ping);
	char got[REPLY_TEXT];

	if (reply.kind == REPLY_FRAME)
		return pass();
	return fail("expected an answer from unit %u, got %s", unit,
	    reply_text(&reply, got));
}

/* A request with a header that is not right. */
struct bad_header {
	uint16_t protocol;
	uint16_t length; /* 0x8000: the right one */
};

#define RIGHT_LENGTH 0x8000

/* An ADU that writes register 0, and fills up 300 bytes if its length says
 * that there is more. */
static struct bytes
bad_write(struct run *r, const struct bad_header *h, uint16_t value)
{
	struct bytes pdu = pdu_simple(6, 0, value);
	struct bytes adu = adu_of(++r->transaction, r->unit, &pdu);

	put16(adu.data + 2, h->protocol);
	if (h->length == RIGHT_LENGTH)
		return adu;
	put16(adu.data + 4, h->length);
	while (h->length > 6 && adu.length < 6U + h->length &&
	    adu.length < BYTES_MAX)
		bytes_add8(&adu, 0);
	return adu;
}

/*
 * Send a bad header and see that it does nothing: no normal response, no write,
 * no harm to others. What may come is nothing, a close, or an exception. Nudges
 * give the server time to do wrong.
 */
static struct verdict
check_bad_header(struct run *r, const void *arg)
{
	const struct bad_header *h = arg;
	bool watched = r->supports[6] && r->items[HOLDING_REGISTERS] > 0;
	uint16_t before = 0;
	uint16_t after = 0;
	struct bytes adu;
	struct reply reply;
	struct verdict v;
	char got[REPLY_TEXT];

	if (watched &&
	    read_items(r, HOLDING_REGISTERS, 0, 1, 0, &before, &v) != 0)
		return v;
	adu = bad_write(r, h, (uint16_t)~before);
	if (client_send(run_client(r), adu.data, adu.length) != 0)
		return fail("expected to send, got a closed connection");
	for (unsigned turn = 0; turn < 3; turn++)
		if (!nudge_hard(r))
			return fail("expected another client to be served, "
				    "got nothing in time");
	reply = client_receive_within(run_client(r), 0.02);
	if (reply.kind == REPLY_BAD_HEADER ||
	    (reply.kind == REPLY_FRAME && reply.pdu.data[0] < 0x80))
		return fail("expected no normal response, got %s",
		    reply_text(&reply, got));
	run_drop(r);
	if (watched &&
	    read_items(r, HOLDING_REGISTERS, 0, 1, 0, &after, &v) != 0)
		return v;
	if (before != after)
		return fail("expected no write, got one");
	return pass();
}

/* After a wrong protocol identifier the server goes on or closes; a client
 * that waits for an answer must not wait for ever on a connection that is open
 * and dead. */
static struct verdict
check_after_protocol(struct run *r, const void *arg)
{
	static const struct bad_header bad = { 1, RIGHT_LENGTH };
	struct bytes adu = bad_write(r, &bad, 0);
	struct client *c = run_client(r);
	struct reply reply;

	(void)arg;
	(void)client_send(c, adu.data, adu.length);
	(void)client_send_pdu(c, ++r->transaction, r->unit, &r->ping);
	reply = client_receive(c);
	run_drop(r);
	if (reply.kind == REPLY_CLOSED)
		return pass();
	if (reply.kind == REPLY_FRAME && reply.transaction == r->transaction)
		return pass();
	if (reply.kind == REPLY_TIMEOUT)
		return fail("expected the next answer or a close, got neither");
	return fail("expected no answer to it, got one");
}

void
group_header(struct run *r, unsigned unused)
{
	static const uint16_t transactions[] = { 0, 1, 0x00FF, 0x0100, 0x1234,
		0x8000, 0xFFFF };
	static const uint8_t units[] = { 0, 255 };
	static const struct bad_header protocols[] = { { 1, RIGHT_LENGTH },
		{ 0x0100, RIGHT_LENGTH }, { 0xFFFF, RIGHT_LENGTH } };
	static const struct bad_header lengths[] = { { 0, 0 }, { 0, 1 },
		{ 0, 255 }, { 0, 300 }, { 0, 65535 } };
	char name[60];

	(void)unused;
	for (size_t i = 0; i < COUNT(transactions); i++) {
		snprintf(name, sizeof(name), "transaction identifier %u",
		    transactions[i]);
		run_check(r, name, ECHO_CLAUSE, 0, check_transaction,
		    transactions + i);
	}
	run_check(r, "the same transaction identifier again", ECHO_CLAUSE, 0,
	    check_same_transaction, transactions + 4);
	for (size_t i = 0; i < COUNT(units); i++) {
		snprintf(name, sizeof(name), "unit identifier %u", units[i]);
		run_check(r, name,
		    "Guide 4.4.1: 255 is recommended, 0 is accepted", 0,
		    check_unit, units + i);
	}
	for (size_t i = 0; i < COUNT(protocols); i++) {
		snprintf(name, sizeof(name), "protocol identifier %u",
		    protocols[i].protocol);
		run_check(r, name, "Guide 4.4.2.1: simply discarded", 0,
		    check_bad_header, protocols + i);
	}
	run_check(r, "after a wrong protocol identifier",
	    "Guide 4.4.2.1: simply discarded", 0, check_after_protocol, NULL);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		snprintf(name, sizeof(name), "length %u", lengths[i].length);
		run_check(r, name, "4.1: a PDU has 1 to 253 bytes; Guide 3.1.3",
		    0, check_bad_header, lengths + i);
	}
}

/* A request to cut, and what it is called. */
struct cut {
	const char *name;
	uint8_t function;
	struct bytes (*build)(void);
};

static const uint16_t cut_values[20] = { 1, 0, 1, 1, 0, 0, 1, 0, 1 };

static struct bytes
build_read(void)
{
	return pdu_simple(3, 0, 3);
}

static struct bytes
build_read_coils(void)
{
	return pdu_simple(1, 0, 11);
}

static struct bytes
build_write(void)
{
	return pdu_simple(6, 0, 0x1234);
}

static struct bytes
build_write_coils(void)
{
	return pdu_write_coils(0, 20, cut_values);
}

static struct bytes
build_write_registers(void)
{
	return pdu_write_registers(0, 5, cut_values);
}

static struct bytes
build_read_write(void)
{
	return pdu_read_write(0, 2, 0, 3, cut_values);
}

static const struct cut cuts[] = {
	{ "Read Holding Registers", 3, build_read },
	{ "Read Coils", 1, build_read_coils },
	{ "Write Single Register", 6, build_write },
	{ "Write Multiple Coils", 15, build_write_coils },
	{ "Write Multiple Registers", 16, build_write_registers },
	{ "Read/Write Multiple Registers", 23, build_read_write },
};

/* Send bytes cut after each of the pieces' ends, with a nudge between; ends
 * has count numbers. */
static int
send_cut(struct run *r, const uint8_t *data, size_t length, const size_t *ends,
    size_t count)
{
	size_t sent = 0;

	for (size_t i = 0; i < count; i++) {
		if (client_send(run_client(r), data + sent, ends[i] - sent))
			return -1;
		sent = ends[i];
		nudge(r);
	}
	return client_send(run_client(r), data + sent, length - sent);
}

/* Send an ADU in pieces and judge the reply by the reply to the whole. */
static struct verdict
ask_in_pieces(struct run *r, const struct bytes *pdu,
    const struct bytes *expected, const size_t *ends, size_t count)
{
	uint16_t transaction = ++r->transaction;
	struct bytes adu = adu_of(transaction, r->unit, pdu);
	struct reply reply;

	(void)send_cut(r, adu.data, adu.length, ends, count);
	reply = client_receive(run_client(r));
	if (reply.kind == REPLY_FRAME && reply.transaction != transaction)
		reply.kind = REPLY_BAD_HEADER;
	return judge(&reply, expected);
}

static int
ask_whole(struct run *r, const struct bytes *pdu, struct bytes *expected,
    struct verdict *v)
{
	struct reply reply = run_ask(r, pdu);
	char got[REPLY_TEXT];

	*expected = reply.pdu;
	if (reply.kind == REPLY_FRAME && reply.pdu.data[0] < 0x80)
		return 0;
	*v = fail("expected a normal response to the whole request, got %s",
	    reply_text(&reply, got));
	return -1;
}

/* In two parts, cut at each offset in turn. */
static struct verdict
check_each_offset(struct run *r, const void *arg)
{
	const struct cut *cut = arg;
	struct bytes pdu = cut->build();
	struct bytes expected;
	struct verdict v;

	if (ask_whole(r, &pdu, &expected, &v) != 0)
		return v;
	for (size_t at = 1; at < HEADER_LENGTH + pdu.length; at++) {
		struct verdict why = ask_in_pieces(r, &pdu, &expected, &at, 1);

		if (why.outcome != PASSED)
			return fail("cut at offset %zu: %.400s", at, why.text);
	}
	return pass();
}

static struct verdict
check_single_bytes(struct run *r, const void *arg)
{
	const struct cut *cut = arg;
	struct bytes pdu = cut->build();
	struct bytes expected;
	size_t ends[ADU_MAX];
	struct verdict v;

	if (ask_whole(r, &pdu, &expected, &v) != 0)
		return v;
	for (size_t i = 0; i < ADU_MAX; i++)
		ends[i] = i + 1;
	return ask_in_pieces(
	    r, &pdu, &expected, ends, HEADER_LENGTH + pdu.length - 1);
}

/* Two requests in two segments that do not end where a request ends. */
static struct verdict
check_two_requests(struct run *r, const void *arg)
{
	struct bytes adu = adu_of(1, r->unit, &r->ping);
	struct bytes second = adu_of(2, r->unit, &r->ping);
	size_t length = adu.length;

	(void)arg;
	bytes_add(&adu, second.data, second.length);
	for (size_t at = 1; at < adu.length; at++) {
		(void)send_cut(r, adu.data, adu.length, &at, 1);
		for (uint16_t i = 1; i <= 2; i++) {
			struct reply reply = client_receive(run_client(r));

			if (reply.kind != REPLY_FRAME || reply.transaction != i)
				return fail("expected reply %u when cut at "
					    "offset %zu of %zu, got %s",
				    i, at, 2 * length,
				    reply.kind == REPLY_FRAME ? "another" :
								"none");
		}
	}
	return pass();
}

void
group_segments(struct run *r, unsigned unused)
{
	char name[80];

	(void)unused;
	for (size_t i = 0; i < COUNT(cuts); i++) {
		snprintf(
		    name, sizeof(name), "%s, cut at each offset", cuts[i].name);
		run_check(r, name, TCP_CLAUSE, cuts[i].function,
		    check_each_offset, cuts + i);
		snprintf(name, sizeof(name), "%s, one byte per segment",
		    cuts[i].name);
		run_check(r, name, TCP_CLAUSE, cuts[i].function,
		    check_single_bytes, cuts + i);
	}
	run_check(r, "two requests, cut at each offset", TCP_CLAUSE, 0,
	    check_two_requests, NULL);
}
