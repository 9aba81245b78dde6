#include "state/history.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/client.h"
#include "scratch.h"
#include "state/batch.h"
#include "state/scrub.h"
#include "state/sql.h"
#include "state/store.h"
#include "state/upgrade.h"
#include "suite.h"

#define HOUR INT64_C(3600000000)

/* A state file, and the table that its writes made. */
static struct store *store;
static struct datatable *table;
static struct batch *batch;
static struct store_error why;
static struct history_reader reader;
static int64_t moment; /* of the writes */

static void
gather(void *arg, const struct datatable_change *change)
{
	(void)arg;
	ck_assert_int_eq(batch_reserve(batch, 1, DATATABLE_WRITE_MAX), 0);
	batch_add(batch, change, moment);
}

static struct datatable_observer observer = { .changed = gather };

static struct client client = { .id = 1 };
static const struct datatable_writer writer = { &client, 7, 16 };

static void
begin(enum datatable_overlay overlay)
{
	scratch_begin();
	ck_assert_int_eq(store_create(scratch_path("s"), overlay, &why), 0);
	store = store_open(scratch_path("s"), STORE_WRITE, NULL, &why);
	ck_assert_msg(store != NULL, "%s", why.text);
	table = datatable_new(overlay);
	batch = batch_new();
	datatable_observe(table, &observer);
	reader = (struct history_reader){ .store = store };
	moment = 1000000;
}

static void
end(void)
{
	history_reader_end(&reader);
	datatable_free(table);
	batch_free(batch);
	store_close(store, &why);
	scratch_end();
}

static void
setup(void)
{
	begin(DATATABLE_SEPARATE);
}

static void
run(const char *sql)
{
	ck_assert_int_eq(sql_run(store_database(store), sql), SQLITE_OK);
}

/* A commit adds a point of the present time to table age, which is not that of
 * these writes. */
static void
commit(void)
{
	ck_assert_int_eq(store_commit(store, batch, &why), STORE_DONE);
	batch_clear(batch);
	run("DELETE FROM age");
}

static void
write_register(uint16_t address, uint16_t value)
{
	datatable_write_registers(table, &writer, address, 1, &value);
}

static void
write_coil(uint16_t address, uint16_t value)
{
	datatable_write_coils(table, &writer, address, 1, &value);
}

static struct history_query
ask(enum datatable_kind kind, uint16_t address, uint16_t quantity)
{
	return (struct history_query){
		.kind = kind,
		.address = address,
		.quantity = quantity,
		.bit = HISTORY_NO_BIT,
		.since = INT64_MIN,
		.until = INT64_MAX,
		.limit = HISTORY_ROWS_MAX,
	};
}

static struct history *
search(const struct history_query *q)
{
	struct history *h = history_new(q);

	ck_assert_ptr_nonnull(h);
	while (!history_step(h, &reader))
		ck_assert_int_eq(sqlite3_txn_state(store_database(store), NULL),
		    SQLITE_TXN_NONE);
	ck_assert_int_eq(
	    sqlite3_txn_state(store_database(store), NULL), SQLITE_TXN_NONE);
	return h;
}

/* The numbers of the rows of a result, and what follows it: "1 2 4 next 4". */
static const char *
numbers(const struct history_query *q)
{
	static char text[1000];
	struct history *h = search(q);
	struct history_row row;
	size_t n = 0;

	text[0] = '\0';
	if (history_error(h) != NULL) {
		snprintf(text, sizeof(text), "%s", history_error(h)->text);
		history_free(h);
		return text;
	}
	while (history_take(h, &row) && n < sizeof(text))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%d",
		    n == 0 ? "" : " ", (int)row.number);
	if (history_next(h) != 0)
		snprintf(text + n, sizeof(text) - n, " next %d",
		    (int)history_next(h));
	history_free(h);
	return text;
}

START_TEST(a_row_says_who_and_what)
{
	const struct history_query q = ask(DATATABLE_REGISTERS, 20, 2);
	const uint16_t words[] = { 1, 2 };
	struct history_row row;
	struct history *h;

	datatable_write_registers(table, &writer, 20, 2, words);
	commit();
	h = search(&q);
	ck_assert(history_take(h, &row));
	ck_assert_int_eq(row.number, 1);
	ck_assert_int_eq(row.time, 1000000);
	ck_assert_str_eq(row.client, "[::]:0");
	ck_assert_str_eq(row.subject, "");
	ck_assert_str_eq(row.role, "");
	ck_assert_int_eq(row.unit, 7);
	ck_assert_int_eq(row.function, 16);
	ck_assert_int_eq(row.address, 20);
	ck_assert_int_eq(row.quantity, 2);
	ck_assert_int_eq(row.before[0] | row.before[1], 0);
	ck_assert_int_eq(row.after[0], 1);
	ck_assert_int_eq(row.after[1], 2);
	ck_assert(!history_take(h, &row));
	ck_assert_int_eq(history_next(h), 0);
	history_free(h);
}
END_TEST

START_TEST(a_row_says_by_which_certificate)
{
	const struct history_query q = ask(DATATABLE_REGISTERS, 20, 2);
	char subject[300], role[100];
	struct identity who = {
		.subject = subject, .issuer = "", .role = role
	};
	struct history_row row;
	struct history *h;

	memset(subject, 'x', sizeof(subject));
	subject[IDENTITY_NAME_SIZE - 1] = '\0';
	memset(role, 'y', sizeof(role));
	role[IDENTITY_ROLE_SIZE - 1] = '\0';
	who.holders = 1;
	client.identity = &who;
	write_register(20, 1);
	commit();
	client.identity = NULL;
	write_register(20, 2);
	commit();
	h = search(&q);
	ck_assert(history_take(h, &row));
	ck_assert_str_eq(row.subject, subject);
	ck_assert_str_eq(row.role, role);
	ck_assert(history_take(h, &row));
	ck_assert_str_eq(row.subject, "");
	ck_assert_str_eq(row.role, "");
	ck_assert_int_eq(row.after[0], 2);
	ck_assert(!history_take(h, &row));
	history_free(h);
}
END_TEST

/* The reader began with a file of an earlier version, which there was no space
 * to upgrade. */
START_TEST(columns_come_while_a_reader_is_in_use)
{
	struct row_query rows = { .statement = NULL };
	struct sqlite3 *db = store_database(store);
	struct record_journal row;

	write_register(20, 1);
	commit();
	run("ALTER TABLE journal DROP COLUMN subject");
	run("ALTER TABLE journal DROP COLUMN role");
	ck_assert_int_eq(
	    row_query_prepare(&rows, db, 2, "ORDER BY number"), SQLITE_OK);
	ck_assert_int_eq(row_next(rows.statement, &row), SQLITE_OK);
	ck_assert_int_eq(row_next(rows.statement, &row), SQLITE_EMPTY);
	sqlite3_reset(rows.statement);
	ck_assert_int_eq(upgrade_database(db, 2), SQLITE_OK);
	client.identity =
	    &(struct identity){ .subject = "CN=1", .role = "", .holders = 1 };
	write_register(20, 2);
	commit();
	client.identity = NULL;
	ck_assert_int_eq(
	    row_query_prepare(&rows, db, 3, "ORDER BY number"), SQLITE_OK);
	ck_assert_int_eq(row_next(rows.statement, &row), SQLITE_OK);
	ck_assert_str_eq(row.subject, "");
	ck_assert_int_eq(row_next(rows.statement, &row), SQLITE_OK);
	ck_assert_str_eq(row.subject, "CN=1");
	row_query_end(&rows);
}
END_TEST

START_TEST(only_writes_that_change_what_is_asked_for)
{
	struct history_query q = ask(DATATABLE_REGISTERS, 20, 2);

	write_register(19, 1);
	write_register(20, 1); /* 2 */
	write_register(20, 1);
	write_register(21, 1); /* 4 */
	write_register(22, 1);
	write_coil(20, 1); /* 6 */
	commit();
	ck_assert_str_eq(numbers(&q), "2 4");
	q = ask(DATATABLE_COILS, 20, 1);
	ck_assert_str_eq(numbers(&q), "6");
	q = ask(DATATABLE_COILS, 0, 20);
	ck_assert_str_eq(numbers(&q), "");
	q = ask(DATATABLE_REGISTERS, 20, 1);
	q.bit = 1;
	ck_assert_str_eq(numbers(&q), "");
	q.bit = 0;
	ck_assert_str_eq(numbers(&q), "2");
}
END_TEST

/* A simulation has written in between. */
START_TEST(a_row_says_what_it_has_found)
{
	const struct history_query q = ask(DATATABLE_REGISTERS, 5, 2);
	const uint16_t simulated = 70;
	struct history *h;
	struct history_row row;

	write_register(6, 9);
	write_register(5, 1);
	commit();
	datatable_unobserve(table, &observer);
	write_register(5, simulated);
	datatable_observe(table, &observer);
	batch_set_table(batch, table);
	commit();
	write_register(5, 2); /* row 3 */
	commit();
	h = search(&q);
	for (int64_t n = 1; n <= 3; n++)
		ck_assert(history_take(h, &row) && row.number == n);
	ck_assert_uint_eq(row.before[0], 70);
	ck_assert_uint_eq(row.after[0], 2);
	ck_assert_uint_eq(row.before[1], 9);
	ck_assert_uint_eq(row.after[1], 9);
	history_free(h);
}
END_TEST

START_TEST(an_empty_journal)
{
	const struct history_query q = ask(DATATABLE_REGISTERS, 0, 125);

	ck_assert_str_eq(numbers(&q), "");
}
END_TEST

START_TEST(a_result_is_gone_on_with)
{
	struct history_query q = ask(DATATABLE_REGISTERS, 5, 1);

	for (uint16_t i = 1; i <= 7; i++)
		write_register(5, i);
	write_register(6, 1);
	commit();
	q.limit = 3;
	ck_assert_str_eq(numbers(&q), "1 2 3 next 3");
	q.after = 3;
	ck_assert_str_eq(numbers(&q), "4 5 6 next 6");
	q.after = 6;
	ck_assert_str_eq(numbers(&q), "7");
	q.after = 8;
	ck_assert_str_eq(numbers(&q), "");
	q.after = INT64_MAX;
	ck_assert_str_eq(numbers(&q), "");
}
END_TEST

/* Another model: the whole table before and after each write. */
#define WRITES 400
#define SPAN   8 /* registers, which are written; and as many words of coils */

static struct step {
	int64_t time;
	uint16_t before[2][SPAN]; /* by kind */
	uint16_t after[2][SPAN];
} steps[WRITES];

static void
copy_table(uint16_t words[2][SPAN])
{
	datatable_read_coils(table, 0, 16 * SPAN, words[DATATABLE_COILS]);
	datatable_read_registers(table, 0, SPAN, words[DATATABLE_REGISTERS]);
}

static void
write_anything(struct step *s)
{
	uint16_t words[SPAN];
	unsigned address = (unsigned)rand() % SPAN;
	unsigned quantity = 1 + (unsigned)rand() % (SPAN - address);

	s->time = moment = 1000000 + rand() % 100;
	copy_table(s->before);
	for (int i = 0; i < SPAN; i++)
		words[i] = (uint16_t)(rand() % 3 == 0 ? 0 : rand());
	if (rand() % 2 == 0)
		datatable_write_registers(table, &writer, (uint16_t)address,
		    (uint16_t)quantity, words);
	else
		datatable_write_coils(table, &writer,
		    (uint16_t)(16 * address + (unsigned)rand() % 16),
		    (uint16_t)(1 + (unsigned)rand() % (16 * quantity - 15)),
		    words);
	copy_table(s->after);
}

static unsigned
bit_at(const uint16_t *words, unsigned i)
{
	return (unsigned)words[i / 16] >> i % 16 & 1;
}

/* Whether the write of a step is in the result, by the model. */
static bool
is_asked_for(const struct history_query *q, const struct step *s)
{
	unsigned size = q->kind == DATATABLE_COILS ? 1 : 16;

	if (s->time < q->since || s->time > q->until)
		return false;
	for (unsigned i = q->address * size;
	     i < (q->address + q->quantity) * size; i++)
		if ((q->bit < 0 || i % 16 == (unsigned)q->bit) &&
		    bit_at(s->before[q->kind], i) !=
			bit_at(s->after[q->kind], i))
			return true;
	return false;
}

/* What is known of the values is so. Returns whether all is known. */
static bool
agrees(const struct history_query *q, const struct history_row *row)
{
	const struct step *s = &steps[row->number - 1];
	unsigned size = q->kind == DATATABLE_COILS ? 1 : 16;
	bool all = true;

	for (unsigned i = 0; i < q->quantity * size; i++) {
		unsigned k = q->address * size + i;

		if (bit_at(row->known, i) == 0) {
			all &= q->bit >= 0 && i != (unsigned)q->bit;
			continue;
		}
		ck_assert_int_eq(
		    bit_at(row->before, i), bit_at(s->before[q->kind], k));
		ck_assert_int_eq(
		    bit_at(row->after, i), bit_at(s->after[q->kind], k));
	}
	return all;
}

static void
compare(struct history_query q)
{
	bool whole = q.since == INT64_MIN && q.until == INT64_MAX &&
	    q.limit == HISTORY_ROWS_MAX;
	unsigned i = 0, rows;
	struct history_row row;

	do {
		struct history *h = search(&q);

		ck_assert_ptr_null(history_error(h));
		for (rows = 0; history_take(h, &row); rows++) {
			while (!is_asked_for(&q, &steps[i]))
				i++;
			ck_assert_int_eq(row.number, i + 1);
			ck_assert(agrees(&q, &row) || !whole);
			i++;
		}
		ck_assert_int_le(rows, q.limit);
		ck_assert(history_next(h) == 0 || history_next(h) > q.after);
		q.after = history_next(h);
		history_free(h);
	} while (q.after != 0);
	for (; i < WRITES; i++)
		ck_assert(!is_asked_for(&q, &steps[i]));
}

static void
compare_any(void)
{
	bool coils = rand() % 2 == 0;
	unsigned items = coils ? 16 * SPAN : SPAN;
	unsigned address = (unsigned)rand() % items;
	struct history_query q = ask(
	    coils ? DATATABLE_COILS : DATATABLE_REGISTERS, (uint16_t)address,
	    (uint16_t)(1 + (unsigned)rand() % (items - address)));

	if (!coils && rand() % 3 == 0) {
		q.quantity = 1;
		q.bit = rand() % 16;
	}
	if (rand() % 2 == 0)
		q.limit = 1 + (unsigned)rand() % 30;
	if (rand() % 2 == 0)
		q.since = 1000000 + rand() % 100;
	if (rand() % 2 == 0)
		q.until = 1000000 + rand() % 100;
	compare(q);
}

START_TEST(any_search_agrees_with_a_model)
{
	end();
	begin(_i == 0 ? DATATABLE_SEPARATE : DATATABLE_OVERLAID);
	srand(20261126);
	for (int i = 0; i < WRITES; i++)
		write_anything(&steps[i]);
	commit();
	for (int i = 0; i < 30; i++)
		compare_any();
}
END_TEST

START_TEST(a_result_is_bounded_in_bytes)
{
	struct history_query q = ask(DATATABLE_REGISTERS, 0, 125);
	unsigned total = 0;

	for (uint16_t i = 1; i <= 2000; i++) {
		uint16_t words[125];

		for (int k = 0; k < 125; k++)
			words[k] = i;
		datatable_write_registers(table, &writer, 0, 125, words);
	}
	commit();
	do {
		struct history *h = search(&q);
		struct history_row row;
		unsigned rows = 0;

		while (history_take(h, &row)) {
			ck_assert_int_eq(row.number, ++total);
			ck_assert_int_eq(row.after[124], total);
			rows++;
		}
		ck_assert_int_le(rows * 125 * 6, HISTORY_BYTES_MAX + 1000);
		q.after = history_next(h);
		history_free(h);
	} while (q.after != 0);
	ck_assert_int_eq(total, 2000);
}
END_TEST

/* Damage -------------------------------------------------------------------*/

START_TEST(damage_is_an_error)
{
	struct history_query q = ask(DATATABLE_REGISTERS, 5, 1);

	for (uint16_t i = 1; i <= 9; i++)
		write_register(i == 4 ? 9 : 5, i);
	commit();
	while (scrub_is_due(store))
		scrub_all(store, &why);
	run(_i == 0 ? "UPDATE journal SET unit = 8 WHERE number = 4" :
		      "DELETE FROM journal WHERE number = 4");
	ck_assert_str_eq(numbers(&q), "the journal is damaged: write 4");
	ck_assert(scrub_is_due(store));
	q.after = 4;
	ck_assert_str_eq(numbers(&q), "5 6 7 8 9");
	q.after = 0;
	q.limit = 3;
	ck_assert_str_eq(numbers(&q), "1 2 3 next 3");
}
END_TEST

/* Time ---------------------------------------------------------------------*/

static void
add_point(int64_t elapsed, int64_t time, int64_t number)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "INSERT INTO age VALUES (%lld, %lld, %lld, %lld)",
	    (long long)elapsed, (long long)time, (long long)number,
	    (long long)(elapsed + time + number));
	run(sql);
}

/* Five hours of a write each 36 s, 100 an hour, with a point after each hour.
 * The clock is behind by `behind` in the third. */
static void
fill_hours(int64_t behind)
{
	for (int i = 0; i < 500; i++) {
		moment =
		    100 * HOUR + i * (HOUR / 100) - (i / 100 == 2 ? behind : 0);
		write_register(5, (uint16_t)(i + 1));
	}
	commit();
	for (int i = 0; i <= 5; i++)
		add_point(i * HOUR,
		    100 * HOUR + i * HOUR - (i == 3 ? behind : 0), 100 * i);
}

START_TEST(other_times_are_not_read)
{
	struct history_query q = ask(DATATABLE_REGISTERS, 5, 1);

	fill_hours(0);
	q.since = 102 * HOUR + HOUR / 2; /* row 251 */
	q.until = 102 * HOUR + HOUR / 2 + 72000000;
	ck_assert_str_eq(numbers(&q), "251 252 253");
	q.limit = 2;
	ck_assert_str_eq(numbers(&q), "251 252 next 252");
	/* No other row is looked at, but those near to the times. */
	run("UPDATE journal SET crc = 0 WHERE number NOT BETWEEN 201 AND 300");
	q.limit = 10;
	ck_assert_str_eq(numbers(&q), "251 252 253");
}
END_TEST

START_TEST(times_of_a_clock_that_was_behind_are_found)
{
	struct history_query q = ask(DATATABLE_REGISTERS, 5, 1);

	fill_hours(90 * HOUR);
	q.since = 12 * HOUR;
	q.until = 12 * HOUR + 72000000;
	ck_assert_str_eq(numbers(&q), "201 202 203");
	q.since = 103 * HOUR; /* in the hour behind, whose points disagree */
	q.until = 103 * HOUR + 72000000;
	ck_assert_str_eq(numbers(&q), "301 302 303");
	q.since = 104 * HOUR;
	q.until = 104 * HOUR + 72000000;
	ck_assert_str_eq(numbers(&q), "401 402 403");
	/* Times step back, numbers do not: behind what is not asked for, values
	 * are not known, so that a result ends there. */
	q.since = 12 * HOUR;
	q.until = 101 * HOUR;
	q.limit = 3;
	q.after = 99;
	ck_assert_str_eq(numbers(&q), "100 101 next 200");
	q.after = 200;
	ck_assert_str_eq(numbers(&q), "201 202 203 next 203");
}
END_TEST

START_TEST(damaged_points_of_time_cost_nothing_but_time)
{
	struct history_query q = ask(DATATABLE_REGISTERS, 5, 1);

	fill_hours(0);
	q.since = 102 * HOUR;
	q.until = 102 * HOUR + 72000000;
	run("UPDATE age SET number = 400 WHERE number = 100");
	ck_assert_str_eq(numbers(&q), "201 202 203");
	run("DROP TABLE age");
	ck_assert_str_eq(numbers(&q), "201 202 203");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("history");
	TCase *tc = tcase_create("history");

	tcase_add_checked_fixture(tc, setup, end);
	tcase_add_test(tc, a_row_says_who_and_what);
	tcase_add_test(tc, a_row_says_by_which_certificate);
	tcase_add_test(tc, columns_come_while_a_reader_is_in_use);
	tcase_add_test(tc, only_writes_that_change_what_is_asked_for);
	tcase_add_test(tc, a_row_says_what_it_has_found);
	tcase_add_test(tc, an_empty_journal);
	tcase_add_test(tc, a_result_is_gone_on_with);
	tcase_add_loop_test(tc, any_search_agrees_with_a_model, 0, 2);
	tcase_add_test(tc, a_result_is_bounded_in_bytes);
	tcase_add_loop_test(tc, damage_is_an_error, 0, 2);
	tcase_add_test(tc, other_times_are_not_read);
	tcase_add_test(tc, times_of_a_clock_that_was_behind_are_found);
	tcase_add_test(tc, damaged_points_of_time_cost_nothing_but_time);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
