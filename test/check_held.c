#include "net/held.h"

#include <event2/buffer.h>
#include <string.h>

#include "modbus/mbap.h"
#include "suite.h"

static struct held held;
static struct evbuffer *out;

static void
setup(void)
{
	held_init(&held);
	out = evbuffer_new();
}

static void
teardown(void)
{
	held_clear(&held);
	evbuffer_free(out);
}

/* Hold the reply of transaction to Write Single Register. */
static void
hold(uint64_t ticket, uint16_t transaction)
{
	uint8_t adu[MB_ADU_MAX] = { 0 };

	adu[MB_MBAP_LENGTH] = MB_FC_WRITE_SINGLE_REGISTER;
	ck_assert_int_eq(
	    held_add(&held, ticket, adu, mbap_put(adu, transaction, 1, 5)), 0);
}

/* The next frame in out is transaction's, with this function code. */
static void
assert_sent(uint16_t transaction, uint8_t function)
{
	struct mbap_frame frame;
	uint8_t adu[MB_ADU_MAX];

	ck_assert_int_eq(mbap_take(out, adu, &frame), MBAP_READY);
	ck_assert_uint_eq(frame.transaction, transaction);
	ck_assert_uint_eq(frame.unit, 1);
	ck_assert_uint_eq(frame.pdu[0], function);
}

START_TEST(releases_in_order_up_to_the_ticket)
{
	hold(1, 100);
	hold(0, 101);
	hold(2, 102);
	hold(3, 103);
	ck_assert_int_eq(held_release(&held, 2, GATE_SAFE, out), 0);
	assert_sent(100, 6);
	assert_sent(101, 6);
	assert_sent(102, 6);
	ck_assert_uint_eq(evbuffer_get_length(out), 0);
	ck_assert(!held_is_empty(&held));
	ck_assert_uint_eq(held_first_ticket(&held), 3);
}
END_TEST

START_TEST(reply_without_ticket_waits_for_those_before_it_only)
{
	hold(5, 100);
	hold(0, 101);
	ck_assert_int_eq(held_release(&held, 4, GATE_SAFE, out), 0);
	ck_assert_uint_eq(evbuffer_get_length(out), 0);
	ck_assert_int_eq(held_release(&held, 5, GATE_SAFE, out), 0);
	assert_sent(100, 6);
	assert_sent(101, 6);
	ck_assert(held_is_empty(&held));
}
END_TEST

START_TEST(failure_turns_writes_into_exception_04_and_leaves_reads)
{
	struct mbap_frame frame;
	uint8_t adu[MB_ADU_MAX];

	hold(1, 100);
	hold(0, 101);
	ck_assert_int_eq(held_release(&held, 1, GATE_FAILED, out), 0);
	ck_assert_int_eq(mbap_take(out, adu, &frame), MBAP_READY);
	ck_assert_uint_eq(frame.transaction, 100);
	ck_assert_uint_eq(frame.pdu_length, MB_EXCEPTION_SIZE);
	ck_assert_uint_eq(frame.pdu[0], 0x86);
	ck_assert_uint_eq(frame.pdu[1], MB_EX_SERVER_DEVICE_FAILURE);
	assert_sent(101, 6);
	ck_assert_uint_eq(evbuffer_get_length(out), 0);
}
END_TEST

START_TEST(counts_the_bytes_that_it_holds)
{
	hold(1, 100);
	hold(2, 101);
	ck_assert_uint_eq(held.bytes, 24);
	ck_assert_int_eq(held_release(&held, 1, GATE_SAFE, out), 0);
	ck_assert_uint_eq(held.bytes, 12);
	held_clear(&held);
	ck_assert_uint_eq(held.bytes, 0);
	ck_assert(held_is_empty(&held));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("held");
	TCase *tc = tcase_create("held");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, releases_in_order_up_to_the_ticket);
	tcase_add_test(tc, reply_without_ticket_waits_for_those_before_it_only);
	tcase_add_test(
	    tc, failure_turns_writes_into_exception_04_and_leaves_reads);
	tcase_add_test(tc, counts_the_bytes_that_it_holds);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
