/*
 * Random requests, right and wrong, sent to the server and given to a model.
 * Each response must be the model's, and in the end each item must be.
 *
 * Only what the specification demands is expected: functions the server doesn't
 * have are not sent; functions 2 and 4 only if their tables turn out to be
 * those of 1 and 3; addresses the server lacks are expected to be refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groups.h"
#include "model.h"
#include "rtu.h"
#include "run.h"

#define CLAUSE       "6.1 to 6.17, 7"
#define OVERLAY_EDGE 4096 /* where a table might end that is not 65536 long */

/* How coils and registers turned out to hang together. */
enum coupling {
	APART,
	OVERLAID, /* as the model has it */
	UNKNOWN,  /* in some other way: coils are left alone */
};

/* What kinds of requests to send. Most servers close at the first one whose
 * length is wrong, so these are kept apart. */
static const struct kind {
	const char *name;
	unsigned odd;      /* requests of 100 that may be out of range */
	unsigned deformed; /* requests of 100 with a wrong length or byte */
} kinds[] = {
	{ "right", 0, 0 },
	{ "right and out of range", 10, 0 },
	{ "right and deformed", 10, 40 },
};

#define KINDS   (sizeof(kinds) / sizeof(*kinds))
#define BATCHES (3 * KINDS)

struct differential {
	struct run *run;
	struct model *model;   /* owned */
	struct model *scratch; /* owned; to try requests on */
	uint64_t state;        /* of the random numbers */
	uint8_t functions[16]; /* to send */
	size_t function_count;
	const struct kind *kind;
	bool odd; /* the request being made may be out of range */
	unsigned requests;
};

/* SplitMix64. */
static uint32_t
random_below(struct differential *d, uint32_t limit)
{
	uint64_t z = d->state += 0x9E3779B97F4A7C15U;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
	z = (z ^ z >> 27) * 0x94D049BB133111EBU;
	z ^= z >> 31;
	return (uint32_t)((z >> 32) * limit >> 32);
}

static enum table
table_of(uint8_t function)
{
	return function == 1 || function == 2 || function == 5 ||
		function == 15 ?
	    COILS :
	    HOLDING_REGISTERS;
}

/* Write one item and say whether that was confirmed. */
static bool
set_item(struct run *r, enum table table, uint16_t value)
{
	struct bytes pdu = table == COILS ?
	    pdu_simple(5, 0, value ? 0xFF00 : 0) :
	    pdu_simple(6, 0, value);
	struct reply reply = run_ask(r, &pdu);

	return judge(&reply, &pdu).outcome == PASSED;
}

/* Whether item 0 of a table, and of its neighbour, read as a value. */
static bool
shows(struct run *r, enum table table, uint16_t value)
{
	struct verdict unused;
	uint16_t item;

	return r->items[table] > 0 &&
	    read_items(r, table, 0, 1, 0, &item, &unused) == 0 && item == value;
}

/* Whether the read-only table shows what is written to the other. */
static bool
is_mirrored(struct run *r, enum table table)
{
	enum table other = table == COILS ? DISCRETE_INPUTS : INPUT_REGISTERS;
	uint16_t one = table == COILS ? 1 : 0x1234;

	return r->supports[table == COILS ? 5 : 6] &&
	    r->items[other] == r->items[table] && set_item(r, table, one) &&
	    shows(r, other, one) && set_item(r, table, 0) && shows(r, other, 0);
}

static enum coupling
find_coupling(struct run *r)
{
	uint16_t coils[2][16];
	struct verdict unused;
	bool same;

	if (!r->supports[6] || r->items[COILS] < 16 ||
	    r->items[HOLDING_REGISTERS] == 0)
		return APART;
	for (uint16_t i = 0; i < 2; i++) {
		if (!set_item(r, HOLDING_REGISTERS, i ? 0x8005 : 0) ||
		    read_items(r, COILS, 0, 16, 0, coils[i], &unused) != 0)
			return UNKNOWN;
	}
	same = memcmp(coils[0], coils[1], sizeof(coils[0])) == 0;
	if (same)
		return APART;
	for (uint32_t i = 0; i < 16; i++)
		if (coils[1][i] != (0x8005 >> i & 1))
			return UNKNOWN;
	return OVERLAID;
}

static void
choose_functions(struct differential *d, enum coupling coupling)
{
	static const uint8_t tested[] = { 1, 2, 3, 4, 5, 6, 15, 16, 22, 23 };
	struct run *r = d->run;
	bool coils_mirrored = is_mirrored(r, COILS);
	bool registers_mirrored = is_mirrored(r, HOLDING_REGISTERS);

	d->function_count = 0;
	for (size_t i = 0; i < sizeof(tested); i++) {
		uint8_t f = tested[i];

		if (!r->supports[f] || r->items[table_of(f)] == 0 ||
		    (f == 2 && !coils_mirrored) ||
		    (f == 4 && !registers_mirrored) ||
		    (table_of(f) == COILS && coupling == UNKNOWN))
			continue;
		d->functions[d->function_count++] = f;
	}
}

/* Make the model hold what the server holds. */
static int
synchronise(struct differential *d, struct verdict *v)
{
	static uint16_t items[MODEL_ADDRESSES];
	struct run *r = d->run;

	if (read_items(r, HOLDING_REGISTERS, 0, r->items[HOLDING_REGISTERS], 0,
		items, v) != 0)
		return -1;
	memcpy(d->model->registers, items,
	    r->items[HOLDING_REGISTERS] * sizeof(*items));
	if (read_items(r, COILS, 0, r->items[COILS], 0, items, v) != 0)
		return -1;
	for (uint32_t i = 0; i < r->items[COILS]; i++)
		d->model->coils[i] = (uint8_t)items[i];
	return 0;
}

/* Compare every item. */
static struct verdict
compare_tables(struct differential *d)
{
	static uint16_t items[MODEL_ADDRESSES];
	struct run *r = d->run;
	struct verdict v;

	for (enum table t = COILS; t <= HOLDING_REGISTERS; t++) {
		if (t == DISCRETE_INPUTS)
			continue;
		if (read_items(r, t, 0, r->items[t], 0, items, &v) != 0)
			return v;
		for (uint32_t i = 0; i < r->items[t]; i++) {
			unsigned expected = t == COILS ?
			    model_coil(d->model, i) :
			    model_register(d->model, i);

			if (items[i] != expected)
				return fail("expected %s %u to be %04X at the "
					    "end, got %04X",
				    t == COILS ? "coil" : "register", i,
				    expected, items[i]);
		}
	}
	return pass();
}

static uint32_t
random_quantity(struct differential *d, uint32_t most)
{
	switch (random_below(d, 8)) {
	case 0:
		return most - random_below(d, 2);
	case 1:
		return d->odd ? most + random_below(d, 3) : most;
	case 2:
		return d->odd ? random_below(d, 2) : 1;
	case 3:
		return d->odd && random_below(d, 4) == 0 ?
		    random_below(d, 65536) :
		    1 + random_below(d, most);
	default:
		return 1 + random_below(d, 40 < most ? 40 : most);
	}
}

/* An address for so many items: most often near an edge. */
static uint32_t
random_address(struct differential *d, enum table table, uint32_t quantity)
{
	uint32_t items = d->run->items[table];
	uint32_t room = quantity < items ? items - quantity : 0;
	uint32_t address;

	switch (random_below(d, 4)) {
	case 0:
		address = random_below(d, 20);
		break;
	case 1:
		address = room - (room < 20 ? 0 : random_below(d, 20));
		if (d->odd && random_below(d, 4) == 0)
			address += random_below(d, 8);
		break;
	case 2:
		address = OVERLAY_EDGE - 20 + random_below(d, 40);
		break;
	default:
		address = random_below(d, items);
		break;
	}
	if (!d->odd && address > room)
		address = room;
	return address & 0xFFFF;
}

static struct bytes
random_request(struct differential *d, uint8_t function)
{
	enum table table = table_of(function);
	uint16_t values[2048];
	uint32_t quantity;
	uint32_t other;

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		values[i] =
		    (uint16_t)random_below(d, table == COILS ? 2 : 65536);
	switch (function) {
	case 5:
		return pdu_simple(
		    5, random_address(d, table, 1), values[0] ? 0xFF00 : 0);
	case 6:
		return pdu_simple(6, random_address(d, table, 1), values[0]);
	case 15:
		quantity = random_quantity(d, 1968);
		return pdu_write_coils(
		    random_address(d, table, quantity), quantity, values);
	case 16:
		quantity = random_quantity(d, 123);
		return pdu_write_registers(
		    random_address(d, table, quantity), quantity, values);
	case 22:
		return pdu_mask_write(
		    random_address(d, table, 1), values[0], values[1]);
	case 23:
		quantity = random_quantity(d, 125);
		other = random_quantity(d, 121);
		return pdu_read_write(random_address(d, table, quantity),
		    quantity, random_address(d, table, other), other, values);
	default:
		quantity = random_quantity(d, table == COILS ? 2000 : 125);
		return pdu_simple(
		    function, random_address(d, table, quantity), quantity);
	}
}

/* Cut it, lengthen it, or change a byte after the function code. */
static void
deform_randomly(struct differential *d, struct bytes *pdu)
{
	switch (random_below(d, 3)) {
	case 0:
		pdu->length = 1 + random_below(d, (uint32_t)pdu->length - 1);
		break;
	case 1:
		for (uint32_t n = 1 + random_below(d, 4);
		     n > 0 && pdu->length < PDU_MAX; n--)
			bytes_add8(pdu, random_below(d, 256));
		break;
	default:
		pdu->data[1 + random_below(d, (uint32_t)pdu->length - 1)] =
		    (uint8_t)random_below(d, 256);
		break;
	}
}

/* Whether a range is in the table of the server. */
static bool
is_there(const struct differential *d, enum table table, const uint8_t *range)
{
	return get16(range) + get16(range + 2) <= (int)d->run->items[table];
}

/* A request that is right but for addresses that this server lacks. */
static bool
lacks_address(struct differential *d, const struct bytes *pdu)
{
	uint8_t moved[PDU_MAX];
	uint8_t response[MODEL_PDU_MAX];
	uint8_t one[4] = { pdu->data[1], pdu->data[2], 0, 1 };
	uint8_t function = pdu->data[0];
	enum table table = table_of(function);

	if (pdu->length < 5 || d->run->items[table] == MODEL_ADDRESSES)
		return false;
	memcpy(moved, pdu->data, pdu->length);
	put16(moved + 1, 0);
	if (function == 23 && pdu->length >= 9)
		put16(moved + 5, 0);
	(void)model_respond(d->scratch, moved, pdu->length, response);
	if (response[0] & 0x80)
		return false;
	if (function == 5 || function == 6 || function == 22)
		return !is_there(d, table, one);
	return !is_there(d, table, pdu->data + 1) ||
	    (function == 23 && !is_there(d, table, pdu->data + 5));
}

static struct verdict
check_one(struct differential *d, unsigned number)
{
	uint8_t function =
	    d->functions[random_below(d, (uint32_t)d->function_count)];
	struct bytes pdu;
	struct bytes expected = { .length = 0 };
	struct reply reply;
	struct verdict v;
	char asked[BYTES_TEXT];

	d->odd = random_below(d, 100) < d->kind->odd;
	pdu = random_request(d, function);
	if (random_below(d, 100) < d->kind->deformed)
		deform_randomly(d, &pdu);
	if (d->run->server.rtu && !rtu_carries(&pdu))
		return pass(); /* not sent */
	if (lacks_address(d, &pdu))
		expected = pdu_exception(function, 2);
	else
		expected.length = model_respond(
		    d->model, pdu.data, pdu.length, expected.data);
	reply = run_ask(d->run, &pdu);
	v = judge(&reply, &expected);
	if (v.outcome == PASSED)
		return v;
	return fail(
	    "request %u, %s: %.300s", number, bytes_text(&pdu, asked), v.text);
}

/* A number of requests. The model knows nothing of what goes before. */
static struct verdict
check_batch(struct run *r, const void *arg)
{
	struct differential d = *(const struct differential *)arg;
	struct verdict v;

	if (d.function_count == 0)
		return not_applicable("no function to send");
	if (synchronise(&d, &v) != 0)
		return v;
	for (unsigned i = 1; i <= d.requests; i++) {
		if (endpoint_expired(&r->server))
			return fail("expected to get here, got out of time");
		v = check_one(&d, i);
		if (v.outcome != PASSED)
			return v;
	}
	return compare_tables(&d);
}

static void
run_batches(struct differential *d)
{
	d->requests = d->run->random_requests / BATCHES;
	for (unsigned i = 0; i < BATCHES; i++) {
		char name[80];

		d->kind = kinds + i % KINDS;
		d->state = d->run->seed + i;
		snprintf(name, sizeof(name), "%u requests, %s, seed %llu+%u",
		    d->requests, d->kind->name,
		    (unsigned long long)d->run->seed, i);
		run_check(d->run, name, CLAUSE, 0, check_batch, d);
	}
}

void
group_differential(struct run *r, unsigned unused)
{
	struct differential d = { .run = r };
	enum coupling coupling = find_coupling(r);

	(void)unused;
	d.model = malloc(sizeof(*d.model));
	d.scratch = malloc(sizeof(*d.scratch));
	if (d.model != NULL && d.scratch != NULL) {
		model_init(d.model, coupling == OVERLAID, "");
		model_init(d.scratch, false, "");
		choose_functions(&d, coupling);
		run_batches(&d);
	} else {
		fprintf(stderr, "mbtorture: out of memory\n");
		exit(EXIT_FAILURE);
	}
	free(d.model);
	free(d.scratch);
}
