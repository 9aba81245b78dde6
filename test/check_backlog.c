#include "net/backlog.h"

#include <event2/buffer.h>
#include <string.h>

#include "modbus/mbap.h"
#include "suite.h"
#include "wire.h"

static struct backlog *backlog;
static struct gate *gate;
static struct evbuffer *out;
static unsigned verdicts;

static void
decided(struct gate_waiter *waiter, uint64_t up_to, enum gate_verdict verdict)
{
	(void)up_to;
	(void)verdict;
	ck_assert_ptr_eq(backlog_owner(waiter), &gate);
	verdicts++;
}

static void
setup(void)
{
	verdicts = 0;
	out = evbuffer_new();
	gate = gate_new(NULL, NULL);
	backlog = backlog_new(&gate, out, gate, decided);
	ck_assert_ptr_nonnull(backlog);
}

static void
teardown(void)
{
	backlog_free(backlog);
	gate_decide(gate, 1, GATE_SAFE); /* nobody is left to be told */
	gate_free(gate);
	evbuffer_free(out);
}

/* Hold the reply of transaction to Write Single Register. */
static void
hold(uint64_t ticket, uint16_t transaction)
{
	uint8_t adu[MB_ADU_MAX] = { 0 };

	adu[MB_MBAP_LENGTH] = MB_FC_WRITE_SINGLE_REGISTER;
	ck_assert_int_eq(backlog_hold(backlog, ticket, adu,
			     wire_header(adu, transaction, 1, 5)),
	    0);
}

/* The next reply to go is transaction's, with this function code. */
static void
assert_taken(uint64_t up_to, enum gate_verdict verdict, uint16_t transaction,
    uint8_t function)
{
	struct mbap_frame frame;
	uint8_t adu[MB_ADU_MAX];
	size_t length = backlog_take(backlog, up_to, verdict, adu);

	ck_assert_uint_gt(length, 0);
	ck_assert_int_eq(mbap_parse(adu, length, &frame), MBAP_READY);
	ck_assert_uint_eq(frame.length, length);
	ck_assert_uint_eq(mbap_transaction(&frame), transaction);
	ck_assert_uint_eq(mbap_unit(&frame), 1);
	ck_assert_uint_eq(mbap_pdu(&frame)[0], function);
	if (function & MB_EXCEPTION_FLAG) {
		ck_assert_uint_eq(mbap_pdu_length(&frame), MB_EXCEPTION_SIZE);
		ck_assert_uint_eq(
		    mbap_pdu(&frame)[1], MB_EX_SERVER_DEVICE_FAILURE);
	}
}

static void
assert_none_taken(uint64_t up_to)
{
	uint8_t adu[MB_ADU_MAX];

	ck_assert_uint_eq(backlog_take(backlog, up_to, GATE_SAFE, adu), 0);
}

START_TEST(releases_in_order_up_to_the_ticket)
{
	hold(1, 100);
	hold(0, 101);
	hold(2, 102);
	hold(3, 103);
	assert_taken(2, GATE_SAFE, 100, 6);
	assert_taken(2, GATE_SAFE, 101, 6);
	assert_taken(2, GATE_SAFE, 102, 6);
	assert_none_taken(2);
	ck_assert_uint_eq(backlog_held(backlog), 12);
	ck_assert_uint_eq(backlog_first_ticket(backlog), 3);
}
END_TEST

START_TEST(reply_without_ticket_waits_for_those_before_it_only)
{
	hold(5, 100);
	hold(0, 101);
	assert_none_taken(4);
	assert_taken(5, GATE_SAFE, 100, 6);
	assert_taken(5, GATE_SAFE, 101, 6);
	assert_none_taken(5);
	ck_assert_uint_eq(backlog_held(backlog), 0);
}
END_TEST

START_TEST(failure_turns_writes_into_exception_04_and_leaves_reads)
{
	hold(1, 100);
	hold(0, 101);
	assert_taken(1, GATE_FAILED, 100, 0x86);
	assert_taken(1, GATE_FAILED, 101, 6);
	assert_none_taken(1);
}
END_TEST

START_TEST(counts_the_bytes_that_it_holds)
{
	ck_assert_uint_eq(backlog_held(NULL), 0);
	ck_assert_uint_eq(backlog_held(backlog), 0);
	hold(1, 100);
	hold(2, 101);
	ck_assert_uint_eq(backlog_held(backlog), 24);
	assert_taken(1, GATE_SAFE, 100, 6);
	ck_assert_uint_eq(backlog_held(backlog), 12);
}
END_TEST

START_TEST(waits_at_the_gate_while_it_holds_a_reply)
{
	gate_decide(gate, 1, GATE_SAFE);
	ck_assert_uint_eq(verdicts, 0);
	hold(1, 100);
	hold(2, 101);
	gate_decide(gate, 1, GATE_SAFE);
	ck_assert_uint_eq(verdicts, 1);
	assert_taken(1, GATE_SAFE, 100, 6);
	gate_decide(gate, 1, GATE_SAFE);
	ck_assert_uint_eq(verdicts, 2);
	assert_taken(2, GATE_SAFE, 101, 6);
	gate_decide(gate, 2, GATE_SAFE);
	ck_assert_uint_eq(verdicts, 2);
	hold(3, 102); /* and is told no more once it is freed */
}
END_TEST

START_TEST(watches_no_more_once_it_is_freed)
{
	backlog_free(backlog);
	evbuffer_add(out, "reply", 5);
	evbuffer_drain(out, 5); /* AddressSanitizer looks on */
	backlog = NULL;
}
END_TEST

START_TEST(output_is_stuck_while_nothing_leaves_it)
{
	evbuffer_add(out, "reply", 5);
	ck_assert_uint_eq(backlog_stuck_since(backlog, 1000), 1000);
	evbuffer_add(out, "reply", 5); /* what comes is no matter */
	ck_assert_uint_eq(backlog_stuck_since(backlog, 2000), 1000);
	evbuffer_drain(out, 1);
	ck_assert_uint_eq(backlog_stuck_since(backlog, 3000), 3000);
	ck_assert_uint_eq(backlog_stuck_since(backlog, 4000), 3000);
}
END_TEST

START_TEST(empty_output_is_not_stuck)
{
	ck_assert_uint_eq(backlog_stuck_since(backlog, 1000), 1000);
	ck_assert_uint_eq(backlog_stuck_since(backlog, 2000), 2000);
	evbuffer_add(out, "reply", 5); /* just after 2000, for all it knows */
	ck_assert_uint_eq(backlog_stuck_since(backlog, 3000), 3000);
	ck_assert_uint_eq(backlog_stuck_since(backlog, 4000), 3000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("backlog");
	TCase *tc = tcase_create("backlog");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, releases_in_order_up_to_the_ticket);
	tcase_add_test(tc, reply_without_ticket_waits_for_those_before_it_only);
	tcase_add_test(
	    tc, failure_turns_writes_into_exception_04_and_leaves_reads);
	tcase_add_test(tc, counts_the_bytes_that_it_holds);
	tcase_add_test(tc, waits_at_the_gate_while_it_holds_a_reply);
	tcase_add_test(tc, watches_no_more_once_it_is_freed);
	tcase_add_test(tc, output_is_stuck_while_nothing_leaves_it);
	tcase_add_test(tc, empty_output_is_not_stuck);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
