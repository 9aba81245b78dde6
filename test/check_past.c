#include "journal/past.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/client.h"
#include "base/exit_status.h"
#include "journal/query.h"
#include "state/batch.h"
#include "state/sql.h"
#include "state/store.h"
#include "suite.h"

#define SECOND INT64_C(1000000)

/* A state file in a folder of its own, and the table that it keeps. Times are
 * seconds behind begin, which is a minute after it was made or less. */
static char folder[] = "/tmp/check_past.XXXXXX";
static char path[100];
static struct datatable *table;
static struct batch *batch;
static struct store_error why;
static int64_t begin;

struct recorder {
	struct datatable_observer observer;
	int64_t time;
};

static void
record(void *arg, const struct datatable_change *change)
{
	const struct recorder *r = arg;

	ck_assert_int_eq(batch_reserve(batch, 1, DATATABLE_WRITE_MAX), 0);
	batch_add(batch, change, r->time);
}

static struct recorder recorder = { { .changed = record, .arg = &recorder },
	0 };

static void
setup(void)
{
	struct timespec t;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/state", folder);
	clock_gettime(CLOCK_REALTIME, &t);
	begin = (t.tv_sec + 60) * SECOND;
}

static void
make(int overlay)
{
	ck_assert_int_eq(
	    store_create(path, (enum datatable_overlay)overlay, &why), 0);
	table = datatable_new((enum datatable_overlay)overlay);
	batch = batch_new();
	ck_assert(table != NULL && batch != NULL);
	datatable_observe(table, &recorder.observer);
}

static void
teardown(void)
{
	char command[200];

	datatable_free(table);
	batch_free(batch);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static void
put(int64_t second, enum datatable_kind kind, unsigned address, uint16_t value)
{
	static const struct client client = { .id = 1 };
	const struct datatable_writer writer = { &client, 1, 6 };

	recorder.time = begin + second * SECOND;
	if (kind == DATATABLE_COILS)
		datatable_write_coils(
		    table, &writer, (uint16_t)address, 1, &value);
	else
		datatable_write_registers(
		    table, &writer, (uint16_t)address, 1, &value);
}

/* Write what has no row. */
static void
put_unrecorded(unsigned address, uint16_t value)
{
	datatable_unobserve(table, &recorder.observer);
	put(0, DATATABLE_REGISTERS, address, value);
	datatable_observe(table, &recorder.observer);
}

/* Keep what was written, then let sql loose on the file. */
static void
commit(const char *sql)
{
	struct store *s = store_open(path, STORE_WRITE, NULL, &why);

	ck_assert_msg(s != NULL, "%s", why.text);
	store_keep_journal(s, (struct store_keep){ .rows = 1000 });
	ck_assert_int_eq(store_commit(s, batch, &why), STORE_DONE);
	batch_clear(batch);
	if (sql != NULL)
		ck_assert_int_eq(sql_run(store_database(s), sql), SQLITE_OK);
	ck_assert_int_eq(store_close(s, &why), 0);
}

/* What is found, or NULL with why. */
static struct past *
ask(const struct query *q)
{
	struct store *s = store_open(path, STORE_READ, NULL, &why);
	struct store_error ignored;
	struct past *p;

	ck_assert_msg(s != NULL, "%s", why.text);
	p = past_find(s, q, &why);
	store_close(s, &ignored);
	return p;
}

/* All that is found at a second, or NULL with why. */
static struct past *
look(int64_t second)
{
	return ask(&(struct query){
	    .action = QUERY_AT,
	    .at = begin + second * SECOND,
	});
}

/* What is found at the end of two registers only. */
static struct past *
look_at_registers(uint16_t one, uint16_t other)
{
	return ask(&(struct query){
	    .action = QUERY_AT,
	    .at = INT64_MAX,
	    .ranges = { { DATATABLE_REGISTERS, one, one },
		{ DATATABLE_REGISTERS, other, other } },
	    .range_count = 2,
	});
}

static uint16_t
held(const struct past *p, unsigned address)
{
	uint16_t value;

	datatable_read_registers(past_table(p), (uint16_t)address, 1, &value);
	return value;
}

static void
assert_held(int64_t second, unsigned address, uint16_t value, int64_t since,
    int64_t until)
{
	struct past *p = look(second);

	ck_assert_msg(p != NULL, "%s", why.text);
	ck_assert_uint_eq(held(p, address), value);
	ck_assert_int_eq(
	    past_since(p, DATATABLE_REGISTERS, (uint16_t)address), since);
	ck_assert_int_eq(
	    past_until(p, DATATABLE_REGISTERS, (uint16_t)address), until);
	past_free(p);
}

START_TEST(goes_back_to_each_moment)
{
	make(_i);
	put(1, DATATABLE_REGISTERS, 17, 100);
	put(2, DATATABLE_REGISTERS, 17, 200);
	put(3, DATATABLE_REGISTERS, 17, 200); /* changes nothing */
	put(4, DATATABLE_REGISTERS, 17, 100);
	commit(NULL);
	assert_held(0, 17, 0, 0, 1);
	assert_held(1, 17, 100, 1, 2);
	assert_held(2, 17, 200, 2, 4);
	assert_held(3, 17, 200, 2, 4);
	assert_held(4, 17, 100, 4, 0);
	assert_held(1000, 17, 100, 4, 0);
	assert_held(1000, 18, 0, 0, 0);
}
END_TEST

START_TEST(overlaid_coils_change_their_register)
{
	make(DATATABLE_OVERLAID);
	put(1, DATATABLE_COILS, 17, 1);
	put(2, DATATABLE_REGISTERS, 1, 3);
	put(3, DATATABLE_COILS, 17, 0);
	commit(NULL);
	assert_held(0, 1, 0, 0, 1);
	assert_held(1, 1, 2, 1, 2);
	assert_held(2, 1, 3, 2, 3);
	assert_held(3, 1, 1, 3, 0);
}
END_TEST

/* At 10 o'clock it was set back to 5: what is asked is the last 7 there was. */
START_TEST(a_clock_that_was_set_back_shows_a_moment_twice)
{
	make(_i);
	put(7, DATATABLE_REGISTERS, 5000, 1);
	put(10, DATATABLE_REGISTERS, 5000, 2);
	put(6, DATATABLE_REGISTERS, 5000, 3);
	put(8, DATATABLE_REGISTERS, 5000, 4);
	commit(NULL);
	assert_held(7, 5000, 3, 3, 4);
	assert_held(9, 5000, 4, 4, 0);
}
END_TEST

START_TEST(says_how_far_back_it_reaches)
{
	struct past *p;

	make(_i);
	put(1, DATATABLE_REGISTERS, 17, 100);
	put(2, DATATABLE_REGISTERS, 17, 200);
	commit(NULL);
	p = look(2);
	ck_assert_ptr_nonnull(p);
	ck_assert(past_is_complete(p));
	ck_assert_int_le(past_begins(p), begin);
	ck_assert_int_eq(past_last(p), 2);
	past_free(p);
	ck_assert_ptr_null(look(-70));
	ck_assert_int_eq(why.status, EX_UNAVAILABLE);

	commit("DELETE FROM journal WHERE number = 1");
	p = look(2);
	ck_assert_ptr_nonnull(p);
	ck_assert(!past_is_complete(p));
	ck_assert_int_eq(past_begins(p), begin + 2 * SECOND);
	past_free(p);
	ck_assert_ptr_null(look(1));
	ck_assert_int_eq(why.status, EX_UNAVAILABLE);
}
END_TEST

/* A row that is lost takes what it changed with it: what is left of the table
 * is no longer what the journal has written. */
START_TEST(journal_and_table_must_agree)
{
	make(_i);
	put(1, DATATABLE_REGISTERS, 17, 100);
	put(2, DATATABLE_REGISTERS, 17, 200);
	put(3, DATATABLE_REGISTERS, 18, 300);
	commit("DELETE FROM journal WHERE number = 2");
	ck_assert_ptr_null(look(0));
	ck_assert_int_eq(why.status, EX_DATAERR);
	ck_assert_ptr_nonnull(strstr(why.text, "write 1"));
	/* Only write 3 needs to be undone for this. */
	assert_held(1, 17, 200, 1, 0);
}
END_TEST

/* A simulation has written in between: before each row is what it has found.
 */
START_TEST(values_without_rows_are_no_damage)
{
	make(_i);
	put(1, DATATABLE_REGISTERS, 17, 100);
	commit(NULL);
	put_unrecorded(17, 555);
	put_unrecorded(18, 777);
	put(2, DATATABLE_REGISTERS, 17, 200);
	put_unrecorded(17, 556);
	batch_set_table(batch, table);
	commit(NULL);
	put(3, DATATABLE_REGISTERS, 19, 300);
	commit(NULL);
	assert_held(2, 17, 556, 2, 0);
	assert_held(1, 17, 555, 1, 2);
	assert_held(0, 17, 0, 0, 1);
	/* What no row has written is as it was saved. */
	assert_held(0, 18, 777, 0, 0);
}
END_TEST

START_TEST(behind_values_without_rows_all_must_agree)
{
	make(_i);
	put_unrecorded(17, 555);
	batch_set_table(batch, table);
	put(1, DATATABLE_REGISTERS, 17, 100);
	commit(NULL);
	put(2, DATATABLE_REGISTERS, 17, 200);
	put(3, DATATABLE_REGISTERS, 17, 300);
	put(4, DATATABLE_REGISTERS, 18, 300);
	commit("DELETE FROM journal WHERE number = 3");
	ck_assert_ptr_null(look(0));
	ck_assert_int_eq(why.status, EX_DATAERR);
	ck_assert_ptr_nonnull(strstr(why.text, "write 2"));
}
END_TEST

static const char *const damages[] = {
	"UPDATE journal SET time = time + 1 WHERE number = 2",
	"UPDATE journal SET client = 'x' WHERE number = 2",
	"UPDATE journal SET connection = 9 WHERE number = 2",
	"UPDATE journal SET unit = 256 WHERE number = 2",
	"UPDATE journal SET function = -1 WHERE number = 2",
	"UPDATE journal SET kind = 2 WHERE number = 2",
	"UPDATE journal SET address = 65536 WHERE number = 2",
	"UPDATE journal SET quantity = 0 WHERE number = 2",
	"UPDATE journal SET quantity = 70000 WHERE number = 2",
	"UPDATE journal SET quantity = 2 WHERE number = 2",
	"UPDATE journal SET before = x'' WHERE number = 2",
	"UPDATE journal SET after = x'000000' WHERE number = 2",
	"UPDATE journal SET after = x'0001' WHERE number = 2",
	"UPDATE journal SET client = printf('%0200d', 1) WHERE number = 2",
	"UPDATE journal SET crc = crc + 4294967296 WHERE number = 2",
};

START_TEST(damaged_rows_are_found)
{
	make(DATATABLE_SEPARATE);
	put(1, DATATABLE_REGISTERS, 17, 100);
	put(2, DATATABLE_REGISTERS, 17, 200);
	put(3, DATATABLE_REGISTERS, 17, 300);
	commit(damages[_i]);
	ck_assert_ptr_null(look(0));
	ck_assert_int_eq(why.status, EX_DATAERR);
	ck_assert_ptr_nonnull(strstr(why.text, "write 2"));
}
END_TEST

/* The journal is read back to the last answer, and no further. */
START_TEST(damage_matters_where_it_is_reached)
{
	struct past *p;

	make(_i);
	put(1, DATATABLE_REGISTERS, 5000, 10);
	put(2, DATATABLE_REGISTERS, 17, 100);
	put(3, DATATABLE_REGISTERS, 17, 200);
	put(4, DATATABLE_REGISTERS, 18, 300);
	put(5, DATATABLE_REGISTERS, 5001, 300);
	commit("UPDATE journal SET unit = unit + 1 WHERE number = 2");

	p = look_at_registers(17, 18);
	ck_assert_msg(p != NULL, "%s", why.text);
	ck_assert_uint_eq(held(p, 17), 200);
	ck_assert_int_eq(past_since(p, DATATABLE_REGISTERS, 17), 3);
	ck_assert_int_eq(past_since(p, DATATABLE_REGISTERS, 18), 4);
	ck_assert_int_eq(past_since(p, DATATABLE_REGISTERS, 5001), 0);
	past_free(p);

	ck_assert_ptr_null(look_at_registers(17, 5000));
	ck_assert_int_eq(why.status, EX_DATAERR);
	ck_assert_ptr_nonnull(strstr(why.text, "write 2"));
	ck_assert_ptr_null(look(1000));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("past");
	TCase *tc = tcase_create("past");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, goes_back_to_each_moment, 0, 2);
	tcase_add_test(tc, overlaid_coils_change_their_register);
	tcase_add_loop_test(
	    tc, a_clock_that_was_set_back_shows_a_moment_twice, 0, 2);
	tcase_add_loop_test(tc, says_how_far_back_it_reaches, 0, 2);
	tcase_add_loop_test(tc, journal_and_table_must_agree, 0, 2);
	tcase_add_loop_test(tc, values_without_rows_are_no_damage, 0, 2);
	tcase_add_loop_test(
	    tc, behind_values_without_rows_all_must_agree, 0, 2);
	tcase_add_loop_test(tc, damaged_rows_are_found, 0,
	    (int)(sizeof(damages) / sizeof(*damages)));
	tcase_add_loop_test(tc, damage_matters_where_it_is_reached, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
