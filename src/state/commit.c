#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/address.h"
#include "base/clock.h"
#include "state/batch.h"
#include "state/lock.h"
#include "state/record.h"
#include "state/schema.h"
#include "store_private.h"

#define CHECKPOINT_FRAMES 4096 /* about 2 MiB */

/* The most old rows that a commit deletes: for each row that it adds, and in
 * addition. So a journal that is far too long shrinks in small steps. */
#define DELETE_PER_ROW   2
#define DELETE_AT_LEAST  16
#define MICROSECONDS_DAY INT64_C(86400000000)

static const char *const sql[STORE_STATEMENTS] = {
	[STORE_BEGIN] = "BEGIN IMMEDIATE",
	[STORE_COMMIT] = "COMMIT",
	[STORE_ROLLBACK] = "ROLLBACK",
	[STORE_ADD_ROW] = "INSERT INTO journal VALUES "
			  "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[STORE_PUT_BLOCK] =
	    "UPDATE block SET data = ?2, crc = ?3 WHERE number = ?1",
	/* Of the rows below ?1, the first that is new enough. A row dated more
	 * than a day ahead is not: the clock was set back since, and the row
	 * would keep all later ones. */
	[STORE_FIND_KEPT] = "SELECT coalesce(min(number), ?1) FROM journal "
			    "WHERE number < ?1 AND time BETWEEN ?2 AND ?3",
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

static void
fill_row(
    struct record_journal *row, const struct batch_change *c, int64_t number)
{
	row->number = number;
	row->time = c->time;
	address_format(&c->client.address, row->client);
	row->connection = c->client.id;
	row->unit = c->unit;
	row->function = c->function;
	row->kind = (uint8_t)c->kind;
	row->address = c->address;
	row->quantity = c->quantity;
	record_pack(c->kind, c->quantity, batch_before(c), row->before);
	record_pack(c->kind, c->quantity, batch_after(c), row->after);
}

static int
add_row(struct store *s, const struct batch_change *c, int64_t number)
{
	sqlite3_stmt *insert = s->statements[STORE_ADD_ROW];
	int size = (int)record_size(c->kind, c->quantity);
	struct record_journal row;

	fill_row(&row, c, number);
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

static int
put_block(struct store *s, unsigned number, const uint8_t *data)
{
	sqlite3_stmt *update = s->statements[STORE_PUT_BLOCK];
	int rc;

	sqlite3_bind_int64(update, 1, number);
	sqlite3_bind_blob(update, 2, data, SCHEMA_BLOCK_SIZE, SQLITE_STATIC);
	sqlite3_bind_int64(update, 3, record_block_crc(number, data));
	rc = run(s, STORE_PUT_BLOCK);
	if (rc == SQLITE_OK && sqlite3_changes(s->db) != 1)
		return SQLITE_CORRUPT;
	return rc;
}

static int
put_blocks(struct store *s, const struct batch *b)
{
	int rc = SQLITE_OK;

	for (unsigned i = 0; i < SCHEMA_BLOCKS && rc == SQLITE_OK; i++)
		if (batch_block(b, i) != NULL)
			rc = put_block(s, i, batch_block(b, i));
	return rc;
}

/* The first row below limit that is new enough; else limit. */
static int
find_kept(struct store *s, int64_t limit, int64_t *kept)
{
	sqlite3_stmt *find = s->statements[STORE_FIND_KEPT];
	int64_t now = clock_realtime_us();
	int rc;

	sqlite3_bind_int64(find, 1, limit);
	sqlite3_bind_int64(find, 2, now - s->keep.microseconds);
	sqlite3_bind_int64(find, 3, now + MICROSECONDS_DAY);
	rc = sqlite3_step(find);
	if (rc == SQLITE_ROW)
		*kept = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* Delete some of the rows that are too many or too old, the oldest first, but
 * never the last row, whose number must not be used again. */
static int
delete_old_rows(struct store *s, int64_t *first, int64_t last)
{
	int64_t kept =
	    *first + DELETE_PER_ROW * (last - s->last) + DELETE_AT_LEAST;
	int rc = SQLITE_OK;

	if (s->keep.rows == 0 && s->keep.microseconds == 0)
		return SQLITE_OK;
	if (kept > last)
		kept = last;
	if (s->keep.rows != 0 && kept > last - s->keep.rows + 1)
		kept = last - s->keep.rows + 1;
	if (s->keep.microseconds != 0 && kept > *first)
		rc = find_kept(s, kept, &kept);
	if (rc != SQLITE_OK || kept <= *first)
		return rc;
	*first = kept;
	sqlite3_bind_int64(s->statements[STORE_DELETE_ROWS], 1, kept);
	return run(s, STORE_DELETE_ROWS);
}

/* A write has failed: roll back. STORE_FULL when a retry may succeed. */
static enum store_outcome
fail_write(struct store *s, int rc, int error, struct store_error *why)
{
	enum sql_failure failure = sql_classify(rc, error);

	store_fail_sql(s->path, rc, error, "cannot be written", why);
	if ((failure == SQL_FULL || failure == SQL_NO_MEMORY) &&
	    (sqlite3_get_autocommit(s->db) ||
		run(s, STORE_ROLLBACK) == SQLITE_OK))
		return STORE_FULL;
	s->lost = true;
	why->status = EX_IOERR;
	return STORE_LOST;
}

/* An older mark is valid too, so it does not matter when there is no space. */
static enum store_outcome
put_mark(struct store *s, struct store_error *why)
{
	if (lock_write_mark(s->lock, s->last) == 0 || errno == ENOSPC ||
	    errno == EDQUOT || errno == EFBIG)
		return STORE_DONE;
	store_fail_system(s->path, "its lock file cannot be written", why);
	s->lost = true;
	why->status = EX_IOERR;
	return STORE_LOST;
}

enum store_outcome
store_commit(struct store *s, const struct batch *b, struct store_error *why)
{
	int64_t first = s->first;
	int64_t last = s->last;
	int rc = run(s, STORE_BEGIN);

	if (rc == SQLITE_OK)
		rc = add_rows(s, b, &last);
	if (rc == SQLITE_OK)
		rc = put_blocks(s, b);
	if (rc == SQLITE_OK)
		rc = delete_old_rows(s, &first, last);
	if (rc == SQLITE_OK)
		rc = run(s, STORE_COMMIT);
	if (rc != SQLITE_OK)
		return fail_write(s, rc, sql_log_error(s->db), why);
	s->first = first;
	s->last = last;
	return put_mark(s, why);
}

enum store_outcome
store_checkpoint(struct store *s, struct store_error *why)
{
	int rc;

	if (s->wal_frames < CHECKPOINT_FRAMES)
		return STORE_DONE;
	s->wal_frames = 0;
	rc = sqlite3_wal_checkpoint_v2(
	    s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (rc == SQLITE_OK)
		return STORE_DONE;
	return fail_write(s, rc, sql_file_error(s->db), why);
}

/* The log is emptied for the same reason as in begin_writing (store.c). Then a
 * transaction that needs new pages is written. */
enum store_outcome
store_probe(struct store *s, struct store_error *why)
{
	static const char *const writes[] = {
		"INSERT OR REPLACE INTO meta "
		"VALUES ('probe', hex(zeroblob(8192)))",
		"DELETE FROM meta WHERE key = 'probe'",
	};
	int rc = sqlite3_wal_checkpoint_v2(
	    s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	if (rc != SQLITE_OK)
		return fail_write(s, rc, sql_file_error(s->db), why);
	for (size_t i = 0; i < 2 && rc == SQLITE_OK; i++)
		rc = sql_run(s->db, writes[i]);
	if (rc == SQLITE_OK)
		return STORE_DONE;
	return fail_write(s, rc, sql_log_error(s->db), why);
}
