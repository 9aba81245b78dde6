#include "base/clock.h"
#include "base/log.h"
#include "state/row.h"
#include "state/schema.h"
#include "store_private.h"

/* The most old rows that a commit deletes: for each row that it adds, and in
 * addition. So a journal that is far too long shrinks in small steps. */
#define DELETE_PER_ROW  2
#define DELETE_AT_LEAST 16

/* So far the record of which rows are deleted is ahead of the first row, as it
 * would else take a page of each commit. */
#define KEPT_AHEAD 64

/* The file shrinks when more of its pages are unused than one in 8, and 1 MiB:
 * in steps that take about as long as a commit. They are counted after so many
 * rows were deleted. */
#define AUTO_VACUUM_INCREMENTAL 2
#define UNUSED_PART             8
#define UNUSED_AT_LEAST         (1024 * 1024 / SCHEMA_PAGE_SIZE)
#define STEP_PAGES              128
#define STEP_US                 2000
#define LOOK_AFTER_ROWS         1000

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The pages of the file, and how many of them are free to be used again. */
static int
count_pages(struct store *s, int64_t *pages, int64_t *unused)
{
	int rc = sql_step_number(s->statements[STORE_PAGES], pages);

	if (rc == SQLITE_OK)
		rc = sql_step_number(s->statements[STORE_FREE_PAGES], unused);
	return rc;
}

/* The first row that every limit keeps, as far as that is below limit. A limit
 * that was not set, or excludes nothing, has no say. */
static int
first_kept(struct store *s, int64_t last, int64_t limit, int64_t *kept)
{
	const struct store_keep *keep = &s->keep;
	int64_t pages, unused, old;
	int rc = SQLITE_OK;

	if (keep->rows != 0)
		*kept = larger(*kept, smaller(last - keep->rows + 1, limit));
	if (keep->microseconds != 0 && *kept < limit) {
		rc = age_find_old(&s->age, keep->microseconds, &old);
		if (rc == SQLITE_OK)
			*kept = larger(*kept, smaller(old, limit - 1) + 1);
	}
	if (rc == SQLITE_OK && keep->bytes != 0 && *kept < limit) {
		rc = count_pages(s, &pages, &unused);
		if (rc == SQLITE_OK &&
		    (pages - unused) * SCHEMA_PAGE_SIZE > keep->bytes)
			*kept = limit;
	}
	return rc;
}

/* Where the file is damaged, nothing is removed from it any more, nor moved in
 * it. Returns whether it is. */
static bool
found_damage(struct store *s, int rc)
{
	if (rc == SQLITE_OK || sql_classify(rc, 0) != SQL_DAMAGED)
		return false;
	s->unpruned = true;
	s->suspect = true;
	s->look = INT64_MAX;
	age_begin(&s->age, NULL, &s->stopped);
	return true;
}

/*
 * Rows are deleted only when they can be read and are what they were. Damage to
 * a pointer could lead to a page of the table, which would then be freed. Where
 * the structure was checked, rows that are damaged may go.
 */
static int
check_rows(struct store *s, int64_t first, int64_t end)
{
	sqlite3_stmt *rows = s->statements[STORE_READ_ROWS];
	struct record_journal row;
	int rc = SQLITE_OK;

	sqlite3_bind_int64(rows, 1, end);
	for (; rc == SQLITE_OK && first < end; first++) {
		rc = row_next(rows, &row);
		if (rc == SQLITE_OK && row.number != first)
			rc = SQLITE_CORRUPT;
	}
	sqlite3_reset(rows);
	return rc;
}

/* Rows that the blocks of the table do not include are needed: the blocks are
 * written before these rows are deleted, as far as that goes. */
static int
release_rows(struct store *s, int64_t *kept, bool *put_table)
{
	int rc = SQLITE_OK;

	if (*kept > s->included + 1 && !*put_table) {
		rc = store_put_table(s);
		*put_table = true;
	}
	*kept = smaller(*kept, (*put_table ? s->last : s->included) + 1);
	return rc;
}

static int
delete_rows(struct store *s, int64_t *first, int64_t last, bool *put_table)
{
	int64_t limit =
	    *first + DELETE_PER_ROW * (last - s->last) + DELETE_AT_LEAST;
	int64_t kept = *first;
	int rc = first_kept(s, last, smaller(limit, last), &kept);

	if (rc == SQLITE_OK)
		rc = release_rows(s, &kept, put_table);
	if (rc != SQLITE_OK || kept <= *first)
		return rc;
	if (!s->intact)
		rc = check_rows(s, *first, kept);
	if (rc != SQLITE_OK)
		return rc;
	*first = kept;
	sqlite3_bind_int64(s->statements[STORE_DELETE_ROWS], 1, kept);
	return sql_step(s->statements[STORE_DELETE_ROWS]);
}

/* Rows may be deleted up to the one that is recorded. */
static int
record_kept(struct store *s, int64_t first, int64_t *kept)
{
	if (first <= *kept)
		return SQLITE_OK;
	*kept = first + KEPT_AHEAD;
	return store_put_kept(s, *kept);
}

int
store_retain(struct store *s, int64_t *first, int64_t *kept, int64_t last,
    bool *put_table)
{
	int rc =
	    s->unpruned ? SQLITE_OK : delete_rows(s, first, last, put_table);

	if (rc == SQLITE_OK)
		rc = record_kept(s, *first, kept);
	if (rc == SQLITE_OK)
		rc = age_commit(&s->age, *first, s->last, last);
	found_damage(s, rc);
	return rc;
}

/* Whether the file is to shrink. It begins to at twice as many unused pages as
 * it ends at, so that they are not given back and needed again by turns. */
static int
must_shrink(struct store *s, bool *must)
{
	int64_t pages, unused, most;
	int rc = count_pages(s, &pages, &unused);

	if (rc != SQLITE_OK)
		return rc;
	most = larger(pages / UNUSED_PART, UNUSED_AT_LEAST);
	*must = unused > (s->shrinking ? most / 2 : most);
	return SQLITE_OK;
}

/* A page that is used is moved to one that is not; of those that are not used,
 * SQLite searches the list, which takes longer the more there are. */
static int
cut_file(struct store *s)
{
	uint64_t end = clock_us() + STEP_US;
	int rc = store_begin_transaction(s);

	for (int i = 0; i < STEP_PAGES && rc == SQLITE_OK; i++) {
		rc = sql_run(s->db, "PRAGMA incremental_vacuum(1)");
		if (clock_us() >= end)
			break;
	}
	return rc == SQLITE_OK ? store_end_transaction(s) : rc;
}

enum store_outcome
store_shrink(struct store *s, bool *more, struct store_error *why)
{
	bool must = false, shrank = s->shrinking;
	int rc;

	*more = false;
	if (s->state != STORE_IS_WRITING || (!shrank && s->first < s->look))
		return STORE_DONE;
	s->look = s->first + LOOK_AFTER_ROWS;
	rc = must_shrink(s, &must);
	if (rc == SQLITE_OK && must)
		rc = cut_file(s);
	s->shrinking = rc == SQLITE_OK && must;
	if (found_damage(s, rc) && store_roll_back(s))
		return STORE_DONE;
	if (rc != SQLITE_OK)
		return store_fail_write(s, rc, sql_log_error(s->db), why);
	*more = must;
	return shrank && !must ? store_move_log(s, why) :
				 store_checkpoint(s, why);
}

/* A file that was created as one of version 1 cannot shrink. */
int
store_begin_retention(struct store *s)
{
	int64_t vacuum;
	int rc = sql_number(s->db, "PRAGMA auto_vacuum", &vacuum);

	if (rc != SQLITE_OK)
		return rc;
	s->look = vacuum == AUTO_VACUUM_INCREMENTAL ? 0 : INT64_MAX;
	rc = age_begin(
	    &s->age, s->version == SCHEMA_VERSION ? s->db : NULL, &s->stopped);
	return found_damage(s, rc) ? SQLITE_OK : rc;
}

int
store_end_retention(struct store *s)
{
	int rc = store_begin_transaction(s);

	if (rc == SQLITE_OK && s->last != s->included)
		rc = store_put_table(s);
	if (rc == SQLITE_OK)
		rc = store_put_kept(s, s->first);
	if (rc == SQLITE_OK)
		rc = age_end(&s->age, s->first, s->last);
	if (rc == SQLITE_OK)
		rc = store_end_transaction(s);
	if (rc == SQLITE_OK)
		return SQLITE_OK;
	if (found_damage(s, rc) ||
	    sql_classify(rc, sql_log_error(s->db)) == SQL_FULL)
		return store_roll_back(s) ? SQLITE_OK : rc;
	return rc;
}

static void
warn_of_stop(const struct store *s)
{
	if (s->stopped > 0)
		log_line(LOG_WARN,
		    "state: %s: by the system's clock, last served %.0f s ago: "
		    "more than a day does not count for --journal-keep",
		    s->path, (double)s->stopped / 1e6);
	else if (s->stopped < 0)
		log_line(LOG_WARN,
		    "state: %s: by the system's clock, last served %.0f s from "
		    "now: this stop does not count for --journal-keep",
		    s->path, (double)s->stopped / -1e6);
}

void
store_keep_journal(struct store *s, struct store_keep keep)
{
	s->keep = keep;
	if (keep.microseconds != 0)
		warn_of_stop(s);
}
