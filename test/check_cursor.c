#include "api/cursor.h"

#include <event2/buffer.h>
#include <string.h>

#include "base/client.h"
#include "table/changes.h"
#include "api/json.h"
#include "suite.h"
#include "table/datatable.h"

static struct datatable *table;
static struct changes *changes;
static struct evbuffer *out;
static struct json_text text;
static struct client client;
static struct pass pass;

static void
setup(void)
{
	table = datatable_new(DATATABLE_SEPARATE);
	changes = changes_new(table, DATATABLE_SEPARATE);
	out = evbuffer_new();
	ck_assert(table != NULL && changes != NULL && out != NULL);
	address_parse("192.0.2.1:1000", 0, &client.address);
	pass = (struct pass){ .cursor = 0 };
	json_text_begin(&text, out);
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

/* What is added at once, as a string until the next time. */
static const char *
add_all(unsigned expected)
{
	evbuffer_drain(out, evbuffer_get_length(out));
	ck_assert_uint_eq(
	    pass_add_runs(&pass, changes, table, &text, SIZE_MAX), expected);
	ck_assert(!pass.underway);
	ck_assert_int_eq(json_text_end(&text), 0);
	ck_assert_int_eq(evbuffer_add(out, "", 1), 0);
	return (const char *)evbuffer_pullup(out, -1);
}

START_TEST(nothing_new_begins_no_pass)
{
	ck_assert(!pass_begin(&pass, changes));
	write_by(16, 0, 1);
	ck_assert(pass_begin(&pass, changes));
	add_all(1);
	ck_assert(!pass_begin(&pass, changes));
}
END_TEST

START_TEST(coils_come_first_and_each_with_its_writer)
{
	const uint16_t on = 5, value = 77;

	datatable_write_registers(
	    table, &(struct datatable_writer){ &client, 1, 6 }, 300, 1, &value);
	datatable_write_coils(
	    table, &(struct datatable_writer){ &client, 2, 15 }, 40, 3, &on);
	ck_assert(pass_begin(&pass, changes));
	ck_assert_str_eq(add_all(3),
	    "{\"kind\":\"coils\",\"address\":40,\"values\":[1],"
	    "\"client\":\"192.0.2.1\",\"unit\":2,\"function\":15},"
	    "{\"kind\":\"coils\",\"address\":42,\"values\":[1],"
	    "\"client\":\"192.0.2.1\",\"unit\":2,\"function\":15},"
	    "{\"kind\":\"registers\",\"address\":300,\"values\":[77],"
	    "\"client\":\"192.0.2.1\",\"unit\":1,\"function\":6}");
}
END_TEST

START_TEST(what_was_taken_back_is_nobodys)
{
	write_by(0, 9, 1);
	ck_assert(pass_begin(&pass, changes));
	ck_assert_ptr_nonnull(strstr(add_all(1), "\"client\":null}"));
}
END_TEST

START_TEST(a_long_run_comes_in_parts)
{
	write_by(16, 1000, 600);
	ck_assert(pass_begin(&pass, changes));
	ck_assert_ptr_nonnull(strstr(add_all(3), "\"address\":1512,"));
}
END_TEST

/* Apart from one another, so that each is an object of its own. */
#define APART 400

START_TEST(the_cursor_moves_at_the_end_only)
{
	unsigned n = 0, calls = 0;

	for (uint16_t i = 0; i < APART; i++)
		write_by(16, (uint16_t)(10 + 2 * i), 1);
	ck_assert(pass_begin(&pass, changes));
	for (; pass.underway; calls++) {
		ck_assert(pass_begin(&pass, changes));
		ck_assert_uint_eq(pass.cursor, 0);
		evbuffer_drain(out, evbuffer_get_length(out));
		n += pass_add_runs(&pass, changes, table, &text, 1000);
		ck_assert_uint_lt(evbuffer_get_length(out), 6000);
		if (calls == 0)
			write_by(16, 0, 1); /* behind it: for the next */
	}
	ck_assert_uint_gt(calls, 2);
	ck_assert_uint_eq(n, APART);
	ck_assert_uint_eq(pass.cursor, pass.target);
	ck_assert(pass_begin(&pass, changes));
	ck_assert_ptr_nonnull(strstr(add_all(1), "\"address\":0,"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pass");
	TCase *tc = tcase_create("pass");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_new_begins_no_pass);
	tcase_add_test(tc, coils_come_first_and_each_with_its_writer);
	tcase_add_test(tc, what_was_taken_back_is_nobodys);
	tcase_add_test(tc, a_long_run_comes_in_parts);
	tcase_add_test(tc, the_cursor_moves_at_the_end_only);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
