/*
 * Each function with each boundary address, each boundary quantity and each
 * way to be malformed.
 */
#include <stdio.h>

#include "groups.h"
#include "request.h"

#define LENGTH_CLAUSE "7, exception 03: the implied length is incorrect"

static const struct function functions[] = {
	{ 1, READ, COILS, 2000, "6.1 state diagram" },
	{ 2, READ, DISCRETE_INPUTS, 2000, "6.2 state diagram" },
	{ 3, READ, HOLDING_REGISTERS, 125, "6.3 state diagram" },
	{ 4, READ, INPUT_REGISTERS, 125, "6.4 state diagram" },
	{ 5, WRITE_ONE, COILS, 1, "6.5 state diagram" },
	{ 6, WRITE_ONE, HOLDING_REGISTERS, 1, "6.6 state diagram" },
	{ 15, WRITE_MANY, COILS, 1968, "6.11 state diagram" },
	{ 16, WRITE_MANY, HOLDING_REGISTERS, 123, "6.12 state diagram" },
	{ 22, MASK, HOLDING_REGISTERS, 1, "6.16 state diagram" },
	{ 23, READ_WRITE, HOLDING_REGISTERS, 121, "6.17 state diagram" },
};

static const struct function *
find_function(unsigned code)
{
	const struct function *f = functions;

	while (f->code != code)
		f++;
	return f;
}

/* Where a request begins, in a table of n items. */
enum place {
	FIRST,  /* at 0 */
	LAST,   /* its last item is the table's last */
	ACROSS, /* its last item is the first that isn't there */
	TOP,    /* at 65535 */
};

/* How many items it has. */
enum amount {
	ZERO,
	ONE,
	TWO,
	ODD, /* a quantity that fills no byte */
	ALMOST,
	MOST,
	MOST_AND_ONE,
	ALL, /* 65535 */
};

/* The boundaries. A table that has fewer than 65536 items answers to the ones
 * it lacks as every table answers to those past 65535. */
static const struct boundary {
	const char *name;
	enum place place;
	enum amount amount;
	uint8_t exception; /* or 0 */
} boundaries[] = {
	{ "the first item", FIRST, ONE, 0 },
	{ "the last item", LAST, ONE, 0 },
	{ "13 items from the first", FIRST, ODD, 0 },
	{ "13 items up to the last", LAST, ODD, 0 },
	{ "one less than the most", FIRST, ALMOST, 0 },
	{ "the most items from the first", FIRST, MOST, 0 },
	{ "the most items up to the last", LAST, MOST, 0 },
	{ "the first item that isn't there", ACROSS, ONE, 2 },
	{ "the last item and the next", ACROSS, TWO, 2 },
	{ "the most items, the last one not there", ACROSS, MOST, 2 },
	{ "2 items at address 65535", TOP, TWO, 2 },
	{ "the most items at address 65535", TOP, MOST, 2 },
	{ "quantity 0", FIRST, ZERO, 3 },
	{ "quantity 1 above the most", FIRST, MOST_AND_ONE, 3 },
	{ "quantity 65535", FIRST, ALL, 3 },
};

#define BOUNDARIES (sizeof(boundaries) / sizeof(*boundaries))

/* Ways to have the wrong length. */
enum form {
	FUNCTION_ONLY,
	TWO_BYTES,
	HALF,
	BYTE_SHORT,
	BYTE_LONG,
	FULL, /* as long as a PDU can be */
	FORMS,
};

static const char *const form_names[FORMS] = {
	[FUNCTION_ONLY] = "only the function code",
	[TWO_BYTES] = "2 bytes",
	[HALF] = "half of the request",
	[BYTE_SHORT] = "one byte short",
	[BYTE_LONG] = "one byte long",
	[FULL] = "filled up to 253 bytes",
};

/* Ways to have the wrong byte count: how it and the data differ from what the
 * quantity says, in bytes. */
static const struct miscount {
	const char *name;
	int count;
	int data;
} miscounts[] = {
	{ "byte count 1 too small", -1, 0 },
	{ "byte count 1 too great", 1, 0 },
	{ "byte count 0", -1000, 0 },
	{ "byte count 255", 1000, 0 },
	{ "byte count and data 2 bytes short", -2, -2 },
	{ "byte count and data 2 bytes long", 2, 2 },
};

#define MISCOUNTS (sizeof(miscounts) / sizeof(*miscounts))

static uint32_t
quantity_of(const struct function *f, enum amount amount)
{
	switch (amount) {
	case ZERO:
		return 0;
	case ONE:
		return 1;
	case TWO:
		return 2;
	case ODD:
		return 13;
	case ALMOST:
		return f->most - 1;
	case MOST:
		return f->most;
	case MOST_AND_ONE:
		return f->most + 1;
	case ALL:
		break;
	}
	return 65535;
}

/* The address of a boundary. Returns -1 when this table has no such place. */
static int
place_request(const struct run *r, const struct boundary *b, struct request *q)
{
	uint32_t items = r->items[q->function->table];

	switch (b->place) {
	case FIRST:
		q->address = 0;
		if (b->exception == 0 && q->quantity > items)
			return -1;
		break;
	case LAST:
		if (q->quantity > items)
			return -1;
		q->address = items - q->quantity;
		break;
	case ACROSS:
		if (q->quantity > items + 1)
			return -1;
		q->address = items + 1 - q->quantity;
		break;
	case TOP:
		q->address = 65535;
		break;
	}
	return q->address <= 65535 ? 0 : -1;
}

static struct verdict
no_such_place(struct run *r, const void *arg)
{
	const struct request *q = arg;

	return not_applicable("a table of %u items has no such place",
	    r->items[q->function->table]);
}

static void
run_boundary(struct run *r, const struct function *f, const struct boundary *b)
{
	struct request q = request_new(r, f, quantity_of(f, b->amount));
	check_fn check = check_request;

	q.exception = b->exception;
	if (r->items[f->table] == 0 || place_request(r, b, &q) != 0)
		check = no_such_place;
	request_build(&q);
	run_check(r, b->name, f->clause, f->code, check, &q);
}

/* Make the PDU as long as the form says. */
static void
deform(struct bytes *pdu, enum form form)
{
	switch (form) {
	case FUNCTION_ONLY:
		pdu->length = 1;
		break;
	case TWO_BYTES:
		pdu->length = 2;
		break;
	case HALF:
		pdu->length = (pdu->length + 1) / 2;
		break;
	case BYTE_SHORT:
		pdu->length--;
		break;
	case BYTE_LONG:
		bytes_add8(pdu, 0);
		break;
	case FULL:
		while (pdu->length < PDU_MAX)
			bytes_add8(pdu, 0);
		break;
	case FORMS:
		break;
	}
}

static void
run_lengths(struct run *r, const struct function *f)
{
	for (enum form form = 0; form < FORMS; form++) {
		struct request q =
		    request_new(r, f, f->shape == WRITE_ONE ? 1 : 3);

		q.exception = 3;
		request_build(&q);
		deform(&q.pdu, form);
		run_check(r, form_names[form], LENGTH_CLAUSE, f->code,
		    check_request, &q);
	}
}

static void
miscount(struct bytes *pdu, size_t at, const struct miscount *m)
{
	int count = pdu->data[at] + m->count;

	pdu->data[at] = (uint8_t)(count < 0 ? 0 : count > 255 ? 255 : count);
	if (m->data > 0)
		bytes_add16(pdu, 0);
	else if (m->data < 0)
		pdu->length -= 2;
}

static void
run_miscounts(struct run *r, const struct function *f)
{
	for (size_t i = 0; i < MISCOUNTS; i++) {
		struct request q = request_new(r, f, 20);

		q.exception = 3;
		request_build(&q);
		miscount(&q.pdu, f->shape == READ_WRITE ? 9 : 5, miscounts + i);
		run_check(r, miscounts[i].name, f->clause, f->code,
		    check_request, &q);
	}
}

/* Boundaries of functions that have no quantity. */
static void
run_single(struct run *r, const struct function *f)
{
	for (size_t i = 0; i < BOUNDARIES; i++)
		if (boundaries[i].amount == ONE)
			run_boundary(r, f, boundaries + i);
}

static void
run_coil_values(struct run *r, const struct function *f)
{
	static const uint16_t values[] = { 0x0001, 0x00FF, 0x0100, 0xFE00,
		0xFF01, 0xFFFF };

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct request q = request_new(r, f, 1);
		char name[40];

		q.exception = 3;
		q.pdu = pdu_simple(5, 0, values[i]);
		snprintf(name, sizeof(name), "value %04X", values[i]);
		run_check(r, name, f->clause, f->code, check_request, &q);
	}
	for (uint16_t on = 0; on <= 1; on++) {
		struct request q = request_new(r, f, 1);

		q.values[0] = on;
		request_build(&q);
		run_check(r, on ? "value FF00" : "value 0000", f->clause,
		    f->code, check_request, &q);
	}
}

static void
run_masks(struct run *r, const struct function *f)
{
	static const uint16_t masks[][2] = { { 0xFFFF, 0x0000 },
		{ 0x0000, 0xFFFF }, { 0x0000, 0x0000 }, { 0xFFFF, 0xFFFF },
		{ 0x00F2, 0x0025 }, { 0xAAAA, 0x0FF0 } };

	for (size_t i = 0; i < sizeof(masks) / sizeof(*masks); i++) {
		struct request q = request_new(r, f, 1);
		char name[40];

		q.and_mask = masks[i][0];
		q.values[0] = masks[i][1];
		request_build(&q);
		snprintf(name, sizeof(name), "masks %04X %04X", masks[i][0],
		    masks[i][1]);
		run_check(r, name, "6.16", f->code, check_request, &q);
	}
}

/* The other range of function 23, which fails or succeeds by itself. */
static void
run_read_parts(struct run *r, const struct function *f)
{
	static const struct part {
		const char *name;
		enum place place;
		uint32_t quantity;
		uint8_t exception;
	} parts[] = {
		{ "the most items to read", FIRST, 125, 0 },
		{ "reading what it writes", FIRST, 20, 0 },
		{ "reading up to the last", LAST, 125, 0 },
		{ "reading one past the last", ACROSS, 2, 2 },
		{ "reading 2 items at address 65535", TOP, 2, 2 },
		{ "read quantity 0", FIRST, 0, 3 },
		{ "read quantity 126", FIRST, 126, 3 },
		{ "read quantity 65535", FIRST, 65535, 3 },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		const struct part *p = parts + i;
		const struct boundary b = { p->name, p->place, ONE,
			p->exception };
		struct request q = request_new(r, f, p->quantity);
		check_fn check = check_request;

		q.exception = p->exception;
		if (r->items[f->table] < 20 || place_request(r, &b, &q) != 0)
			check = no_such_place;
		q.read_address = q.address;
		q.read_quantity = p->quantity;
		q.address = 0;
		q.quantity = 20;
		request_build(&q);
		run_check(r, p->name, f->clause, f->code, check, &q);
	}
}

void
group_function(struct run *r, unsigned code)
{
	const struct function *f = find_function(code);

	if (f->shape == WRITE_ONE || f->shape == MASK) {
		run_single(r, f);
	} else {
		for (size_t i = 0; i < BOUNDARIES; i++)
			run_boundary(r, f, boundaries + i);
	}
	if (code == 5)
		run_coil_values(r, f);
	if (f->shape == MASK)
		run_masks(r, f);
	if (f->shape == READ_WRITE)
		run_read_parts(r, f);
	if (f->shape == WRITE_MANY || f->shape == READ_WRITE)
		run_miscounts(r, f);
	run_lengths(r, f);
}
