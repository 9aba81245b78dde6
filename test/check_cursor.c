#include "api/cursor.h"

#include <event2/buffer.h>
#include <string.h>

#include "api/text_writer.h"
#include "base/client.h"
#include "suite.h"
#include "table/changes.h"
#include "table/datatable.h"

static struct datatable *table;
static struct changes *changes;
static struct evbuffer *out;
static struct text_writer text;
static struct client client;
static struct change_cursor cursor;

static void
setup(void)
{
	table = datatable_new(DATATABLE_SEPARATE);
	changes = changes_new(table, DATATABLE_SEPARATE);
	out = evbuffer_new();
	ck_assert(table != NULL && changes != NULL && out != NULL);
	address_parse("192.0.2.1:1000", 0, &client.address);
	cursor = (struct change_cursor){ .tick = 0 };
	text_writer_begin(&text, out);
}

static void
teardown(void)
{
	evbuffer_free(out);
	changes_free(changes);
	datatable_free(table);
}

static void
write_by(uint8_t function, uint16_t address, uint16_t quantity)
{
	static uint16_t value;
	uint16_t values[600];

	value++;
	for (size_t i = 0; i < 600; i++)
		values[i] = value;
	datatable_write_registers(table,
	    &(struct datatable_writer){ &client, 1, function }, address,
	    quantity, values);
}

/* Everything that one call adds, as a string that is valid until the next. */
static const char *
add_all(unsigned expected)
{
	evbuffer_drain(out, evbuffer_get_length(out));
	ck_assert_uint_eq(
	    cursor_add_runs(&cursor, changes, table, &text, SIZE_MAX),
	    expected);
	ck_assert(!cursor.scanning);
	ck_assert_int_eq(text_writer_end(&text), 0);
	ck_assert_int_eq(evbuffer_add(out, "", 1), 0);
	return (const char *)evbuffer_pullup(out, -1);
}

START_TEST(without_changes_there_is_no_scan)
{
	ck_assert(!cursor_begin_scan(&cursor, changes));
	write_by(16, 0, 1);
	ck_assert(cursor_begin_scan(&cursor, changes));
	add_all(1);
	ck_assert(!cursor_begin_scan(&cursor, changes));
}
END_TEST

START_TEST(coils_come_first_and_each_with_its_writer)
{
	const uint16_t on = 5, value = 77;

	datatable_write_registers(
	    table, &(struct datatable_writer){ &client, 1, 6 }, 300, 1, &value);
	datatable_write_coils(
	    table, &(struct datatable_writer){ &client, 2, 15 }, 40, 3, &on);
	ck_assert(cursor_begin_scan(&cursor, changes));
	ck_assert_str_eq(add_all(3),
	    "{\"kind\":\"coils\",\"address\":40,\"values\":[1],"
	    "\"client\":\"192.0.2.1\",\"unit\":2,\"function\":15},"
	    "{\"kind\":\"coils\",\"address\":42,\"values\":[1],"
	    "\"client\":\"192.0.2.1\",\"unit\":2,\"function\":15},"
	    "{\"kind\":\"registers\",\"address\":300,\"values\":[77],"
	    "\"client\":\"192.0.2.1\",\"unit\":1,\"function\":6}");
}
END_TEST

START_TEST(a_long_run_comes_in_parts)
{
	write_by(16, 1000, 600);
	ck_assert(cursor_begin_scan(&cursor, changes));
	ck_assert_ptr_nonnull(strstr(add_all(3), "\"address\":1512,"));
}
END_TEST

/* Registers that are not adjacent, so that each is an object. */
#define APART 400

START_TEST(the_cursor_moves_only_at_the_end_of_a_scan)
{
	unsigned n = 0, calls = 0;

	for (uint16_t i = 0; i < APART; i++)
		write_by(16, (uint16_t)(10 + 2 * i), 1);
	ck_assert(cursor_begin_scan(&cursor, changes));
	for (; cursor.scanning; calls++) {
		ck_assert(cursor_begin_scan(&cursor, changes));
		ck_assert_uint_eq(cursor.tick, 0);
		evbuffer_drain(out, evbuffer_get_length(out));
		n += cursor_add_runs(&cursor, changes, table, &text, 1000);
		ck_assert_uint_lt(evbuffer_get_length(out), 6000);
		if (calls == 0)
			write_by(
			    16, 0, 1); /* already scanned: for the next scan */
	}
	ck_assert_uint_gt(calls, 2);
	ck_assert_uint_eq(n, APART);
	ck_assert_uint_eq(cursor.tick, cursor.target);
	ck_assert(cursor_begin_scan(&cursor, changes));
	ck_assert_ptr_nonnull(strstr(add_all(1), "\"address\":0,"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cursor");
	TCase *tc = tcase_create("cursor");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, without_changes_there_is_no_scan);
	tcase_add_test(tc, coils_come_first_and_each_with_its_writer);
	tcase_add_test(tc, a_long_run_comes_in_parts);
	tcase_add_test(tc, the_cursor_moves_only_at_the_end_of_a_scan);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
