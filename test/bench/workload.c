#include "workload.h"

#include <stdio.h>
#include <string.h>

#define READ_COILS           1
#define READ_REGISTERS       3
#define WRITE_REGISTER       6
#define WRITE_COILS          15
#define WRITE_REGISTERS      16
#define MAX_READ_COILS       2000
#define MAX_READ_REGISTERS   125
#define MAX_WRITE_COILS      1968
#define MAX_WRITE_REGISTERS  123
#define TABLE_ITEMS          65536U
#define HEADER               7 /* bytes before the PDU */
#define JUDGED_WITHOUT_DATA  8 /* up to the function code */
#define JUDGED_WITHOUT_BYTES 9 /* up to a read's byte count */

static const struct workload_kind kinds[] = {
	{ "read10", READ_REGISTERS, 10, 0, 32, 1, false },
	{ "read125", READ_REGISTERS, 125, 0, 32, 1, false },
	{ "write1", WRITE_REGISTER, 1, 0, 32, 1, false },
	{ "write123", WRITE_REGISTERS, 123, 0, 32, 1, false },
	{ "coils2000", READ_COILS, 2000, 0, 32, 1, false },
	{ "writecoils1968", WRITE_COILS, 1968, 0, 32, 1, false },
	{ "mixed", WRITE_REGISTER, 1, READ_REGISTERS, 32, 1, false },
	/* All over the table, as if at random, and always something new. */
	{ "scatter1", WRITE_REGISTER, 1, 0, 1024, 617, true },
	{ "scatter123", WRITE_REGISTERS, 123, 0, 256, 157, true },
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static void
put16(uint8_t *out, size_t value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
}

static bool
is_read(uint8_t function)
{
	return function == READ_COILS || function == READ_REGISTERS;
}

static bool
is_of_coils(uint8_t function)
{
	return function == READ_COILS || function == WRITE_COILS;
}

/* The items of the table that are a variant's own. */
static size_t
slot(const struct workload *w)
{
	return TABLE_ITEMS / w->kind->variants;
}

/* A variant has a range of its own, so that the order in which connections
 * write does not matter; a read that follows a write has the range of that
 * write. Ranges of coils begin at odd addresses. */
static size_t
variant_address(const struct workload *w, size_t variant)
{
	size_t offset;

	if (workload_alternates(w))
		variant -= variant % 2;
	offset = variant * 37 % (slot(w) - w->kind->quantity);
	if (is_of_coils(w->kind->function))
		offset |= 1;
	return variant * slot(w) + offset;
}

static uint8_t
variant_function(const struct workload *w, size_t variant)
{
	return workload_alternates(w) && variant % 2 != 0 ? w->kind->second :
							    w->kind->function;
}

/* What stands at an address once the variants for which asked is true have been
 * asked: for a coil, its lowest bit. */
static uint16_t
item(const struct workload *w, const bool *asked, size_t address)
{
	size_t variant = address / slot(w);
	size_t start = variant_address(w, variant);
	uint16_t filled =
	    (uint16_t)((uint32_t)(address + 1) * UINT32_C(2654435761) >> 13);
	bool written = workload_writes(w) && asked[variant] &&
	    address >= start && address < start + w->kind->quantity;

	return written ? (uint16_t)~filled : filled;
}

/* Returns how many bytes the items take. */
static size_t
put_items(const struct workload *w, const bool *asked, uint8_t function,
    size_t address, size_t quantity, uint8_t *out)
{
	if (!is_of_coils(function)) {
		for (size_t i = 0; i < quantity; i++)
			put16(out + 2 * i, item(w, asked, address + i));
		return 2 * quantity;
	}
	memset(out, 0, (quantity + 7) / 8);
	for (size_t i = 0; i < quantity; i++)
		out[i / 8] |=
		    (uint8_t)((item(w, asked, address + i) & 1) << (i % 8));
	return (quantity + 7) / 8;
}

static void
finish(struct frame *f, size_t unit, size_t pdu_length)
{
	f->length = HEADER + pdu_length;
	put16(f->bytes, 0);
	put16(f->bytes + 2, 0);
	put16(f->bytes + 4, 1 + pdu_length);
	f->bytes[6] = (uint8_t)unit;
}

/* One request, and the response to it when the variants for which asked is true
 * count as written. */
static void
make_exchange(const struct workload *w, const bool *asked, uint8_t function,
    size_t address, size_t quantity, struct exchange *x)
{
	size_t unit = address / slot(w) % 32 + 1;
	uint8_t *request = x->request.bytes + HEADER;
	uint8_t *response = x->response.bytes + HEADER;
	size_t length = 5;

	request[0] = function;
	put16(request + 1, address);
	put16(request + 3, quantity);
	if (function == WRITE_REGISTER) {
		put16(request + 3, item(w, asked, address));
	} else if (!is_read(function)) {
		request[5] = (uint8_t)put_items(
		    w, asked, function, address, quantity, request + 6);
		length += 1 + (size_t)request[5];
	}
	finish(&x->request, unit, length);

	memcpy(response, request, 5);
	length = 5;
	if (is_read(function)) {
		response[1] = (uint8_t)put_items(
		    w, asked, function, address, quantity, response + 2);
		length = 2 + (size_t)response[1];
	}
	finish(&x->response, unit, length);
	if (w->data)
		x->judged = x->response.length;
	else
		x->judged = is_read(function) ? JUDGED_WITHOUT_BYTES :
						JUDGED_WITHOUT_DATA;
}

void
workload_list(void)
{
	for (size_t i = 0; i < KINDS; i++)
		fprintf(stderr, "  %s\n", kinds[i].name);
}

int
workload_init(struct workload *w, const char *name, bool data)
{
	bool all[WORKLOAD_VARIANTS_MAX];
	size_t i = 0;

	while (i < KINDS && strcmp(kinds[i].name, name) != 0)
		i++;
	if (i == KINDS)
		return -1;
	w->kind = &kinds[i];
	w->data = data;
	memset(all, true, sizeof(all));
	for (size_t v = 0; v < w->kind->variants; v++)
		make_exchange(w, all, variant_function(w, v),
		    variant_address(w, v), w->kind->quantity, &w->variants[v]);
	return 0;
}

bool
workload_writes(const struct workload *w)
{
	return !is_read(w->kind->function);
}

bool
workload_alternates(const struct workload *w)
{
	return w->kind->second != 0;
}

uint32_t
workload_first(const struct workload *w, uint32_t n)
{
	uint32_t each = workload_alternates(w) ? 2 : 1;

	/* Not along the stride, where the others follow. */
	if (w->kind->stride != 1)
		each = 367;
	return n * each % w->kind->variants;
}

uint32_t
workload_next(const struct workload *w, uint32_t variant, uint32_t n)
{
	return (variant + n * w->kind->stride) % w->kind->variants;
}

void
workload_vary(struct workload *w, uint32_t variant, uint16_t value)
{
	struct exchange *x = &w->variants[variant];
	bool one = w->kind->function == WRITE_REGISTER;

	if (!w->kind->varies)
		return;
	put16(x->request.bytes + HEADER + (one ? 3 : 6), value);
	if (one)
		put16(x->response.bytes + HEADER + 3, value);
}

double
workload_registers(const struct workload *w)
{
	double quantity = w->kind->quantity;

	return is_of_coils(w->kind->function) ? quantity / 16 : quantity;
}

/* The nth of the requests that together go over the whole table. */
static bool
make_nth(const struct workload *w, const bool *asked, uint8_t function,
    size_t most, size_t n, struct exchange *x)
{
	size_t address = n * most;

	if (address >= TABLE_ITEMS)
		return false;
	if (most > TABLE_ITEMS - address)
		most = TABLE_ITEMS - address;
	make_exchange(w, asked, function, address, most, x);
	return true;
}

static const bool none[WORKLOAD_VARIANTS_MAX];

bool
workload_prepare(const struct workload *w, size_t n, struct exchange *x)
{
	if (is_of_coils(w->kind->function))
		return make_nth(w, none, WRITE_COILS, MAX_WRITE_COILS, n, x);
	return make_nth(w, none, WRITE_REGISTERS, MAX_WRITE_REGISTERS, n, x);
}

bool
workload_confirm(
    const struct workload *w, const bool *asked, size_t n, struct exchange *x)
{
	if (w->kind->varies)
		return false;
	if (is_of_coils(w->kind->function))
		return make_nth(w, asked, READ_COILS, MAX_READ_COILS, n, x);
	return make_nth(w, asked, READ_REGISTERS, MAX_READ_REGISTERS, n, x);
}
