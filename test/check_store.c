#include "state/store.h"

#include <semaphore.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/client.h"
#include "base/exit_status.h"
#include "base/identity.h"
#include "scratch.h"
#include "state/backup.h"
#include "state/batch.h"
#include "state/files.h"
#include "state/header.h"
#include "state/lock.h"
#include "state/schema.h"
#include "state/scrub.h"
#include "state/sql.h"
#include "suite.h"

static struct store_error why;

static void
setup(void)
{
	scratch_begin();
	memset(&why, 0, sizeof(why));
}

static void
teardown(void)
{
	scratch_end();
}

static void
create(enum datatable_overlay overlay)
{
	ck_assert_msg(store_create(scratch_path("s"), overlay, &why) == 0, "%s",
	    why.text);
}

static struct store *
open_it(enum store_access access)
{
	struct store *s = store_open(scratch_path("s"), access, NULL, &why);

	ck_assert_msg(s != NULL, "%s", why.text);
	return s;
}

static struct client somebody = { .id = 1 };
static const struct datatable_writer writer = { &somebody, 1, 16 };

/* What the event loop does: gather, seal. */
static void
gather(void *arg, const struct datatable_change *change)
{
	struct batch *b = arg;

	ck_assert_int_eq(batch_reserve(b, 1, DATATABLE_WRITE_MAX), 0);
	batch_add(b, change, 1000000);
}

static void
ignore(void *arg, const struct datatable_change *change)
{
	(void)arg;
	(void)change;
}

struct rig {
	struct datatable *table;
	struct batch *batch;
	struct datatable_observer observer;
};

static void
rig_begin(struct rig *r, enum datatable_overlay overlay)
{
	r->table = datatable_new(overlay);
	r->batch = batch_new();
	ck_assert(r->table != NULL && r->batch != NULL);
	r->observer.changed = gather;
	r->observer.arg = r->batch;
	datatable_observe(r->table, &r->observer);
}

static void
rig_end(struct rig *r)
{
	datatable_free(r->table);
	batch_free(r->batch);
}

static enum store_outcome
commit(struct rig *r, struct store *s)
{
	enum store_outcome outcome;

	outcome = store_commit(s, r->batch, &why);
	batch_clear(r->batch);
	return outcome;
}

/* Random writes to a table, committed in batches; then another table is loaded
 * from the file, and must be the same. */
START_TEST(what_is_committed_is_loaded)
{
	enum datatable_overlay overlay = (enum datatable_overlay)_i;
	uint16_t values[DATATABLE_WRITE_MAX], coils[2][4000];
	struct datatable *loaded = datatable_new(overlay);
	struct store *s;
	struct rig r;

	create(overlay);
	s = open_it(STORE_WRITE);
	ck_assert_int_eq(store_overlay(s), overlay);
	rig_begin(&r, overlay);
	srand(20260102);
	for (unsigned i = 0; i < 400; i++) {
		uint16_t quantity = (uint16_t)(1 + rand() % 2000);
		uint16_t address = (uint16_t)(rand() % (65537 - quantity));

		for (unsigned k = 0; k < quantity; k++)
			values[k] = (uint16_t)rand();
		if (i % 2)
			datatable_write_coils(
			    r.table, &writer, address, quantity, values);
		else
			datatable_write_registers(
			    r.table, &writer, address, quantity, values);
		if (i % 7 == 0)
			ck_assert_int_eq(commit(&r, s), STORE_DONE);
	}
	ck_assert_int_eq(commit(&r, s), STORE_DONE);
	ck_assert_int_eq(store_close(s, &why), 0);
	s = open_it(STORE_WRITE);
	store_load(s, loaded);
	ck_assert_int_eq(store_close(s, &why), 0);
	ck_assert_mem_eq(datatable_registers(loaded, 0),
	    datatable_registers(r.table, 0), 65536 * sizeof(uint16_t));
	datatable_read_coils(loaded, 0, 64000, coils[0]);
	datatable_read_coils(r.table, 0, 64000, coils[1]);
	ck_assert_mem_eq(coils[0], coils[1], 8000);
	datatable_free(loaded);
	rig_end(&r);
}
END_TEST

/* What a start is to find, for the process that looks. */
struct kept {
	uint16_t registers[65536];
	int64_t unrecorded;
};

static void
write_one(struct datatable *t, unsigned address)
{
	const uint16_t value = (uint16_t)rand();

	datatable_write_registers(t, &writer, (uint16_t)address, 1, &value);
}

/* Write without a row. */
static void
write_unrecorded(struct rig *r, unsigned address)
{
	r->observer.changed = ignore;
	write_one(r->table, address);
	r->observer.changed = gather;
}

static void
apply(struct datatable *t, const struct batch *b)
{
	for (const struct batch_change *c = batch_first(b); c != NULL;
	     c = batch_next(b, c))
		datatable_write_registers(
		    t, &writer, c->address, c->quantity, batch_after(c));
}

/* One commit, with rows or a table or both; a row that has found a value that
 * no row tells comes with the table. */
static void
commit_some(struct rig *r, struct store *s, struct datatable *kept, bool *open)
{
	bool found = false;

	for (int i = rand() % 4; i > 0; i--) {
		unsigned address = (unsigned)rand() % 400;

		if (rand() % 2 == 0) {
			write_unrecorded(r, address % 200);
			*open = true;
		} else {
			write_one(r->table, address);
			found |= *open && address < 200;
		}
	}
	if (found || rand() % 8 == 0) {
		batch_set_table(r->batch, r->table);
		datatable_copy(kept, r->table);
		*open = false;
	} else {
		apply(kept, r->batch);
	}
	if (!batch_is_empty(r->batch))
		ck_assert_int_eq(commit(r, s), STORE_DONE);
}

/* Commit, and be gone. */
_Noreturn static void
commit_and_die(unsigned commits, struct kept *to)
{
	struct datatable *kept = datatable_new(DATATABLE_SEPARATE);
	struct store *s = open_it(STORE_WRITE);
	bool open = false;
	struct rig r;

	rig_begin(&r, DATATABLE_SEPARATE);
	srand(commits);
	for (unsigned i = 0; i < commits; i++)
		commit_some(&r, s, kept, &open);
	memcpy(
	    to->registers, datatable_registers(kept, 0), sizeof(to->registers));
	to->unrecorded = store_unrecorded(s);
	_exit(0);
}

/* All rows are there, and the values without rows as they were when a commit
 * had the table. _i: how many commits there were. */
START_TEST(values_without_rows_are_as_of_the_last_table)
{
	struct datatable *loaded = datatable_new(DATATABLE_SEPARATE);
	struct kept *kept = mmap(NULL, sizeof(*kept), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct store *s;
	int status;
	pid_t child;

	ck_assert_ptr_ne(kept, MAP_FAILED);
	create(DATATABLE_SEPARATE);
	child = fork();
	if (child == 0)
		commit_and_die((unsigned)_i, kept);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	for (int i = 0; i < 2; i++) { /* after the kill; after an end */
		s = open_it(STORE_WRITE);
		store_load(s, loaded);
		ck_assert_mem_eq(datatable_registers(loaded, 0),
		    kept->registers, sizeof(kept->registers));
		ck_assert_int_eq(store_unrecorded(s), kept->unrecorded);
		ck_assert_int_eq(store_close(s, &why), 0);
	}
	munmap(kept, sizeof(*kept));
	datatable_free(loaded);
}
END_TEST

/* Settings that the promise rests on; those of another SQLite may differ. */
START_TEST(pragmas_are_what_they_must_be)
{
	static const struct {
		const char *pragma, *expected;
	} settings[] = {
		{ "PRAGMA journal_mode", "wal" },
		{ "PRAGMA synchronous", "2" },
		{ "PRAGMA page_size", "512" },
		{ "PRAGMA locking_mode", "exclusive" },
		{ "PRAGMA wal_autocheckpoint", "0" },
		{ "PRAGMA secure_delete", "0" },
		{ "PRAGMA application_id", "1296192340" },
		{ "PRAGMA user_version", "3" },
	};
	struct store *s;

	create(DATATABLE_SEPARATE);
	s = open_it(STORE_WRITE);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		sqlite3_stmt *statement;

		ck_assert_int_eq(sqlite3_prepare_v2(store_database(s),
				     settings[i].pragma, -1, &statement, NULL),
		    SQLITE_OK);
		ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
		ck_assert_str_eq(
		    (const char *)sqlite3_column_text(statement, 0),
		    settings[i].expected);
		sqlite3_finalize(statement);
	}
	ck_assert_int_eq(store_close(s, &why), 0);
}
END_TEST

START_TEST(a_reader_changes_nothing)
{
	char *before, *after;
	size_t n, m;
	struct stat st;

	create(DATATABLE_OVERLAID);
	ck_assert_int_eq(store_close(open_it(STORE_WRITE), &why), 0);
	before = scratch_read("s", &n);
	ck_assert_int_eq(store_close(open_it(STORE_READ), &why), 0);
	after = scratch_read("s", &m);
	ck_assert_uint_eq(n, m);
	ck_assert_mem_eq(before, after, n);
	ck_assert_int_ne(stat(scratch_path("s-wal"), &st), 0);
	ck_assert_int_ne(stat(scratch_path("s-shm"), &st), 0);
	free(before);
	free(after);
}
END_TEST

START_TEST(one_at_a_time)
{
	struct store *s, *reader;

	create(DATATABLE_OVERLAID);
	s = open_it(STORE_WRITE);
	ck_assert_ptr_null(
	    store_open(scratch_path("s"), STORE_WRITE, NULL, &why));
	ck_assert_int_eq(why.status, EX_TEMPFAIL);
	ck_assert_ptr_null(
	    store_open(scratch_path("s"), STORE_READ, NULL, &why));
	ck_assert_int_eq(why.status, EX_TEMPFAIL);
	store_close(s, &why);
	reader = open_it(STORE_READ);
	s = open_it(STORE_READ);
	ck_assert_ptr_null(
	    store_open(scratch_path("s"), STORE_WRITE, NULL, &why));
	ck_assert_int_eq(why.status, EX_TEMPFAIL);
	store_close(reader, &why);
	store_close(s, &why);
}
END_TEST

START_TEST(creating_replaces_nothing)
{
	create(DATATABLE_OVERLAID);
	ck_assert_int_eq(
	    store_create(scratch_path("s"), DATATABLE_SEPARATE, &why), -1);
	ck_assert_int_eq(why.status, EX_CONFIG);
	ck_assert_int_eq(store_close(open_it(STORE_WRITE), &why), 0);
}
END_TEST

/* More than an offset of 32 bits reaches; nearly all of it is a hole. */
START_TEST(a_file_of_2300_mib_is_a_state_file)
{
	const int64_t size = INT64_C(2300) * 1024 * 1024;
	struct header header;

	create(DATATABLE_SEPARATE);
	ck_assert_int_eq(truncate(scratch_path("s"), (off_t)size), 0);
	ck_assert_msg(
	    header_read(scratch_path("s"), &header, &why) == 0, "%s", why.text);
	ck_assert_int_eq(header.mode, HEADER_ALONE);
	ck_assert_int_eq(store_close(open_it(STORE_WRITE), &why), 0);
}
END_TEST

START_TEST(the_mark_is_read_as_it_was_written)
{
	char *bytes;
	size_t n;
	int fd = lock_take(scratch_path("s"), LOCK_TO_WRITE);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(lock_read_mark(fd), 0);
	ck_assert_int_eq(lock_write_mark(fd, INT64_C(0x0102030405060708)), 0);
	ck_assert(lock_read_mark(fd) == INT64_C(0x0102030405060708));
	bytes = scratch_read("s-lock", &n);
	ck_assert_uint_eq(n, 16);
	for (size_t i = 0; i < n; i++) {
		bytes[i] ^= 0x20;
		scratch_write("s-lock", bytes, n);
		bytes[i] ^= 0x20;
		ck_assert(lock_read_mark(fd) == 0);
	}
	free(bytes);
	close(fd);
}
END_TEST

static int64_t
count_journal(struct store *s)
{
	sqlite3_stmt *count;
	int64_t rows;

	ck_assert_int_eq(sqlite3_prepare_v2(store_database(s),
			     "SELECT count(*) FROM journal", -1, &count, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(count), SQLITE_ROW);
	rows = sqlite3_column_int64(count, 0);
	sqlite3_finalize(count);
	return rows;
}

START_TEST(the_journal_is_as_long_as_was_asked_for)
{
	static const struct {
		struct store_keep keep;
		int64_t rows;
	} cases[] = {
		{ { .rows = 0 }, 100 },
		{ { .rows = 1000 }, 100 },
		{ { .rows = 10 }, 10 },
		{ { .microseconds = INT64_MAX / 2 }, 100 },
		{ { .bytes = INT64_MAX / 2 }, 100 },
		/* The table alone takes more: the last row stays. */
		{ { .bytes = 1 }, 1 },
		/* Each limit removes, whatever the others keep. */
		{ { .rows = 10,
		      .microseconds = INT64_MAX / 2,
		      .bytes = INT64_MAX / 2 },
		    10 },
		{ { .rows = 1000, .microseconds = INT64_MAX / 2, .bytes = 1 },
		    1 },
	};
	uint16_t value = 0;
	struct store *s;
	struct rig r;

	create(DATATABLE_SEPARATE);
	s = open_it(STORE_WRITE);
	store_keep_journal(s, cases[_i].keep);
	rig_begin(&r, DATATABLE_SEPARATE);
	while (value++ < 100) {
		datatable_write_registers(r.table, &writer, 7, 1, &value);
		ck_assert_int_eq(commit(&r, s), STORE_DONE);
	}
	ck_assert_int_eq(count_journal(s), cases[_i].rows);
	ck_assert_int_eq(store_close(s, &why), 0);
	rig_end(&r);
}
END_TEST

static const char *
text_of(struct store *s, const char *sql)
{
	static char text[700];

	ck_assert_int_eq(
	    sql_text(store_database(s), sql, text, sizeof(text)), SQLITE_OK);
	return text;
}

static void
write_as(struct rig *r, struct store *s, const struct identity *who)
{
	uint16_t value = 7;

	somebody.identity = who;
	datatable_write_registers(r->table, &writer, 7, 1, &value);
	ck_assert_int_eq(commit(r, s), STORE_DONE);
	somebody.identity = NULL;
}

START_TEST(the_journal_names_certificates)
{
	struct identities all;
	const struct identity *who;
	struct store *s;
	struct rig r;

	identities_init(&all);
	create(DATATABLE_SEPARATE);
	s = open_it(STORE_WRITE);
	rig_begin(&r, DATATABLE_SEPARATE);
	who = identity_of(&all, "CN=HMI 3,O=Plant", "CN=CA", "Operator");
	write_as(&r, s, NULL);
	ck_assert(!store_has_subjects(s));
	ck_assert_int_eq(store_close(s, &why), 0);
	s = open_it(STORE_WRITE);
	ck_assert(!store_has_subjects(s));
	write_as(&r, s, who);
	write_as(&r, s, NULL);
	write_as(&r, s, who);
	identity_release(who);
	ck_assert(LIST_EMPTY(&all.held));
	ck_assert(store_has_subjects(s));
	ck_assert_int_eq(store_close(s, &why), 0);
	s = open_it(STORE_READ);
	ck_assert(store_has_subjects(s));
	ck_assert_str_eq(text_of(s,
			     "SELECT group_concat(subject || '/' || role, '|') "
			     "FROM journal"),
	    "/|CN=HMI 3,O=Plant/Operator|/|CN=HMI 3,O=Plant/Operator");
	ck_assert_str_eq(
	    text_of(s, "SELECT value FROM meta WHERE key = 'subjects'"), "2");
	ck_assert_int_eq(store_close(s, &why), 0);
	rig_end(&r);
}
END_TEST

/* Without space, a commit is nowhere, and its client is. */
START_TEST(a_batch_holds_its_clients)
{
	struct identities all;
	const struct identity *who;
	uint16_t value = 1;
	struct rig r;

	identities_init(&all);
	rig_begin(&r, DATATABLE_SEPARATE);
	ck_assert(!batch_has_identities(r.batch));
	datatable_write_registers(r.table, &writer, 7, 1, &value);
	ck_assert(!batch_has_identities(r.batch));
	who = somebody.identity = identity_of(&all, "CN=1", "", "");
	datatable_write_registers(r.table, &writer, 7, 1, &value);
	somebody.identity = NULL;
	datatable_write_registers(r.table, &writer, 7, 1, &value);
	identity_release(who);
	ck_assert(batch_has_identities(r.batch));
	ck_assert_ptr_eq(LIST_FIRST(&all.held), who);
	if (_i == 0)
		batch_clear(r.batch);
	else
		batch_free(r.batch);
	ck_assert(LIST_EMPTY(&all.held));
	if (_i != 0)
		r.batch = NULL;
	else
		ck_assert(!batch_has_identities(r.batch));
	rig_end(&r);
}
END_TEST

/* The text of the table must be what store_create writes, and rows of both
 * versions must be sound. */
START_TEST(version_2_is_upgraded_in_place)
{
	static const char schema[] =
	    "SELECT sql FROM sqlite_schema WHERE name = 'journal'";
	struct identities all;
	const struct identity *who;
	struct store *s;
	struct rig r;

	identities_init(&all);
	create(DATATABLE_SEPARATE);
	s = open_it(STORE_WRITE);
	rig_begin(&r, DATATABLE_SEPARATE);
	write_as(&r, s, NULL);
	sql_run(store_database(s), "ALTER TABLE journal DROP COLUMN subject");
	sql_run(store_database(s), "ALTER TABLE journal DROP COLUMN role");
	sql_run(store_database(s), "PRAGMA user_version = 2");
	ck_assert_str_eq(text_of(s, schema), SCHEMA_JOURNAL_BEFORE_3);
	ck_assert_int_eq(store_close(s, &why), 0);

	s = open_it(STORE_READ);
	ck_assert_int_eq(store_version(s), 2);
	ck_assert_int_eq(scrub_all(s, &why), 0);
	ck_assert_int_eq(scrub_figures(s)->result, SCRUB_SOUND);
	ck_assert_int_eq(store_close(s, &why), 0);

	s = open_it(STORE_WRITE);
	ck_assert_int_eq(store_version(s), 3);
	ck_assert_str_eq(text_of(s, schema), SCHEMA_JOURNAL);
	who = identity_of(&all, "CN=1", "", "");
	write_as(&r, s, who);
	identity_release(who);
	ck_assert_int_eq(scrub_all(s, &why), 0);
	ck_assert_int_eq(scrub_figures(s)->result, SCRUB_SOUND);
	ck_assert_int_eq(store_close(s, &why), 0);
	rig_end(&r);
}
END_TEST

static void
wake(void *arg)
{
	sem_post(arg);
}

static struct backup *
begin_backup(struct store *s, sem_t *woken)
{
	struct backup *b;

	sem_init(woken, 0, 0);
	b = backup_begin(s, scratch_path("copy"), wake, woken, &why);
	ck_assert_msg(b != NULL, "%s", why.text);
	sem_wait(woken); /* until the file is created */
	return b;
}

/* Returns whether there is more to copy. */
static bool
step_backup(struct backup *b, sem_t *woken)
{
	enum backup_state state = backup_step(b);

	if (state == BACKUP_FLUSHING)
		sem_wait(woken);
	return state == BACKUP_COPYING || state == BACKUP_FLUSHING;
}

START_TEST(a_backup_takes_in_what_is_committed_meanwhile)
{
	uint16_t values[1000];
	struct datatable *loaded = datatable_new(DATATABLE_SEPARATE);
	struct backup *b;
	struct store *s;
	struct rig r;
	sem_t woken;
	unsigned steps = 0;

	create(DATATABLE_SEPARATE);
	s = open_it(STORE_WRITE);
	rig_begin(&r, DATATABLE_SEPARATE);
	b = begin_backup(s, &woken);
	do {
		for (unsigned i = 0; i < 1000; i++)
			values[i] = (uint16_t)(1 + steps);
		if (steps < 50) {
			datatable_write_registers(r.table, &writer,
			    (uint16_t)(steps * 1201 % 64000), 1000, values);
			ck_assert_int_eq(commit(&r, s), STORE_DONE);
		}
		steps++;
	} while (step_backup(b, &woken));
	ck_assert_msg(backup_end(b, &why) == 0, "%s", why.text);
	ck_assert_uint_gt(steps, 2);
	store_close(s, &why);
	s = store_open(scratch_path("copy"), STORE_WRITE, NULL, &why);
	ck_assert_msg(s != NULL, "%s", why.text);
	store_load(s, loaded);
	ck_assert_mem_eq(datatable_registers(loaded, 0),
	    datatable_registers(r.table, 0), 65536 * sizeof(uint16_t));
	store_close(s, &why);
	datatable_free(loaded);
	rig_end(&r);
}
END_TEST

START_TEST(an_abandoned_backup_leaves_nothing)
{
	struct stat st;
	struct store *s;
	struct backup *b;
	sem_t woken;

	create(DATATABLE_SEPARATE);
	s = open_it(STORE_WRITE);
	b = begin_backup(s, &woken);
	ck_assert_int_eq(backup_step(b), BACKUP_COPYING);
	ck_assert_int_eq(backup_end(b, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.text, "cancelled"));
	ck_assert_int_ne(stat(scratch_path("copy"), &st), 0);
	ck_assert_int_ne(stat(scratch_path("copy" FILES_UNFINISHED), &st), 0);
	ck_assert_int_eq(store_close(s, &why), 0);
}
END_TEST

START_TEST(files_put_aside_keep_their_names_apart)
{
	char first[FILES_PATH_MAX], second[FILES_PATH_MAX];

	scratch_write("s", "1", 1);
	scratch_write("s-wal", "2", 1);
	ck_assert(!files_find_damaged(scratch_path("s"), first));
	ck_assert_int_eq(files_rename_damaged(scratch_path("s"), first), 0);
	scratch_write("s", "3", 1);
	ck_assert_int_eq(files_rename_damaged(scratch_path("s"), second), 0);
	ck_assert_str_ne(first, second);
	ck_assert(files_find_damaged(scratch_path("s"), second));
	ck_assert_int_eq(files_rename_damaged(scratch_path("s"), second), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store");
	TCase *tc = tcase_create("store");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, what_is_committed_is_loaded, 0, 2);
	tcase_add_loop_test(
	    tc, values_without_rows_are_as_of_the_last_table, 0, 60);
	tcase_add_test(tc, pragmas_are_what_they_must_be);
	tcase_add_test(tc, a_reader_changes_nothing);
	tcase_add_test(tc, one_at_a_time);
	tcase_add_test(tc, creating_replaces_nothing);
	tcase_add_test(tc, a_file_of_2300_mib_is_a_state_file);
	tcase_add_test(tc, the_mark_is_read_as_it_was_written);
	tcase_add_loop_test(tc, the_journal_is_as_long_as_was_asked_for, 0, 8);
	tcase_add_test(tc, the_journal_names_certificates);
	tcase_add_loop_test(tc, a_batch_holds_its_clients, 0, 2);
	tcase_add_test(tc, version_2_is_upgraded_in_place);
	tcase_add_test(tc, a_backup_takes_in_what_is_committed_meanwhile);
	tcase_add_test(tc, an_abandoned_backup_leaves_nothing);
	tcase_add_test(tc, files_put_aside_keep_their_names_apart);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
