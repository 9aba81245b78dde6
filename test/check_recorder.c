#include "report/recorder.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/identity.h"
#include "modbus/execute.h"
#include "one_table.h"
#include "service/counters.h"
#include "service/service.h"
#include "suite.h"
#include "wire.h"

#define BYTES(...)                                                             \
	(const uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ })

static struct recorder *recorder;
static struct tap tap;
static struct counters counters;
static struct service service;
static struct client asker;

static void
setup(size_t bytes)
{
	recorder = recorder_new(table, bytes);
	ck_assert_ptr_nonnull(recorder);
	tap = recorder_tap(recorder);
	service = (struct service){
		.table = table,
		.counters = &counters,
		.tap = &tap,
	};
	asker = (struct client){ .id = 9 };
	address_parse("192.0.2.1:1000", 0, &asker.address);
}

static void
end(void)
{
	recorder_free(recorder);
	teardown();
}

/* Ask a PDU, as a connection does. Returns the length of the reply, an ADU. */
static size_t
ask(const uint8_t *pdu, size_t length, uint8_t *reply)
{
	uint8_t adu[MB_ADU_MAX];
	const struct mbap_frame frame = { adu, wire_header(adu, 7, 3, length),
		0 };
	struct judged_request judged;

	memcpy(adu + MB_MBAP_LENGTH, pdu, length);
	service_judge(
	    &service, &asker, 3, adu + MB_MBAP_LENGTH, length, &judged);
	return service_execute(&service, &asker, &frame, &judged, reply);
}

static void
ask_only(const uint8_t *pdu, size_t length)
{
	uint8_t reply[MB_ADU_MAX];

	ask(pdu, length, reply);
}

static struct recorded
last(void)
{
	struct recorder_cursor c = { .id = 0 };

	ck_assert(recorder_previous(recorder, &c));
	return recorder_read(recorder, &c);
}

START_TEST(records_a_request_and_its_response)
{
	int64_t before, after;
	struct recorded q;
	uint64_t id;

	start(_i);
	setup(RECORDER_BYTES_MIN);
	id = recorder_last_id(recorder);
	set_register(5, 0x1234);
	before = clock_realtime_us();
	ask_only(BYTES(3, 0, 5, 0, 1));
	after = clock_realtime_us();
	q = last();
	ck_assert_uint_eq(q.id, id + 1);
	ck_assert_uint_eq(recorder_last_id(recorder), id + 1);
	ck_assert_uint_eq(recorder_count(recorder), 1);
	ck_assert(q.time >= before && q.time <= after);
	ck_assert_uint_eq(q.client.id, 9);
	ck_assert_uint_eq(q.client.address.port, 1000);
	ck_assert_uint_eq(mbap_transaction(&q.frame), 7);
	ck_assert_uint_eq(mbap_unit(&q.frame), 3);
	ck_assert_uint_eq(mbap_pdu_length(&q.frame), 5);
	ck_assert_mem_eq(mbap_pdu(&q.frame), "\3\0\5\0\1", 5);
	ck_assert_uint_eq(q.response_length, 4);
	ck_assert_mem_eq(q.response, "\3\2\x12\x34", 4);
	ck_assert_int_eq(q.exception, MB_EX_NONE);
	ck_assert_ptr_null(q.before);
	ck_assert_ptr_null(q.after);
	end();
}
END_TEST

START_TEST(records_values_before_and_after)
{
	struct recorded q;

	start(_i);
	setup(RECORDER_BYTES_MIN);
	set_register(5, 11);
	ask_only(BYTES(16, 0, 5, 0, 2, 4, 0, 21, 0, 22));
	q = last();
	ck_assert_uint_eq(q.before[0], 11);
	ck_assert_uint_eq(q.before[1], 0);
	ck_assert_uint_eq(q.after[0], 21);
	ck_assert_uint_eq(q.after[1], 22);
	ask_only(BYTES(22, 0, 5, 0xFF, 0xF0, 0, 3));
	q = last();
	ck_assert_uint_eq(q.before[0], 21);
	ck_assert_uint_eq(q.after[0], 19);
	set_coil(100, 1);
	ask_only(BYTES(15, 0, 99, 0, 3, 1, 5));
	q = last();
	ck_assert_uint_eq(q.before[0], 2);
	ck_assert_uint_eq(q.after[0], 5);
	ask_only(BYTES(23, 0, 5, 0, 1, 0, 5, 0, 1, 2, 0, 9));
	q = last();
	ck_assert_uint_eq(q.before[0], 19);
	ck_assert_uint_eq(q.after[0], 9);
	ck_assert_mem_eq(q.response, "\x17\2\0\x09", 4);
	end();
}
END_TEST

START_TEST(records_a_write_of_the_same_value)
{
	struct recorded q;

	start(_i);
	setup(RECORDER_BYTES_MIN);
	set_register(5, 11);
	ask_only(BYTES(6, 0, 5, 0, 11));
	q = last();
	ck_assert_uint_eq(q.before[0], 11);
	ck_assert_ptr_eq(q.before, q.after);
	end();
}
END_TEST

START_TEST(records_exceptions_without_values)
{
	struct recorded q;

	start(0);
	setup(RECORDER_BYTES_MIN);
	ask_only(BYTES(6, 0, 5, 0, 11));
	ask_only(BYTES(3, 0, 5, 0, 126));
	q = last();
	ck_assert_int_eq(q.exception, MB_EX_ILLEGAL_DATA_VALUE);
	ck_assert_uint_eq(q.response_length, 2);
	ck_assert_ptr_null(q.before);
	ask_only(BYTES(0xFF));
	q = last();
	ck_assert_int_eq(q.exception, MB_EX_ILLEGAL_FUNCTION);
	end();
}
END_TEST

/* What was written by others, at the same place or not, is not a request's. */
START_TEST(takes_no_values_of_other_writes)
{
	static const uint16_t many[DATATABLE_WRITE_MAX] = { 1 };
	struct recorded q;

	start(0);
	setup(RECORDER_BYTES_MIN);
	ask_only(BYTES(6, 0, 5, 0, 11));
	set_register(5, 12);
	datatable_write_registers(table, &writer, 0, DATATABLE_WRITE_MAX, many);
	ask_only(BYTES(3, 0, 5, 0, 1));
	ck_assert_ptr_null(last().before);
	ask_only(BYTES(6, 0, 5, 0, 13));
	q = last();
	ck_assert_uint_eq(q.before[0], 0);
	ck_assert_uint_eq(q.after[0], 13);
	ck_assert_uint_eq(recorder_count(recorder), 3);
	end();
}
END_TEST

/* Requests of all sizes, kept by the test as well. */

#define ASKED 1000

static struct asked {
	uint8_t pdu[MB_PDU_MAX];
	size_t length;
	uint8_t reply[MB_ADU_MAX];
	size_t reply_length;
	uint16_t before[RECORDER_WORDS_MAX];
	uint16_t after[RECORDER_WORDS_MAX];
	size_t words;
} asked[ASKED];

static void
make_request(struct asked *a)
{
	unsigned quantity = 1 + (unsigned)random() % RECORDER_WORDS_MAX;

	a->words = random() % 2 == 0 ? quantity : 0;
	a->pdu[0] = a->words != 0 ? 16 : 3;
	a->pdu[1] = 0;
	a->pdu[2] = (uint8_t)(random() % 100);
	a->pdu[3] = 0;
	a->pdu[4] = (uint8_t)quantity;
	a->length = 5;
	if (a->words == 0)
		return;
	a->pdu[5] = (uint8_t)(2 * quantity);
	a->length = 6 + 2 * quantity;
	memset(a->pdu + 6, (int)(random() % 3), 2 * quantity);
}

static void
ask_random(struct asked *a)
{
	make_request(a);
	if (a->words != 0)
		datatable_read_registers(
		    table, a->pdu[2], (uint16_t)a->words, a->before);
	a->reply_length = ask(a->pdu, a->length, a->reply);
	if (a->words != 0)
		datatable_read_registers(
		    table, a->pdu[2], (uint16_t)a->words, a->after);
}

static void
assert_same(const struct recorded *q, const struct asked *a)
{
	ck_assert_uint_eq(mbap_pdu_length(&q->frame), a->length);
	ck_assert_mem_eq(mbap_pdu(&q->frame), a->pdu, a->length);
	ck_assert_uint_eq(q->response_length, a->reply_length - MB_MBAP_LENGTH);
	ck_assert_mem_eq(
	    q->response, a->reply + MB_MBAP_LENGTH, q->response_length);
	ck_assert_int_eq(q->before != NULL, a->words != 0);
	if (a->words == 0)
		return;
	ck_assert_mem_eq(q->before, a->before, 2 * a->words);
	ck_assert_mem_eq(q->after, a->after, 2 * a->words);
}

/* All that is in the ring, the last one last: forward, and back. */
static void
assert_all(uint64_t first_id, size_t count)
{
	struct recorder_cursor c = { .id = 0 };
	size_t found = 0;

	while (recorder_next(recorder, &c)) {
		struct recorded q = recorder_read(recorder, &c);

		assert_same(&q, &asked[q.id - first_id]);
		found++;
	}
	ck_assert_uint_eq(c.id, first_id + count - 1);
	ck_assert_uint_eq(found, recorder_count(recorder));
	for (; found > 0; found--) {
		struct recorded q = recorder_read(recorder, &c);

		assert_same(&q, &asked[q.id - first_id]);
		ck_assert_int_eq(recorder_previous(recorder, &c), found > 1);
	}
}

START_TEST(keeps_the_last_ones_whole)
{
	uint64_t first;
	size_t taken = 0;

	start(0);
	setup(RECORDER_BYTES_MIN + 8 * (size_t)_i);
	srandom((unsigned)_i);
	first = recorder_last_id(recorder) + 1;
	for (size_t i = 0; i < ASKED; i++) {
		ask_random(&asked[i]);
		if (i % 53 == 0 || i < 3)
			assert_all(first, i + 1);
	}
	for (size_t i = 0; i < recorder_count(recorder); i++) {
		const struct asked *a = &asked[ASKED - 1 - i];

		taken += MB_MBAP_LENGTH + a->length + a->reply_length;
	}
	ck_assert_uint_le(taken, RECORDER_BYTES_MIN + 8 * (size_t)_i);
	ck_assert_uint_gt(taken, RECORDER_BYTES_MIN / 3);
	end();
}
END_TEST

/* One who reads slowly goes on with what is left. */
START_TEST(moves_on_from_what_was_overwritten)
{
	struct recorder_cursor c = { .id = 0 }, back;
	uint64_t first;

	start(0);
	setup(RECORDER_BYTES_MIN);
	ck_assert(!recorder_next(recorder, &c));
	ck_assert(!recorder_previous(recorder, &c));
	first = recorder_last_id(recorder) + 1;
	ask_random(&asked[0]);
	ck_assert(recorder_next(recorder, &c));
	ck_assert(!recorder_next(recorder, &c));
	back = c;
	for (size_t i = 1; i < ASKED; i++)
		ask_random(&asked[i]);
	ck_assert(!recorder_previous(recorder, &back));
	ck_assert(recorder_next(recorder, &c));
	ck_assert_uint_eq(c.id, first + ASKED - recorder_count(recorder));
	end();
}
END_TEST

START_TEST(holds_the_certificates_of_its_clients)
{
	struct identities all;
	const struct identity *who;
	struct recorded q;

	start(0);
	setup(RECORDER_BYTES_MIN);
	identities_init(&all);
	ask_only(BYTES(3, 0, 5, 0, 1));
	ck_assert_ptr_null(last().client.identity);
	who = asker.identity = identity_of(&all, "CN=1", "", "Operator");
	asker.way = CLIENT_TLS;
	ask_only(BYTES(3, 0, 5, 0, 1));
	ask_only(BYTES(6, 0, 5, 0, 1));
	ck_assert_ptr_eq(last().client.identity, who);
	ck_assert_int_eq(last().client.way, CLIENT_TLS);
	ck_assert_uint_eq(last().client.id, asker.id);
	q = last();
	ck_assert(address_same_host(&q.client.address, &asker.address));
	ck_assert_uint_eq(q.client.address.port, asker.address.port);
	ck_assert_ptr_nonnull(last().before);
	asker.identity = NULL;
	identity_release(who);
	ck_assert_ptr_eq(LIST_FIRST(&all.held), who);
	for (size_t i = 0; i < RECORDER_BYTES_MIN / 60 && _i == 0; i++)
		ask_only(BYTES(3, 0, 5, 0, 1));
	if (_i == 0)
		ck_assert(LIST_EMPTY(&all.held));
	end();
	ck_assert(LIST_EMPTY(&all.held));
}
END_TEST

/* As recorder.h says. */
START_TEST(takes_few_bytes)
{
	uint64_t reads = 0;
	struct recorder_cursor c = { .id = 0 };

	start(0);
	setup(RECORDER_BYTES_MIN);
	for (size_t i = 0; i < RECORDER_BYTES_MIN / 60; i++)
		ask_only(BYTES(3, 0, 0, 0, 10));
	while (recorder_next(recorder, &c))
		reads++;
	ck_assert_uint_ge(reads, RECORDER_BYTES_MIN / 104 - 1);
	end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("recorder");
	TCase *tc = tcase_create("recorder");

	tcase_add_loop_test(tc, records_a_request_and_its_response, 0, 2);
	tcase_add_loop_test(tc, records_values_before_and_after, 0, 2);
	tcase_add_loop_test(tc, records_a_write_of_the_same_value, 0, 2);
	tcase_add_test(tc, records_exceptions_without_values);
	tcase_add_test(tc, takes_no_values_of_other_writes);
	tcase_add_loop_test(tc, keeps_the_last_ones_whole, 0, 4);
	tcase_add_test(tc, moves_on_from_what_was_overwritten);
	tcase_add_loop_test(tc, holds_the_certificates_of_its_clients, 0, 2);
	tcase_add_test(tc, takes_few_bytes);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
