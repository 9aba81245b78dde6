#include "net/backlog.h"

#include <event2/buffer.h>
#include <string.h>

#include "base/identity.h"
#include "held_order.h"
#include "modbus/bytes.h"
#include "modbus/mbap.h"
#include "service/service.h"
#include "suite.h"
#include "wire.h"

static struct client client = { .id = 7 };
static const struct service service = { .policy = NULL };
static struct backlog *backlog;
static struct held_order held;
static struct evbuffer *out;

static void
settled(struct order_write *write, enum order_outcome outcome, bool more)
{
	(void)more;
	ck_assert_ptr_eq(write->owner, &held);
	ck_assert_uint_eq(write->client.id, client.id);
	ck_assert_uint_eq(write->request_length, WIRE_REQUEST_LENGTH);
	backlog_settle(backlog, write, outcome);
}

static void
setup(void)
{
	out = evbuffer_new();
	held_order_init(&held);
	backlog = backlog_new(out);
	ck_assert_ptr_nonnull(backlog);
}

static void
teardown(void)
{
	backlog_free(backlog);
	held_order_end(&held);
	evbuffer_free(out);
}

/* Add the request of transaction for one register. */
static void
add(uint16_t transaction, uint8_t function)
{
	uint8_t adu[WIRE_REQUEST_LENGTH] = { 0 };
	struct judged_request judged;
	struct mbap_frame frame;

	wire_header(adu, transaction, 1, 5);
	adu[MB_MBAP_LENGTH] = function;
	put16(adu + 10, 1);
	ck_assert_int_eq(mbap_parse(adu, sizeof(adu), &frame), MBAP_READY);
	service_judge(&service, &client, 1, mbap_pdu(&frame),
	    mbap_pdu_length(&frame), &judged);
	ck_assert_int_eq(judged.exception, MB_EX_NONE);
	ck_assert_int_eq(backlog_add(backlog, &frame, &judged, &client,
			     &held.order, settled, &held),
	    0);
}

#define READ  MB_FC_READ_HOLDING_REGISTERS
#define WRITE MB_FC_WRITE_SINGLE_REGISTER

/* The first request may be answered, and is dropped. */
static void
take(uint16_t transaction, uint8_t function, enum mb_exception exception)
{
	struct judged_request judged;
	struct mbap_frame frame;

	ck_assert(backlog_first(backlog, &frame, &judged));
	ck_assert_uint_eq(mbap_transaction(&frame), transaction);
	ck_assert_uint_eq(frame.length, WIRE_REQUEST_LENGTH);
	ck_assert(judged.decoded);
	ck_assert_uint_eq(judged.request.function, function);
	ck_assert_int_eq(judged.exception, exception);
	backlog_drop(backlog);
}

static void
assert_first_waits(void)
{
	struct judged_request judged;
	struct mbap_frame frame;

	ck_assert(!backlog_first(backlog, &frame, &judged));
}

/* An owner takes a write out while it is settled. */
static void
settle_one(struct order_write *write, enum order_outcome outcome, bool more)
{
	static uint16_t next;

	next = next == 0 ? 100 : next;

	settled(write, outcome, more);
	take(next++, WRITE,
	    outcome == ORDER_REFUSED ? MB_EX_SERVER_DEVICE_FAILURE :
				       MB_EX_NONE);
}

/* The same as held_order_settle for one write, which is then taken. */
static void
settle_and_take(uint64_t number, enum order_outcome outcome)
{
	TAILQ_FIRST(&held.writes)->settled = settle_one;
	held_order_settle(&held, number, outcome);
}

START_TEST(requests_leave_in_the_order_in_which_they_came)
{
	add(100, WRITE);
	add(200, READ);
	add(101, WRITE);
	add(201, READ);
	ck_assert_uint_eq(held.submitted, 2);
	assert_first_waits();
	settle_and_take(1, ORDER_EXECUTE);
	take(200, READ, MB_EX_NONE);
	assert_first_waits();
	settle_and_take(2, ORDER_REFUSED);
	take(201, READ, MB_EX_NONE);
	ck_assert(backlog_is_empty(backlog));
}
END_TEST

START_TEST(what_cannot_be_submitted_is_exception_04)
{
	held.refuses = true;
	add(100, WRITE);
	take(100, WRITE, MB_EX_SERVER_DEVICE_FAILURE);
	ck_assert(backlog_is_empty(backlog));
}
END_TEST

/* A write that was submitted may outlive its connection. */
START_TEST(a_submitted_write_holds_its_client)
{
	struct identities all;

	identities_init(&all);
	client.identity = identity_of(&all, "CN=HMI", "CN=CA", "");
	held.refuses = true;
	add(100, WRITE);
	held.refuses = false;
	add(101, WRITE);
	add(102, READ);
	backlog_free(backlog);
	backlog = NULL;
	identity_release(client.identity);
	client.identity = NULL;
	ck_assert_str_eq(
	    TAILQ_FIRST(&held.writes)->client.identity->subject, "CN=HMI");
	held_order_settle(&held, 1, ORDER_REFUSED);
	ck_assert(LIST_EMPTY(&all.held));
}
END_TEST

START_TEST(counts_the_bytes_that_are_owed)
{
	ck_assert_uint_eq(backlog_owed(NULL), 0);
	ck_assert(backlog_is_empty(NULL));
	ck_assert_uint_eq(backlog_owed(backlog), 0);
	add(100, WRITE);
	ck_assert_uint_eq(backlog_owed(backlog), WIRE_REQUEST_LENGTH);
	add(101, READ); /* its reply may be long */
	ck_assert_uint_eq(
	    backlog_owed(backlog), WIRE_REQUEST_LENGTH + MB_ADU_MAX);
}
END_TEST

START_TEST(forgets_what_was_submitted_when_it_is_freed)
{
	const struct order_write *write;

	add(100, WRITE);
	add(101, READ);
	write = TAILQ_FIRST(&held.writes);
	ck_assert_ptr_eq(write->owner, &held);
	backlog_free(backlog);
	backlog = NULL;
	ck_assert_ptr_null(write->owner);
	ck_assert_uint_eq(write->count, 1);
	ck_assert_uint_eq(write->pdus[0].bytes[0], WRITE);
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
	tcase_add_test(tc, requests_leave_in_the_order_in_which_they_came);
	tcase_add_test(tc, what_cannot_be_submitted_is_exception_04);
	tcase_add_test(tc, a_submitted_write_holds_its_client);
	tcase_add_test(tc, counts_the_bytes_that_are_owed);
	tcase_add_test(tc, forgets_what_was_submitted_when_it_is_freed);
	tcase_add_test(tc, watches_no_more_once_it_is_freed);
	tcase_add_test(tc, output_is_stuck_while_nothing_leaves_it);
	tcase_add_test(tc, empty_output_is_not_stuck);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
