#include "service/writing.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/client.h"
#include "held_order.h"
#include "service/policy.h"
#include "service/service.h"
#include "suite.h"
#include "table/datatable.h"

#define ADDRESSES 65536

static struct datatable *table;
static const struct client client = { .id = 5 };
static uint16_t *words; /* ADDRESSES of them, all different */
static struct service service;

static unsigned outcomes;
static enum order_outcome last_outcome;

static void
settled(void *owner, enum order_outcome outcome)
{
	ck_assert_ptr_eq(owner, &outcomes);
	outcomes++;
	last_outcome = outcome;
}

static struct writing_result
submit(const struct writing *writings, size_t count)
{
	return writing_submit(
	    &service, &client, writings, count, settled, &outcomes);
}

/* Without an order it is done at once. */
static void
write_now(const struct writing *w)
{
	struct writing_result result = submit(w, 1);

	ck_assert_int_eq(result.exception, MB_EX_NONE);
	ck_assert_ptr_null(result.waits);
	ck_assert_uint_eq(outcomes, 0);
}

static void
setup(void)
{
	table = datatable_new(DATATABLE_SEPARATE);
	words = malloc(ADDRESSES * sizeof(*words));
	ck_assert(table != NULL && words != NULL);
	service = (struct service){ .table = table };
	outcomes = 0;
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
	uint8_t function; /* of all the requests; 0: the usual ones */
};

static enum mb_exception
refuse_one(void *arg, const struct client *who, uint8_t unit,
    const struct mb_request *q)
{
	struct refusal *r = arg;

	ck_assert_uint_eq(who->id, client.id);
	ck_assert_uint_eq(unit, WRITING_UNIT);
	ck_assert_uint_eq(q->function,
	    r->function != 0               ? r->function :
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
		words, NULL };
	const uint16_t *registers = datatable_registers(table, 0);

	write_now(&w);
	for (uint32_t i = 0; i < ADDRESSES; i++)
		if (registers[i] != expected(i, address, quantity, 1))
			ck_abort_msg("register %u", i);
}
END_TEST

START_TEST(coils_are_written_whatever_their_number)
{
	uint32_t address = ranges[_i][0], quantity = ranges[_i][1];
	const struct writing w = { DATATABLE_COILS, address, quantity, words,
		NULL };

	write_now(&w);
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
	const struct writing ones = { DATATABLE_REGISTERS, 0, ADDRESSES, words,
		NULL };
	const struct writing zeros = { DATATABLE_REGISTERS, 0, ADDRESSES, NULL,
		NULL };

	write_now(&ones);
	ck_assert(!is_zero());
	write_now(&zeros);
	ck_assert(is_zero());
}
END_TEST

START_TEST(a_mask_leaves_the_other_bits)
{
	static const uint16_t before[] = { 0x1234, 0xFFFF, 0, 0xAAAA };
	static const uint16_t masks[] = { 0x00F0, 0x8001, 0xFFFF, 0 };
	static const uint16_t values[] = { 0xFF5F, 0x7FFF, 0xBEEF, 0xFFFF };
	static const uint16_t after[] = { 0x1254, 0x7FFF, 0xBEEF, 0xAAAA };
	const struct writing whole = { DATATABLE_REGISTERS, 65532, 4, before,
		NULL };
	const struct writing masked = { DATATABLE_REGISTERS, 65532, 4, values,
		masks };
	const struct writing cleared = { DATATABLE_REGISTERS, 65532, 1, NULL,
		masks };

	write_now(&whole);
	write_now(&masked);
	ck_assert_mem_eq(
	    datatable_registers(table, 65532), after, sizeof(after));
	write_now(&cleared);
	ck_assert_uint_eq(*datatable_registers(table, 65532), 0x1204);
}
END_TEST

START_TEST(masks_are_judged_as_function_22)
{
	static const uint16_t masks[] = { 1, 2, 4 };
	struct refusal refusal = { .address = 12,
		.function = MB_FC_MASK_WRITE_REGISTER };
	const struct policy policy = { .arg = &refusal,
		.may_request = refuse_one };
	const struct writing w = { DATATABLE_REGISTERS, 10, 3, words, masks };
	struct writing_result result;

	service.policy = &policy;
	result = submit(&w, 1);
	ck_assert_int_eq(result.exception, MB_EX_ILLEGAL_DATA_ADDRESS);
	ck_assert_uint_eq(result.refused.address, 12);
	ck_assert_uint_eq(result.refused.quantity, 1);
	ck_assert_uint_eq(refusal.asked, 3);
	ck_assert(is_zero());
}
END_TEST

/* The room for the bytes of each kind of request is not the same. */
START_TEST(masks_and_whole_words_go_together)
{
	const struct writing w[] = {
		{ DATATABLE_REGISTERS, 0, ADDRESSES, words, NULL },
		{ DATATABLE_REGISTERS, 0, ADDRESSES, NULL, words },
		{ DATATABLE_COILS, 1, 1, words, NULL },
		{ DATATABLE_REGISTERS, 7, 1, words, NULL },
	};
	struct writing_result result = submit(w, 4);
	uint16_t coil;

	ck_assert_int_eq(result.exception, MB_EX_NONE);
	ck_assert_uint_eq(*datatable_registers(table, 7), words[0]);
	datatable_read_coils(table, 1, 1, &coil);
	ck_assert_uint_eq(coil, words[0] & 1);
	for (uint32_t i = 8; i < ADDRESSES; i++)
		ck_assert_uint_eq(*datatable_registers(table, (uint16_t)i), 0);
}
END_TEST

START_TEST(the_policy_is_asked_about_every_part)
{
	struct refusal refusal = { .address = 65535 };
	const struct policy policy = { .arg = &refusal,
		.may_request = refuse_one };
	const struct writing w[] = {
		{ DATATABLE_COILS, 0, ADDRESSES, words, NULL },
		{ DATATABLE_REGISTERS, 0, ADDRESSES, words, NULL },
	};
	struct writing_result result;

	service.policy = &policy;
	result = submit(w, 2);
	ck_assert_int_eq(result.exception, MB_EX_ILLEGAL_DATA_ADDRESS);
	ck_assert_uint_eq(
	    result.refused.address + result.refused.quantity, ADDRESSES);
	ck_assert_int_eq(result.refused_kind, DATATABLE_REGISTERS);
	ck_assert_ptr_null(result.waits);
	ck_assert_uint_eq(refusal.asked, 34 + 533);
	ck_assert(is_zero());
}
END_TEST

START_TEST(the_policy_is_not_asked_about_internal_clients)
{
	const struct client internal = { .address = address_start };
	struct refusal refusal = { .address = 10 };
	const struct policy policy = { .arg = &refusal,
		.may_request = refuse_one };
	const struct writing w = { DATATABLE_REGISTERS, 10, 1, words, NULL };
	struct writing_result result;

	service.policy = &policy;
	result = writing_submit(&service, &internal, &w, 1, settled, &outcomes);
	ck_assert_int_eq(result.exception, MB_EX_NONE);
	ck_assert_uint_eq(refusal.asked, 0);
	ck_assert_uint_eq(*datatable_registers(table, 10), words[0]);
}
END_TEST

/* _i: which client. */
START_TEST(only_what_the_simulation_writes_is_unrecorded)
{
	const struct client clients[] = { client, { .address = address_start },
		{ .address = address_simulation } };
	const struct writing w = { DATATABLE_REGISTERS, 10, 1, words, NULL };
	struct writing_result result;
	struct held_order held;

	held_order_init(&held);
	service.order = &held.order;
	result =
	    writing_submit(&service, &clients[_i], &w, 1, settled, &outcomes);
	ck_assert_ptr_nonnull(result.waits);
	ck_assert_int_eq(result.waits->unrecorded, _i == 2);
	held_order_settle(&held, 1, ORDER_EXECUTE);
	held_order_end(&held);
}
END_TEST

START_TEST(all_of_it_is_one_write_of_the_order)
{
	const struct writing w[] = {
		{ DATATABLE_COILS, 0, ADDRESSES, words, NULL },
		{ DATATABLE_REGISTERS, 0, ADDRESSES, words, NULL },
	};
	struct writing_result result;
	struct held_order held;

	held_order_init(&held);
	service.order = &held.order;
	result = submit(w, 2);
	ck_assert_int_eq(result.exception, MB_EX_NONE);
	ck_assert_ptr_nonnull(result.waits);
	ck_assert_uint_eq(held.submitted, 1);
	ck_assert(is_zero());
	memset(words, 0xEE, 2); /* they were copied */
	held_order_settle(&held, 1, ORDER_EXECUTE);
	ck_assert_uint_eq(outcomes, 1);
	ck_assert_int_eq(last_outcome, ORDER_EXECUTE);
	ck_assert_uint_eq(*datatable_registers(table, 0), 1);
	ck_assert_uint_eq(*datatable_registers(table, 65535), words[65535]);
}
END_TEST

START_TEST(what_the_order_refuses_is_not_written)
{
	const struct writing w = { DATATABLE_REGISTERS, 0, 200, words, NULL };
	struct held_order held;

	held_order_init(&held);
	service.order = &held.order;
	ck_assert_ptr_nonnull(submit(&w, 1).waits);
	held_order_settle(&held, 1, ORDER_REFUSED);
	ck_assert_int_eq(last_outcome, ORDER_REFUSED);
	held.refuses = true;
	ck_assert_int_eq(submit(&w, 1).exception, MB_EX_SERVER_DEVICE_FAILURE);
	ck_assert_uint_eq(outcomes, 1);
	ck_assert(is_zero());
}
END_TEST

START_TEST(a_write_without_an_owner_is_executed)
{
	const struct writing w = { DATATABLE_REGISTERS, 0, 200, words, NULL };
	struct held_order held;

	held_order_init(&held);
	service.order = &held.order;
	held.order.service = &service;
	order_forget(submit(&w, 1).waits);
	order_forget(submit(&w, 1).waits);
	held_order_settle(&held, 1, ORDER_EXECUTE);
	ck_assert_uint_eq(*datatable_registers(table, 199), words[199]);
	held.order.service = NULL; /* as when the server is gone */
	held_order_settle(&held, 2, ORDER_EXECUTE);
	ck_assert_uint_eq(outcomes, 0);
}
END_TEST

static void
note_writer(void *arg, const struct datatable_change *change)
{
	unsigned *told = arg;

	ck_assert_uint_eq(change->writer->client->id, client.id);
	ck_assert_uint_eq(change->writer->unit, WRITING_UNIT);
	ck_assert_uint_eq(
	    change->writer->function, MB_FC_WRITE_MULTIPLE_REGISTERS);
	(*told)++;
}

/* What is left for another server to execute. */
START_TEST(requests_are_what_would_be_written)
{
	const struct writing w[] = {
		{ .kind = DATATABLE_REGISTERS,
		    .quantity = 300,
		    .words = words },
		{ .kind = DATATABLE_COILS,
		    .address = 16,
		    .quantity = 16,
		    .words = words },
	};
	struct writing_requests *made = writing_encode(w, 2);
	struct order_write write;
	uint16_t got[MB_MAX_READ_REGISTERS];

	ck_assert_ptr_nonnull(made);
	ck_assert_uint_eq(made->count, 3 + 1);
	write = (struct order_write){
		.client = client, .pdus = made->pdus, .count = made->count
	};
	order_execute(&write, table);
	datatable_read_registers(table, 250, 50, got);
	ck_assert_mem_eq(got, words + 250, 50 * sizeof(*got));
	free(made);

	made = writing_encode(NULL, 0);
	ck_assert_ptr_nonnull(made);
	ck_assert_uint_eq(made->count, 0);
	free(made);
}
END_TEST

START_TEST(observers_are_called_with_the_writer)
{
	const struct writing w = { DATATABLE_REGISTERS, 3, 200, words, NULL };
	unsigned told = 0;
	struct datatable_observer observer = { note_writer, &told, NULL };

	datatable_observe(table, &observer);
	write_now(&w);
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
	tcase_add_test(tc, a_mask_leaves_the_other_bits);
	tcase_add_test(tc, masks_are_judged_as_function_22);
	tcase_add_test(tc, masks_and_whole_words_go_together);
	tcase_add_test(tc, the_policy_is_asked_about_every_part);
	tcase_add_test(tc, the_policy_is_not_asked_about_internal_clients);
	tcase_add_loop_test(
	    tc, only_what_the_simulation_writes_is_unrecorded, 0, 3);
	tcase_add_test(tc, all_of_it_is_one_write_of_the_order);
	tcase_add_test(tc, what_the_order_refuses_is_not_written);
	tcase_add_test(tc, a_write_without_an_owner_is_executed);
	tcase_add_test(tc, requests_are_what_would_be_written);
	tcase_add_test(tc, observers_are_called_with_the_writer);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
