#include "service/service.h"

#include <stdlib.h>
#include <string.h>

#include "modbus/bytes.h"
#include "modbus/mbap.h"
#include "one_table.h"
#include "service/counters.h"
#include "service/exchange.h"
#include "service/policy.h"
#include "suite.h"
#include "wire.h"

#define TRANSACTION 0xABCD
#define UNIT        17

static struct counters counters;
static struct service service;
static uint8_t reply[MB_ADU_MAX];

static void
setup(void)
{
	start(0);
	counters = (struct counters){ 0 };
	service = (struct service){ .table = table, .counters = &counters };
	memset(reply, 0xEE, sizeof(reply));
}

/* Ask for function, address and value, which is the quantity of a read. The
 * reply then is in reply. Returns its length. */
static size_t
ask(uint8_t function, uint16_t address, uint16_t value)
{
	uint8_t adu[WIRE_REQUEST_LENGTH];
	struct mbap_frame frame;
	struct judged_request judged;
	size_t length;

	wire_header(adu, TRANSACTION, UNIT, 5);
	adu[7] = function;
	put16(adu + 8, address);
	put16(adu + 10, value);
	ck_assert_int_eq(mbap_parse(adu, sizeof(adu), &frame), MBAP_READY);
	service_judge(&service, &client, mbap_unit(&frame), mbap_pdu(&frame),
	    mbap_pdu_length(&frame), &judged);
	length = service_execute(&service, &client, &frame, &judged, reply);
	ck_assert_uint_eq(get16(reply), TRANSACTION);
	ck_assert_uint_eq(get16(reply + 2), MB_PROTOCOL);
	ck_assert_uint_eq(get16(reply + 4), length - 6);
	ck_assert_uint_eq(reply[6], UNIT);
	return length;
}

static void
assert_exception(size_t length, uint8_t function, uint8_t code)
{
	ck_assert_uint_eq(length, MB_MBAP_LENGTH + MB_EXCEPTION_SIZE);
	ck_assert_uint_eq(reply[7], function | MB_EXCEPTION_FLAG);
	ck_assert_uint_eq(reply[8], code);
}

START_TEST(a_request_is_executed_and_counted)
{
	set_register(5, 0x1234);
	ck_assert_uint_eq(ask(MB_FC_READ_HOLDING_REGISTERS, 5, 1), 7 + 4);
	ck_assert_uint_eq(reply[8], 2);
	ck_assert_uint_eq(get16(reply + 9), 0x1234);
	ck_assert_uint_eq(counters.requests, 1);
	ck_assert_uint_eq(
	    counters.requests_by_function[MB_FC_READ_HOLDING_REGISTERS], 1);
	ck_assert_uint_eq(counters.exceptions_by_code[MB_EX_NONE], 1);
	ck_assert_uint_eq(counters.bytes_in, WIRE_REQUEST_LENGTH);
}
END_TEST

START_TEST(what_is_wrong_is_answered_and_changes_nothing)
{
	set_register(5, 7);
	assert_exception(ask(99, 5, 1), 99, MB_EX_ILLEGAL_FUNCTION);
	assert_exception(ask(MB_FC_READ_COILS, 0, 2001), MB_FC_READ_COILS,
	    MB_EX_ILLEGAL_DATA_VALUE);
	assert_exception(ask(MB_FC_READ_COILS, 65535, 2), MB_FC_READ_COILS,
	    MB_EX_ILLEGAL_DATA_ADDRESS);
	assert_exception(ask(MB_FC_WRITE_SINGLE_COIL, 0, 1),
	    MB_FC_WRITE_SINGLE_COIL, MB_EX_ILLEGAL_DATA_VALUE);
	ck_assert_uint_eq(get_register(5), 7);
	ck_assert_uint_eq(get_coil(0), 0);
	ck_assert_uint_eq(counters.requests, 4);
	ck_assert_uint_eq(
	    counters.exceptions_by_code[MB_EX_ILLEGAL_DATA_VALUE], 2);
}
END_TEST

static enum mb_exception
refuse(void *arg, const struct client *who, uint8_t unit,
    const struct mb_request *request)
{
	unsigned *asked = arg;

	++*asked;
	ck_assert_ptr_eq(who, &client);
	ck_assert_uint_eq(unit, UNIT);
	ck_assert_uint_eq(request->function, MB_FC_WRITE_SINGLE_REGISTER);
	return MB_EX_SERVER_DEVICE_FAILURE;
}

START_TEST(what_the_policy_refuses_is_not_executed)
{
	unsigned asked = 0;
	const struct policy policy = { .arg = &asked, .may_request = refuse };

	service.policy = &policy;
	assert_exception(ask(MB_FC_WRITE_SINGLE_REGISTER, 5, 9),
	    MB_FC_WRITE_SINGLE_REGISTER, MB_EX_SERVER_DEVICE_FAILURE);
	ck_assert_uint_eq(get_register(5), 0);
	/* What does not decode is not asked about. */
	assert_exception(ask(99, 5, 1), 99, MB_EX_ILLEGAL_FUNCTION);
	ck_assert_uint_eq(asked, 1);
}
END_TEST

/* Answers as many questions as it has got exceptions for. */
struct answers {
	enum mb_exception use;
	enum mb_exception request;
	uint8_t asked_use; /* the function code */
	unsigned asked_request;
};

static enum mb_exception
answer_use(void *arg, const struct client *who, uint8_t unit, uint8_t function)
{
	struct answers *a = arg;

	ck_assert_ptr_eq(who, &client);
	ck_assert_uint_eq(unit, UNIT);
	a->asked_use = function;
	return a->use;
}

static enum mb_exception
answer_request(void *arg, const struct client *who, uint8_t unit,
    const struct mb_request *request)
{
	struct answers *a = arg;

	(void)who;
	(void)unit;
	(void)request;
	a->asked_request++;
	return a->request;
}

/* What is wrong with a request otherwise: nothing; its function code, quantity,
 * address, value, length. */
static const struct {
	uint8_t pdu[8];
	size_t length;
	enum mb_exception otherwise;
} unusable[] = {
	{ { MB_FC_WRITE_SINGLE_REGISTER, 0, 5, 0, 9 }, 5, MB_EX_NONE },
	{ { 99, 0, 5, 0, 1 }, 5, MB_EX_ILLEGAL_FUNCTION },
	{ { MB_FC_READ_COILS, 0, 0, 0xFF, 0xFF }, 5, MB_EX_ILLEGAL_DATA_VALUE },
	{ { MB_FC_READ_COILS, 0xFF, 0xFF, 0, 2 }, 5,
	    MB_EX_ILLEGAL_DATA_ADDRESS },
	{ { MB_FC_WRITE_SINGLE_COIL, 0, 0, 0, 1 }, 5,
	    MB_EX_ILLEGAL_DATA_VALUE },
	{ { MB_FC_WRITE_SINGLE_COIL }, 1, MB_EX_ILLEGAL_DATA_VALUE },
};

START_TEST(a_function_that_may_not_be_used_comes_before_all_else)
{
	struct answers answers = { .use = MB_EX_ILLEGAL_FUNCTION,
		.request = MB_EX_SERVER_DEVICE_FAILURE };
	const struct policy policy = { .arg = &answers,
		.may_use = answer_use,
		.may_request = answer_request };
	const uint8_t *pdu = unusable[_i].pdu;
	size_t length = unusable[_i].length;
	enum mb_exception otherwise = unusable[_i].otherwise;
	struct judged_request judged;

	service_judge(&service, &client, UNIT, pdu, length, &judged);
	ck_assert_int_eq(judged.exception, otherwise);

	service.policy = &policy;
	service_judge(&service, &client, UNIT, pdu, length, &judged);
	ck_assert_int_eq(judged.exception, MB_EX_ILLEGAL_FUNCTION);
	ck_assert_uint_eq(answers.asked_use, pdu[0]);
	ck_assert_uint_eq(answers.asked_request, 0);
	ck_assert_uint_eq(judged.request.function, pdu[0]);
	ck_assert(judged.decoded == (otherwise == MB_EX_NONE));
	ck_assert(!judged_request_writes(&judged));

	answers.use = MB_EX_NONE;
	service_judge(&service, &client, UNIT, pdu, length, &judged);
	ck_assert_int_eq(judged.exception,
	    judged.decoded ? MB_EX_SERVER_DEVICE_FAILURE : otherwise);
	ck_assert_uint_eq(answers.asked_request, judged.decoded);
}
END_TEST

START_TEST(judging_changes_nothing)
{
	static const uint8_t pdu[] = { MB_FC_WRITE_SINGLE_REGISTER, 0, 5, 0,
		9 };
	struct judged_request judged;

	service_judge(&service, &client, UNIT, pdu, sizeof(pdu), &judged);
	ck_assert(judged_request_writes(&judged));
	ck_assert_uint_eq(get_register(5), 0);
	ck_assert_uint_eq(counters.requests, 0);
}
END_TEST

START_TEST(a_write_that_the_order_refuses_is_counted_and_reported_as_refused)
{
	const uint8_t adu[] = { 0, 1, 0, 0, 0, 6, UNIT,
		MB_FC_WRITE_SINGLE_REGISTER, 0, 5, 0, 9 };
	struct judged_request judged;
	struct mbap_frame frame;

	ck_assert_int_eq(mbap_parse(adu, sizeof(adu), &frame), MBAP_READY);
	service_judge(&service, &client, UNIT, mbap_pdu(&frame),
	    mbap_pdu_length(&frame), &judged);
	judged.exception = MB_EX_SERVER_DEVICE_FAILURE;
	ck_assert(!judged_request_writes(&judged));
	assert_exception(
	    service_execute_late(&service, &client, &frame, &judged, reply),
	    MB_FC_WRITE_SINGLE_REGISTER, MB_EX_SERVER_DEVICE_FAILURE);
	ck_assert_uint_eq(get_register(5), 0);
	ck_assert_uint_eq(
	    counters.exceptions_by_code[MB_EX_SERVER_DEVICE_FAILURE], 1);
	ck_assert_uint_eq(counters.exceptions_by_code[MB_EX_NONE], 0);
}
END_TEST

struct told {
	unsigned runs;
	unsigned exchanges;
	struct exchange last;
};

static void
began(void *arg)
{
	((struct told *)arg)->runs++;
}

static void
exchanged(void *arg, const struct exchange *x)
{
	struct told *t = arg;

	ck_assert_ptr_eq(x->client, &client);
	ck_assert_ptr_eq(x->response, reply + MB_MBAP_LENGTH);
	t->exchanges++;
	t->last = *x;
}

START_TEST(each_tap_is_called_for_each_exchange)
{
	struct told one = { 0 }, other = { 0 };
	const struct tap last = {
		.began = began, .exchanged = exchanged, .arg = &other
	};
	const struct tap first = {
		.exchanged = exchanged, .arg = &one, .next = &last
	};

	service_begin_run(&service); /* there are none */
	service.tap = &first;
	service_begin_run(&service);
	ask(MB_FC_READ_HOLDING_REGISTERS, 5, 2);
	ck_assert_uint_eq(other.runs, 1);
	ck_assert_int_eq(one.last.exception, MB_EX_NONE);
	ck_assert_ptr_nonnull(one.last.request);
	ck_assert_uint_eq(one.last.response_length, 6);
	ask(MB_FC_READ_HOLDING_REGISTERS, 5, 0);
	ck_assert_int_eq(other.last.exception, MB_EX_ILLEGAL_DATA_VALUE);
	ck_assert_ptr_null(other.last.request);
	ck_assert_uint_eq(one.exchanges, 2);
	ck_assert_uint_eq(other.exchanges, 2);
	ck_assert_uint_eq(one.runs, 0);
}
END_TEST

START_TEST(what_may_not_be_used_is_counted_and_told)
{
	struct answers answers = { .use = MB_EX_ILLEGAL_FUNCTION };
	const struct policy policy = { .arg = &answers, .may_use = answer_use };
	struct told told = { 0 };
	const struct tap tap = { .exchanged = exchanged, .arg = &told };

	service.policy = &policy;
	service.tap = &tap;
	assert_exception(ask(MB_FC_WRITE_SINGLE_REGISTER, 5, 9),
	    MB_FC_WRITE_SINGLE_REGISTER, MB_EX_ILLEGAL_FUNCTION);
	ck_assert_uint_eq(get_register(5), 0);
	ck_assert_int_eq(told.last.exception, MB_EX_ILLEGAL_FUNCTION);
	ck_assert_ptr_nonnull(told.last.request);

	assert_exception(ask(MB_FC_WRITE_SINGLE_COIL, 5, 9),
	    MB_FC_WRITE_SINGLE_COIL, MB_EX_ILLEGAL_FUNCTION);
	ck_assert_int_eq(told.last.exception, MB_EX_ILLEGAL_FUNCTION);
	ck_assert_ptr_null(told.last.request);
	ck_assert_uint_eq(told.exchanges, 2);

	ck_assert_uint_eq(counters.requests, 2);
	ck_assert_uint_eq(
	    counters.requests_by_function[MB_FC_WRITE_SINGLE_REGISTER], 1);
	ck_assert_uint_eq(
	    counters.exceptions_by_code[MB_EX_ILLEGAL_FUNCTION], 2);
	ck_assert_uint_eq(counters.exceptions_by_code[MB_EX_NONE], 0);
}
END_TEST

#define BATCH_FRAMES 200

/* A request that may be anything, right or wrong. Returns its length. */
static size_t
random_adu(uint8_t *adu)
{
	static const uint8_t functions[] = { 1, 2, 3, 4, 5, 6, 8, 15, 16, 17,
		22, 23, 43, 99 };
	size_t length = rand() % 4 ? 5 : 1 + (size_t)rand() % MB_PDU_MAX;

	for (size_t i = 0; i < length; i++)
		adu[MB_MBAP_LENGTH + i] = (uint8_t)(rand() % 3 ? 0 : rand());
	if (length == 5)
		adu[MB_MBAP_LENGTH + 4] |= 1; /* most are a quantity */
	wire_header(adu, (uint16_t)rand(), (uint8_t)rand(), length);
	adu[MB_MBAP_LENGTH] = functions[(size_t)rand() % sizeof(functions)];
	return MB_MBAP_LENGTH + length;
}

/* Answer the frame at from by the two steps. Returns its length, or 0 when it
 * is not whole. */
static size_t
answer_one(const uint8_t *from, const uint8_t *end, uint8_t **to)
{
	struct judged_request judged;
	struct mbap_frame frame;

	if (mbap_parse(from, (size_t)(end - from), &frame) != MBAP_READY)
		return 0;
	service_judge(&service, &client, mbap_unit(&frame), mbap_pdu(&frame),
	    mbap_pdu_length(&frame), &judged);
	*to += service_execute(&service, &client, &frame, &judged, *to);
	return frame.length;
}

/* The same by service_answer_batch, and by the two steps for each frame that is
 * answered by an exception. Returns how many frames service_answer_batch has
 * answered. */
static uint64_t
answer_batches(const uint8_t *from, const uint8_t *end, uint8_t **to)
{
	struct service_batch batch = { from, end, *to,
		*to + BATCH_FRAMES * MB_ADU_MAX, 0 };
	uint64_t answered = 0;
	size_t length;

	for (;; batch.requests += length) {
		service_answer_batch(&service, &client, &batch);
		answered += batch.answered;
		*to = batch.replies;
		length = answer_one(batch.requests, end, &batch.replies);
		if (length == 0)
			return answered;
		ck_assert(batch.replies - *to == MB_MBAP_LENGTH + 2 &&
		    (*to)[MB_MBAP_LENGTH] >= MB_EXCEPTION_FLAG);
	}
}

START_TEST(a_batch_is_answered_as_each_of_its_frames)
{
	static uint8_t requests[(BATCH_FRAMES + 1) * MB_ADU_MAX];
	static uint8_t replies[2][(BATCH_FRAMES + 1) * MB_ADU_MAX];
	uint8_t *end = requests, *by_batch = replies[0], *each = replies[1];
	struct counters counted;

	srand((unsigned)_i);
	for (int i = 0; i < BATCH_FRAMES; i++)
		end += random_adu(end);
	end += rand() % MB_MBAP_LENGTH; /* part of another */
	ck_assert(service_is_bare(&service));
	ck_assert_uint_gt(
	    answer_batches(requests, end, &by_batch), BATCH_FRAMES / 10);

	counted = counters;
	teardown();
	setup();
	for (const uint8_t *from = requests; from < end;) {
		size_t length = answer_one(from, end, &each);

		if (length == 0)
			break;
		from += length;
	}
	ck_assert_int_eq(each - replies[1], by_batch - replies[0]);
	ck_assert_mem_eq(
	    replies[0], replies[1], (size_t)(by_batch - replies[0]));
	ck_assert_uint_eq(counters.requests, BATCH_FRAMES);
	ck_assert_mem_eq(&counted, &counters, sizeof(counters));
}
END_TEST

START_TEST(a_batch_ends_where_it_must)
{
	static const uint8_t request[] = { 0, 1, 0, 0, 0, 6, UNIT,
		MB_FC_READ_HOLDING_REGISTERS, 0, 0, 0, 1 };
	uint8_t requests[3 * sizeof(request)], replies[2 * MB_ADU_MAX];
	struct service_batch batch = { .requests = requests,
		.requests_end = requests + sizeof(requests),
		.replies = replies,
		.replies_end = replies + 1 };

	for (size_t i = 0; i < 3; i++)
		memcpy(
		    requests + i * sizeof(request), request, sizeof(request));
	service_answer_batch(&service, &client, &batch);
	ck_assert_uint_eq(batch.answered, 1); /* there was room for no more */
	ck_assert_ptr_eq(batch.requests, requests + sizeof(request));

	requests[2 * sizeof(request) + 3] = 1; /* protocol identifier */
	batch.replies_end = replies + sizeof(replies);
	service_answer_batch(&service, &client, &batch);
	ck_assert_uint_eq(batch.answered, 1);
	ck_assert_ptr_eq(batch.requests, requests + 2 * sizeof(request));
	service_answer_batch(&service, &client, &batch);
	ck_assert_uint_eq(batch.answered, 0);
	ck_assert_uint_eq(counters.requests, 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("service");
	TCase *tc = tcase_create("service");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_request_is_executed_and_counted);
	tcase_add_test(tc, what_is_wrong_is_answered_and_changes_nothing);
	tcase_add_test(tc, what_the_policy_refuses_is_not_executed);
	tcase_add_loop_test(
	    tc, a_batch_is_answered_as_each_of_its_frames, 0, 20);
	tcase_add_test(tc, a_batch_ends_where_it_must);
	tcase_add_loop_test(tc,
	    a_function_that_may_not_be_used_comes_before_all_else, 0,
	    sizeof(unusable) / sizeof(*unusable));
	tcase_add_test(tc, what_may_not_be_used_is_counted_and_told);
	tcase_add_test(tc, judging_changes_nothing);
	tcase_add_test(tc,
	    a_write_that_the_order_refuses_is_counted_and_reported_as_refused);
	tcase_add_test(tc, each_tap_is_called_for_each_exchange);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
