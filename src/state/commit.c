#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/exit_status.h"
#include "state/batch.h"
#include "state/lock.h"
#include "state/record.h"
#include "state/row.h"
#include "state/schema.h"
#include "store_private.h"

/* The rows that a start may have to apply to the blocks. */
#define NEWER_ROWS_MAX 8192

#define CHECKPOINT_FRAMES 4096 /* about 2 MiB */

static const char *const sql[STORE_STATEMENTS] = {
	[STORE_BEGIN] = "BEGIN IMMEDIATE",
	[STORE_COMMIT] = "COMMIT",
	[STORE_NAME_LOG] = SCHEMA_RENAME_LOG,
	[STORE_ADD_ROW] = "INSERT INTO journal VALUES "
			  "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
			  "?13, ?14)",
	[STORE_PAGES] = "PRAGMA page_count",
	[STORE_FREE_PAGES] = "PRAGMA freelist_count",
	[STORE_READ_ROWS] = "SELECT " ROW_COLUMNS " FROM journal "
			    "WHERE number < ?1 ORDER BY number",
	[STORE_DELETE_ROWS] = "DELETE FROM journal WHERE number < ?1",
};

int
store_prepare(struct store *s)
{
	int rc = SQLITE_OK;

	for (int i = 0; i < STORE_STATEMENTS && rc == SQLITE_OK; i++)
		rc = sqlite3_prepare_v3(s->db, sql[i], -1,
		    SQLITE_PREPARE_PERSISTENT, &s->statements[i], NULL);
	return rc;
}

static int
run(struct store *s, enum store_statement which)
{
	return sql_step(s->statements[which]);
}

int
store_begin_transaction(struct store *s)
{
	int rc;

	if (s->state != STORE_IS_WRITING)
		return SQLITE_FULL;
	rc = run(s, STORE_BEGIN);
	if (rc != SQLITE_OK || !s->log_is_new)
		return rc;
	rc = run(s, STORE_NAME_LOG);
	return rc == SQLITE_OK ? store_put_kept(s, s->kept) : rc;
}

int
store_end_transaction(struct store *s)
{
	int rc = run(s, STORE_COMMIT);

	if (rc == SQLITE_OK)
		s->log_is_new = false;
	return rc;
}

/* The client's address as text, which is made once for a connection. */
static const char *
client_text(struct store *s, const struct client *c)
{
	struct store_client *known = &s->clients[c->id % STORE_CLIENTS];

	if (known->text[0] == '\0' || known->client.id != c->id ||
	    known->client.address.port != c->address.port ||
	    !address_same_host(&known->client.address, &c->address)) {
		known->client = *c;
		known->client.identity = NULL; /* it may go */
		address_format(&c->address, known->text);
	}
	return known->text;
}

static void
fill_row(struct store *s, struct record_journal *row,
    const struct batch_change *c, int64_t number)
{
	row->number = number;
	row->time = c->time;
	memcpy(row->client, client_text(s, &c->client), sizeof(row->client));
	row->connection = c->client.id;
	row->unit = c->unit;
	row->function = c->function;
	row->kind = (uint8_t)c->kind;
	row->address = c->address;
	row->quantity = c->quantity;
	record_pack(c->kind, c->quantity, batch_before(c), row->before);
	record_pack(c->kind, c->quantity, batch_after(c), row->after);
	record_set_identity(row, c->client.identity);
}

static int
add_row(struct store *s, const struct batch_change *c, int64_t number)
{
	sqlite3_stmt *insert = s->statements[STORE_ADD_ROW];
	int size = (int)record_size(c->kind, c->quantity);
	struct record_journal row;

	fill_row(s, &row, c, number);
	sqlite3_bind_int64(insert, 1, row.number);
	sqlite3_bind_int64(insert, 2, row.time);
	sqlite3_bind_text(insert, 3, row.client, -1, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 4, (int64_t)row.connection);
	sqlite3_bind_int(insert, 5, row.unit);
	sqlite3_bind_int(insert, 6, row.function);
	sqlite3_bind_int(insert, 7, row.kind);
	sqlite3_bind_int(insert, 8, row.address);
	sqlite3_bind_int(insert, 9, row.quantity);
	sqlite3_bind_blob(insert, 10, row.before, size, SQLITE_STATIC);
	sqlite3_bind_blob(insert, 11, row.after, size, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 12, record_journal_crc(&row));
	sqlite3_bind_text(insert, 13, row.subject, -1, SQLITE_STATIC);
	sqlite3_bind_text(insert, 14, row.role, -1, SQLITE_STATIC);
	return run(s, STORE_ADD_ROW);
}

static int
add_rows(struct store *s, const struct batch *b, int64_t *last)
{
	int rc = SQLITE_OK;

	for (const struct batch_change *c = batch_first(b);
	     c != NULL && rc == SQLITE_OK; c = batch_next(b, c))
		rc = add_row(s, c, ++*last);
	return rc;
}

bool
store_roll_back(struct store *s)
{
	return sqlite3_get_autocommit(s->db) ||
	    sql_run(s->db, "ROLLBACK") == SQLITE_OK;
}

enum store_outcome
store_fail_write(struct store *s, int rc, int error, struct store_error *why)
{
	enum sql_failure failure = sql_classify(rc, error);

	store_fail_sql(s->path, rc, error, "cannot be written", why);
	if ((failure == SQL_FULL || failure == SQL_NO_MEMORY) &&
	    store_roll_back(s))
		return STORE_FULL;
	s->state = STORE_IS_LOST;
	why->status = EX_IOERR;
	return STORE_LOST;
}

/* An older mark is valid too, so it does not matter when there is no space. */
static enum store_outcome
put_mark(struct store *s, struct store_error *why)
{
	if (lock_write_mark(s->lock, s->last) == 0 || file_is_full(errno))
		return STORE_DONE;
	store_fail_system(s->path, "its lock file cannot be written", why);
	s->state = STORE_IS_LOST;
	why->status = EX_IOERR;
	return STORE_LOST;
}

static int
put_damage(struct store *s, const struct damage *d)
{
	char rows[DAMAGE_TEXT_MAX];
	sqlite3_stmt *put = NULL;
	int rc = sqlite3_prepare_v2(s->db,
	    d == NULL ? "DELETE FROM meta WHERE key = 'damage'" :
			"INSERT OR REPLACE INTO meta VALUES ('damage', ?)",
	    -1, &put, NULL);

	if (rc == SQLITE_OK && d != NULL) {
		damage_format(d, rows);
		rc = sqlite3_bind_text(put, 1, rows, -1, SQLITE_STATIC);
	}
	if (rc == SQLITE_OK)
		rc = sql_step(put);
	sqlite3_finalize(put);
	return rc;
}

enum store_outcome
store_record_damage(
    struct store *s, const struct damage *d, struct store_error *why)
{
	int rc;

	if (s->state != STORE_IS_WRITING)
		return STORE_FULL;
	rc = store_begin_transaction(s);
	if (rc == SQLITE_OK)
		rc = put_damage(s, d);
	if (rc == SQLITE_OK)
		rc = store_end_transaction(s);
	if (rc == SQLITE_OK ||
	    (sql_classify(rc, 0) == SQL_DAMAGED && store_roll_back(s)))
		return STORE_DONE;
	return store_fail_write(s, rc, sql_log_error(s->db), why);
}

/* The first row with a subject is among those behind a row: note it. */
static int
put_subjects(struct store *s, int64_t row)
{
	char put[200];

	snprintf(put, sizeof(put),
	    "REPLACE INTO meta SELECT 'subjects', min(number) FROM journal "
	    "WHERE number > %" PRId64 " AND subject <> ''",
	    row);
	return sql_run(s->db, put);
}

/* What a commit changes in the store, once it has succeeded. */
struct commit {
	const struct batch *batch;
	int64_t first; /* row */
	int64_t kept;
	int64_t last;
	bool put_table;
	bool put_subjects;
};

/*
 * The blocks of the table are written once for many rows: before those that are
 * newer are too many to be applied at a start, or are to be deleted. Values
 * that have no row can be nowhere but in the blocks: then these are as of the
 * last row of the commit, and a start applies none of its rows.
 */
static int
put_table(struct store *s, struct commit *c)
{
	const struct datatable *table = batch_table(c->batch);

	c->put_table = table != NULL || c->last - s->included > NEWER_ROWS_MAX;
	if (table != NULL)
		return store_put_unrecorded(s, table, c->last);
	return c->put_table ? store_put_table(s) : SQLITE_OK;
}

static int
write_commit(struct store *s, struct commit *c)
{
	int rc = store_begin_transaction(s);

	c->first = s->first;
	c->kept = s->kept;
	c->last = s->last;
	if (rc == SQLITE_OK)
		rc = add_rows(s, c->batch, &c->last);
	c->put_subjects = !s->has_subjects && batch_has_identities(c->batch);
	if (rc == SQLITE_OK && c->put_subjects)
		rc = put_subjects(s, s->last);
	if (rc == SQLITE_OK)
		rc = put_table(s, c);
	if (rc == SQLITE_OK)
		rc = store_retain(
		    s, &c->first, &c->kept, c->last, &c->put_table);
	return rc == SQLITE_OK ? store_end_transaction(s) : rc;
}

static void
take_changes(struct store *s, const struct commit *c)
{
	if (c->put_table)
		store_table_is_put(s);
	for (const struct batch_change *change = batch_first(c->batch);
	     change != NULL; change = batch_next(c->batch, change))
		store_write_table(s, change->kind, change->address,
		    change->quantity, batch_after(change));
}

static void
take_commit(struct store *s, const struct commit *c)
{
	const struct datatable *table = batch_table(c->batch);

	if (table != NULL)
		store_unrecorded_is_put(s, table, c->last);
	else
		take_changes(s, c);
	if (c->put_subjects)
		s->has_subjects = true;
	s->first = c->first;
	s->kept = c->kept;
	s->last = c->last;
}

/* A damaged file is recorded as such, so that the next start checks all of it.
 */
static enum store_outcome
fail_commit(struct store *s, int rc, struct store_error *why)
{
	int error = sql_log_error(s->db);

	if (sql_classify(rc, error) == SQL_DAMAGED && store_roll_back(s))
		store_record_damage(s, &s->check.damage, why);
	return store_fail_write(s, rc, error, why);
}

enum store_outcome
store_commit(struct store *s, const struct batch *b, struct store_error *why)
{
	const bool unpruned = s->unpruned;
	struct commit c = { .batch = b };
	int rc = write_commit(s, &c);

	/* Where old rows cannot be deleted: without. */
	if (s->unpruned != unpruned && store_roll_back(s))
		rc = write_commit(s, &c);
	if (rc != SQLITE_OK)
		return fail_commit(s, rc, why);
	take_commit(s, &c);
	return put_mark(s, why);
}

enum store_outcome
store_move_log(struct store *s, struct store_error *why)
{
	int rc, frames, moved;

	s->wal_frames = 0;
	rc = sqlite3_wal_checkpoint_v2(
	    s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &moved);
	if (rc == SQLITE_OK) {
		s->log_is_new = frames == moved;
		return STORE_DONE;
	}
	return store_fail_write(s, rc, sql_file_error(s->db), why);
}

enum store_outcome
store_checkpoint(struct store *s, struct store_error *why)
{
	return s->wal_frames < CHECKPOINT_FRAMES ? STORE_DONE :
						   store_move_log(s, why);
}

/* The log is emptied for the same reason as in store_begin_writing. Then a
 * transaction that needs new pages is written. */
static enum store_outcome
write_probe(struct store *s, struct store_error *why)
{
	static const char *const writes[] = {
		"INSERT OR REPLACE INTO meta "
		"VALUES ('probe', hex(zeroblob(8192)))",
		"DELETE FROM meta WHERE key = 'probe'",
	};
	int rc = store_empty_log(s);

	if (rc != SQLITE_OK)
		return store_fail_write(s, rc, sql_file_error(s->db), why);
	rc = store_begin_transaction(s);
	for (size_t i = 0; i < 2 && rc == SQLITE_OK; i++)
		rc = sql_run(s->db, writes[i]);
	if (rc == SQLITE_OK)
		rc = store_end_transaction(s);
	if (rc == SQLITE_OK)
		return STORE_DONE;
	return store_fail_write(s, rc, sql_log_error(s->db), why);
}

enum store_outcome
store_probe(struct store *s, struct store_error *why)
{
	enum store_outcome outcome = STORE_DONE;

	if (s->state == STORE_IS_LOOKING)
		outcome = store_begin_writing(s, why);
	if (outcome == STORE_DONE)
		return write_probe(s, why);
	if (outcome == STORE_LOST)
		s->state = STORE_IS_LOST;
	return outcome;
}
