#include "request.h"

#include <string.h>

struct request
request_new(struct run *r, const struct function *f, uint32_t quantity)
{
	struct request q = { .function = f, .quantity = quantity };

	new_values(r, f->table, ITEMS_MAX, q.values);
	q.and_mask = 0xF0F5;
	q.read_quantity = 3;
	return q;
}

void
request_build(struct request *q)
{
	const struct function *f = q->function;

	switch (f->shape) {
	case READ:
		q->pdu = pdu_simple(f->code, q->address, q->quantity);
		break;
	case WRITE_ONE:
		q->pdu = pdu_simple(f->code, q->address,
		    f->table == HOLDING_REGISTERS ? q->values[0] :
			q->values[0]              ? 0xFF00 :
						    0);
		break;
	case MASK:
		q->pdu = pdu_mask_write(q->address, q->and_mask, q->values[0]);
		break;
	case WRITE_MANY:
		q->pdu = f->table == COILS ?
		    pdu_write_coils(q->address, q->quantity, q->values) :
		    pdu_write_registers(q->address, q->quantity, q->values);
		break;
	case READ_WRITE:
		q->pdu = pdu_read_write(q->read_address, q->read_quantity,
		    q->address, q->quantity, q->values);
		break;
	}
}

/* The items that a write touches, and one on either side, as far as they are
 * there. A refused write must leave alone what it names, if it is there. */
struct window {
	uint32_t address;
	uint32_t quantity;
	uint16_t before[ITEMS_MAX];
	uint16_t after[ITEMS_MAX];
};

static void
place_window(const struct run *r, const struct request *q, struct window *w)
{
	uint32_t items = r->items[q->function->table];
	uint32_t most = q->function->most + 2;
	uint32_t end = q->address + q->quantity + 1;

	w->address = q->address > 0 ? q->address - 1 : 0;
	if (w->address >= items)
		w->address = items > 0 ? items - 1 : 0;
	if (end > items)
		end = items;
	w->quantity = end - w->address;
	if (w->quantity > most)
		w->quantity = most;
}

/* What the window must hold when the request is done. */
static void
apply(const struct request *q, const struct window *w, uint16_t *items)
{
	memcpy(items, w->before, sizeof(w->before));
	if (q->exception != 0)
		return;
	items += q->address - w->address;
	if (q->function->shape == MASK)
		*items = (uint16_t)((*items & q->and_mask) |
		    (q->values[0] & ~q->and_mask));
	else
		memcpy(items, q->values, q->quantity * sizeof(*items));
}

static struct verdict
compare(const struct window *w, const uint16_t *expected, const char *when)
{
	for (uint32_t i = 0; i < w->quantity; i++)
		if (w->after[i] != expected[i])
			return fail("expected item %u to be %04X %s, got %04X",
			    w->address + i, expected[i], when, w->after[i]);
	return pass();
}

/* The response of a function 23 that has just been done. */
static int
read_write_response(
    struct run *r, const struct request *q, struct bytes *b, struct verdict *v)
{
	uint16_t items[ITEMS_MAX];

	if (read_items(r, HOLDING_REGISTERS, q->read_address, q->read_quantity,
		0, items, v) != 0)
		return -1;
	b->length = 0;
	bytes_add8(b, 23);
	bytes_add8(b, q->read_quantity * 2);
	for (uint32_t i = 0; i < q->read_quantity; i++)
		bytes_add16(b, items[i]);
	return 0;
}

static struct verdict
answer_write(struct run *r, const struct request *q)
{
	struct bytes expected = q->pdu;
	struct reply reply;
	struct verdict v;

	if (q->exception != 0)
		return expect_exception(r, &q->pdu, q->exception);
	reply = run_ask(r, &q->pdu);
	if (q->function->shape == WRITE_MANY)
		expected.length = 5;
	else if (q->function->shape == READ_WRITE &&
	    read_write_response(r, q, &expected, &v) != 0)
		return v;
	return judge(&reply, &expected);
}

/* Judge a write by its answer, and by reading before and after. */
static struct verdict
check_write(struct run *r, const void *arg)
{
	const struct request *q = arg;
	enum table table = q->function->table;
	struct window w;
	uint16_t expected[ITEMS_MAX];
	struct verdict v;
	bool watched = r->items[table] > 0;

	place_window(r, q, &w);
	if (watched &&
	    read_items(r, table, w.address, w.quantity, 0, w.before, &v) != 0)
		return v;
	v = answer_write(r, q);
	if (v.outcome != PASSED || !watched)
		return v;
	if (read_items(r, table, w.address, w.quantity, 0, w.after, &v) != 0)
		return v;
	apply(q, &w, expected);
	return compare(&w, expected,
	    q->exception ? "after a refused write" : "after the write");
}

/* Judge a read by what many small reads of the same return. */
static struct verdict
check_read(struct run *r, const void *arg)
{
	const struct request *q = arg;
	enum table table = q->function->table;
	bool bits = table == COILS || table == DISCRETE_INPUTS;
	struct bytes expected = { .length = 0 };
	uint16_t items[ITEMS_MAX];
	struct verdict v;

	if (q->exception != 0)
		return expect_exception(r, &q->pdu, q->exception);
	if (read_items(r, table, q->address, q->quantity, bits ? 16 : 8, items,
		&v) != 0)
		return v;
	bytes_add8(&expected, q->function->code);
	bytes_add8(&expected, bits ? (q->quantity + 7) / 8 : q->quantity * 2);
	if (bits)
		bytes_add_bits(&expected, q->quantity, items);
	for (uint32_t i = 0; !bits && i < q->quantity; i++)
		bytes_add16(&expected, items[i]);
	return expect(r, &q->pdu, &expected);
}

struct verdict
check_request(struct run *r, const void *arg)
{
	const struct request *q = arg;

	return q->function->shape == READ ? check_read(r, q) :
					    check_write(r, q);
}
