#include "shared/replica.h"

#include <stdlib.h>
#include <string.h>

#include "base/identity.h"
#include "modbus/modbus.h"
#include "model.h"
#include "one_table.h"
#include "suite.h"
#include "write_pdus.h"

/* A test runs once per overlay, its loop index. */
static struct replica r;
static struct entry_writer *writer_of_entries;
static struct entry e;

static enum datatable_overlay
other(enum datatable_overlay overlay)
{
	return overlay == DATATABLE_OVERLAID ? DATATABLE_SEPARATE :
					       DATATABLE_OVERLAID;
}

/* Take what the writer has made, as the entry of this number. */
static enum replica_taken
take_fields(uint64_t number, const struct engine_field *fields, size_t count)
{
	ck_assert_uint_ne(count, 0);
	return replica_take(
	    &r, &(struct engine_entry){ number, fields, count }, &e);
}

static enum replica_taken
take_begin(uint64_t number, enum datatable_overlay overlay)
{
	const struct engine_field *fields;
	size_t count =
	    entry_make_begin(writer_of_entries, overlay, NULL, 0, &fields);

	return take_fields(number, fields, count);
}

static enum replica_taken
take_hello(uint64_t number, uint64_t session, uint64_t closes)
{
	const struct engine_field *fields;
	size_t count = entry_make_hello(
	    writer_of_entries, session, closes, "h:1", &fields);

	return take_fields(number, fields, count);
}

/* A write of one register. */
static enum replica_taken
take_write(uint64_t number, uint64_t session, uint8_t address, uint8_t value)
{
	const uint8_t pdu[] = { 6, 0, address, 0, value };
	const struct order_pdu pdus[] = { { pdu, sizeof(pdu) } };
	const struct order_write write = { .pdus = pdus, .count = 1 };
	const struct engine_field *fields;
	size_t count =
	    entry_make_write(writer_of_entries, session, 1, 0, &write, &fields);
	enum replica_taken taken = take_fields(number, fields, count);

	if (taken == REPLICA_WRITE)
		replica_execute(&r, &e, &client);
	return taken;
}

static enum replica_taken
take_snapshot(uint64_t number)
{
	static const struct engine_field fields[] = { { "snapshot", 8 },
		{ "1", 1 } };

	return take_fields(number, fields, 2);
}

/* A log that has begun, and session 5 is open in it. */
static void
begin(int overlay)
{
	start(overlay);
	writer_of_entries = entry_writer_new();
	ck_assert_ptr_nonnull(writer_of_entries);
	replica_init(&r, table, (enum datatable_overlay)overlay);
	ck_assert_int_eq(take_begin(1, r.overlay), REPLICA_OTHER);
	ck_assert_int_eq(take_hello(2, 5, 0), REPLICA_HELLO);
}

static void
end(void)
{
	entry_writer_free(writer_of_entries);
	teardown();
}

START_TEST(a_write_is_executed_in_its_place)
{
	begin(_i);
	ck_assert_int_eq(take_write(3, 5, 1, 7), REPLICA_WRITE);
	ck_assert_uint_eq(get_register(1), 7);
	ck_assert_int_eq(take_write(4, 5, 1, 8), REPLICA_WRITE);
	ck_assert_uint_eq(get_register(1), 8);
	ck_assert_uint_eq(r.number, 4);
	end();
}
END_TEST

/* All numbers but the next one. */
START_TEST(a_gap_is_seen_and_changes_nothing)
{
	static const uint64_t numbers[] = { 0, 1, 2, 4, 5, 1000, UINT64_MAX };
	struct replica before;

	begin(_i);
	before = r;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		ck_assert_int_eq(take_write(numbers[i], 5, 1, 7), REPLICA_GAP);
	ck_assert_mem_eq(&r, &before, sizeof(r));
	ck_assert_uint_eq(get_register(1), 0);
	ck_assert_int_eq(take_write(3, 5, 1, 7), REPLICA_WRITE);
	end();
}
END_TEST

START_TEST(a_log_begins_with_begin)
{
	begin(_i);
	ck_assert_int_eq(take_begin(3, r.overlay), REPLICA_NOT_UNDERSTOOD);
	ck_assert_uint_eq(r.number, 2);
	replica_init(&r, table, r.overlay);
	ck_assert_int_eq(take_begin(2, r.overlay), REPLICA_GAP);
	ck_assert_int_eq(take_hello(1, 5, 0), REPLICA_NOT_UNDERSTOOD);
	ck_assert_int_eq(take_write(1, 5, 1, 7), REPLICA_NOT_UNDERSTOOD);
	ck_assert_int_eq(take_snapshot(1), REPLICA_NOT_UNDERSTOOD);
	ck_assert_uint_eq(r.number, 0);
	ck_assert_int_eq(take_begin(1, r.overlay), REPLICA_OTHER);
	end();
}
END_TEST

START_TEST(a_log_of_the_other_mode_is_told_apart)
{
	struct replica before;

	begin(_i);
	replica_init(&r, table, r.overlay);
	before = r;
	ck_assert_int_eq(take_begin(1, other(r.overlay)), REPLICA_OTHER_MODE);
	ck_assert_mem_eq(&r, &before, sizeof(r));
	end();
}
END_TEST

START_TEST(what_is_not_understood_changes_nothing)
{
	static const struct engine_field fields[] = { { "lease", 5 },
		{ "1", 1 } };
	struct replica before;

	begin(_i);
	before = r;
	ck_assert_int_eq(take_fields(3, fields, 2), REPLICA_NOT_UNDERSTOOD);
	ck_assert_int_eq(take_fields(3, fields, 1), REPLICA_NOT_UNDERSTOOD);
	ck_assert_mem_eq(&r, &before, sizeof(r));
	end();
}
END_TEST

/* It is taken, so that the next one follows, but is not to be executed. */
START_TEST(a_write_of_a_closed_session_is_late)
{
	begin(_i);
	ck_assert_int_eq(take_write(3, 6, 1, 7), REPLICA_LATE);
	ck_assert_int_eq(take_hello(4, 6, 5), REPLICA_HELLO);
	ck_assert_int_eq(take_write(5, 5, 1, 7), REPLICA_LATE);
	ck_assert_uint_eq(get_register(1), 0);
	ck_assert_int_eq(take_write(6, 6, 1, 8), REPLICA_WRITE);
	ck_assert_uint_eq(get_register(1), 8);
	end();
}
END_TEST

/* Session 5 has spoken; of the 64 that followed it, the first has not. */
START_TEST(the_65th_session_closes_the_one_that_is_silent_longest)
{
	uint64_t number = 3;

	begin(_i);
	for (uint64_t s = 100; s < 100 + SESSIONS_MAX - 1; s++)
		ck_assert_int_eq(take_hello(number++, s, 0), REPLICA_HELLO);
	ck_assert_int_eq(take_write(number++, 5, 1, 7), REPLICA_WRITE);
	ck_assert_int_eq(take_hello(number++, 200, 0), REPLICA_HELLO);
	ck_assert_int_eq(take_write(number++, 100, 1, 8), REPLICA_LATE);
	ck_assert_int_eq(take_write(number++, 5, 1, 9), REPLICA_WRITE);
	ck_assert_int_eq(take_write(number++, 101, 1, 10), REPLICA_WRITE);
	ck_assert_int_eq(take_write(number++, 200, 1, 11), REPLICA_WRITE);
	ck_assert_uint_eq(get_register(1), 11);
	end();
}
END_TEST

START_TEST(entries_behind_a_snapshot_are_counted)
{
	begin(_i);
	ck_assert_uint_eq(r.since_snapshot, 2);
	ck_assert_int_eq(take_snapshot(3), REPLICA_OTHER);
	ck_assert_uint_eq(r.since_snapshot, 0);
	ck_assert_int_eq(take_write(4, 5, 1, 7), REPLICA_WRITE);
	ck_assert_int_eq(take_write(5, 6, 1, 7), REPLICA_LATE);
	ck_assert_uint_eq(r.since_snapshot, 2);
	end();
}
END_TEST

/* After a lost tail its numbers are given again, to other entries. */
START_TEST(it_is_at_an_entry_of_this_number_and_these_fields)
{
	const struct engine_field *fields;
	struct engine_entry entry = { .number = 3 };

	begin(_i);
	entry.count = entry_make_hello(writer_of_entries, 6, 0, "h:1", &fields);
	entry.fields = fields;
	ck_assert(!replica_is_at(&r, &entry));
	ck_assert_int_eq(replica_take(&r, &entry, &e), REPLICA_HELLO);
	ck_assert(replica_is_at(&r, &entry));
	entry.number = 2;
	ck_assert(!replica_is_at(&r, &entry));
	entry.number = 3;
	entry.count = entry_make_hello(writer_of_entries, 7, 0, "h:1", &fields);
	ck_assert(!replica_is_at(&r, &entry));
	replica_init(&r, table, r.overlay);
	ck_assert(!replica_is_at(&r, &(struct engine_entry){ 0, NULL, 0 }));
	end();
}
END_TEST

/* Who wrote last, as the table's observer was told. */
static struct {
	struct client client;
	uint8_t unit;
	uint8_t function;
	unsigned times;
} told;

static void
note(void *arg, const struct datatable_change *change)
{
	(void)arg;
	told.client = *change->writer->client;
	told.unit = change->writer->unit;
	told.function = change->writer->function;
	told.times++;
}

START_TEST(observers_are_told_of_the_real_client)
{
	static const struct identity identity = {
		.subject = "CN=a", .issuer = "", .role = ""
	};
	const struct client nobody = { .id = 9, .identity = &identity };
	struct datatable_observer observer = { .changed = note };
	uint8_t pdu[] = { 22, 0, 1, 0, 0, 0, 1 };
	const struct order_pdu pdus[] = { { pdu, sizeof(pdu) },
		{ pdu, sizeof(pdu) } };
	struct order_write write = { .unit = 17, .pdus = pdus, .count = 2 };
	const struct engine_field *fields;
	size_t count;

	begin(_i);
	ck_assert_int_eq(
	    address_parse("192.0.2.1:1502", 0, &write.client.address), 0);
	datatable_observe(table, &observer);
	count = entry_make_write(writer_of_entries, 5, 1, 0, &write, &fields);
	ck_assert_int_eq(take_fields(3, fields, count), REPLICA_WRITE);
	ck_assert_uint_eq(told.times, 0);
	replica_execute(&r, &e, &nobody);
	ck_assert_uint_eq(told.times, 2);
	ck_assert_mem_eq(&told.client.address, &write.client.address,
	    sizeof(told.client.address));
	ck_assert_uint_eq(told.client.id, 9);
	ck_assert_ptr_eq(told.client.identity, &identity);
	ck_assert_uint_eq(told.unit, 17);
	ck_assert_uint_eq(told.function, 22);
	end();
}
END_TEST

START_TEST(first_values_are_those_of_start)
{
	struct datatable_observer observer = { .changed = note };
	const uint8_t pdu[] = { 6, 0, 1, 0, 7 };
	const struct order_pdu pdus[] = { { pdu, sizeof(pdu) } };
	const struct engine_field *fields;
	size_t count;

	begin(_i);
	replica_init(&r, table, r.overlay);
	datatable_observe(table, &observer);
	count =
	    entry_make_begin(writer_of_entries, r.overlay, pdus, 1, &fields);
	ck_assert_int_eq(take_fields(1, fields, count), REPLICA_OTHER);
	replica_execute(&r, &e, &client);
	ck_assert_uint_eq(get_register(1), 7);
	ck_assert_uint_eq(told.times, 1);
	ck_assert(address_same_host(&told.client.address, &address_start));
	end();
}
END_TEST

#define PDUS 20

/* Execute an entry of random writes here, and each of them by the model. */
static void
try_writes(struct model *model, uint64_t number, uint32_t *seed)
{
	static uint8_t bytes[PDUS][MB_PDU_MAX];
	struct order_pdu pdus[PDUS];
	struct order_write write = { .pdus = pdus };
	uint8_t response[MODEL_PDU_MAX];
	const struct engine_field *fields;
	size_t count;

	for (; write.count < PDUS; write.count++) {
		pdus[write.count].bytes = bytes[write.count];
		pdus[write.count].length = write_pdus_make(seed,
		    write_pdus_random(seed) % WRITE_PDUS_FUNCTIONS,
		    bytes[write.count]);
		model_respond(model, bytes[write.count],
		    pdus[write.count].length, response);
	}
	count =
	    entry_make_write(writer_of_entries, 5, number, 0, &write, &fields);
	ck_assert_int_eq(take_fields(number, fields, count), REPLICA_WRITE);
	replica_execute(&r, &e, &client);
}

START_TEST(random_writes_make_the_table_of_the_model)
{
	static struct model model;
	unsigned wrong = 0;
	uint32_t seed = 1;

	begin(_i);
	model_init(&model, _i == DATATABLE_OVERLAID, "");
	for (uint64_t number = 3; number < 100; number++)
		try_writes(&model, number, &seed);
	for (unsigned i = 0; i < MODEL_ADDRESSES; i++)
		wrong += get_register(i) != model_register(&model, i) ||
		    get_coil(i) != model_coil(&model, i);
	ck_assert_uint_eq(wrong, 0);
	end();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared_replica");
	TCase *tc = tcase_create("replica");

	tcase_add_loop_test(tc, a_write_is_executed_in_its_place, 0, 2);
	tcase_add_loop_test(tc, a_gap_is_seen_and_changes_nothing, 0, 2);
	tcase_add_loop_test(tc, a_log_begins_with_begin, 0, 2);
	tcase_add_loop_test(tc, a_log_of_the_other_mode_is_told_apart, 0, 2);
	tcase_add_loop_test(tc, what_is_not_understood_changes_nothing, 0, 2);
	tcase_add_loop_test(tc, a_write_of_a_closed_session_is_late, 0, 2);
	tcase_add_loop_test(
	    tc, the_65th_session_closes_the_one_that_is_silent_longest, 0, 2);
	tcase_add_loop_test(tc, entries_behind_a_snapshot_are_counted, 0, 2);
	tcase_add_loop_test(
	    tc, it_is_at_an_entry_of_this_number_and_these_fields, 0, 2);
	tcase_add_loop_test(tc, observers_are_told_of_the_real_client, 0, 2);
	tcase_add_loop_test(tc, first_values_are_those_of_start, 0, 2);
	tcase_add_loop_test(
	    tc, random_writes_make_the_table_of_the_model, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
