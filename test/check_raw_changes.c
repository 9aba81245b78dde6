#include "api/raw_changes.h"

#include <event2/buffer.h>
#include <string.h>

#include "api/write_events.h"
#include "base/client.h"
#include "modbus/modbus.h"
#include "suite.h"
#include "table/datatable.h"

static struct datatable *table;
static struct write_events *raw_changes;
static struct client client;

static void
setup(void)
{
	table = datatable_new(DATATABLE_SEPARATE);
	raw_changes = raw_changes_new(table);
	ck_assert(table != NULL && raw_changes != NULL);
	address_parse("192.0.2.1:1000", 0, &client.address);
}

static void
teardown(void)
{
	write_events_free(raw_changes);
	datatable_free(table);
}

static void
write_registers(uint16_t address, uint16_t value, uint16_t quantity)
{
	uint16_t values[MB_MAX_WRITE_REGISTERS];

	for (size_t i = 0; i < MB_MAX_WRITE_REGISTERS; i++)
		values[i] = value;
	datatable_write_registers(table,
	    &(struct datatable_writer){ &client, 1, 16 }, address, quantity,
	    values);
}

static size_t
length(bool *complete)
{
	return evbuffer_get_length(write_events_text(raw_changes, complete));
}

START_TEST(without_readers_nothing_is_recorded)
{
	bool complete;

	write_registers(0, 1, 1);
	ck_assert_uint_eq(length(&complete), 0);
	ck_assert(complete);
	write_events_add_reader(raw_changes);
	write_registers(0, 2, 1);
	ck_assert_uint_gt(length(&complete), 0);
	write_events_begin_tick(raw_changes);
	write_events_remove_reader(raw_changes);
	write_registers(0, 3, 1);
	ck_assert_uint_eq(length(&complete), 0);
	write_events_add_reader(raw_changes);
	write_registers(0, 4, 1);
	ck_assert_uint_gt(length(&complete), 0);
}
END_TEST

START_TEST(a_reader_does_not_get_what_another_has_left)
{
	bool complete;

	write_events_add_reader(raw_changes);
	write_registers(0, 1, 1);
	write_events_remove_reader(raw_changes);
	write_events_add_reader(raw_changes);
	ck_assert_uint_eq(length(&complete), 0);
	write_registers(0, 2, 1);
	write_events_add_reader(raw_changes);
	ck_assert_uint_gt(length(&complete), 0);
}
END_TEST

START_TEST(a_change_has_its_values_before_and_after)
{
	static const char expected[] =
	    "\"kind\":\"registers\",\"address\":5,\"client\":\"192.0.2.1\","
	    "\"unit\":1,\"function\":16,\"before\":[0,0],\"after\":[7,7]}\n\n";
	struct evbuffer *events;
	bool complete;
	char *text;

	write_events_add_reader(raw_changes);
	write_registers(5, 7, 2);
	events = write_events_text(raw_changes, &complete);
	ck_assert_int_eq(evbuffer_add(events, "", 1), 0);
	text = (char *)evbuffer_pullup(events, -1);
	ck_assert_ptr_nonnull(strstr(text, expected));
	ck_assert_int_eq(strncmp(text, "event: change\ndata: {", 21), 0);
	ck_assert(complete);
}
END_TEST

START_TEST(changes_beyond_the_limit_are_dropped)
{
	bool complete;

	write_events_add_reader(raw_changes);
	for (uint16_t i = 0; i < 1000; i++)
		write_registers(0, i, MB_MAX_WRITE_REGISTERS);
	/* The change that exceeds the limit is the last. */
	ck_assert_uint_le(length(&complete), WRITE_EVENTS_BYTES_MAX + 2000);
	ck_assert(!complete);
	write_events_begin_tick(raw_changes);
	write_registers(0, 1, 1);
	ck_assert_uint_gt(length(&complete), 0);
	ck_assert(complete);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("raw_changes");
	TCase *tc = tcase_create("raw_changes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, without_readers_nothing_is_recorded);
	tcase_add_test(tc, a_reader_does_not_get_what_another_has_left);
	tcase_add_test(tc, a_change_has_its_values_before_and_after);
	tcase_add_test(tc, changes_beyond_the_limit_are_dropped);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
