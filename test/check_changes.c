#include "table/changes.h"

#include <stdio.h>
#include <string.h>

#include "base/client.h"
#include "base/identity.h"
#include "suite.h"

static struct datatable *table;
static struct changes *changes;
static struct client alice, bob;

static void
setup_mode(enum datatable_overlay overlay)
{
	table = datatable_new(overlay);
	ck_assert_ptr_nonnull(table);
	changes = changes_new(table, overlay);
	ck_assert_ptr_nonnull(changes);
	address_parse("192.0.2.1:1000", 0, &alice.address);
	address_parse("[2001:db8::2]:2000", 0, &bob.address);
}

static void
setup(void)
{
	setup_mode(DATATABLE_SEPARATE);
}

static void
setup_overlaid(void)
{
	setup_mode(DATATABLE_OVERLAID);
}

static void
teardown(void)
{
	changes_free(changes);
	datatable_free(table);
}

static void
write_register(const struct client *who, uint16_t address, uint16_t value)
{
	datatable_write_registers(
	    table, &(struct datatable_writer){ who, 1, 6 }, address, 1, &value);
}

static void
write_coils(const struct client *who, uint16_t address, uint16_t quantity,
    uint16_t packed)
{
	datatable_write_coils(table, &(struct datatable_writer){ who, 1, 15 },
	    address, quantity, &packed);
}

/* The runs after a tick, as "address+quantity" in order. */
static const char *
runs(enum datatable_kind kind, uint32_t tick, uint16_t most)
{
	static char text[400];
	struct changes_run run;
	size_t n = 0;

	text[0] = '\0';
	for (uint32_t from = 0;
	     changes_next(changes, kind, tick, from, most, &run);
	     from = run.address + run.quantity) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u+%u",
		    n == 0 ? "" : " ", run.address, run.quantity);
		ck_assert_uint_lt(n, sizeof(text));
	}
	return text;
}

START_TEST(nothing_has_changed_at_first)
{
	ck_assert_uint_eq(changes_tick(changes), 0);
	ck_assert_str_eq(runs(DATATABLE_COILS, 0, 100), "");
	ck_assert_str_eq(runs(DATATABLE_REGISTERS, 0, 100), "");
}
END_TEST

START_TEST(the_table_can_be_written_after_changes_free)
{
	changes_free(changes);
	changes = NULL;
	write_register(&alice, 1, 1);
}
END_TEST

START_TEST(adjacent_addresses_make_a_run)
{
	write_register(&alice, 65535, 1);
	write_register(&alice, 11, 1);
	write_register(&alice, 10, 1);
	write_register(&alice, 0, 1);
	write_register(&alice, 64, 1);
	write_register(&alice, 63, 1);
	ck_assert_str_eq(
	    runs(DATATABLE_REGISTERS, 0, 100), "0+1 10+2 63+2 65535+1");
	ck_assert_str_eq(runs(DATATABLE_COILS, 0, 100), "");
}
END_TEST

START_TEST(a_run_has_at_most_the_given_length)
{
	for (uint16_t i = 0; i < 5; i++)
		write_register(&alice, i, 1);
	ck_assert_str_eq(runs(DATATABLE_REGISTERS, 0, 2), "0+2 2+2 4+1");
}
END_TEST

START_TEST(a_write_of_the_same_value_is_no_change)
{
	write_register(&alice, 5, 0);
	write_coils(&alice, 5, 3, 0);
	ck_assert_uint_eq(changes_tick(changes), 0);
	write_register(&alice, 5, 1);
	ck_assert_uint_eq(changes_tick(changes), 1);
	write_register(&alice, 5, 1);
	ck_assert_uint_eq(changes_tick(changes), 1);
	ck_assert_str_eq(runs(DATATABLE_REGISTERS, 1, 100), "");
}
END_TEST

START_TEST(only_changes_after_the_tick_are_found)
{
	write_register(&alice, 1, 1);
	write_register(&alice, 2, 1);
	ck_assert_uint_eq(changes_tick(changes), 1);
	write_register(&alice, 2, 2);
	write_register(&alice, 3, 2);
	ck_assert_str_eq(runs(DATATABLE_REGISTERS, 1, 100), "2+2");
	ck_assert_uint_eq(changes_tick(changes), 2);
	ck_assert_str_eq(runs(DATATABLE_REGISTERS, 1, 100), "2+2");
	ck_assert_str_eq(runs(DATATABLE_REGISTERS, 2, 100), "");
	ck_assert_str_eq(runs(DATATABLE_REGISTERS, 0, 100), "1+3");
}
END_TEST

START_TEST(only_the_coils_that_differ_are_found)
{
	write_coils(&alice, 14, 4, 0x9); /* 14 and 17 */
	ck_assert_str_eq(runs(DATATABLE_COILS, 0, 100), "14+1 17+1");
	ck_assert_str_eq(runs(DATATABLE_REGISTERS, 0, 100), "");
	changes_tick(changes);
	write_coils(&alice, 14, 4, 0xB); /* 15 as well */
	ck_assert_str_eq(runs(DATATABLE_COILS, 1, 100), "15+1");
}
END_TEST

START_TEST(coils_beyond_the_first_word_are_found)
{
	const uint16_t packed[4] = { 0, 0x8000, 0, 1 };

	datatable_write_coils(table,
	    &(struct datatable_writer){ &alice, 1, 15 }, 100, 50, packed);
	ck_assert_str_eq(runs(DATATABLE_COILS, 0, 100), "131+1 148+1");
}
END_TEST

START_TEST(overlaid_coils_change_their_register)
{
	write_coils(&alice, 18, 1, 1);
	ck_assert_str_eq(runs(DATATABLE_COILS, 0, 100), "18+1");
	ck_assert_str_eq(runs(DATATABLE_REGISTERS, 0, 100), "1+1");
	changes_tick(changes);
	write_register(&bob, 1, 0x8000); /* was 4: coils 18 and 31 */
	ck_assert_str_eq(runs(DATATABLE_COILS, 1, 100), "18+1 31+1");
	ck_assert_str_eq(runs(DATATABLE_REGISTERS, 1, 100), "1+1");
	changes_tick(changes);
	write_register(&bob, 4096, 1); /* beyond the coils */
	ck_assert_str_eq(runs(DATATABLE_COILS, 2, 100), "");
	write_register(&bob, 4095, 0x8000);
	ck_assert_str_eq(runs(DATATABLE_COILS, 2, 100), "65535+1");
}
END_TEST

START_TEST(a_run_has_one_writer)
{
	struct changes_run run;

	write_register(&alice, 1, 1);
	write_register(&bob, 2, 1);
	ck_assert_str_eq(runs(DATATABLE_REGISTERS, 0, 100), "1+1 2+1");
	ck_assert(changes_next(changes, DATATABLE_REGISTERS, 0, 0, 100, &run));
	ck_assert_mem_eq(&run.writer->host.ip, &alice.address.ip, 16);
	ck_assert_uint_eq(run.writer->unit, 1);
	ck_assert_uint_eq(run.writer->function, 6);
	ck_assert(changes_next(changes, DATATABLE_REGISTERS, 0, 2, 100, &run));
	ck_assert_mem_eq(&run.writer->host.ip, &bob.address.ip, 16);
}
END_TEST

START_TEST(a_host_is_one_writer_on_any_port)
{
	write_register(&alice, 1, 1);
	alice.address.port++;
	write_register(&alice, 2, 1);
	ck_assert_str_eq(runs(DATATABLE_REGISTERS, 0, 100), "1+2");
}
END_TEST

START_TEST(a_certificate_is_one_writer_at_any_host)
{
	struct identities all;
	struct changes_run run;

	identities_init(&all);
	write_register(&alice, 1, 1);
	alice.identity = identity_of(&all, "CN=Alice", "", "");
	write_register(&alice, 2, 1);
	alice.address = bob.address;
	write_register(&alice, 3, 1);
	write_register(&bob, 4, 1);
	ck_assert_str_eq(runs(DATATABLE_REGISTERS, 0, 100), "1+1 2+2 4+1");
	ck_assert(changes_next(changes, DATATABLE_REGISTERS, 0, 2, 100, &run));
	ck_assert_ptr_eq(run.writer->identity, alice.identity);
	ck_assert_mem_eq(&run.writer->host.ip, &bob.address.ip, 16);
	ck_assert_uint_eq(run.writer->host.port, 0);
	identity_release(alice.identity);
	ck_assert(!LIST_EMPTY(&all.held));
	alice.identity = NULL;
	changes_free(changes);
	changes = NULL;
	ck_assert(LIST_EMPTY(&all.held));
}
END_TEST

/* The n-th of many hosts. */
static struct client
stranger(uint32_t n)
{
	struct client c = { .id = n };

	address_parse("10.0.0.0:1", 0, &c.address);
	c.address.ip.s6_addr[13] = (uint8_t)(n >> 16);
	c.address.ip.s6_addr[14] = (uint8_t)(n >> 8);
	c.address.ip.s6_addr[15] = (uint8_t)n;
	return c;
}

static const struct changes_writer *
writer_of(uint16_t address)
{
	struct changes_run run;

	ck_assert(
	    changes_next(changes, DATATABLE_REGISTERS, 0, address, 1, &run));
	ck_assert_uint_eq(run.address, address);
	return run.writer;
}

START_TEST(writers_of_overwritten_values_are_removed)
{
	struct client c = stranger(1);

	write_register(&c, 7, 1);
	for (uint32_t n = 2; n < 10 * CHANGES_WRITERS_MAX; n++) {
		c = stranger(n);
		write_register(&c, 1, (uint16_t)n);
		changes_tick(changes);
		ck_assert_ptr_nonnull(writer_of(1));
		ck_assert_mem_eq(&writer_of(1)->host.ip, &c.address.ip, 16);
	}
	c = stranger(1);
	ck_assert_mem_eq(&writer_of(7)->host.ip, &c.address.ip, 16);
}
END_TEST

START_TEST(writers_beyond_the_limit_are_unknown)
{
	struct client c;

	for (uint32_t n = 0; n <= CHANGES_WRITERS_MAX; n++) {
		c = stranger(n);
		write_register(&c, (uint16_t)n, 1);
		changes_tick(changes);
	}
	ck_assert_ptr_null(writer_of(CHANGES_WRITERS_MAX));
	c = stranger(3);
	ck_assert_mem_eq(&writer_of(3)->host.ip, &c.address.ip, 16);
}
END_TEST

START_TEST(certificates_of_removed_writers_are_released)
{
	struct identities all;
	struct client c = stranger(1);
	unsigned held = 0;
	struct identity *i;

	identities_init(&all);
	for (uint32_t n = 0; n < 3 * CHANGES_WRITERS_MAX; n++) {
		char name[20];

		snprintf(name, sizeof(name), "CN=%u", n);
		c.identity = identity_of(&all, name, "", "");
		write_register(&c, 1, (uint16_t)(n + 1));
		write_register(&c, 1, (uint16_t)(n + 2));
		changes_tick(changes);
		ck_assert_str_eq(writer_of(1)->identity->subject, name);
		identity_release(c.identity);
	}
	LIST_FOREACH (i, &all.held, link)
		held++;
	ck_assert_uint_le(held, CHANGES_WRITERS_MAX);
	changes_free(changes);
	changes = NULL;
	ck_assert(LIST_EMPTY(&all.held));
}
END_TEST

static TCase *
separate(void)
{
	TCase *tc = tcase_create("separate");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_has_changed_at_first);
	tcase_add_test(tc, the_table_can_be_written_after_changes_free);
	tcase_add_test(tc, adjacent_addresses_make_a_run);
	tcase_add_test(tc, a_run_has_at_most_the_given_length);
	tcase_add_test(tc, a_write_of_the_same_value_is_no_change);
	tcase_add_test(tc, only_changes_after_the_tick_are_found);
	tcase_add_test(tc, only_the_coils_that_differ_are_found);
	tcase_add_test(tc, coils_beyond_the_first_word_are_found);
	tcase_add_test(tc, a_run_has_one_writer);
	tcase_add_test(tc, a_host_is_one_writer_on_any_port);
	tcase_add_test(tc, a_certificate_is_one_writer_at_any_host);
	tcase_add_test(tc, certificates_of_removed_writers_are_released);
	tcase_add_test(tc, writers_of_overwritten_values_are_removed);
	tcase_add_test(tc, writers_beyond_the_limit_are_unknown);
	return tc;
}

static TCase *
overlaid(void)
{
	TCase *tc = tcase_create("overlaid");

	tcase_add_checked_fixture(tc, setup_overlaid, teardown);
	tcase_add_test(tc, overlaid_coils_change_their_register);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("changes");

	suite_add_tcase(suite, separate());
	suite_add_tcase(suite, overlaid());
	return suite_run(suite);
}
