#include "fault/asked.h"

#include <string.h>

#include "modbus/mbap.h"
#include "suite.h"

static struct asked asked;
static struct asked_request found;
static uint8_t adu[MB_ADU_MAX];

static void
end(void)
{
	asked_free(&asked);
}

/* A frame of one PDU byte. */
static struct mbap_frame
frame_of(uint16_t transaction, uint8_t unit, uint8_t function)
{
	const uint8_t bytes[] = { (uint8_t)(transaction >> 8),
		(uint8_t)transaction, 0, 0, 0, 2, unit, function };

	memcpy(adu, bytes, sizeof(bytes));
	return (struct mbap_frame){ .adu = adu, .length = sizeof(bytes) };
}

static void
ask_unit(uint16_t transaction, uint8_t unit, enum fault_effect effect)
{
	const struct mbap_frame frame = frame_of(transaction, unit, 3);
	const struct fault_act act = { .effect = effect,
		.delay = 100U + transaction,
		.exception = 6,
		.random = transaction };

	ck_assert(asked_has_room(&asked));
	ck_assert_int_eq(asked_add(&asked, &frame, &act), 0);
}

static void
ask(uint16_t transaction, enum fault_effect effect)
{
	ask_unit(transaction, 1, effect);
}

/* Whether a reply is matched; what is matched is not done yet. */
static bool
match(uint16_t transaction, uint8_t unit, uint8_t function)
{
	const struct mbap_frame reply = frame_of(transaction, unit, function);

	return asked_match(&asked, &reply, &found);
}

static bool
answer(uint16_t transaction)
{
	if (!match(transaction, 1, 3))
		return false;
	ck_assert_uint_eq(found.transaction, transaction);
	asked_done(&asked);
	return true;
}

/* The transaction of the next of the proxy's own; -1: none. */
static int
own(void)
{
	return asked_take_own(&asked, &found) ? found.transaction : -1;
}

START_TEST(nothing_matches_where_nothing_was_asked)
{
	ck_assert(!answer(1));
	ck_assert_int_eq(own(), -1);
	asked_give_up(&asked);
	ck_assert_uint_eq(asked_waiting(&asked), 0);
	ck_assert(!asked_is_blocked(&asked));
}
END_TEST

START_TEST(a_reply_finds_what_was_decided)
{
	struct fault_act act;

	ask(7, FAULT_DELAY);
	ck_assert(match(7, 1, 3));
	act = asked_act(&found);
	ck_assert_int_eq(act.effect, FAULT_DELAY);
	ck_assert_uint_eq(act.delay, 107);
	ck_assert_uint_eq(act.random, 7);
	asked_done(&asked);
	ck_assert_uint_eq(asked_waiting(&asked), 0);
	ck_assert(!answer(7));
}
END_TEST

START_TEST(an_exception_matches_its_request)
{
	ask(7, FAULT_PASS);
	ck_assert(match(7, 1, 0x83));
}
END_TEST

START_TEST(another_transaction_unit_or_function_does_not_match)
{
	ask(7, FAULT_PASS);
	ck_assert(!match(8, 1, 3));
	ck_assert(!match(7, 2, 3));
	ck_assert(!match(7, 1, 4));
	ck_assert_uint_eq(asked_waiting(&asked), 1);
}
END_TEST

START_TEST(one_transaction_used_again_is_matched_in_order)
{
	ask(0, FAULT_PASS);
	ask(0, FAULT_SILENCE);
	ck_assert(match(0, 1, 3));
	ck_assert_uint_eq(found.effect, FAULT_PASS);
	asked_done(&asked);
	ck_assert(match(0, 1, 3));
	ck_assert_uint_eq(found.effect, FAULT_SILENCE);
}
END_TEST

START_TEST(own_waits_for_the_replies_before_it)
{
	ask(1, FAULT_PASS);
	ask(2, FAULT_EXCEPTION);
	ask(3, FAULT_CLOSE);
	ask(4, FAULT_PASS);
	ck_assert_int_eq(own(), -1);
	ck_assert(asked_is_blocked(&asked));
	ck_assert(match(1, 1, 3));
	ck_assert_int_eq(own(), -1); /* the reply goes first */
	asked_done(&asked);
	ck_assert_int_eq(own(), 2);
	ck_assert_int_eq(own(), 3);
	ck_assert_int_eq(own(), -1);
	ck_assert(!asked_is_blocked(&asked));
	ck_assert(answer(4));
}
END_TEST

START_TEST(own_is_answered_at_once_where_nothing_waits)
{
	uint8_t reply[MB_ADU_MAX];
	const uint8_t expected[] = { 0x12, 0x34, 0, 0, 0, 3, 9, 0x83, 6 };

	ask_unit(0x1234, 9, FAULT_EXCEPTION);
	ck_assert_int_eq(own(), 0x1234);
	ck_assert_uint_eq(asked_exception(&found, reply), sizeof(expected));
	ck_assert_mem_eq(reply, expected, sizeof(expected));
}
END_TEST

START_TEST(own_is_not_matched_by_a_reply)
{
	ask(1, FAULT_PASS);
	ask(2, FAULT_EXCEPTION);
	ck_assert(!match(2, 1, 3));
}
END_TEST

/* 1 gets no reply, but a server answers in order: so 2 waits no longer. */
START_TEST(a_later_reply_makes_those_before_it_late)
{
	ask(1, FAULT_DELAY);
	ask(2, FAULT_EXCEPTION);
	ask(3, FAULT_PASS);
	ask(4, FAULT_EXCEPTION);
	ck_assert(match(3, 1, 3));
	ck_assert_int_eq(own(), 2);
	ck_assert_int_eq(own(), -1); /* 4 comes behind the reply */
	asked_done(&asked);
	ck_assert_int_eq(own(), 4);
	ck_assert_uint_eq(asked_waiting(&asked), 0);
}
END_TEST

START_TEST(a_late_reply_still_finds_its_request)
{
	ask(1, FAULT_DELAY);
	ask(2, FAULT_PASS);
	ck_assert(answer(2));
	ck_assert_int_eq(own(), -1);
	ck_assert(match(1, 1, 3));
	ck_assert_uint_eq(found.effect, FAULT_DELAY);
	asked_done(&asked);
	ck_assert(!answer(1));
}
END_TEST

START_TEST(one_that_waits_is_matched_before_one_that_is_late)
{
	ask(0, FAULT_DELAY);
	ask(1, FAULT_PASS);
	ck_assert(answer(1));
	ck_assert_int_eq(own(), -1);
	ask(0, FAULT_SILENCE);
	ck_assert(match(0, 1, 3));
	ck_assert_uint_eq(found.effect, FAULT_SILENCE);
}
END_TEST

START_TEST(giving_up_lets_the_next_own_be_answered)
{
	ask(1, FAULT_PASS);
	ask(2, FAULT_EXCEPTION);
	ask(3, FAULT_PASS);
	ask(4, FAULT_EXCEPTION);
	asked_give_up(&asked);
	ck_assert_int_eq(own(), 2);
	ck_assert_int_eq(own(), -1);
	ck_assert(asked_is_blocked(&asked));
	asked_give_up(&asked);
	ck_assert_int_eq(own(), 4);
	ck_assert(answer(3));
	ck_assert(answer(1));
}
END_TEST

START_TEST(has_room_for_1024_that_wait)
{
	for (unsigned i = 0; i < ASKED_MAX; i++)
		ask((uint16_t)i, FAULT_PASS);
	ck_assert(!asked_has_room(&asked));
	ck_assert(answer(0));
	ck_assert(asked_has_room(&asked));
	for (unsigned i = 1; i < ASKED_MAX; i++)
		ck_assert(answer((uint16_t)i));
	ck_assert_uint_eq(asked_waiting(&asked), 0);
}
END_TEST

START_TEST(giving_up_makes_room)
{
	for (unsigned i = 0; i < ASKED_MAX; i++)
		ask((uint16_t)i, FAULT_PASS);
	asked_give_up(&asked);
	ck_assert_uint_eq(asked_waiting(&asked), 0);
	for (unsigned i = 0; i < ASKED_MAX; i++)
		ask((uint16_t)(ASKED_MAX + i), FAULT_PASS);
	ck_assert(!answer(0)); /* there was no room to remember it */
	ck_assert(answer(ASKED_MAX));
}
END_TEST

/* A unit that never answers, beside one that does: the memory that this takes
 * does not grow. */
START_TEST(late_requests_are_forgotten_in_the_end)
{
	for (unsigned i = 0; i < 10000; i++) {
		ask_unit((uint16_t)i, 5, FAULT_PASS);
		ask((uint16_t)i, FAULT_PASS);
		ck_assert(answer((uint16_t)i));
		ck_assert_int_eq(own(), -1);
		ck_assert_uint_eq(asked_waiting(&asked), 0);
	}
	ck_assert_uint_le(asked.room, 64);
}
END_TEST

static void
add_tests(TCase *t)
{
	tcase_add_test(t, nothing_matches_where_nothing_was_asked);
	tcase_add_test(t, a_reply_finds_what_was_decided);
	tcase_add_test(t, an_exception_matches_its_request);
	tcase_add_test(t, another_transaction_unit_or_function_does_not_match);
	tcase_add_test(t, one_transaction_used_again_is_matched_in_order);
	tcase_add_test(t, own_waits_for_the_replies_before_it);
	tcase_add_test(t, own_is_answered_at_once_where_nothing_waits);
	tcase_add_test(t, own_is_not_matched_by_a_reply);
	tcase_add_test(t, a_later_reply_makes_those_before_it_late);
	tcase_add_test(t, a_late_reply_still_finds_its_request);
	tcase_add_test(t, one_that_waits_is_matched_before_one_that_is_late);
	tcase_add_test(t, giving_up_lets_the_next_own_be_answered);
	tcase_add_test(t, has_room_for_1024_that_wait);
	tcase_add_test(t, giving_up_makes_room);
	tcase_add_test(t, late_requests_are_forgotten_in_the_end);
}

int
main(void)
{
	Suite *s = suite_create("fault_asked");
	TCase *t = tcase_create("asked");

	tcase_add_checked_fixture(t, NULL, end);
	add_tests(t);
	suite_add_tcase(s, t);
	return suite_run(s);
}
