#include "run.h"

#include <string.h>

#define NUDGE_SECONDS 0.1

/* How often at the most a check is done. */
#define TRIES 5

/* A server may give up who says nothing for a while, as it seems where the host
 * does not let this process run: a failure then is none, unless it comes again
 * without that. */
static struct verdict
undisturbed(struct run *r, check_fn check, const void *arg)
{
	for (unsigned tries = 1;; tries++) {
		double held = r->server.held;
		struct verdict v = check(r, arg);

		if (v.outcome != FAILED || r->server.held == held ||
		    tries == TRIES)
			return v;
		run_close(r);
	}
}

void
run_check(struct run *r, const char *name, const char *clause, uint8_t function,
    check_fn check, const void *arg)
{
	struct verdict v;

	r->server.uncarried = false;
	if (function != 0 && !r->supports[function])
		v = not_applicable("function %u is not supported", function);
	else if (endpoint_expired(&r->server))
		v = fail("expected to get here, got out of time");
	else
		v = undisturbed(r, check, arg);
	if (r->server.uncarried)
		v = not_applicable("no RTU frame carries this request");
	if (v.outcome == FAILED)
		run_drop(r);
	score_add(&r->score, name, clause, &v);
}

void
run_checks(struct run *r, const struct check *checks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		run_check(r, checks[i].name, checks[i].clause, 0,
		    checks[i].check, checks[i].arg);
}

struct client *
run_client(struct run *r)
{
	if (r->client == NULL)
		r->client = client_open(&r->server);
	return r->client;
}

void
run_drop(struct run *r)
{
	client_close(r->client);
	r->client = NULL;
}

static void
drop_other(struct run *r)
{
	client_close(r->other);
	r->other = NULL;
	r->nudging = false;
}

void
run_close(struct run *r)
{
	run_drop(r);
	drop_other(r);
}

struct reply
ask(struct client *c, uint16_t transaction, uint8_t unit,
    const struct bytes *pdu)
{
	struct reply reply;

	if (client_refuses(c, pdu))
		return (struct reply){ .kind = REPLY_TIMEOUT };
	/* A send may fail because the server has closed after an answer. */
	(void)client_send_pdu(c, transaction, unit, pdu);
	reply = client_receive(c);
	if (reply.kind == REPLY_FRAME &&
	    (reply.transaction != transaction || reply.unit != unit)) {
		reply.pdu = adu_of(reply.transaction, reply.unit, &reply.pdu);
		reply.kind = REPLY_BAD_HEADER;
	}
	return reply;
}

struct reply
run_ask(struct run *r, const struct bytes *pdu)
{
	struct reply reply = ask(run_client(r), ++r->transaction, r->unit, pdu);

	if (reply.kind != REPLY_FRAME)
		run_drop(r);
	return reply;
}

struct verdict
judge(const struct reply *reply, const struct bytes *expected)
{
	char want[BYTES_TEXT];
	char got[REPLY_TEXT];

	if (reply->kind == REPLY_FRAME &&
	    reply->pdu.length == expected->length &&
	    memcmp(reply->pdu.data, expected->data, expected->length) == 0)
		return pass();
	return fail("expected %s, got %s", bytes_text(expected, want),
	    reply_text(reply, got));
}

struct verdict
expect_ping(struct run *r, struct client *c)
{
	struct reply reply = ask(c, ++r->transaction, r->unit, &r->ping);
	char text[REPLY_TEXT];

	if (reply.kind == REPLY_FRAME)
		return pass();
	return fail("expected an answer to the request after it, got %s",
	    reply_text(&reply, text));
}

struct verdict
expect(struct run *r, const struct bytes *pdu, const struct bytes *expected)
{
	struct reply reply = run_ask(r, pdu);
	struct verdict v = judge(&reply, expected);

	if (v.outcome == PASSED)
		v = expect_ping(r, run_client(r));
	if (v.outcome != PASSED)
		run_drop(r);
	return v;
}

struct verdict
expect_exception(struct run *r, const struct bytes *pdu, uint8_t code)
{
	struct bytes expected = pdu_exception(pdu->data[0], code);

	return expect(r, pdu, &expected);
}

static bool
nudge_for(struct run *r, double seconds)
{
	struct reply reply;

	if (r->other == NULL)
		r->other = client_open(&r->server);
	if (!r->nudging)
		(void)client_send_pdu(
		    r->other, ++r->transaction, r->unit, &r->ping);
	r->nudging = true;
	reply = client_receive_within(r->other, seconds);
	if (reply.kind == REPLY_TIMEOUT)
		return false;
	r->nudging = false;
	if (reply.kind != REPLY_FRAME)
		drop_other(r);
	return reply.kind == REPLY_FRAME;
}

void
nudge(struct run *r)
{
	(void)nudge_for(r, NUDGE_SECONDS);
}

bool
nudge_hard(struct run *r)
{
	if (nudge_for(r, r->server.timeout))
		return true;
	drop_other(r);
	return false;
}

uint8_t
read_function(enum table table)
{
	return (uint8_t)(table + 1);
}

static bool
holds_bits(enum table table)
{
	return table == COILS || table == DISCRETE_INPUTS;
}

uint32_t
read_limit(enum table table)
{
	return holds_bits(table) ? 2000 : 125;
}

/* One read request. */
static int
read_some(struct run *r, enum table table, uint32_t address, uint32_t quantity,
    uint16_t *items, struct verdict *why)
{
	struct bytes pdu = pdu_simple(read_function(table), address, quantity);
	struct reply reply = run_ask(r, &pdu);
	const uint8_t *p = reply.pdu.data + 2;
	size_t bytes = holds_bits(table) ? (quantity + 7) / 8 : quantity * 2;
	char got[REPLY_TEXT];

	if (reply.kind != REPLY_FRAME || reply.pdu.length != 2 + bytes ||
	    reply.pdu.data[0] != pdu.data[0] || reply.pdu.data[1] != bytes) {
		*why = fail("expected items %u to %u of function %u, got %s",
		    address, address + quantity - 1, pdu.data[0],
		    reply_text(&reply, got));
		return -1;
	}
	for (uint32_t i = 0; i < quantity; i++)
		if (holds_bits(table))
			items[i] = (uint16_t)(p[i / 8] >> i % 8 & 1);
		else
			items[i] = get16(p + i * 2);
	return 0;
}

int
read_items(struct run *r, enum table table, uint32_t address, uint32_t quantity,
    uint32_t most, uint16_t *items, struct verdict *why)
{
	if (most == 0)
		most = read_limit(table);
	while (quantity > 0) {
		uint32_t some = quantity < most ? quantity : most;

		if (read_some(r, table, address, some, items, why) != 0)
			return -1;
		address += some;
		items += some;
		quantity -= some;
	}
	return 0;
}

void
new_values(struct run *r, enum table table, uint32_t quantity, uint16_t *values)
{
	r->salt += 0x9E3779B9;
	for (uint32_t i = 0; i < quantity; i++) {
		uint32_t x = (r->salt ^ i) * 0x85EBCA6B;

		x = (x ^ x >> 13) * 0xC2B2AE35;
		values[i] = (uint16_t)(x >> 16);
		if (holds_bits(table))
			values[i] &= 1;
	}
}

/* Whether an item can be read. */
static bool
readable(struct run *r, enum table table, uint32_t address)
{
	struct verdict unused;
	uint16_t item;

	return read_items(r, table, address, 1, 0, &item, &unused) == 0;
}

/* The number of items, taking for granted that they begin at 0 and have no
 * gaps: the first address that can't be read, by bisection. */
static uint32_t
count_items(struct run *r, enum table table)
{
	uint32_t low = 0;
	uint32_t high = 65535;

	if (!r->supports[read_function(table)] || !readable(r, table, low))
		return 0;
	if (readable(r, table, high))
		return high + 1;
	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;

		if (readable(r, table, middle))
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* A right request for each function that is tested. */
static struct bytes
plain_request(uint8_t function)
{
	static const uint8_t diagnostics[] = { 8, 0, 0, 0xA5, 0x37 };
	static const uint8_t identification[] = { 43, 14, 1, 0 };
	static const uint8_t server_id[] = { 17 };
	const uint16_t zero = 0;

	switch (function) {
	case 8:
		return bytes_of(diagnostics, sizeof(diagnostics));
	case 15:
		return pdu_write_coils(0, 1, &zero);
	case 16:
		return pdu_write_registers(0, 1, &zero);
	case 17:
		return bytes_of(server_id, sizeof(server_id));
	case 22:
		return pdu_mask_write(0, 0xFFFF, 0);
	case 23:
		return pdu_read_write(0, 1, 0, 1, &zero);
	case 43:
		return bytes_of(identification, sizeof(identification));
	case 5:
	case 6:
		return pdu_simple(function, 0, 0);
	default:
		return pdu_simple(function, 0, 1);
	}
}

/* Unsupported is what is answered by exception 01, clause 7. */
static int
probe_functions(struct run *r)
{
	static const uint8_t tested[] = { 1, 2, 3, 4, 5, 6, 8, 15, 16, 17, 22,
		23, 43 };

	for (size_t i = 0; i < sizeof(tested); i++) {
		struct bytes pdu = plain_request(tested[i]);
		struct reply reply = run_ask(r, &pdu);
		bool refused = reply.kind == REPLY_FRAME &&
		    reply.pdu.length == 2 && reply.pdu.data[1] == 1 &&
		    reply.pdu.data[0] == (tested[i] | 0x80);

		if (run_client(r) == NULL)
			return -1;
		r->supports[tested[i]] = !refused;
	}
	return 0;
}

int
run_probe(struct run *r)
{
	static const uint8_t pings[] = { 3, 4, 1, 2, 8 };

	if (run_client(r) == NULL || probe_functions(r) != 0)
		return -1;
	r->ping = plain_request(3);
	for (size_t i = 0; i < sizeof(pings); i++) {
		if (!r->supports[pings[i]])
			continue;
		r->ping = plain_request(pings[i]);
		break;
	}
	for (enum table t = 0; t < TABLES; t++)
		if (r->items[t] == 0 || !r->supports[read_function(t)])
			r->items[t] = count_items(r, t);
	return 0;
}
