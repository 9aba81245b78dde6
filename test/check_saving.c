#include "state/saving.h"

#include "base/client.h"
#include "state/batch.h"
#include "suite.h"

static struct event_base *base;
static struct saving saving;
static struct datatable *table;
static struct batch *batch;
static bool told;

static void
is_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ck_assert_ptr_eq(arg, &told);
	told = true;
}

static void
begin(long us)
{
	const struct timeval after = { 0, us };

	ck_assert_int_eq(saving_begin(&saving, base, DATATABLE_SEPARATE, after,
			     is_due, &told),
	    0);
	ck_assert_int_eq(saving_reserve(&saving), 0);
}

static void
setup(void)
{
	base = event_base_new();
	table = datatable_new(DATATABLE_SEPARATE);
	batch = batch_new();
	ck_assert(base != NULL && table != NULL && batch != NULL);
	told = false;
}

static void
teardown(void)
{
	saving_end(&saving);
	batch_free(batch);
	datatable_free(table);
	event_base_free(base);
}

static const struct datatable_change registers_5_to_7 = {
	.kind = DATATABLE_REGISTERS,
	.address = 5,
	.quantity = 3,
};

static const struct datatable_change register_8 = {
	.kind = DATATABLE_REGISTERS,
	.address = 8,
	.quantity = 1,
};

START_TEST(it_is_due_after_a_while)
{
	begin(1000);
	saving_add(&saving, &registers_5_to_7);
	ck_assert(!saving_is_due(&saving));
	while (!told)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
	ck_assert(saving_is_due(&saving));
	ck_assert(saving_needs(&saving, &register_8));
}
END_TEST

START_TEST(it_is_due_with_a_row_that_finds_a_value)
{
	begin(0);
	ck_assert(!saving_needs(&saving, &registers_5_to_7));
	saving_add(&saving, &registers_5_to_7);
	ck_assert(!saving_needs(&saving, &register_8));
	ck_assert(!saving_is_due(&saving));
	ck_assert(saving_needs(&saving, &registers_5_to_7));
	ck_assert(saving_is_due(&saving));
}
END_TEST

START_TEST(only_what_is_there_hurries)
{
	begin(0);
	saving_hurry(&saving);
	ck_assert(!saving_is_due(&saving));
	saving_take(&saving, batch, table);
	ck_assert(batch_is_empty(batch));
	saving_add(&saving, &register_8);
	saving_hurry(&saving);
	ck_assert(saving_is_due(&saving));
}
END_TEST

START_TEST(a_batch_gets_the_table_as_it_is)
{
	static const struct client client = { .id = 1 };
	const struct datatable_writer writer = { &client, 1, 6 };
	const uint16_t values[2] = { 88, 99 };

	begin(0);
	saving_add(&saving, &register_8);
	saving_hurry(&saving);
	datatable_write_registers(table, &writer, 8, 1, &values[0]);
	saving_take(&saving, batch, table);
	datatable_write_registers(table, &writer, 8, 1, &values[1]);
	ck_assert(!batch_is_empty(batch));
	ck_assert_uint_eq(*datatable_registers(batch_table(batch), 8), 88);
	ck_assert(!saving_is_due(&saving));
	ck_assert(!saving_needs(&saving, &register_8));
	ck_assert(!evtimer_pending(saving.timer, NULL));
}
END_TEST

START_TEST(what_was_not_committed_is_due_again)
{
	begin(0);
	saving_give_back(&saving, batch);
	ck_assert(!saving_is_due(&saving));
	saving_add(&saving, &register_8);
	saving_hurry(&saving);
	saving_take(&saving, batch, table);
	saving_give_back(&saving, batch);
	batch_clear(batch);
	ck_assert(batch_is_empty(batch));
	ck_assert(saving_is_due(&saving));
	saving_take(&saving, batch, table);
	ck_assert_ptr_nonnull(batch_table(batch));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("saving");
	TCase *tc = tcase_create("saving");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, it_is_due_after_a_while);
	tcase_add_test(tc, it_is_due_with_a_row_that_finds_a_value);
	tcase_add_test(tc, only_what_is_there_hurries);
	tcase_add_test(tc, a_batch_gets_the_table_as_it_is);
	tcase_add_test(tc, what_was_not_committed_is_due_again);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
