/*
 * Several clients at once: none gets the reply of another, none sees part of a
 * write, and none waits for another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groups.h"
#include "run.h"

#define COUNT(array)       (sizeof(array) / sizeof(*(array)))
#define CLIENTS            10
#define INTERLEAVED_CLAUSE "Guide 4.2.1: connections are independent"

/* Clients of one check, each with its own identifiers. */
struct crowd {
	struct client *client[CLIENTS]; /* owned */
};

static void
crowd_open(struct run *r, struct crowd *crowd)
{
	for (size_t i = 0; i < CLIENTS; i++)
		crowd->client[i] = client_open(&r->server);
}

static void
crowd_close(struct crowd *crowd)
{
	for (size_t i = 0; i < CLIENTS; i++)
		client_close(crowd->client[i]);
}

static uint16_t
crowd_transaction(size_t i)
{
	return (uint16_t)(0x4000 + 0x0101 * i);
}

/* Receive the one reply due to each client. */
static struct verdict
crowd_receive(struct crowd *crowd)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		struct reply reply = client_receive(crowd->client[i]);
		char got[REPLY_TEXT];

		if (reply.kind != REPLY_FRAME)
			return fail("expected client %zu of %d to be answered, "
				    "got %s",
			    i + 1, CLIENTS, reply_text(&reply, got));
		if (reply.transaction != crowd_transaction(i))
			return fail("expected transaction %u, got %u",
			    crowd_transaction(i), reply.transaction);
	}
	return pass();
}

/* Each client sends one byte in turn until all have sent a request. */
static struct verdict
interleave_bytes(struct run *r, struct crowd *crowd)
{
	size_t length = HEADER_LENGTH + r->ping.length;

	for (size_t at = 0; at < length; at++) {
		for (size_t i = 0; i < CLIENTS; i++) {
			struct bytes adu =
			    adu_of(crowd_transaction(i), r->unit, &r->ping);

			(void)client_send(crowd->client[i], adu.data + at, 1);
		}
		if (at + 1 < length)
			nudge(r);
	}
	return crowd_receive(crowd);
}

static struct verdict
interleave_requests(struct run *r, struct crowd *crowd)
{
	for (unsigned turn = 0; turn < 20; turn++) {
		struct verdict v;

		for (size_t i = 0; i < CLIENTS; i++)
			(void)client_send_pdu(crowd->client[i],
			    crowd_transaction(i), r->unit, &r->ping);
		v = crowd_receive(crowd);
		if (v.outcome != PASSED)
			return v;
	}
	return pass();
}

/* Half of the clients vanish in the middle of a request. */
static struct verdict
reset_some(struct run *r, struct crowd *crowd)
{
	for (size_t i = 0; i < CLIENTS; i += 2) {
		struct bytes adu =
		    adu_of(crowd_transaction(i), r->unit, &r->ping);

		(void)client_send(crowd->client[i], adu.data, 8);
		client_reset(crowd->client[i]);
		crowd->client[i] = client_open(&r->server);
	}
	return interleave_requests(r, crowd);
}

static struct verdict
check_crowd(struct run *r, const void *arg)
{
	struct verdict (*const *work)(struct run *, struct crowd *) = arg;
	struct crowd crowd;
	struct verdict v;

	crowd_open(r, &crowd);
	v = (*work)(r, &crowd);
	crowd_close(&crowd);
	return v;
}

/* What one client writes, another reads: there is one table. */
static struct verdict
check_shared_table(struct run *r, const void *arg)
{
	uint16_t value;
	uint16_t item = 0;
	struct bytes write;
	struct client *writer;
	struct reply reply;
	struct verdict v;

	(void)arg;
	new_values(r, HOLDING_REGISTERS, 1, &value);
	write = pdu_simple(6, 0, value);
	writer = client_open(&r->server);
	reply = ask(writer, ++r->transaction, r->unit, &write);
	client_close(writer);
	v = judge(&reply, &write);
	if (v.outcome != PASSED)
		return v;
	if (read_items(r, HOLDING_REGISTERS, 0, 1, 0, &item, &v) != 0)
		return v;
	return item == value ? pass() :
			       fail("expected %04X, got %04X", value, item);
}

void
group_interleaving(struct run *r, unsigned unused)
{
	static struct verdict (*const works[])(struct run *, struct crowd *) = {
		interleave_bytes,
		interleave_requests,
		reset_some,
	};
	static const struct check checks[] = {
		{ "10 requests, byte by byte in turn", INTERLEAVED_CLAUSE,
		    check_crowd, works },
		{ "10 clients with a request each, 20 times",
		    INTERLEAVED_CLAUSE, check_crowd, works + 1 },
		{ "half of 10 clients vanish in a request", INTERLEAVED_CLAUSE,
		    check_crowd, works + 2 },
	};

	(void)unused;
	run_checks(r, checks, COUNT(checks));
	run_check(r, "one client reads what another wrote",
	    "4.3: the tables are the device's", 6, check_shared_table, NULL);
}

/* A write of many items that all get one value, and a read of all of them. */
struct block {
	uint8_t function; /* that writes */
	enum table table;
	uint32_t quantity;
};

#define BLOCK_MAX    2000
#define BLOCK_ROUNDS 300

static struct bytes
write_block(const struct block *b, unsigned round)
{
	uint16_t values[BLOCK_MAX];

	for (uint32_t i = 0; i < b->quantity; i++)
		values[i] = round % 2 == 0 ? 0 : b->table == COILS ? 1 : 0xFFFF;
	switch (b->function) {
	case 15:
		return pdu_write_coils(0, b->quantity, values);
	case 16:
		return pdu_write_registers(0, b->quantity, values);
	default:
		return pdu_read_write(0, 1, 0, b->quantity, values);
	}
}

/* Whether the data of a read is all zeros or all ones. */
static bool
is_whole(const struct block *b, const struct bytes *pdu)
{
	size_t bytes = b->table == COILS ? b->quantity / 8 : b->quantity * 2;

	for (size_t i = 1; i < bytes; i++)
		if (pdu->data[2 + i] != pdu->data[2])
			return false;
	return true;
}

/* Both requests are under way at once, in turn this one or that one first. */
static struct verdict
race(struct run *r, const struct block *b, struct client *writer,
    struct client *reader)
{
	struct bytes read = pdu_simple(read_function(b->table), 0, b->quantity);

	for (unsigned round = 0; round < BLOCK_ROUNDS; round++) {
		struct bytes write = write_block(b, round);
		struct reply reply;

		if (round % 4 < 2)
			(void)client_send_pdu(writer, 1, r->unit, &write);
		(void)client_send_pdu(reader, 2, r->unit, &read);
		if (round % 4 >= 2)
			(void)client_send_pdu(writer, 1, r->unit, &write);
		reply = client_receive(reader);
		if (reply.kind != REPLY_FRAME || reply.pdu.data[0] >= 0x80)
			return fail("expected the reader to be answered, got "
				    "no data");
		if (!is_whole(b, &reply.pdu))
			return fail("expected all of a write or nothing of it, "
				    "got a part in round %u",
			    round);
		reply = client_receive(writer);
		if (reply.kind != REPLY_FRAME || reply.pdu.data[0] >= 0x80)
			return fail("expected the writer to be answered, got "
				    "no confirmation");
	}
	return pass();
}

static struct verdict
check_block(struct run *r, const void *arg)
{
	const struct block *b = arg;
	struct client *writer;
	struct client *reader;
	struct bytes first = write_block(b, 0);
	struct verdict v;

	if (r->items[b->table] < b->quantity)
		return not_applicable(
		    "the table has only %u items", r->items[b->table]);
	run_ask(r, &first);
	writer = client_open(&r->server);
	reader = client_open(&r->server);
	v = race(r, b, writer, reader);
	client_close(writer);
	client_close(reader);
	return v;
}

void
group_indivisible(struct run *r, unsigned unused)
{
	static const struct block blocks[] = {
		{ 15, COILS, 1968 },
		{ 16, HOLDING_REGISTERS, 123 },
		{ 23, HOLDING_REGISTERS, 121 },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(blocks); i++) {
		char name[80];

		snprintf(name, sizeof(name),
		    "%u items written by function %u and read by another "
		    "client",
		    blocks[i].quantity, blocks[i].function);
		run_check(r, name,
		    "4.5 figure 9: a request is one step (by inference)",
		    blocks[i].function, check_block, blocks + i);
	}
}
