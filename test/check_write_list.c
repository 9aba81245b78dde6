#include "api/write_list.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <string.h>

#include "api/write_events.h"
#include "base/client.h"
#include "base/identity.h"
#include "modbus/modbus.h"
#include "suite.h"
#include "table/datatable.h"
#include "table/last_writer.h"

static struct datatable *table;
static struct last_writer *last_writer;
static struct write_list list;
static struct write_events *events;
static struct client clients[2];

static void
setup(void)
{
	table = datatable_new(DATATABLE_SEPARATE);
	last_writer = last_writer_new(table, DATATABLE_SEPARATE);
	list = (struct write_list){ 0 };
	events = write_list_new(&list, table, last_writer);
	ck_assert(table != NULL && last_writer != NULL && events != NULL);
	address_parse("192.0.2.1:1000", 0, &clients[0].address);
	address_parse("192.0.2.2:1000", 0, &clients[1].address);
}

static void
teardown(void)
{
	write_events_free(events);
	last_writer_free(last_writer);
	datatable_free(table);
}

static void
write_registers(int client, uint16_t address, uint16_t value, uint16_t quantity)
{
	uint16_t values[MB_MAX_WRITE_REGISTERS];

	for (size_t i = 0; i < MB_MAX_WRITE_REGISTERS; i++)
		values[i] = value;
	datatable_write_registers(table,
	    &(struct datatable_writer){ &clients[client], 1, 16 }, address,
	    quantity, values);
}

static void
write_coil(int client, uint16_t address)
{
	datatable_write_coils(table,
	    &(struct datatable_writer){ &clients[client], 1, 5 }, address, 1,
	    &(uint16_t){ 1 });
}

/* The events of the tick, which ends, with each time replaced by T. */
static const char *
take(void)
{
	static char text[2 * WRITE_LIST_BYTES_MAX];
	struct evbuffer *out;
	bool complete;
	char *at = text;
	size_t length;

	write_events_end_tick(events);
	out = write_events_text(events, &complete);
	ck_assert(complete);
	length = evbuffer_get_length(out);
	ck_assert_uint_lt(length, sizeof(text));
	evbuffer_copyout(out, text, length);
	text[length] = '\0';
	while ((at = strstr(at, "\"time\":\"")) != NULL) {
		at += strlen("\"time\":\"");
		memmove(at + 1, strchr(at, '"'), strlen(strchr(at, '"')) + 1);
		*at = 'T';
	}
	write_events_begin_tick(events);
	return text;
}

START_TEST(a_tick_is_one_event_with_each_write)
{
	write_registers(0, 0, 1, 1);
	ck_assert_str_eq(take(), "");
	write_events_add_reader(events);
	ck_assert_str_eq(take(), "");
	write_registers(0, 5, 7, 2);
	write_registers(1, 5, 7, 2);
	write_coil(0, 9);
	ck_assert_str_eq(take(),
	    "event: writes\ndata: {\"number\":2,\"writes\":["
	    "{\"time\":\"T\",\"kind\":\"registers\",\"address\":5,"
	    "\"values\":[7,7],\"changed\":true,\"client\":\"192.0.2.1\","
	    "\"unit\":1,\"function\":16},"
	    "{\"time\":\"T\",\"kind\":\"registers\",\"address\":5,"
	    "\"values\":[7,7],\"changed\":false,\"client\":\"192.0.2.2\","
	    "\"unit\":1,\"function\":16},"
	    "{\"time\":\"T\",\"kind\":\"coils\",\"address\":9,"
	    "\"values\":[1],\"changed\":true,\"client\":\"192.0.2.1\","
	    "\"unit\":1,\"function\":5}]}\n\n");
	ck_assert_str_eq(take(), "");
	write_registers(0, 0, 1, 1);
	ck_assert_ptr_nonnull(strstr(take(), "{\"number\":5,"));
}
END_TEST

/* Write until what is listed is full. */
static void
fill(void)
{
	for (int i = 0; i < 20; i++)
		write_registers(0, 1000, 65535, MB_MAX_WRITE_REGISTERS);
	ck_assert_uint_gt(list.writes, 0);
}

START_TEST(what_is_not_listed_is_counted)
{
	char more[256];
	size_t counted;
	const char *text;

	write_events_add_reader(events);
	fill();
	counted = list.writes;
	text = take();
	ck_assert_uint_le(strlen(text), WRITE_LIST_BYTES_MAX + 512);
	snprintf(more, sizeof(more),
	    "],\"more\":{\"time\":\"T\",\"writes\":%zu,\"values\":%zu,"
	    "\"ranges\":[{\"kind\":\"registers\",\"address\":1000,"
	    "\"quantity\":123}],\"client\":\"192.0.2.1\"}}\n\n",
	    counted, counted * MB_MAX_WRITE_REGISTERS);
	ck_assert_str_eq(text + strlen(text) - strlen(more), more);
	/* The next tick has room again. */
	write_registers(0, 0, 1, 1);
	text = take();
	ck_assert_ptr_nonnull(strstr(text, "{\"number\":21,"));
	ck_assert_ptr_null(strstr(text, "more"));
}
END_TEST

START_TEST(what_is_counted_may_be_of_several_clients_and_kinds)
{
	const char *text;

	write_events_add_reader(events);
	fill();
	write_registers(1, 65535, 1, 1);
	write_registers(1, 0, 1, 1);
	write_coil(1, 9);
	write_coil(1, 7);
	text = take();
	ck_assert_ptr_nonnull(strstr(text,
	    "\"ranges\":[{\"kind\":\"coils\",\"address\":7,\"quantity\":3},"
	    "{\"kind\":\"registers\",\"address\":0,\"quantity\":65536}],"
	    "\"client\":null}}\n\n"));
}
END_TEST

START_TEST(writers_have_their_subjects)
{
	struct identities all;
	const struct identity *who;
	const char *text;

	identities_init(&all);
	who = identity_of(&all, "CN=\\\"x\\\",O=Plant", "", "Operator");
	write_events_add_reader(events);
	clients[1].identity = who;
	write_registers(1, 5, 7, 1);
	ck_assert_ptr_nonnull(strstr(take(),
	    "\"client\":\"192.0.2.2\","
	    "\"subject\":\"CN=\\\\\\\"x\\\\\\\",O=Plant\",\"unit\":1,"));
	fill();
	write_registers(0, 1, 1, 1);
	text = take();
	ck_assert_ptr_nonnull(strstr(text, "],\"client\":\"192.0.2.1\"}}"));
	clients[0].identity = who;
	fill();
	write_registers(1, 1, 1, 1); /* the same, from elsewhere */
	text = take();
	ck_assert_ptr_nonnull(strstr(
	    text, "],\"client\":\"192.0.2.1\",\"subject\":\"CN=\\\\\\\"x"));
	fill();
	clients[0].identity = NULL;
	write_registers(0, 1, 1, 1);
	text = take();
	ck_assert_ptr_nonnull(strstr(text, "],\"client\":null}}"));
	clients[1].identity = NULL;
	identity_release(who);
	write_list_end(&list);
	write_events_free(events);
	events = NULL;
	last_writer_free(last_writer);
	last_writer = NULL;
	ck_assert(LIST_EMPTY(&all.held));
}
END_TEST

START_TEST(a_reader_does_not_get_what_another_has_left)
{
	write_events_add_reader(events);
	fill();
	write_events_remove_reader(events);
	write_registers(0, 0, 1, 1);
	write_events_add_reader(events);
	ck_assert_str_eq(take(), "");
	write_registers(0, 0, 1, 1);
	ck_assert_ptr_null(strstr(take(), "more"));
}
END_TEST

START_TEST(the_longest_writes_fit)
{
	static const uint16_t
	    ones[DATATABLE_PACKED_WORDS(DATATABLE_WRITE_MAX)] = { 1 };

	write_events_add_reader(events);
	for (int i = 0; i < 100; i++)
		datatable_write_coils(table,
		    &(struct datatable_writer){ &clients[0], 1, 15 }, 0,
		    DATATABLE_WRITE_MAX, ones);
	ck_assert_uint_le(strlen(take()), WRITE_LIST_BYTES_MAX + 512);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("write_list");
	TCase *tc = tcase_create("write_list");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_tick_is_one_event_with_each_write);
	tcase_add_test(tc, what_is_not_listed_is_counted);
	tcase_add_test(tc, what_is_counted_may_be_of_several_clients_and_kinds);
	tcase_add_test(tc, writers_have_their_subjects);
	tcase_add_test(tc, a_reader_does_not_get_what_another_has_left);
	tcase_add_test(tc, the_longest_writes_fit);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
