#include "points/rights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/client.h"
#include "modbus/bytes.h"
#include "points/builder.h"
#include "suite.h"

#define ADDRESSES 65536
#define UNIT      1

static const struct client client = { .id = 1 };
static enum datatable_overlay overlay;
static struct points *points;
static struct rights *rights;

/* What the points were before they were made as read-only as they are. */
static struct point given[200];
static unsigned count;

/* What is said of each item, derived in the slowest way. */
static bool read_only[2][ADDRESSES], exists[2][ADDRESSES];
static bool point_read_only[200];

static struct point
make(enum datatable_kind kind, uint32_t address, enum value_type type, int bit,
    bool ro)
{
	return (struct point){
		.kind = kind,
		.address = (uint16_t)address,
		.bit = (int8_t)bit,
		.form = { .type = type },
		.scale = 1,
		.read_only = ro,
		.units = "",
		.simulate = "",
		.description = "",
	};
}

static void
add(struct point p)
{
	char name[16];

	snprintf(name, sizeof(name), "p%u", count);
	p.name = name;
	given[count++] = p;
	ck_assert_int_eq(points_add(points, &p), 0);
}

static void
begin(enum datatable_overlay mode)
{
	overlay = mode;
	count = 0;
	memset(read_only, 0, sizeof(read_only));
	memset(exists, 0, sizeof(exists));
	memset(point_read_only, 0, sizeof(point_read_only));
	points = points_new("plant.csv", mode);
	ck_assert_ptr_nonnull(points);
}

static void
finish(bool only)
{
	ck_assert_int_eq(points_finish(points), 0);
	rights = rights_new(points, overlay, only);
	ck_assert_ptr_nonnull(rights);
}

static void
end(void)
{
	rights_free(rights);
	points_free(points);
}

/* --- the model ---------------------------------------------------------- */

/* Mark the items of a point, and the other ones that they are. With bits, a bit
 * of a register is only the coil that it is. */
static void
mark(bool set[2][ADDRESSES], const struct point *p, bool bits)
{
	for (uint32_t i = p->address; i < p->address + point_quantity(p); i++) {
		set[p->kind][i] = true;
		if (overlay != DATATABLE_OVERLAID)
			continue;
		if (p->kind == DATATABLE_COILS)
			set[DATATABLE_REGISTERS][i / 16] = true;
		else if (i < ADDRESSES / 16)
			for (uint32_t k = 0; k < 16; k++)
				if (!bits || p->bit == POINT_NO_BIT ||
				    p->bit == (int)k)
					set[DATATABLE_COILS][16 * i + k] = true;
	}
}

static bool
is_marked(bool set[2][ADDRESSES], const struct point *p)
{
	for (uint32_t i = p->address; i < p->address + point_quantity(p); i++)
		if (set[p->kind][i])
			return true;
	return false;
}

/* Until nothing more follows. */
static void
derive(void)
{
	bool more = true;

	while (more) {
		more = false;
		for (unsigned i = 0; i < count; i++) {
			if (point_read_only[i] ||
			    (!given[i].read_only &&
				!is_marked(read_only, &given[i])))
				continue;
			point_read_only[i] = more = true;
			mark(read_only, &given[i], false);
		}
	}
	for (unsigned i = 0; i < count; i++)
		mark(exists, &given[i], true);
}

static bool
any(bool set[2][ADDRESSES], enum datatable_kind kind,
    const struct mb_range *range, bool value)
{
	for (unsigned i = 0; i < range->quantity; i++)
		if (set[kind][range->address + i] == value)
			return true;
	return false;
}

static enum mb_exception
expected(const struct mb_request *q, bool only)
{
	if (any(read_only, q->kind, &q->write, true) ||
	    (only &&
		(any(exists, q->kind, &q->write, false) ||
		    any(exists, q->kind, &q->read, false))))
		return MB_EX_ILLEGAL_DATA_ADDRESS;
	return MB_EX_NONE;
}

/* --- requests ----------------------------------------------------------- */

static uint32_t
below(uint32_t n)
{
	return (uint32_t)rand() % n;
}

/* Where there are points, and at the end. */
static uint16_t
random_address(uint32_t quantity)
{
	uint32_t a = below(4) == 0 ? ADDRESSES - below(40) : below(320);

	return (uint16_t)(a + quantity > ADDRESSES ? ADDRESSES - quantity : a);
}

static size_t
put_range(uint8_t *pdu, uint32_t most)
{
	uint32_t quantity = 1 + below(below(3) == 0 ? most : 4);

	put16(pdu, random_address(quantity));
	put16(pdu + 2, (uint16_t)quantity);
	return quantity;
}

/* A request of a function that decodes. */
static void
random_request(uint8_t function, uint8_t *pdu, struct mb_request *q)
{
	size_t length = 5, quantity;

	memset(pdu, 0, MB_PDU_MAX);
	pdu[0] = function;
	switch (function) {
	case MB_FC_READ_COILS:
	case MB_FC_READ_DISCRETE_INPUTS:
		put_range(pdu + 1, MB_MAX_READ_COILS);
		break;
	case MB_FC_READ_HOLDING_REGISTERS:
	case MB_FC_READ_INPUT_REGISTERS:
		put_range(pdu + 1, MB_MAX_READ_REGISTERS);
		break;
	case MB_FC_WRITE_SINGLE_COIL:
	case MB_FC_WRITE_SINGLE_REGISTER:
		put16(pdu + 1, random_address(1));
		break;
	case MB_FC_WRITE_MULTIPLE_COILS:
		quantity = put_range(pdu + 1, MB_MAX_WRITE_COILS);
		pdu[5] = (uint8_t)((quantity + 7) / 8);
		length = 6U + pdu[5];
		break;
	case MB_FC_WRITE_MULTIPLE_REGISTERS:
		quantity = put_range(pdu + 1, MB_MAX_WRITE_REGISTERS);
		pdu[5] = (uint8_t)(2 * quantity);
		length = 6U + pdu[5];
		break;
	case MB_FC_REPORT_SERVER_ID:
		length = 1;
		break;
	case MB_FC_MASK_WRITE_REGISTER:
		put16(pdu + 1, random_address(1));
		length = 7;
		break;
	case MB_FC_READ_WRITE_MULTIPLE_REGISTERS:
		put_range(pdu + 1, MB_MAX_READ_WRITE_REGISTERS_READ);
		quantity =
		    put_range(pdu + 5, MB_MAX_READ_WRITE_REGISTERS_WRITE);
		pdu[9] = (uint8_t)(2 * quantity);
		length = 10U + pdu[9];
		break;
	case MB_FC_ENCAPSULATED_INTERFACE:
		pdu[1] = MB_MEI_READ_DEVICE_IDENTIFICATION;
		pdu[2] = MB_READ_DEVICE_ID_BASIC;
		length = 4;
		break;
	default: /* diagnostics: return query data */
		break;
	}
	ck_assert_int_eq(mb_request_decode(pdu, length, q), MB_EX_NONE);
}

static const uint8_t functions[] = { 1, 2, 3, 4, 5, 6, 8, 15, 16, 17, 22, 23,
	43 };

static enum mb_exception
ask(const struct mb_request *q)
{
	return policy_may_request(rights_policy(rights), &client, UNIT, q);
}

/* The reason names a read-only point, or says that there is none. */
static void
check_reason(const struct mb_request *q, bool only)
{
	bool refused = any(read_only, q->kind, &q->write, true);
	bool missing = only && any(exists, q->kind, &q->write, false);
	char text[RIGHTS_REASON_MAX];
	const struct point *p;

	ck_assert_int_eq(rights_explain(rights, q->kind, &q->write, text),
	    refused || missing);
	if (refused) {
		p = points_find(points, text + 1, strcspn(text + 1, "\""));
		ck_assert_msg(p != NULL && p->read_only, "%s", text);
	} else if (missing) {
		ck_assert_str_eq(text, "an address there has no point");
	}
}

static void
check_requests(bool only)
{
	uint8_t pdu[MB_PDU_MAX];
	struct mb_request q;

	for (unsigned i = 0; i < 4000; i++) {
		random_request(functions[i % sizeof(functions)], pdu, &q);
		if (ask(&q) != expected(&q, only))
			ck_abort_msg("function %u: write %u %u, read %u %u: %d",
			    q.function, q.write.address, q.write.quantity,
			    q.read.address, q.read.quantity, ask(&q));
		check_reason(&q, only);
	}
}

/* --- tests -------------------------------------------------------------- */

/* Registers that share nothing, of which some have other points within, from
 * address on. */
static void
add_registers(uint32_t address, uint32_t last, unsigned seldom)
{
	for (; address < last; address += below(4)) {
		bool wide = below(3) == 0;

		add(make(DATATABLE_REGISTERS, address,
		    wide ? VALUE_FLOAT32 : VALUE_UINT16, POINT_NO_BIT,
		    below(seldom) == 0));
		if (below(3) == 0)
			add(make(DATATABLE_REGISTERS, address, VALUE_UINT16,
			    (int)below(16), below(seldom) == 0));
		if (wide && below(2) == 0)
			add(make(DATATABLE_REGISTERS, address + 1, VALUE_INT16,
			    POINT_NO_BIT, below(seldom) == 0));
		address += wide ? 2 : 1;
	}
}

static void
add_coils(uint32_t first, uint32_t last, unsigned seldom)
{
	for (uint32_t i = first; i <= last; i += 1 + below(6))
		add(make(DATATABLE_COILS, i, VALUE_UINT16, POINT_NO_BIT,
		    below(seldom) == 0));
}

/* _i: the seed, the mode, and whether other items exist. */
START_TEST(it_agrees_with_a_model)
{
	bool only = _i / 2 % 2;

	srand((unsigned)_i);
	begin(_i % 2 == 0 ? DATATABLE_SEPARATE : DATATABLE_OVERLAID);
	add_registers(0, 60, 6);
	add_registers(65520, 65535, 4);
	add_coils(200, 318, 5);
	add_coils(ADDRESSES - 20, ADDRESSES - 1, 4);
	finish(only);
	derive();
	for (unsigned i = 0; i < count; i++)
		ck_assert_int_eq(
		    points_at(points, i)->read_only, point_read_only[i]);
	check_requests(only);
	end();
}
END_TEST

/* Two bytes behind the function, and the exception. */
static void
assert_single(uint8_t function, uint16_t address, enum mb_exception exception)
{
	uint8_t pdu[5] = { function };
	struct mb_request q;

	put16(pdu + 1, address);
	mb_request_decode(pdu, sizeof(pdu), &q);
	ck_assert_int_eq(ask(&q), exception);
}

START_TEST(coils_beside_a_read_only_one_stay_writable)
{
	begin(DATATABLE_OVERLAID);
	add(make(DATATABLE_COILS, 35, VALUE_UINT16, POINT_NO_BIT, true));
	finish(false);
	assert_single(5, 34, MB_EX_NONE);
	assert_single(5, 35, MB_EX_ILLEGAL_DATA_ADDRESS);
	assert_single(5, 36, MB_EX_NONE);
	assert_single(6, 2, MB_EX_ILLEGAL_DATA_ADDRESS);
	assert_single(6, 1, MB_EX_NONE);
	assert_single(6, 3, MB_EX_NONE);
	end();
}
END_TEST

START_TEST(coils_beside_a_read_only_bit_are_read_only)
{
	const struct mb_range beside = { 36, 1 };
	char text[RIGHTS_REASON_MAX];

	begin(DATATABLE_OVERLAID);
	add(make(DATATABLE_REGISTERS, 2, VALUE_UINT16, 3, true));
	finish(false);
	assert_single(5, 31, MB_EX_NONE);
	assert_single(5, 32, MB_EX_ILLEGAL_DATA_ADDRESS);
	assert_single(5, 47, MB_EX_ILLEGAL_DATA_ADDRESS);
	assert_single(5, 48, MB_EX_NONE);
	ck_assert(rights_explain(rights, DATATABLE_COILS, &beside, text));
	ck_assert_str_eq(text, "\"p0\" is read-only");
	end();
}
END_TEST

START_TEST(nothing_to_ask_is_no_policy)
{
	begin((enum datatable_overlay)_i);
	add(make(DATATABLE_REGISTERS, 2, VALUE_UINT16, POINT_NO_BIT, false));
	finish(false);
	ck_assert_ptr_null(rights_policy(rights));
	rights_free(rights);
	rights = rights_new(points, overlay, true);
	ck_assert_ptr_nonnull(rights_policy(rights));
	end();
	ck_assert_ptr_null(rights_policy(NULL));
	rights_free(NULL);
}
END_TEST

START_TEST(without_points_nothing_exists)
{
	begin((enum datatable_overlay)_i);
	finish(true);
	assert_single(5, 0, MB_EX_ILLEGAL_DATA_ADDRESS);
	assert_single(6, 65535, MB_EX_ILLEGAL_DATA_ADDRESS);
	assert_single(8, 0, MB_EX_NONE);
	end();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rights");
	TCase *tc = tcase_create("rights");

	tcase_add_loop_test(tc, it_agrees_with_a_model, 0, 40);
	tcase_add_test(tc, coils_beside_a_read_only_one_stay_writable);
	tcase_add_test(tc, coils_beside_a_read_only_bit_are_read_only);
	tcase_add_loop_test(tc, nothing_to_ask_is_no_policy, 0, 2);
	tcase_add_loop_test(tc, without_points_nothing_exists, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
