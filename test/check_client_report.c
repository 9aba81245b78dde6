#include "report/client_report.h"

#include <stdio.h>
#include <string.h>

#include "base/client.h"
#include "base/clock.h"
#include "base/identity.h"
#include "modbus/execute.h"
#include "one_points.h"
#include "suite.h"
#include "wire.h"

static struct client_report *report;
static struct tap tap;
static struct client client;

static void
setup(void)
{
	report = client_report_new();
	ck_assert_ptr_nonnull(report);
	tap = client_report_tap(report);
	client = (struct client){ .id = 1 };
	address_parse("192.0.2.1:1000", 0, &client.address);
}

static void
teardown(void)
{
	client_report_free(report);
}

/* One exchange of the client; refused is the policy's word. */
static void
exchange(const uint8_t *pdu, size_t length, enum mb_exception refused)
{
	uint8_t adu[MB_ADU_MAX];
	const struct mbap_frame frame = { adu, wire_header(adu, 0, 1, length),
		0 };
	const uint8_t response[] = { pdu[0], 0, 0 };
	struct mb_request request;
	enum mb_exception e = mb_request_decode(pdu, length, &request);
	bool decoded = e == MB_EX_NONE;

	memcpy(adu + MB_MBAP_LENGTH, pdu, length);
	if (decoded || refused != MB_EX_NONE)
		e = refused;
	tap.exchanged(tap.arg,
	    &(struct exchange){ &client, &frame, decoded ? &request : NULL, e,
		response, sizeof(response) });
}

static void
ask(uint8_t function, uint16_t address, uint16_t value)
{
	const uint8_t pdu[] = { function, (uint8_t)(address >> 8),
		(uint8_t)address, (uint8_t)(value >> 8), (uint8_t)value };

	exchange(pdu, sizeof(pdu), MB_EX_NONE);
}

/* A run of one. */
static void
ask_alone(uint8_t function, uint16_t address, uint16_t value)
{
	tap.began(tap.arg);
	ask(function, address, value);
}

static const struct report_host *
host(void)
{
	const struct report_host *h = client_report_host(report, 0);

	ck_assert_ptr_nonnull(h);
	return h;
}

static const struct report_connection *
connection(void)
{
	int slot = client_report_slot(report, client.id);

	ck_assert_int_ge(slot, 0);
	return client_report_connection(report, (size_t)slot);
}

START_TEST(nothing_is_known_at_first)
{
	ck_assert_ptr_null(client_report_host(report, 0));
	ck_assert_ptr_null(client_report_connection(report, 0));
	ck_assert_int_eq(client_report_slot(report, 1), -1);
}
END_TEST

START_TEST(each_function_has_a_place)
{
	size_t places = 0;

	for (unsigned i = 0; i < MB_FUNCTION_CODES; i++)
		if (mb_function((uint8_t)i) != NULL)
			ck_assert_uint_eq(report_function(places++), i);
	ck_assert_uint_le(places, REPORT_FUNCTIONS_MAX);
	ck_assert_uint_eq(report_function(places), 0);
}
END_TEST

START_TEST(a_connection_has_its_counts)
{
	ask_alone(3, 0, 10);
	ask_alone(3, 0, 126);
	ask_alone(6, 0, 1);
	ask_alone(99, 0, 1);
	ck_assert_uint_eq(connection()->requests, 4);
	ck_assert_uint_eq(connection()->bytes_in, 4 * 12);
	ck_assert_uint_eq(connection()->bytes_out, 4 * 10);
	ck_assert_uint_eq(connection()->functions[2], 2);
	ck_assert_uint_eq(report_function(2), 3);
	ck_assert_uint_eq(connection()->functions[5], 1);
	ck_assert_uint_eq(report_function(5), 6);
	ck_assert_uint_eq(connection()->functions[REPORT_FUNCTIONS_MAX], 1);
	ck_assert_uint_eq(report_function(REPORT_FUNCTIONS_MAX), 0);
	ck_assert_uint_eq(connection()->exceptions[1], 1);
	ck_assert_uint_eq(connection()->exceptions[3], 1);
}
END_TEST

START_TEST(a_host_is_one_client_on_all_its_connections)
{
	for (client.id = 1; client.id <= 5; client.id++) {
		client.address.port++;
		ask_alone(3, 0, 1);
		ask_alone(3, 0, 1);
	}
	ck_assert_uint_eq(host()->connections, 5);
	ck_assert_uint_eq(host()->requests, 10);
	ck_assert_ptr_null(client_report_host(report, 1));
	address_parse("192.0.2.2:1000", 0, &client.address);
	ask_alone(3, 0, 1);
	ck_assert_ptr_nonnull(client_report_host(report, 1));
	ck_assert_uint_eq(host()->requests, 10);
}
END_TEST

START_TEST(the_depth_of_pipelining_is_the_longest_run)
{
	ask_alone(3, 0, 1);
	ask(3, 0, 1);
	ask(3, 0, 1);
	tap.began(tap.arg);
	ask(3, 0, 1);
	ck_assert_uint_eq(host()->depth_max, 3);
	ck_assert_uint_eq(host()->runs, 2);
}
END_TEST

START_TEST(what_is_read_again_is_a_poll)
{
	for (int i = 0; i < 3; i++) {
		ask_alone(3, 100, 10);
		ask_alone(1, 100, 10);
	}
	ask_alone(3, 100, 11);
	ck_assert_uint_eq(host()->poll_count, 3);
	ck_assert_uint_eq(host()->polls[0].count, 3);
	ck_assert_uint_eq(host()->polls[0].address, 100);
	ck_assert_uint_eq(host()->polls[0].quantity, 10);
	ck_assert_uint_eq(host()->polls[2].count, 1);
	ck_assert(host()->polls[0].least <= host()->polls[0].period);
	ck_assert(host()->polls[0].period <= host()->polls[0].most);
}
END_TEST

START_TEST(jitter_is_the_standard_deviation_of_the_period)
{
	/* Periods 100 and 300: mean 200, deviation of the sample 141.4. */
	const struct report_poll p = {
		.count = 3, .period = 200, .squares = 20000
	};

	ck_assert(report_poll_jitter(&p) > 141.4);
	ck_assert(report_poll_jitter(&p) < 141.5);
	ck_assert(report_poll_jitter(&(struct report_poll){ .count = 2 }) == 0);
}
END_TEST

START_TEST(period_and_jitter_come_from_the_clock)
{
	uint64_t times[6];
	double mean, least = 1e9, most = 0, squares = 0;
	const struct report_poll *p;

	for (int i = 0; i < 6; i++) {
		uint64_t until = clock_us() + (i % 2 ? 3000 : 1000);

		while (clock_us() < until)
			;
		ask_alone(3, 0, 1);
		times[i] = host()->polls[0].last;
	}
	mean = (double)(times[5] - times[0]) / 5;
	for (int i = 1; i < 6; i++) {
		double period = (double)(times[i] - times[i - 1]);

		least = period < least ? period : least;
		most = period > most ? period : most;
		squares += (period - mean) * (period - mean);
	}
	p = &host()->polls[0];
	ck_assert_double_eq_tol(p->period, mean, 1e-3);
	ck_assert_double_eq_tol(p->least, least, 1e-3);
	ck_assert_double_eq_tol(p->most, most, 1e-3);
	ck_assert_double_eq_tol(report_poll_jitter(p) * report_poll_jitter(p),
	    squares / 4, 1e-2 * squares);
}
END_TEST

START_TEST(a_write_with_a_read_is_polled_too)
{
	const uint8_t pdu[] = { 23, 0, 5, 0, 2, 0, 9, 0, 1, 2, 0, 0 };

	tap.began(tap.arg);
	exchange(pdu, sizeof(pdu), MB_EX_NONE);
	ck_assert_uint_eq(host()->poll_count, 1);
	ck_assert_uint_eq(host()->polls[0].address, 5);
}
END_TEST

START_TEST(polls_overlap_where_both_read_the_same_table)
{
	for (int i = 0; i < 2; i++) {
		ask_alone(3, 100, 10);
		ask_alone(4, 109, 5); /* the same words */
		ask_alone(3, 114, 5); /* behind */
		ask_alone(1, 100, 10);
	}
	ask_alone(3, 116, 1); /* once only */
	ck_assert(host()->polls[0].overlaps);
	ck_assert(host()->polls[1].overlaps);
	ck_assert(!host()->polls[2].overlaps);
	ck_assert(!host()->polls[3].overlaps);
}
END_TEST

START_TEST(polls_beyond_the_limit_replace_what_was_read_once)
{
	for (int i = 0; i < 3; i++)
		ask_alone(3, 0, 2);
	for (uint16_t i = 0; i < 3 * REPORT_POLLS_MAX; i++)
		ask_alone(3, (uint16_t)(100 + 2 * i), 2);
	ck_assert_uint_eq(host()->poll_count, REPORT_POLLS_MAX);
	ck_assert_uint_eq(host()->polls[0].address, 0);
	ck_assert_uint_eq(host()->polls[0].count, 3);
	ck_assert_uint_eq(host()->polls_forgotten, 2 * REPORT_POLLS_MAX + 1);
}
END_TEST

START_TEST(reads_of_one_item_after_another_are_noticed)
{
	for (uint16_t i = 0; i < REPORT_SINGLES_MIN - 1; i++)
		ask_alone(3, i, 1);
	ck_assert_uint_eq(host()->single_runs, 0);
	ask_alone(3, REPORT_SINGLES_MIN - 1, 1);
	ck_assert_uint_eq(host()->single_runs, 1);
	ask_alone(3, REPORT_SINGLES_MIN, 1);
	ck_assert_uint_eq(host()->single_runs, 1);
	ck_assert_uint_eq(host()->singles_max, REPORT_SINGLES_MIN + 1);
}
END_TEST

START_TEST(other_single_reads_are_no_sequence)
{
	for (uint16_t i = 0; i < 20; i++) {
		ask_alone(3, (uint16_t)(2 * i), 1); /* not adjacent */
		ask_alone(i % 2 ? 3 : 4, i, 1);     /* another function */
	}
	for (uint16_t i = 0; i < 20; i++)
		ask_alone(6, i, 1); /* no reads */
	for (uint16_t i = 0; i < 20; i++)
		ask_alone(3, i, 2); /* two at a time */
	ck_assert_uint_eq(host()->single_runs, 0);
}
END_TEST

START_TEST(illegal_requests_are_listed_with_what_was_wrong)
{
	ask_alone(3, 0, 126);
	ask_alone(3, 65535, 2);
	ask_alone(3, 0, 0);
	ck_assert_uint_eq(host()->illegal, 3);
	ck_assert_uint_eq(host()->illegal_count, 2);
	ck_assert_uint_eq(host()->illegals[0].function, 3);
	ck_assert_uint_eq(host()->illegals[0].exception, 3);
	ck_assert_uint_eq(host()->illegals[0].count, 2);
	ck_assert_str_eq(host()->illegals[0].wrong,
	    "quantity 126: 1 to 125 can be read at once");
	ck_assert_uint_eq(host()->illegals[1].exception, 2);
}
END_TEST

START_TEST(illegal_requests_of_many_kinds_keep_to_their_limit)
{
	for (unsigned i = 100; i < 200; i++)
		ask_alone((uint8_t)i, 0, 1);
	ck_assert_uint_eq(host()->illegal, 100);
	ck_assert_uint_eq(host()->illegal_count, REPORT_ILLEGALS_MAX);
}
END_TEST

START_TEST(refused_requests_are_not_illegal)
{
	const uint8_t pdu[] = { 6, 0, 0, 0, 1 };

	tap.began(tap.arg);
	exchange(pdu, sizeof(pdu), MB_EX_ILLEGAL_FUNCTION);
	ck_assert_uint_eq(host()->refused, 1);
	ck_assert_uint_eq(host()->illegal, 0);
	ck_assert_uint_eq(host()->exceptions, 1);
	ck_assert_uint_eq(host()->refusals.count, 0);
}
END_TEST

/* Its function may not be used, whatever else is wrong with it. */
START_TEST(refused_requests_that_do_not_decode_are_not_illegal)
{
	const uint8_t pdu[] = { 6, 0 };

	tap.began(tap.arg);
	exchange(pdu, sizeof(pdu), MB_EX_ILLEGAL_FUNCTION);
	ck_assert_uint_eq(host()->refused, 1);
	ck_assert_uint_eq(host()->illegal, 0);
	ck_assert_uint_eq(host()->refusals.count, 0);
	tap.began(tap.arg);
	exchange(pdu, sizeof(pdu), MB_EX_ILLEGAL_DATA_ADDRESS);
	ck_assert_uint_eq(host()->refused, 2);
	ck_assert_uint_eq(host()->refusals.count, 0);
	ask_alone(99, 0, 1); /* there is no such function */
	ck_assert_uint_eq(host()->refused, 2);
	ck_assert_uint_eq(host()->illegal, 1);
}
END_TEST

START_TEST(requests_refused_at_their_addresses_are_kept)
{
	const uint8_t pdu[] = { 6, 0, 20, 0, 1 };

	for (int i = 0; i < 3; i++) {
		tap.began(tap.arg);
		exchange(pdu, sizeof(pdu), MB_EX_ILLEGAL_DATA_ADDRESS);
	}
	ask_alone(3, 65535, 2); /* that is no address at all */
	ck_assert_uint_eq(host()->refused, 3);
	ck_assert_uint_eq(host()->refusals.count, 1);
	ck_assert_uint_eq(host()->refusals.list[0].function, 6);
	ck_assert_uint_eq(host()->refusals.list[0].write.address, 20);
	ck_assert_uint_eq(host()->refusals.list[0].count, 3);
}
END_TEST

START_TEST(a_refused_request_sent_again_ignores_the_exception)
{
	ask_alone(3, 0, 126);
	ck_assert_uint_eq(host()->ignored, 0);
	ask_alone(3, 0, 126);
	ask_alone(3, 0, 126);
	ck_assert_uint_eq(host()->ignored, 2);
	ask_alone(3, 0, 127); /* another */
	ask_alone(3, 0, 125); /* a good one between */
	ask_alone(3, 0, 127);
	ck_assert_uint_eq(host()->ignored, 2);
}
END_TEST

START_TEST(exception_04_is_neither_refused_nor_ignored)
{
	const uint8_t pdu[] = { 6, 0, 0, 0, 1 };

	for (int i = 0; i < 3; i++) {
		tap.began(tap.arg);
		exchange(pdu, sizeof(pdu), MB_EX_SERVER_DEVICE_FAILURE);
	}
	ck_assert_uint_eq(host()->exceptions, 3);
	ck_assert_uint_eq(host()->unavailable, 3);
	ck_assert_uint_eq(host()->refused, 0);
	ck_assert_uint_eq(host()->ignored, 0);
	ck_assert_uint_eq(host()->illegal, 0);
}
END_TEST

START_TEST(exception_0b_is_neither_refused_nor_ignored)
{
	const uint8_t pdu[] = { 3, 0, 0, 0, 1 };

	for (int i = 0; i < 3; i++) {
		tap.began(tap.arg);
		exchange(pdu, sizeof(pdu), MB_EX_GATEWAY_TARGET_FAILED);
	}
	ck_assert_uint_eq(host()->exceptions, 3);
	ck_assert_uint_eq(host()->elsewhere, 3);
	ck_assert_uint_eq(host()->unavailable, 0);
	ck_assert_uint_eq(host()->refused, 0);
	ck_assert_uint_eq(host()->ignored, 0);
	ck_assert_uint_eq(host()->illegal, 0);
}
END_TEST

START_TEST(hosts_beyond_the_limit_replace_the_least_recently_active)
{
	for (unsigned i = 0; i < REPORT_HOSTS_MAX + 3; i++) {
		uint64_t now = clock_us();

		client.id = i;
		client.address.ip.s6_addr[15] = (uint8_t)i;
		while (clock_us() == now)
			;
		ask_alone(3, 0, 1);
	}
	ck_assert_ptr_null(client_report_host(report, REPORT_HOSTS_MAX));
	/* The connections of those forgotten have no host now. */
	client.id = 0;
	ck_assert_ptr_null(client_report_of(report, connection()));
	client.id = 3;
	ck_assert_ptr_nonnull(client_report_of(report, connection()));
	client.id = 0;
	client.address.ip.s6_addr[15] = 0;
	ask_alone(3, 0, 1);
	ck_assert_uint_eq(client_report_of(report, connection())->requests, 1);
}
END_TEST

static char printed[8000];

static void
note_line(void *arg, const char *line)
{
	size_t n = strlen(printed);

	ck_assert_ptr_null(arg);
	snprintf(printed + n, sizeof(printed) - n, "%s\n", line);
}

static void
assert_printed(const char *what)
{
	ck_assert_msg(
	    strstr(printed, what) != NULL, "no \"%s\" in:\n%s", what, printed);
}

START_TEST(a_certificate_is_one_client_from_everywhere)
{
	struct identities all;
	const struct identity *who;

	identities_init(&all);
	ask_alone(3, 0, 1);
	who = client.identity =
	    identity_of(&all, "CN=HMI 3,O=Plant", "CN=CA", "");
	client.id = 2;
	ask_alone(3, 0, 1);
	client.id = 3;
	client.address.ip.s6_addr[15] = 9;
	ask_alone(3, 0, 1);
	ask_alone(3, 0, 1);
	client.id = 2;
	ask_alone(3, 0, 1);
	ck_assert_uint_eq(client_report_host(report, 0)->requests, 1);
	ck_assert_ptr_null(client_report_host(report, 0)->identity);
	ck_assert_uint_eq(client_report_host(report, 1)->requests, 4);
	ck_assert_uint_eq(client_report_host(report, 1)->connections, 2);
	ck_assert_ptr_eq(client_report_host(report, 1)->identity, who);
	ck_assert_ptr_null(client_report_host(report, 2));
	client_report_print(report, NULL, note_line, NULL);
	assert_printed("192.0.2.1: 1 requests on 1 connections");
	assert_printed("CN=HMI 3,O=Plant (192.0.2.9): 4 requests on 2 conn");
	assert_printed("CN=HMI 3,O=Plant (192.0.2.9): polls Read Holding");
	/* It is held as long as it is in the report. */
	identity_release(who);
	ck_assert_ptr_eq(LIST_FIRST(&all.held), who);
	client.identity = NULL;
	if (_i == 0) {
		client_report_free(report);
		report = NULL;
	}
	for (unsigned i = 0; i < REPORT_HOSTS_MAX && _i != 0; i++) {
		client.id = 10 + i;
		client.address.ip.s6_addr[14] = (uint8_t)(100 + i);
		ask_alone(3, 0, 1);
	}
	ck_assert(LIST_EMPTY(&all.held));
}
END_TEST

START_TEST(connections_beyond_the_limit_replace_the_older_half)
{
	for (client.id = 1; client.id <= REPORT_CONNECTIONS_MAX; client.id++) {
		uint64_t now = clock_us();

		while (clock_us() == now)
			;
		ask_alone(3, 0, 1);
	}
	client.id = 1;
	ask_alone(3, 0, 1); /* is young again */
	client.id = REPORT_CONNECTIONS_MAX + 1;
	ask_alone(3, 0, 1);
	ck_assert_int_eq(client_report_slot(report, 2), -1);
	ck_assert_int_ge(client_report_slot(report, REPORT_CONNECTIONS_MAX), 0);
	client.id = 1;
	ck_assert_uint_eq(connection()->requests, 2);
	client.id = REPORT_CONNECTIONS_MAX + 1;
	ck_assert_uint_eq(connection()->requests, 1);
	ck_assert_uint_eq(host()->requests, REPORT_CONNECTIONS_MAX + 2);
}
END_TEST

START_TEST(rates_are_of_the_last_whole_second)
{
	const struct report_rate rate = {
		.second = 10, .present = 7, .before = 3
	};

	ck_assert_uint_eq(report_rate_now(&rate, 10500000), 3);
	ck_assert_uint_eq(report_rate_now(&rate, 11500000), 7);
	ck_assert_uint_eq(report_rate_now(&rate, 12500000), 0);
}
END_TEST

START_TEST(refusals_by_roles_are_told)
{
	const uint8_t write[] = { 6, 0, 0, 0, 1 }, read[] = { 3, 0, 0, 0, 1 };

	printed[0] = '\0';
	tap.began(tap.arg);
	exchange(write, sizeof(write), MB_EX_ILLEGAL_FUNCTION);
	client_report_print(report, NULL, note_line, NULL);
	assert_printed("192.0.2.1: is refused by the access rules: 1 ");
	exchange(read, sizeof(read), MB_EX_ILLEGAL_FUNCTION);
	exchange(write, 2, MB_EX_ILLEGAL_FUNCTION);
	client_report_print(report, NULL, note_line, NULL);
	assert_printed(
	    "192.0.2.1: is refused by the roles or the access rules: 3 ");
}
END_TEST

START_TEST(the_report_says_it_all_in_words)
{
	for (int i = 0; i < 3; i++) {
		for (uint16_t j = 0; j < 6; j++)
			ask_alone(3, j, 1);
		ask_alone(3, 0, 10);
		ask_alone(3, 5, 10);
	}
	ask_alone(3, 0, 126);
	ask_alone(3, 0, 126);
	client_report_print(report, NULL, note_line, NULL);
	assert_printed("192.0.2.1: 26 requests on 1 connections");
	assert_printed("up to 1 requests at once");
	assert_printed("192.0.2.1: polls Read Holding Registers, unit 1, "
		       "address 0 quantity 10: 3 times, every ");
	assert_printed(", overlaps another poll");
	assert_printed("reads one item at a time: 3 sequences of adjacent "
		       "addresses, the longest of 6 requests");
	assert_printed("illegal requests: 2 of function 3, exception 03, such "
		       "as quantity 126: 1 to 125 can be read at once");
	assert_printed("repeats refused requests: 1 time");
}
END_TEST

START_TEST(the_report_names_points)
{
	const uint8_t write[] = { 6, 0, 21, 0, 1 };
	struct points *ps = one_points(DATATABLE_SEPARATE,
	    "name,address,type,access\n"
	    "flow,HR20,float32,ro\n"
	    "level,HR22,uint16,rw\n");

	for (int i = 0; i < 3; i++) {
		ask_alone(3, 20, 3);
		ask_alone(3, 21, 2);
		ask_alone(3, 22, 2);
		tap.began(tap.arg);
		exchange(write, sizeof(write), MB_EX_ILLEGAL_DATA_ADDRESS);
	}
	client_report_print(report, ps, note_line, NULL);
	assert_printed("unit 1, address 20 quantity 3 (flow, level): 3 times");
	assert_printed("unit 1, address 21 quantity 2 (flow, level): 3 times");
	assert_printed(", overlaps another poll, reads half of a point\n");
	assert_printed(
	    ", overlaps another poll, reads addresses without a point\n");
	assert_printed("192.0.2.1: reads half of \"flow\"\n");
	assert_printed("192.0.2.1: polls addresses without a point: 1 poll, "
		       "such as Read Holding Registers, address 22 quantity "
		       "2\n");
	assert_printed("192.0.2.1: is refused by the access rules or the "
		       "points: 3 requests\n");
	assert_printed("192.0.2.1: writes what is read-only: \"flow\"\n");

	printed[0] = '\0';
	client_report_print(report, NULL, note_line, NULL);
	ck_assert_ptr_null(strstr(printed, "point"));
	ck_assert_ptr_null(strstr(printed, "flow"));
	points_free(ps);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("client_report");
	TCase *tc = tcase_create("client_report");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_is_known_at_first);
	tcase_add_test(tc, each_function_has_a_place);
	tcase_add_test(tc, a_connection_has_its_counts);
	tcase_add_test(tc, a_host_is_one_client_on_all_its_connections);
	tcase_add_test(tc, the_depth_of_pipelining_is_the_longest_run);
	tcase_add_test(tc, what_is_read_again_is_a_poll);
	tcase_add_test(tc, jitter_is_the_standard_deviation_of_the_period);
	tcase_add_test(tc, period_and_jitter_come_from_the_clock);
	tcase_add_test(tc, a_write_with_a_read_is_polled_too);
	tcase_add_test(tc, polls_overlap_where_both_read_the_same_table);
	tcase_add_test(tc, polls_beyond_the_limit_replace_what_was_read_once);
	tcase_add_test(tc, reads_of_one_item_after_another_are_noticed);
	tcase_add_test(tc, other_single_reads_are_no_sequence);
	tcase_add_test(tc, illegal_requests_are_listed_with_what_was_wrong);
	tcase_add_test(tc, illegal_requests_of_many_kinds_keep_to_their_limit);
	tcase_add_test(tc, refused_requests_are_not_illegal);
	tcase_add_test(tc, refused_requests_that_do_not_decode_are_not_illegal);
	tcase_add_test(tc, refusals_by_roles_are_told);
	tcase_add_test(tc, requests_refused_at_their_addresses_are_kept);
	tcase_add_test(tc, a_refused_request_sent_again_ignores_the_exception);
	tcase_add_test(tc, exception_04_is_neither_refused_nor_ignored);
	tcase_add_test(tc, exception_0b_is_neither_refused_nor_ignored);
	tcase_add_test(
	    tc, hosts_beyond_the_limit_replace_the_least_recently_active);
	tcase_add_loop_test(
	    tc, a_certificate_is_one_client_from_everywhere, 0, 2);
	tcase_add_test(tc, connections_beyond_the_limit_replace_the_older_half);
	tcase_add_test(tc, rates_are_of_the_last_whole_second);
	tcase_add_test(tc, the_report_says_it_all_in_words);
	tcase_add_test(tc, the_report_names_points);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
