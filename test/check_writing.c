#include "service/writing.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/client.h"
#include "service/gate.h"
#include "service/policy.h"
#include "suite.h"
#include "table/datatable.h"

#define ADDRESSES 65536

static struct datatable *table;
static const struct client client = { .id = 5 };
static uint16_t *words; /* ADDRESSES of them, all different */

static void
setup(void)
{
	table = datatable_new(DATATABLE_SEPARATE);
	words = malloc(ADDRESSES * sizeof(*words));
	ck_assert(table != NULL && words != NULL);
	for (uint32_t i = 0; i < ADDRESSES; i++)
		words[i] = (uint16_t)(i * 40503 + 1);
}

static void
teardown(void)
{
	datatable_free(table);
	free(words);
}

/* A policy that refuses what touches one register, and counts questions. */
struct refusal {
	uint32_t address;
	unsigned asked;
};

static enum mb_exception
refuse_one(void *arg, const struct client *who, uint8_t unit,
    const struct mb_request *q)
{
	struct refusal *r = arg;

	ck_assert_ptr_eq(who, &client);
	ck_assert_uint_eq(unit, WRITING_UNIT);
	ck_assert_uint_eq(q->function,
	    q->kind == DATATABLE_COILS ? MB_FC_WRITE_MULTIPLE_COILS :
					 MB_FC_WRITE_MULTIPLE_REGISTERS);
	ck_assert_uint_le(q->write.quantity,
	    q->kind == DATATABLE_COILS ? MB_MAX_WRITE_COILS :
					 MB_MAX_WRITE_REGISTERS);
	r->asked++;
	return q->kind == DATATABLE_REGISTERS &&
		q->write.address <= r->address &&
		r->address < q->write.address + q->write.quantity ?
	    MB_EX_ILLEGAL_DATA_ADDRESS :
	    MB_EX_NONE;
}

static bool
is_zero(void)
{
	const uint16_t *registers = datatable_registers(table, 0);

	for (uint32_t i = 0; i < ADDRESSES; i++)
		if (registers[i] != 0)
			return false;
	return true;
}

/* What the i-th item is after a write from address on: items_a_word is 1 or
 * 16. */
static uint16_t
expected(uint32_t i, uint32_t address, uint32_t quantity, uint32_t items_a_word)
{
	uint32_t k = i - address;

	if (i < address || i >= address + quantity)
		return 0;
	if (items_a_word == 1)
		return words[k];
	return (uint16_t)(words[k / 16] >> k % 16 & 1);
}

/* address, quantity */
static const uint32_t ranges[][2] = { { 0, 1 }, { 65535, 1 }, { 0, 65536 },
	{ 10, 123 }, { 10, 124 }, { 1, 65535 }, { 100, 2000 }, { 7, 1968 },
	{ 7, 1969 } };

START_TEST(registers_are_written_whatever_their_number)
{
	uint32_t address = ranges[_i][0], quantity = ranges[_i][1];
	const struct writing w = { DATATABLE_REGISTERS, address, quantity,
		words };
	const uint16_t *registers = datatable_registers(table, 0);
	struct mb_range refused;

	ck_assert_int_eq(
	    writing_check(&w, 1, NULL, &client, &refused), MB_EX_NONE);
	ck_assert_uint_eq(writing_execute(&w, 1, table, NULL, &client), 0);
	for (uint32_t i = 0; i < ADDRESSES; i++)
		if (registers[i] != expected(i, address, quantity, 1))
			ck_abort_msg("register %u", i);
}
END_TEST

START_TEST(coils_are_written_whatever_their_number)
{
	uint32_t address = ranges[_i][0], quantity = ranges[_i][1];
	const struct writing w = { DATATABLE_COILS, address, quantity, words };

	writing_execute(&w, 1, table, NULL, &client);
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		uint16_t coil;

		datatable_read_coils(table, (uint16_t)i, 1, &coil);
		if (coil != expected(i, address, quantity, 16))
			ck_abort_msg("coil %u", i);
	}
}
END_TEST

START_TEST(no_words_are_zeros)
{
	const struct writing ones = { DATATABLE_REGISTERS, 0, ADDRESSES,
		words };
	const struct writing zeros = { DATATABLE_REGISTERS, 0, ADDRESSES,
		NULL };

	writing_execute(&ones, 1, table, NULL, &client);
	ck_assert(!is_zero());
	writing_execute(&zeros, 1, table, NULL, &client);
	ck_assert(is_zero());
}
END_TEST

START_TEST(the_policy_is_asked_about_every_part)
{
	struct refusal refusal = { 65535, 0 };
	const struct policy policy = { .arg = &refusal,
		.may_request = refuse_one };
	const struct writing w[] = {
		{ DATATABLE_COILS, 0, ADDRESSES, words },
		{ DATATABLE_REGISTERS, 0, ADDRESSES, words },
	};
	struct mb_range refused;

	ck_assert_int_eq(writing_check(w, 2, &policy, &client, &refused),
	    MB_EX_ILLEGAL_DATA_ADDRESS);
	ck_assert_uint_eq(refused.address + refused.quantity, ADDRESSES);
	ck_assert_uint_eq(refusal.asked, 34 + 533);
	ck_assert(is_zero());
}
END_TEST

static unsigned holds;
static bool was_written;

static uint64_t
hold(void *arg)
{
	(void)arg;
	holds++;
	was_written = *datatable_registers(table, 65535) == words[65535];
	return 42;
}

START_TEST(the_gate_is_asked_once_at_the_end)
{
	const struct writing w = { DATATABLE_REGISTERS, 0, ADDRESSES, words };
	struct gate *gate = gate_new(hold, NULL);

	ck_assert_uint_eq(writing_execute(&w, 1, table, gate, &client), 42);
	ck_assert_uint_eq(holds, 1);
	ck_assert(was_written);
	gate_free(gate);
}
END_TEST

static void
note_writer(void *arg, const struct datatable_change *change)
{
	unsigned *told = arg;

	ck_assert_ptr_eq(change->writer->client, &client);
	ck_assert_uint_eq(change->writer->unit, WRITING_UNIT);
	ck_assert_uint_eq(
	    change->writer->function, MB_FC_WRITE_MULTIPLE_REGISTERS);
	(*told)++;
}

START_TEST(observers_are_told_who_wrote)
{
	const struct writing w = { DATATABLE_REGISTERS, 3, 200, words };
	unsigned told = 0;
	struct datatable_observer observer = { note_writer, &told, NULL };

	datatable_observe(table, &observer);
	writing_execute(&w, 1, table, NULL, &client);
	ck_assert_uint_eq(told, 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("writing");
	TCase *tc = tcase_create("writing");
	int count = (int)(sizeof(ranges) / sizeof(*ranges));

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, registers_are_written_whatever_their_number, 0, count);
	tcase_add_loop_test(
	    tc, coils_are_written_whatever_their_number, 0, count);
	tcase_add_test(tc, no_words_are_zeros);
	tcase_add_test(tc, the_policy_is_asked_about_every_part);
	tcase_add_test(tc, the_gate_is_asked_once_at_the_end);
	tcase_add_test(tc, observers_are_told_who_wrote);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
